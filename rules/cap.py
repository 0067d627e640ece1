"""Limits on what rules give: so many points, times or so much money, for somebody, in a span of time.

The rules do not count. What was given so far stands among the counters of the facts; the switch reads and
books it in the same undivided step that decides, so a limit holds to the last point. A counter that is not
there is 0: the limit then holds inside the one transaction.
"""

import enum
from dataclasses import dataclass

from loyalty.amount import Rate

_FREE = Rate(0)
BUDGET = "budget:"  # begins the subject of what a campaign's budget limits
OFF = "off:"  # begins the subject of limits on what rules take off prices
OF_CAMPAIGN = "campaign:"  # begins the subject of what limits all rules of a campaign together


class Scope(enum.Enum):
    """Whose points a limit counts."""

    MEMBER = "member"
    CARD = "card"
    TERMINAL = "terminal"
    CASHIER = "cashier"
    PARTNER = "partner"
    ALL = "all"


class Per(enum.Enum):
    """The span of time that a limit counts, in the programme's calendar; a week begins on Monday."""

    TRANSACTION = "transaction"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    LIFETIME = "lifetime"
    ROLLING = "rolling"  # so many days, today included


class Unit(enum.Enum):
    """What a limit is measured in."""

    POINTS = "points"
    COUNT = "count"  # sales to which the rule gave something
    COST = "cost"  # what the points are worth, in minor units


@dataclass(frozen=True, slots=True)
class Cap:
    """At most *limit* of *subject*: ``rule:ID campaign:ID budget:ID``, or ``programme``.

    What is taken off prices has ``off:`` before it: ``off:campaign:ID``, ``off:budget:ID``, and ``off:ID`` of
    a rule.

    Attributes:
        days: The last so many, where *per* is rolling.
        value: What a point is worth, in minor units, where *unit* is cost.
    """

    subject: str
    limit: int
    scope: Scope
    per: Per
    unit: Unit = Unit.POINTS
    days: int = 0
    value: Rate = _FREE

    @property
    def measure(self) -> str:
        """What it counts, whatever the span: limits over several spans share it."""
        unit = "" if self.unit is Unit.POINTS else f"#{self.unit.value}"
        return f"{self.subject}/{self.scope.value}{unit}"

    @property
    def counter(self) -> str:
        """The counter that it reads, and by which it must grow."""
        return f"{self.measure}/{span_name(self.per, self.days)}"

    def spent(self, points: int) -> int:
        """What *points* (above 0) are in its unit. A part of a minor unit counts as a whole one."""
        match self.unit:
            case Unit.POINTS:
                return points
            case Unit.COUNT:
                return 1
            case Unit.COST:
                return -(-points * self.value.numerator // self.value.denominator)

    def leaves(self, points: int, left: int) -> int:
        """How many of *points* may be given when *left* of its unit is left."""
        if left <= 0:
            return 0
        match self.unit:
            case Unit.POINTS:
                return min(points, left)
            case Unit.COUNT:
                return points
            case Unit.COST:
                return min(points, left * self.value.denominator // self.value.numerator)


def span_name(per: Per, days: int) -> str:
    """*per* as counters are called: ``day``, ``30d``."""
    return f"{days}d" if per is Per.ROLLING else per.value


class Room:
    """What limits leave, while one transaction is added up."""

    __slots__ = ("_given", "_points", "_used")

    def __init__(self, counters: tuple[tuple[str, int], ...]) -> None:
        self._used = dict(counters)
        self._points: dict[str, int] = {}
        self._given: dict[str, int] = {}

    def take(self, caps: tuple[Cap, ...], points: int) -> int:
        """How many of *points* the limits leave; they are taken."""
        for cap in caps:
            name = cap.counter
            left = cap.limit - (0 if cap.per is Per.TRANSACTION else self._used.get(name, 0))
            # A sale counts once, however many of its rules the limit is on; money is rounded once.
            before = self._points.get(name, 0)
            if cap.unit is Unit.COUNT:
                points = cap.leaves(points, left)
            else:
                points = max(min(points, cap.leaves(before + points, left) - before), 0)
        if points:
            for cap in caps:
                name = cap.counter
                total = self._points.get(name, 0) + points
                self._points[name] = total
                self._given[name] = cap.spent(total)
        return points

    def given(self) -> tuple[tuple[str, int], ...]:
        """What was taken, by counter: so much they must grow."""
        return tuple(sorted((name, given) for name, given in self._given.items() if given))
