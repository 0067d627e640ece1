"""Points that pay: REDEEM, INQUIRY, and how many may be used of what a till asks for."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ledger.book import MemberBook
from loyalty.card import IdentifierKind
from loyalty.decision import Approved, Reason
from loyalty.transaction import Operation
from members.card import Card
from rules.programme import Redemption
from switch.case import Case
from switch.family import allowance
from switch.outcome import Outcome
from switch.postings import Draft
from switch.prizes import price_fault, redeem_prize

_EARN_ONLY = frozenset({IdentifierKind.PHONE, IdentifierKind.MAIL})  # whoever knows these may not spend


def amount_fault(case: Case) -> Reason | None:
    """Why the amount can never be right under the programme's redemption (step 5), if so."""
    fault = _FAULTS.get(case.transaction.operation)
    return None if fault is None else fault(case)


def _redeem_fault(case: Case) -> Reason | None:
    if case.transaction.prize is not None:
        return price_fault(case)
    if not case.transaction.amount or points_for(case) is None:
        return Reason.AMOUNT_NOT_ALLOWED
    return None


def _sale_fault(case: Case) -> Reason | None:
    points = case.transaction.points
    if points is not None and points % case.programme.redemption.step:
        return Reason.AMOUNT_NOT_ALLOWED
    return None


def _transfer_fault(case: Case) -> Reason | None:
    return None if whole_points(case) else Reason.AMOUNT_NOT_ALLOWED


def _exchange_fault(case: Case) -> Reason | None:
    points, terms = whole_points(case), case.programme.certificates
    if points is None or points < terms.minimum or points % terms.step:
        return Reason.AMOUNT_NOT_ALLOWED
    return None


def _hold_fault(case: Case) -> Reason | None:
    transaction = case.transaction
    if transaction.held_for is Operation.REDEEM:
        may_be_nothing = transaction.operation is Operation.COMPLETE  # 0 releases
        if not transaction.amount:
            return None if may_be_nothing else Reason.AMOUNT_NOT_ALLOWED
        return None if points_for(case) is not None else Reason.AMOUNT_NOT_ALLOWED
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


def points_for(case: Case) -> int | None:
    """The points that a REDEEM asks for, or ``None`` when DE 4 is not a whole number of steps."""
    points = whole_points(case)
    return None if not points or points % case.programme.redemption.step else points


def whole_points(case: Case) -> int | None:
    """DE 4 in points, or ``None`` when it is not a whole number of them."""
    amount, value = case.transaction.amount, case.programme.redemption.value
    assert amount is not None
    if case.transaction.in_points:
        return amount
    points, left = divmod(amount * value.denominator, value.numerator)
    return None if left else points


def most_points(redemption: Redemption, limit_minor: int) -> int:
    """The most points, in whole steps, whose value is at most *limit_minor*."""
    value = redemption.value
    points = max(((limit_minor + 1) * value.denominator - 1) // value.numerator, 0)
    return points - points % redemption.step


def spendable(case: Case, book: MemberBook) -> int:
    """Points that can be redeemed: available, less debt, in whole steps."""
    if "redeem" in case.programme.stopped:
        return 0
    free = max(book.available(case.moment.business_date) - book.debt, 0)
    return free - free % case.programme.redemption.step


def inquiry(case: Case) -> Outcome:
    """The balance, and what could be redeemed now."""
    card, reason = case.find_card()
    if reason is not None:
        return case.refuse(reason)
    assert card is not None
    if may_only_earn(case):
        return case.refuse(Reason.NOT_PERMITTED)
    book = case.book(card.owner)
    points = spendable(case, book)
    return case.tell(
        Approved(
            books=False,
            balance=case.balance(card, book),
            redeemable=(points, case.programme.redemption.value.of(points)),
            programme_version=case.programme.version,
        )
    )


def redeem(case: Case) -> Outcome:
    """Points pay a part of the ticket."""
    transaction, redemption = case.transaction, case.programme.redemption
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
    if transaction.prize is not None:
        return redeem_prize(case, card)
    asked = points_for(case)
    assert asked is not None
    limit_minor = redemption.share.of(redemption.value.of(asked))
    draft = case.draft(card.owner)
    points = allowed_points(case, asked, limit_minor, draft.book, card)
    if isinstance(points, Reason):
        return case.refuse_or_accept(points, card)
    return _booked_redemption(case, card, asked, points, draft)


def may_only_earn(case: Case) -> bool:
    """Whether the customer named himself by something that others know."""
    identifier = case.transaction.identifier
    return identifier is not None and identifier.kind in _EARN_ONLY


def allowed_points(
    case: Case, asked: int, limit_minor: int, book: MemberBook | None, card: Card | None
) -> int | Reason:
    """How many of the *asked* points may be used, or why none: the limits first, then the balance."""
    if "redeem" in case.programme.stopped:
        return Reason.REDEMPTION_PAUSED
    partial = "P" in case.transaction.can and not case.transaction.is_advice
    limit = most_points(case.programme.redemption, limit_minor)
    may_use = None if card is None else allowance(case, card)
    if may_use is not None and may_use < limit:
        limit = may_use - may_use % case.programme.redemption.step
    points = asked
    if points > limit:
        if not partial or limit == 0:
            return Reason.ABOVE_LIMIT
        points = limit
    if case.transaction.is_advice:
        return points  # it has happened: what the member lacks is booked on suspense
    free = 0 if book is None else spendable(case, book)
    if points > free:
        if not partial or free == 0:
            return Reason.NOT_SUFFICIENT_POINTS
        points = free
    return points


def _booked_redemption(case: Case, card: Card, asked: int, points: int, draft: Draft) -> Outcome:
    transaction, redemption = case.transaction, case.programme.redemption
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
    points = points_for(case)
    assert points is not None
    draft = case.draft(None)
    draft.redeem(points)
    value_minor = case.programme.redemption.value.of(points)
    decision = Approved(
        used=0,
        value_minor=value_minor,
        left_to_pay_minor=0,
        balance=None if card is None else case.balance(card, case.book(card.owner)),
        programme_version=case.programme.version,
    )
    return case.remember(
        decision,
        drafts=[draft],
        covered_minor=case.transaction.amount or 0,
        used=points,
        value_minor=value_minor,
        exception=reason.name,
    )
