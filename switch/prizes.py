"""Prizes: points buy something of the programme's catalogue, at once or by a hold and its completion."""

from collections.abc import Callable
from typing import Final

from ledger.hold import OpenHold
from loyalty.decision import Approved, Instrument, Reason
from loyalty.transaction import Operation
from members.card import Card
from rules.programme import Prize
from switch.case import Case
from switch.family import is_above
from switch.outcome import Outcome, Record
from switch.paying import redemption_for
from switch.postings import Draft
from switch.salefacts import member_tier

KIND: Final = "PRIZ"
_PRIZE: Final = "prize "  # stands before the code of a prize in what a decision says of itself
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
    wanted = _wanted(case, card)
    if isinstance(wanted, Outcome):
        return wanted
    prize, points, draft = wanted
    short = draft.redeem(points)  # only an advice can lack any
    assert draft.book is not None
    value_minor = case.programme.redemption.value.of(points)
    decision = Approved(
        used=points - short,
        value_minor=value_minor,
        left_to_pay_minor=0,
        balance=case.balance(card, draft.book),
        instruments=(_instrument(case, prize, value_minor),),
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        card=card,
        drafts=[draft],
        covered_minor=case.transaction.amount or 0,
        used=points,
        exception=Reason.NOT_SUFFICIENT_POINTS.name if short else None,
        rules=_PRIZE + prize.code,
    )


def hold_prize(case: Case, card: Card) -> Outcome:
    """Points for the prize are reserved, all that it costs."""
    wanted = _wanted(case, card)
    if isinstance(wanted, Outcome):
        return wanted
    prize, points, draft = wanted
    kept_until = case.moment.now.replace(microsecond=0) + case.programme.hold_kept
    draft.hold(points, Operation.REDEEM.value, kept_until)
    assert draft.book is not None
    decision = Approved(
        used=points,
        value_minor=case.programme.redemption.value.of(points),
        left_to_pay_minor=0,
        balance=case.balance(card, draft.book),
        hold_until=kept_until,
        programme_version=case.programme.version,
    )
    amount = case.transaction.amount or 0
    return case.remember(decision, card=card, drafts=[draft], covered_minor=amount, rules=_PRIZE + prize.code)


def is_of_prize(hold: Record) -> bool:
    """Whether points were held for a prize."""
    return hold.rules.startswith(_PRIZE)


def complete_prize(
    case: Case,
    card: Card,
    hold: Record,
    draft: Draft,
    held: OpenHold | None,
    exception: Callable[[OpenHold | None, int], str | None],
) -> Outcome:
    """The prize is handed out for what was held for it; there is no part of one.

    *exception* tells why a person should look at it, of the hold and of points that the member lacked.
    """
    code = hold.rules.removeprefix(_PRIZE)
    prize = next((each for each in case.programme.prizes if each.code == code), None)
    kept = case.worksheet.hold(hold.seq)
    assert prize is not None
    assert kept is not None
    if case.transaction.amount != hold.covered_minor or (held is not None and held.points != kept.points):
        return case.refuse_or_accept(Reason.AMOUNT_NOT_ALLOWED, card)
    short = 0
    if held is None:
        short = draft.redeem(kept.points)
    else:
        draft.capture(held, kept.points)
    assert draft.book is not None
    value_minor = case.programme.redemption.value.of(kept.points)
    decision = Approved(
        used=kept.points - short,
        value_minor=value_minor,
        left_to_pay_minor=0,
        balance=case.balance(card, draft.book),
        instruments=(_instrument(case, prize, value_minor),),
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        card=card,
        drafts=[draft],
        covered_minor=case.transaction.amount or 0,
        used=kept.points,
        original=hold.seq,
        exception=exception(held, short),
        rules=_PRIZE + code,
    )


def _wanted(case: Case, card: Card) -> tuple[Prize, int, Draft] | Outcome:
    """The prize that is asked for, its price in points and a draft; or why the member cannot have it."""
    prize = prize_of(case)
    if prize is None:
        return case.refuse_or_accept(Reason.NOT_PERMITTED, card, name=UNKNOWN)
    redemption = redemption_for(case, card)
    if redemption.refused:
        return case.refuse_or_accept(Reason.NOT_PERMITTED, card, name=redemption.refused)
    if "redeem" in case.programme.stopped:
        return case.refuse_or_accept(Reason.REDEMPTION_PAUSED, card)
    points = _price(case, prize, card)
    if is_above(case, card, points):
        return case.refuse_or_accept(Reason.ABOVE_LIMIT, card)
    draft = case.draft(card.owner)
    assert draft.book is not None
    free = draft.book.available(case.moment.business_date) - draft.book.debt
    if points > free and not case.transaction.is_advice:
        return case.decline(Reason.NOT_SUFFICIENT_POINTS, card)
    return prize, points, draft


def _instrument(case: Case, prize: Prize, value_minor: int) -> Instrument:
    return Instrument(KIND, value_minor, prize.last.after(case.moment.business_date), prize.code)
