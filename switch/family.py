"""Members who use another's points, as children do, within limits that the programme sets them."""

from members.card import Card
from switch.case import Case


def allowance(case: Case, card: Card) -> int | None:
    """How many points may be used with *card* now; ``None`` when nothing but the balance limits it.

    What open holds reserve for him is counted, and what was given back since is not.
    """
    limits = case.programme.family
    if card.member_id == card.owner:
        return None
    points = limits.per_transaction
    if limits.per_day is not None:
        today = case.moment.business_date
        records = case.worksheet.uses(card.owner, card.member_id, today)
        used = sum(record.used - record.returned for record in records)
        left = max(limits.per_day - used - _reserved(case, card), 0)
        points = left if points is None else min(points, left)
    return points


def is_above(case: Case, card: Card, points: int) -> bool:
    """Whether *points* are more than may be used with *card* now."""
    allowed = allowance(case, card)
    return allowed is not None and points > allowed


def _reserved(case: Case, card: Card) -> int:
    """Points that open holds reserve for the member of *card*, from whatever day."""
    points = 0
    for held in case.book(card.owner).holds:
        record = case.worksheet.by_seq(held.hold)
        if record is not None and record.member_id == card.member_id:
            points += held.points
    return points
