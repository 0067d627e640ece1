"""What is counted, as rows: what a decision adds, and what that comes to.

A row tells the new total of a place, so the last row of a place is all that has to be looked up.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from rules.counters import Place, Total
from switch.outcome import Outcome, Side

TALLY: Final = "tally"


def rows_of(changes: Mapping[Place, int], total: Total) -> tuple[Side, ...]:
    """The rows that tell *changes*, on top of the *total* of each place so far."""
    return tuple(
        [Side(TALLY, (*place, change, total(place) + change)) for place, change in changes.items() if change]
    )


def changes_of(outcome: Outcome) -> Iterator[tuple[Place, int, int]]:
    """What an outcome counted: place, change, new total."""
    for side in outcome.sides:
        if side.table == TALLY:
            measure, whose, stretch, change, total = side.values
            assert isinstance(measure, str)
            assert isinstance(whose, str)
            assert isinstance(stretch, str)
            assert isinstance(change, int)
            assert isinstance(total, int)
            yield (measure, whose, stretch), change, total


def last_day(known: Mapping[str, int], day: str, durable: Callable[[str], str | None]) -> str | None:
    """The last day before *day* with some: by *known*, which is newest, or by *durable*."""
    mine = max(
        (each for each, total in known.items() if total > 0 and len(each) == len(day) and each < day),
        default=None,
    )
    found = durable(day)
    while found is not None and known.get(found, 1) <= 0:  # taken back since
        found = durable(found)
    return max(mine or "", found or "") or None


class SheetTallies:
    """What one batch has counted so far: totals by measure and whom, and by stretch."""

    __slots__ = ("_totals",)

    def __init__(self) -> None:
        self._totals: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)

    def apply(self, outcome: Outcome) -> None:
        """Take in what *outcome* counted."""
        for (measure, whose, stretch), _, total in changes_of(outcome):
            self._totals[measure, whose][stretch] = total

    def total(self, place: Place) -> int | None:
        """What *place* holds; ``None`` when the batch did not touch it."""
        measure, whose, stretch = place
        of_whom = self._totals.get((measure, whose))
        return None if of_whom is None else of_whom.get(stretch)

    def place_of(self, measure: str) -> Place | None:
        """Where *measure*, which has one place, was counted."""
        for (known, whose), of_whom in self._totals.items():
            if known == measure:
                return known, whose, next(iter(of_whom))
        return None

    def days(self, measure: str, whose: str) -> Mapping[str, int]:
        """Total by day (and by other stretches)."""
        return self._totals.get((measure, whose), {})
