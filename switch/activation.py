"""ACTIVATE: a card goes into use, and an identifier may be linked to its member."""

import json
from collections.abc import Iterable
from typing import Final

from loyalty.card import Identifier, IdentifierKind, Token
from loyalty.decision import Approved, Reason
from members.card import Card, CardStatus
from rules.counters import CARD_VISITS, Place
from switch.case import Case
from switch.outcome import CardChange, Outcome, Record, Side
from switch.tallies import TALLY, rows_of

BY_PURCHASE: Final = "activated/card"  # measure: a purchase activated the card; that stays


def activate(case: Case) -> Outcome:
    """Activate the card; one that is active already stays so."""
    card, reason = case.find_card()
    if reason not in (None, Reason.CARD_NOT_ACTIVE):
        return case.decline(reason, card)
    assert card is not None
    link = case.transaction.link
    token = None
    if link is not None:
        if not _may_be_linked(case, link, card):
            return case.decline(Reason.NOT_PERMITTED, card)
        token = case.token_of(link)
    was_issued = card.status is CardStatus.ISSUED
    changes = []
    done: dict[str, object] = {"card": card.card_id, "issued": was_issued}
    if was_issued:
        changes.append(CardChange(card=card, status=CardStatus.ACTIVE))
    if link is not None and token is not None and not _is_linked(case, link, card):
        changes.append(CardChange(card=card, link=(link.kind.value, token)))
        done["link"] = [link.kind.value, token.hex()]
    decision = Approved(
        balance=case.balance(card, case.book(card.owner)),
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        card=card,
        card_changes=tuple(changes),
        facts=json.dumps(done, separators=(",", ":")),
    )


def activation_undone(case: Case, activation: Record) -> tuple[CardChange, ...]:
    """What an activation changed, the other way round."""
    text = case.worksheet.facts(activation.seq)
    card = None if activation.card_id is None else case.worksheet.card(activation.card_id)
    if text is None or card is None:
        return ()
    done = json.loads(text)
    changes = []
    if done["issued"] and card.status is CardStatus.ACTIVE:
        changes.append(CardChange(card=card, status=CardStatus.ISSUED))
    if "link" in done:
        kind, token = done["link"]
        changes.append(CardChange(card=card, unlink=(kind, Token(bytes.fromhex(token)))))
    return tuple(changes)


def is_activated(case: Case, reason: Reason) -> bool:
    """Whether a purchase activates the card that cannot be used for *reason*."""
    return reason is Reason.CARD_NOT_ACTIVE and case.programme.activates


def activated_by_purchase(case: Case, card: Card) -> tuple[tuple[CardChange, ...], tuple[Side, ...]]:
    """The change of an issued card that its first purchase activates, and that it did."""
    change = CardChange(card=card, status=CardStatus.ACTIVE)
    return (change,), rows_of({_place(card): 1}, case.worksheet.tally)


def activation_followed(case: Case, card: Card | None, sides: Iterable[Side]) -> tuple[CardChange, ...]:
    """What an undoing with these *sides* changes of a card that a purchase activated.

    Without any purchase it is issued only, as it was; when one counts again it is active again.
    """
    for side in sides:
        if card is None or side.table != TALLY or side.values[0] != CARD_VISITS:
            continue
        _, _, _, change, total = side.values
        if case.worksheet.tally(_place(card)) == 0:
            continue
        if change == -1 and total == 0 and card.status is CardStatus.ACTIVE:
            return (CardChange(card=card, status=CardStatus.ISSUED),)
        if change == 1 and card.status is CardStatus.ISSUED:
            return (CardChange(card=card, status=CardStatus.ACTIVE),)
    return ()


def _place(card: Card) -> Place:
    return BY_PURCHASE, str(card.card_id), ""


def _members_behind(case: Case, link: Identifier) -> set[int]:
    """Members that *link* leads to already."""
    token = case.token_of(link)
    if link.kind in (IdentifierKind.CARD, IdentifierKind.ACCOUNT):
        return {card.member_id for card in case.worksheet.cards(link.kind.value, token)}
    return {int(member) for member in case.worksheet.linked_members(link.kind.value, token)}


def _may_be_linked(case: Case, link: Identifier, card: Card) -> bool:
    """Whether *link* is nobody's yet or the member's own; a card or an account is never new."""
    members = _members_behind(case, link)
    if link.kind in (IdentifierKind.CARD, IdentifierKind.ACCOUNT):
        return members == {card.member_id}
    return members <= {card.member_id}


def _is_linked(case: Case, link: Identifier, card: Card) -> bool:
    return card.member_id in _members_behind(case, link)
