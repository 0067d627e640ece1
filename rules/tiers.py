"""How members come into a tier and leave it: by what they did in a span of time.

A tier that is reached is held at once. Whoever falls below what his tier asks keeps it for the grace, and
then goes down one step or as far as he has to. In windows of the calendar what was reached in one year holds
through the next, so nobody falls on New Year's Day.
"""

import calendar
import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from rules.counters import Place, Tallied

EVER: Final = ""  # the stretch without an end
HELD: Final = "tier/member"  # measure: 1 in the stretch that is called as the tier that is held
GRANTED: Final = (
    "tier_granted:"  # begins the measure of a tier that a rule gave, in the stretch of its last day
)
BELOW: Final = "tier_below/member"  # measure: ordinal of the day since when a member is below his tier


class TierWindow(enum.Enum):
    """The span in which something must be done."""

    ROLLING = "rolling"  # the last so many days, today included
    YEAR = "year"  # this or the last year of the calendar
    ANNIVERSARY = "anniversary"  # this or the last year since the member joined


class Standing(NamedTuple):
    """Where a member stands: position of his tier; ordinal of the day since when he is below it, or 0."""

    tier: int
    below_since: int


@dataclass(frozen=True, slots=True)
class Qualification:
    """What the tiers of a programme ask.

    Attributes:
        metric: ``visits``, ``spend``, ``points`` or ``profit``.
        days: Of a rolling window.
        asks: By tier, from the lowest, which asks nothing; rising.
        one_step: Who goes down goes one tier at a time, else to what he qualifies for.
        grace_days: For which a tier is kept below it.
    """

    metric: str
    window: TierWindow
    days: int
    asks: tuple[int, ...]
    one_step: bool
    grace_days: int

    @property
    def measure(self) -> str:
        """What is counted."""
        return f"{self.metric}/member"

    def places(
        self, growth: int, whose: str, day: date, joined_on: date | None
    ) -> Iterator[tuple[Place, int]]:
        """Where *growth* is kept for it, beside its day."""
        if growth and self.window is not TierWindow.ROLLING:
            yield (self.measure, whose, _stretch(self.window, _first(self.window, day, joined_on))), growth

    def value(self, whose: str, day: date, joined_on: date | None, tallied: Tallied, more: int) -> int:
        """What a member did in the window, and *more* of it today."""
        if self.window is TierWindow.ROLLING:
            first = date.fromordinal(max(day.toordinal() - self.days + 1, 1))
            return tallied.tallied_within(self.measure, whose, first.isoformat(), day.isoformat()) + more
        first = _first(self.window, day, joined_on)
        before = _first(self.window, first - timedelta(days=1), joined_on)
        now, then = (
            tallied.tally((self.measure, whose, _stretch(self.window, each))) for each in (first, before)
        )
        return max(now + more, then)

    def reached(self, value: int) -> int:
        """Position of the tier that *value* reaches."""
        return max(at for at, asked in enumerate(self.asks) if value >= asked)

    def next_standing(self, now: Standing, value: int, day: date) -> Standing:
        """Where a member with *value* stands on *day*."""
        earned = self.reached(value)
        if earned >= now.tier:
            return Standing(earned, 0)
        today = day.toordinal()
        since = now.below_since or today
        grace = max(self.grace_days, 1) if self.one_step and now.below_since else self.grace_days
        if today - since < grace:
            return Standing(now.tier, since)
        lower = now.tier - 1 if self.one_step else earned
        return Standing(lower, today if lower > earned else 0)


def _first(window: TierWindow, day: date, joined_on: date | None) -> date:
    """The first day of the year that *day* lies in: of the calendar, or of the member."""
    if window is not TierWindow.ANNIVERSARY or joined_on is None:
        return day.replace(month=1, day=1)
    this = _anniversary(joined_on, day.year)
    return this if this <= day else _anniversary(joined_on, day.year - 1)


def _anniversary(joined_on: date, year: int) -> date:
    last = calendar.monthrange(year, joined_on.month)[1]
    return date(year, joined_on.month, min(joined_on.day, last))


def _stretch(window: TierWindow, first: date) -> str:
    """How a place calls the stretch; a rolling window adds up days."""
    return f"from {first.isoformat()}" if window is TierWindow.ANNIVERSARY else f"{first:%Y}"
