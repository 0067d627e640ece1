"""Members who use another's points, as children do, within limits that the programme sets them."""

from members.card import Card
from switch.case import Case


def allowance(case: Case, card: Card) -> int | None:
    """How many points may be used with *card* now; ``None`` when nothing but the balance limits it.

    What was given back since is not counted.
    """
    limits = case.programme.family
    if card.member_id == card.owner:
        return None
    points = limits.per_transaction
    if limits.per_day is not None:
        today = case.moment.business_date
        records = case.worksheet.uses(card.owner, card.member_id, today)
        left = max(limits.per_day - sum(record.used - record.returned for record in records), 0)
        points = left if points is None else min(points, left)
    return points


def is_above(case: Case, card: Card, points: int) -> bool:
    """Whether *points* are more than may be used with *card* now."""
    allowed = allowance(case, card)
    return allowed is not None and points > allowed
