"""Points that come off the price of a sale, where the programme says so and the till takes discounts.

They are spent like others, and tag 051 tells them; what they are worth stands among the discounts, so tag 063
is left out and 062 = DE 4 - 056 - 063 holds. Goods are then returned at what was paid for them in money, and
the points come back in proportion.
"""

from typing import Final

from loyalty.decision import Discount
from loyalty.transaction import Operation
from rules.facts import TAKES_DISCOUNTS, Facts, allocate
from rules.redemption import Redemption
from switch.case import Case

PROMOTION: Final = "redemption"  # in DE 63, where the terms are the programme's own
_SALES: Final = frozenset({Operation.EARN, Operation.QUOTE})  # a hold keeps points until they are needed


def comes_off(case: Case, redemption: Redemption) -> bool:
    """Whether the points of tag 020 come off the price."""
    transaction = case.transaction
    return (
        redemption.is_discount
        and transaction.operation in _SALES
        and not transaction.is_advice
        and transaction.lines is not None
        and TAKES_DISCOUNTS in transaction.can
    )


def points_off(case: Case, redemption: Redemption, facts: Facts, value_minor: int) -> tuple[Discount, ...]:
    """*value_minor* off the lines of *facts* that points may pay, in proportion to what they cost."""
    if not value_minor:
        return ()
    assert facts.lines is not None
    covers = redemption.covers
    weights = [
        max(line.amount_minor, 0) if covers is None or covers.covers(line) else 0 for line in facts.lines
    ]
    text = case.programme.terms.unit.capitalize()
    promotion = redemption.rule or PROMOTION
    return tuple(
        Discount(number, part_minor, promotion, text)
        for number, part_minor in enumerate(allocate(value_minor, weights), 1)
        if part_minor
    )
