"""Holds: points that are reserved until they are taken, released, or their time is over.

A hold moves points from available to held, lot by lot. Each later step takes some of them away again, and
exactly one step ends it. Which of its points are left follows from its own postings and its steps: what was
held last is released first, as long as it stays open.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from msgspec import structs

from ledger.lots import LotBalance


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold as it was made.

    Attributes:
        hold: Sequence of the decision that made it.
        owner: On whose accounts it lies.
        held_for: Operation that it prepares: ``EARN`` or ``REDEEM``.
        points: That it reserved; 0 for a sale without points.
        kept_until: Its last second, UTC; after it, it is over.
    """

    hold: int
    owner: int
    held_for: str
    points: int
    kept_until: datetime


@dataclass(frozen=True, slots=True)
class HoldStep:
    """What decision *seq* did to a hold: *points* of it are held no longer; *ended* once in its life."""

    seq: int
    hold: int
    points: int
    ended: bool


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A hold that is not ended, with what is left of it.

    Attributes:
        lots: In the order in which their points were reserved, which is that of consumption.
    """

    hold: int
    kept_until: datetime
    lots: tuple[LotBalance, ...] = ()

    @property
    def points(self) -> int:
        """Points that it reserves."""
        return sum([lot.points for lot in self.lots])

    def is_over(self, now: datetime) -> bool:
        """Whether its time is over at *now*."""
        return now > self.kept_until

    def last(self, points: int) -> tuple[LotBalance, ...]:
        """The *points* that were reserved last, the last lot first."""
        return _first(reversed(self.lots), points)

    def first(self, points: int) -> tuple[LotBalance, ...]:
        """The *points* that were reserved first."""
        return _first(self.lots, points)

    def without_last(self, points: int) -> "OpenHold":
        """With the *points* released that were reserved last."""
        return replace(self, lots=self.first(self.points - points))


def _first(lots: Iterable[LotBalance], points: int) -> tuple[LotBalance, ...]:
    taken = []
    for lot in lots:
        if points == 0:
            break
        part = min(points, lot.points)
        taken.append(structs.replace(lot, points=part))
        points -= part
    assert points == 0
    return tuple(taken)
