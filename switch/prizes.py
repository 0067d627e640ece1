"""REDEEM of a prize: points buy something of the programme's catalogue."""

from typing import Final

from loyalty.decision import Approved, Instrument, Reason
from members.card import Card
from rules.programme import Prize
from switch.case import Case
from switch.family import is_above
from switch.outcome import Outcome
from switch.paying import redemption_for
from switch.salefacts import member_tier

KIND: Final = "PRIZ"
UNKNOWN: Final = "PRIZE_UNKNOWN"  # a name under NOT_PERMITTED


def prize_of(case: Case) -> Prize | None:
    """The prize that is asked for, when it is in the catalogue."""
    code = case.transaction.prize
    return next((prize for prize in case.programme.prizes if prize.code == code), None)


def price_fault(case: Case) -> Reason | None:
    """Why DE 4 is not what the prize costs, in points or their value, if so: the till shows an old price."""
    prize = prize_of(case)
    if prize is None:
        return None
    card, _ = case.find_card()
    points = _price(case, prize, card)
    price = points if case.transaction.in_points else case.programme.redemption.value.of(points)
    return None if case.transaction.amount == price else Reason.AMOUNT_NOT_ALLOWED


def _price(case: Case, prize: Prize, card: Card | None) -> int:
    """What the prize costs whoever asks for it, in points."""
    if card is None or not prize.tier_points:
        return prize.points
    return prize.tier_points.get(member_tier(case, card), prize.points)


def redeem_prize(case: Case, card: Card) -> Outcome:
    """Points buy the prize. It covers no money of the ticket, so no value is kept of it."""
    prize = prize_of(case)
    if prize is None:
        return case.refuse_or_accept(Reason.NOT_PERMITTED, card, name=UNKNOWN)
    redemption = redemption_for(case, card)
    if redemption.refused:
        return case.refuse_or_accept(Reason.NOT_PERMITTED, card, name=redemption.refused)
    today = case.moment.business_date
    points = _price(case, prize, card)
    if is_above(case, card, points):
        return case.refuse_or_accept(Reason.ABOVE_LIMIT, card)
    draft = case.draft(card.owner)
    assert draft.book is not None
    free = draft.book.available(today) - draft.book.debt
    if points > free and not case.transaction.is_advice:
        return case.decline(Reason.NOT_SUFFICIENT_POINTS, card)
    short = draft.redeem(points)  # only an advice can lack any
    value_minor = case.programme.redemption.value.of(points)
    decision = Approved(
        used=points - short,
        value_minor=value_minor,
        left_to_pay_minor=0,
        balance=case.balance(card, draft.book),
        instruments=(Instrument(KIND, value_minor, prize.last.after(today), prize.code),),
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        card=card,
        drafts=[draft],
        covered_minor=case.transaction.amount or 0,
        used=points,
        exception=Reason.NOT_SUFFICIENT_POINTS.name if short else None,
        rules=f"prize {prize.code}",
    )
