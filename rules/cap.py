"""Limits on what rules give: so many points for a member, a terminal or everybody, in a span of time.

The rules do not count. What was given so far stands among the counters of the facts; the switch reads and
books it in the same undivided step that decides, so a limit holds to the last point. A counter that is not
there is 0: the limit then holds inside the one transaction.
"""

import enum
from dataclasses import dataclass


class Scope(enum.Enum):
    """Whose points a limit counts."""

    MEMBER = "member"
    CARD = "card"
    TERMINAL = "terminal"
    CASHIER = "cashier"
    ALL = "all"


class Per(enum.Enum):
    """The span of time that a limit counts, in the programme's calendar; a week begins on Monday."""

    TRANSACTION = "transaction"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    LIFETIME = "lifetime"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most *points* of *subject* (``rule:ID`` or ``campaign:ID``)."""

    subject: str
    points: int
    scope: Scope
    per: Per

    @property
    def counter(self) -> str:
        """The counter that it reads, and by which it must grow."""
        return f"{self.subject}/{self.scope.value}/{self.per.value}"


class Room:
    """What limits leave, while one transaction is added up."""

    __slots__ = ("_given", "_used")

    def __init__(self, counters: tuple[tuple[str, int], ...]) -> None:
        self._used = dict(counters)
        self._given: dict[str, int] = {}

    def take(self, caps: tuple[Cap, ...], points: int) -> int:
        """How many of *points* the limits leave; they are taken."""
        for cap in caps:
            name = cap.counter
            used = 0 if cap.per is Per.TRANSACTION else self._used.get(name, 0)
            points = min(points, max(cap.points - used - self._given.get(name, 0), 0))
        for cap in caps:
            self._given[cap.counter] = self._given.get(cap.counter, 0) + points
        return points

    def given(self) -> tuple[tuple[str, int], ...]:
        """What was taken, by counter: so much they must grow."""
        return tuple(sorted((name, points) for name, points in self._given.items() if points))
