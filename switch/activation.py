"""ACTIVATE: a card goes into use, and an identifier may be linked to its member."""

import json

from loyalty.card import Identifier, IdentifierKind, Token
from loyalty.decision import Approved, Reason
from members.card import Card, CardStatus
from switch.case import Case
from switch.outcome import CardChange, Outcome, Record


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
