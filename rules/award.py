"""What the rules gave for a sale, with the arithmetic."""

import enum
from typing import Final

from msgspec import Struct

from loyalty.amount import Rounding
from loyalty.decision import Discount

POINTS_MAX: Final = 10**12 - 1  # an answer has twelve digits for them


class Verdict(enum.Enum):
    """What became of a rule whose conditions hold."""

    APPLIED = "applied"
    LOST = "lost"  # another rule of its group was picked
    CAPPED = "capped"  # a limit or a budget left less than it would have given
    MARGIN = "margin"  # it would leave less of the price than its floor
    HELD_OUT = "holdout"  # the member is held out of everything but the base
    OTHER_ARM = "arm"  # it is for another arm of its experiment


class Step(Struct, frozen=True, gc=False):
    """One line of the arithmetic: *numerator* / *denominator* points before rounding, on *base_minor*."""

    rule_id: str
    verdict: Verdict
    base_minor: int
    numerator: int
    denominator: int
    points: int


class Award(Struct, frozen=True, gc=False):
    """What a sale earns.

    Attributes:
        points: Not negative, not above ``POINTS_MAX``.
        parts: Rule and its points, in order of evaluation, zeros left out; they add up to *points*.
        near_miss: What a little more would have brought, in words; ``None`` when nothing is near.
        discounts: Money off lines of the basket.
        steps: The arithmetic, in order of evaluation, with the rules that lost; behind them those that are
            withheld from the member.
        counted: By how much the counters of limits and budgets grow.
    """

    points: int
    parts: tuple[tuple[str, int], ...] = ()
    near_miss: str | None = None
    discounts: tuple[Discount, ...] = ()
    steps: tuple[Step, ...] = ()
    counted: tuple[tuple[str, int], ...] = ()


def rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    """*numerator* / *denominator* as an integer; a negative one like its positive, so both cancel."""
    if numerator < 0:
        return -rounded(-numerator, denominator, rounding)
    whole, left = divmod(numerator, denominator)
    if not left or rounding is Rounding.DOWN:
        return whole
    if rounding is Rounding.UP:
        return whole + 1
    twice = 2 * left
    if rounding is Rounding.HALF_UP:
        return whole + (twice >= denominator)
    return whole + (twice > denominator or (twice == denominator and whole % 2 == 1))
