"""Goals: what a campaign or a programme is to reach, and how far it is on its way.

A goal is measured by one number that the books give exactly. Whoever compares with members who get nothing
(the arm ``control``, or those who are held out of everything) compares sums of everybody in both parts, by
the shares in which members were drawn: nobody is left out because he did not take part.
"""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from rules.conditions import Period

WHOLE_BP: Final = 10_000
AWAY_DAYS: Final = 90  # of whom buys again, where a goal says nothing else
AWAY_MAX_DAYS: Final = 3_660
_FIRST: Final = datetime(1970, 1, 1)  # noqa: DTZ001  (by the programme's own clock)


class Metric(enum.Enum):
    """What a goal is measured by."""

    SALES = "sales"
    SPEND = "spend"  # what these sales came to, discounts and returns taken off
    MEMBERS = "members"  # who bought
    NEW_MEMBERS = "new_members"  # who had never bought before
    REACTIVATED = "reactivated"  # who had bought, but not for some time
    FREQUENCY = "frequency"  # sales of each member who bought, in hundredths
    AVERAGE_SPEND = "average_spend"  # of a sale
    RETENTION = "retention"  # members who bought before and bought again, in basis points
    POINTS = "points"
    PROFIT = "profit"  # above what the goods and the rules cost
    INCREMENTAL_SALES = "incremental_sales"  # beyond what members bought who got nothing
    INCREMENTAL_SPEND = "incremental_spend"
    INCREMENTAL_PROFIT = "incremental_profit"


IN_MONEY: Final = frozenset(
    {
        Metric.SPEND,
        Metric.AVERAGE_SPEND,
        Metric.PROFIT,
        Metric.INCREMENTAL_SPEND,
        Metric.INCREMENTAL_PROFIT,
    }
)
HUNDREDTHS: Final = 100  # of a sale, in which frequency is counted
COMPARING: Final = frozenset({Metric.INCREMENTAL_SALES, Metric.INCREMENTAL_SPEND, Metric.INCREMENTAL_PROFIT})
OF_COSTS: Final = frozenset({Metric.PROFIT, Metric.INCREMENTAL_PROFIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What somebody wants to reach.

    Attributes:
        id: Empty for that of a campaign.
        text: In the author's words; may be empty beside a metric.
        metric: ``None`` when there are only words, so nobody can tell whether it was reached.
        target: In minor units where the metric is money; of frequency in hundredths, of retention in basis
            points.
        away_days: For so long whom ``reactivated`` counts had not bought.
        period: In which it is to be reached; a campaign's own when it is ``None``.
        segment: Only these members count; empty for all.
    """

    id: str = ""
    text: str = ""
    metric: Metric | None = None
    target: int = 0
    away_days: int = AWAY_DAYS
    period: Period | None = None
    segment: str = ""


class Standing(enum.Enum):
    """How a goal stands."""

    NOT_BEGUN = "not begun"
    AHEAD = "ahead"  # of the part of its time that is over, or level with it
    BEHIND = "behind"
    REACHED = "reached"
    MISSED = "missed"
    OPEN = "open"  # its time has no end, so nobody can say


def elapsed_bp(period: Period, now: datetime) -> int | None:
    """The part of *period* that is over at *now* (naive, as it is), rounded down; ``None`` without an end."""
    if period.start is not None and now < period.start:
        return 0
    if period.end is not None and now >= period.end:
        return WHOLE_BP
    if period.start is None or period.end is None:
        return None
    return (now - period.start) * WHOLE_BP // (period.end - period.start)


def standing_of(actual: int, target: int, elapsed: int | None, *, grows: bool = True) -> Standing:
    """How a goal stands of which *elapsed* basis points of the time are over.

    What does not grow with time is reached or missed at its end, and ahead or behind until then.
    """
    if not grows and elapsed != WHOLE_BP and actual > 0:
        return Standing.AHEAD if actual >= target else Standing.BEHIND
    if actual >= target:
        return Standing.REACHED
    if elapsed is None:
        return Standing.OPEN
    if elapsed == WHOLE_BP:
        return Standing.MISSED
    if elapsed == 0 and actual <= 0:
        return Standing.NOT_BEGUN
    return Standing.AHEAD if actual * WHOLE_BP >= target * elapsed else Standing.BEHIND


def time_before(period: Period) -> Period | None:
    """As long a time just before *period*, or ``AWAY_DAYS`` where it has no end; ``None`` without a start."""
    if period.start is None:
        return None
    length = timedelta(days=AWAY_DAYS) if period.end is None else period.end - period.start
    return Period(_FIRST if period.start - _FIRST < length else period.start - length, period.start)


def format_hundredths(hundredths: int) -> str:
    """*hundredths* of one as text: ``2.50``."""
    return f"{hundredths // HUNDREDTHS}.{hundredths % HUNDREDTHS:02}"


def reached_bp(actual: int, target: int) -> int:
    """The part of *target* that is reached, rounded down; below 0 when it went the other way."""
    return actual * WHOLE_BP // target


def more_than(treated: int, treated_bp: int, control: int, control_bp: int) -> int:
    """What the treated did more than they would have done as the control did, rounded down.

    Args:
        treated: What all members did who were drawn to be treated.
        treated_bp: Their share of the members.
        control: What those did who were not.
        control_bp: Theirs.
    """
    return (treated * control_bp - control * treated_bp) // control_bp
