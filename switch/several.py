"""Which of several programmes a transaction belongs to: a member belongs to one, with all that he does.

A card number lies in the range of one programme. Whoever is named otherwise has the programme of his first
card. What takes something back at its terminal needs no card: it belongs where its original does. A decision
of a programme beside the deployment's own says so in its own account of itself.
"""

from typing import Final

from loyalty.card import Identifier, IdentifierKind
from loyalty.transaction import Operation
from switch.case import Case
from switch.programmes import part_told
from switch.undo import search

_BY_ORIGINAL: Final = frozenset({Operation.REVERSAL, Operation.VOID})


def placed(case: Case) -> Case:
    """*case* in the programme that it belongs to."""
    transaction = case.transaction
    identifier = transaction.identifier
    by_original = transaction.operation in _BY_ORIGINAL
    if transaction.original is not None and (by_original or identifier is None):
        hits = search(case, at_terminal=by_original)
        if len(hits) == 1:
            return case.within(part_told(hits[0].rules))
    return case if identifier is None else case.within(_part_of(case, identifier))


def _part_of(case: Case, identifier: Identifier) -> str:
    if identifier.kind is IdentifierKind.CARD:
        return case.programmes.current.holding(identifier.value).id
    assert case.token is not None
    cards = case.worksheet.cards(identifier.kind.value, case.token)
    return cards[0].programme if cards else ""
