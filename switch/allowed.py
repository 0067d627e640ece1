"""Under which terms points pay, and how many of what is asked.

A decision under the terms of a rule names it in its own account of itself; what undoes or completes that
decision goes by the same terms.
"""

from typing import Final

from ledger.book import MemberBook
from loyalty.card import IdentifierKind
from loyalty.decision import Reason
from members.card import Card
from rules.programme import Programme
from rules.redeem import terms_of
from rules.redemption import Redemption
from switch.case import Case
from switch.family import allowance
from switch.outcome import Record
from switch.programmes import part_told

_EARN_ONLY: Final = frozenset({IdentifierKind.PHONE, IdentifierKind.MAIL})  # who knows these may not spend
_BY: Final = "redemption "  # stands before the id of the rule whose terms a decision went by


def may_only_earn(case: Case) -> bool:
    """Whether the customer named himself by something that others know."""
    identifier = case.transaction.identifier
    return identifier is not None and identifier.kind in _EARN_ONLY


def points_for(case: Case, redemption: Redemption) -> int | None:
    """The points that a REDEEM asks for, or ``None`` when DE 4 is not what may be used under *redemption*."""
    points = whole_points(case, redemption)
    return points if points and redemption.is_allowed(points) else None


def whole_points(case: Case, redemption: Redemption) -> int | None:
    """DE 4 in points, or ``None`` when it is not a whole number of them."""
    amount, value = case.transaction.amount, redemption.value
    assert amount is not None
    if case.transaction.in_points:
        return amount
    points, left = divmod(amount * value.denominator, value.numerator)
    return None if left else points


def spendable(case: Case, redemption: Redemption, book: MemberBook) -> int:
    """Points that can be redeemed: available, less debt, as far as *redemption* lets them be used."""
    if "redeem" in case.programme.stopped:
        return 0
    return redemption.usable(max(book.available(case.moment.business_date) - book.debt, 0))


def redeemable(
    case: Case, redemption: Redemption, book: MemberBook, card: Card, limit_minor: int | None = None
) -> tuple[int, int]:
    """Points that can be used now, and their value; on a ticket of which they may pay *limit_minor*."""
    if redemption.refused:
        return 0, 0
    points = spendable(case, redemption, book)
    if limit_minor is not None:
        points = min(points, redemption.most_points(limit_minor))
    may_use = allowance(case, card)
    points = redemption.usable(points if may_use is None else min(points, may_use))
    return points, redemption.value.of(points)


def allowed_points(
    case: Case,
    redemption: Redemption,
    asked: int,
    limit_minor: int,
    book: MemberBook | None,
    card: Card | None,
) -> int | Reason:
    """How many of the *asked* points may be used, or why none: the limits first, then the balance."""
    if "redeem" in case.programme.stopped:
        return Reason.REDEMPTION_PAUSED
    partial = "P" in case.transaction.can and not case.transaction.is_advice
    limit = redemption.most_points(limit_minor)
    may_use = None if card is None else allowance(case, card)
    if may_use is not None and may_use < limit:
        limit = may_use
    points = asked
    if points > limit:
        points = redemption.usable(limit)
        if not partial or points == 0:
            return Reason.ABOVE_LIMIT
    if case.transaction.is_advice:
        return points  # it has happened: what the member lacks is booked on suspense
    free = 0 if book is None else spendable(case, redemption, book)
    if points > free:
        if not partial or free == 0:
            return Reason.NOT_SUFFICIENT_POINTS
        points = free
    return points


def told(redemption: Redemption | None) -> str:
    """What a decision keeps of the terms that it went by: nothing of the programme's own."""
    return f"{_BY}{redemption.rule}" if redemption is not None and redemption.rule else ""


def terms_of_decision(programme: Programme, rules: str) -> Redemption:
    """The terms of *programme* that a decision went by which says *rules* of itself."""
    if programme.redemptions.size:
        for part in rules.split("; "):
            if part.startswith(_BY):
                return terms_of(programme, part.removeprefix(_BY))
    return programme.redemption


def redemption_of(case: Case, record: Record) -> Redemption:
    """The terms that the decision *record* went by."""
    programmes = case.programmes.seen_by(part_told(record.rules))
    return terms_of_decision(programmes.version(record.programme_version), record.rules)
