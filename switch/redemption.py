"""Points that pay: REDEEM and INQUIRY, and the amounts that can never be right."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from loyalty.decision import Approved, Reason
from loyalty.transaction import Operation
from members.card import Card
from rules.redemption import Redemption
from switch.allowed import allowed_points, may_only_earn, points_for, redeemable, whole_points
from switch.case import Case
from switch.declining import guarded
from switch.outcome import Outcome
from switch.paying import lines_to_cover, redemption_for, traced
from switch.postings import Draft
from switch.prizes import price_fault, redeem_prize


def amount_fault(case: Case) -> Reason | None:
    """Why the amount can never be right under the programme's redemption (step 5), if so."""
    fault = _FAULTS.get(case.transaction.operation)
    return None if fault is None else fault(case)


def _redeem_fault(case: Case) -> Reason | None:
    if case.transaction.prize is not None:
        return price_fault(case)
    if not case.transaction.amount or points_for(case, _terms(case)) is None:
        return Reason.AMOUNT_NOT_ALLOWED
    return None


def _sale_fault(case: Case) -> Reason | None:
    points = case.transaction.points
    if points and not _terms(case).is_allowed(points):
        return Reason.AMOUNT_NOT_ALLOWED
    return None


def _terms(case: Case) -> Redemption:
    """The terms for whoever the transaction names, if it is known who that is."""
    if not case.programme.redemptions.size:
        return case.programme.redemption
    card, _ = case.find_card()
    return redemption_for(case, card)


def _transfer_fault(case: Case) -> Reason | None:
    return None if whole_points(case, case.programme.redemption) else Reason.AMOUNT_NOT_ALLOWED


def _exchange_fault(case: Case) -> Reason | None:
    terms = _terms(case)
    points = whole_points(case, terms)
    minimum, step = case.programme.certificates.asked(terms)
    if points is None or points < minimum or points % step:
        return Reason.AMOUNT_NOT_ALLOWED
    return None


def _hold_fault(case: Case) -> Reason | None:
    transaction = case.transaction
    if transaction.held_for is Operation.REDEEM:
        may_be_nothing = transaction.operation is Operation.COMPLETE  # 0 releases
        if transaction.prize is not None:
            return None if may_be_nothing else price_fault(case)  # its hold knows the price
        if not transaction.amount:
            return None if may_be_nothing else Reason.AMOUNT_NOT_ALLOWED
        if may_be_nothing and case.programme.redemptions.size:
            return None  # the terms of its hold decide, which is looked for later
        return None if points_for(case, _terms(case)) is not None else Reason.AMOUNT_NOT_ALLOWED
    if _sale_fault(case) is not None:
        return Reason.AMOUNT_NOT_ALLOWED
    if transaction.in_points:
        return Reason.CURRENCY_NOT_ACCEPTED
    lines = transaction.lines
    if (
        lines is not None
        and transaction.amount
        and sum(line.amount_minor for line in lines) != transaction.amount
    ):
        return Reason.BASKET_OUT_OF_BALANCE
    return None


_FAULTS: Final[Mapping[Operation, Callable[[Case], Reason | None]]] = MappingProxyType(
    {
        Operation.EARN: _sale_fault,
        Operation.QUOTE: _sale_fault,
        Operation.REDEEM: _redeem_fault,
        Operation.HOLD: _hold_fault,
        Operation.COMPLETE: _hold_fault,
        Operation.TRANSFER: _transfer_fault,
        Operation.EXCHANGE: _exchange_fault,
    }
)


def inquiry(case: Case) -> Outcome:
    """The balance, and what could be redeemed now."""
    card, reason = case.find_card()
    if reason is not None:
        return case.refuse(reason)
    assert card is not None
    if may_only_earn(case):
        return case.refuse(Reason.NOT_PERMITTED)
    book = case.book(card.owner)
    return case.tell(
        Approved(
            books=False,
            balance=case.balance(card, book),
            redeemable=redeemable(case, redemption_for(case, card), book, card),
            programme_version=case.programme.version,
        )
    )


def redeem(case: Case) -> Outcome:
    """Points pay a part of the ticket."""
    transaction = case.transaction
    card, reason = case.find_card()
    if reason is not None and transaction.prize is not None:
        return case.refuse_or_accept(reason, card)
    if reason is not None:
        return (
            _redeem_without_card(case, card, reason) if transaction.is_advice else case.decline(reason, card)
        )
    assert card is not None
    if may_only_earn(case):
        return case.refuse_or_accept(Reason.NOT_PERMITTED, card)
    if (declined := guarded(case, card)) is not None:
        return declined
    if transaction.prize is not None:
        return redeem_prize(case, card)
    redemption = redemption_for(case, card)
    return traced(case, _pay(case, card, redemption), redemption, card)


def _pay(case: Case, card: Card, redemption: Redemption) -> Outcome:
    if redemption.refused:
        return case.refuse_or_accept(Reason.NOT_PERMITTED, card, name=redemption.refused)
    asked = points_for(case, redemption)
    assert asked is not None
    limit_minor = redemption.limit_minor(redemption.value.of(asked), lines_to_cover(case, redemption))
    draft = case.draft(card.owner)
    points = allowed_points(case, redemption, asked, limit_minor, draft.book, card)
    if isinstance(points, Reason):
        return case.refuse_or_accept(points, card)
    return _booked_redemption(case, card, redemption, asked, points, draft)


def _booked_redemption(
    case: Case, card: Card, redemption: Redemption, asked: int, points: int, draft: Draft
) -> Outcome:
    transaction = case.transaction
    assert transaction.amount is not None
    assert draft.book is not None
    partial = points < asked
    short = draft.redeem(points)
    value_minor = redemption.value.of(points)
    paid_minor = redemption.value.of(points - short)  # what the member lacked is not told as paid with points
    covered = transaction.amount
    if partial:
        covered = points if transaction.in_points else value_minor
    decision = Approved(
        partial=partial,
        amount=covered if partial else None,
        used=points - short,
        value_minor=paid_minor,
        left_to_pay_minor=0 if transaction.in_points else transaction.amount - paid_minor,
        balance=case.balance(card, draft.book),
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        card=card,
        drafts=[draft],
        reason=Reason.PARTIAL.name if partial else None,
        covered_minor=covered,
        used=points,
        value_minor=value_minor,
        exception=Reason.NOT_SUFFICIENT_POINTS.name if short else None,
    )


def _redeem_without_card(case: Case, card: Card | None, reason: Reason) -> Outcome:
    """Points were taken for money with a card that is unknown or cannot be used: suspense bears them."""
    if (declined := guarded(case, card)) is not None:
        return declined
    redemption = redemption_for(case, card)
    if redemption.refused:
        return case.accept(redemption.refused, card)
    points = points_for(case, redemption)
    assert points is not None
    draft = case.draft(None)
    draft.redeem(points)
    value_minor = redemption.value.of(points)
    decision = Approved(
        used=0,
        value_minor=value_minor,
        left_to_pay_minor=0,
        balance=None if card is None else case.balance(card, case.book(card.owner)),
        programme_version=case.programme.version,
    )
    outcome = case.remember(
        decision,
        drafts=[draft],
        covered_minor=case.transaction.amount or 0,
        used=points,
        value_minor=value_minor,
        exception=reason.name,
    )
    return traced(case, outcome, redemption, card)
