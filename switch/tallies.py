"""What is counted, as rows: what a decision adds, and what that comes to.

A row tells the new total of a place, so the last row of a place is all that has to be looked up.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from rules.counters import Place, Total
from switch.outcome import Outcome, Side
from switch.reader import Reader

TALLY: Final = "tally"
KEPT: Final = "kept:"  # begins the measure of whether what a hold counted is kept for it
# What begins the measure of a coupon's code, before the code:
USED: Final = "coupon:"  # how often it was used, by all and by each member
ISSUED: Final = "issued:"  # that it was issued: whose and of what, its last day; 0: withdrawn
LAPSED: Final = "lapsed:"  # ... and that nobody had used it when that day was over, in the same place
DAY_LENGTH: Final = 10  # of a stretch that is a day; no other has as many letters


def rows_of(changes: Mapping[Place, int], total: Total) -> tuple[Side, ...]:
    """The rows that tell *changes*, on top of the *total* of each place so far."""
    return tuple(
        [Side(TALLY, (*place, change, total(place) + change)) for place, change in changes.items() if change]
    )


def kept_place(hold: int) -> Place:
    """Where it is counted whether what the hold *hold* counted is kept for it."""
    return f"{KEPT}{hold}", "", ""


def used_place(code: str, member: str = "") -> Place:
    """Where it is counted how often *code* was used: by a member, or by all."""
    return f"{USED}{code}", member, ""


def changes_of(sides: Iterable[Side]) -> Iterator[tuple[Place, int, int]]:
    """What a decision with these *sides* counted: place, change, new total."""
    for side in sides:
        if side.table == TALLY:
            measure, whose, stretch, change, total = side.values
            assert isinstance(measure, str)
            assert isinstance(whose, str)
            assert isinstance(stretch, str)
            assert isinstance(change, int)
            assert isinstance(total, int)
            yield (measure, whose, stretch), change, total


class SheetTallies:
    """What one batch has counted so far: totals by measure and whom, and by stretch."""

    __slots__ = ("_totals",)

    def __init__(self) -> None:
        self._totals: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)

    def apply(self, outcome: Outcome) -> None:
        """Take in what *outcome* counted."""
        for (measure, whose, stretch), _, total in changes_of(outcome.sides):
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
        """Total by day, of those that the batch touched."""
        of_whom = self._totals.get((measure, whose))
        if of_whom is None:
            return {}
        return {stretch: total for stretch, total in of_whom.items() if len(stretch) == DAY_LENGTH}


class Counted(Protocol):
    """A sheet, as far as counting goes."""

    outcomes: dict[int, Outcome]
    tallies: SheetTallies


class Tallies:
    """What is counted, as a worksheet sees it: what its *sheets* changed, over what *reader* knows."""

    __slots__ = ("_reader", "_sheets")

    def __init__(self, sheets: Sequence[Counted], reader: Reader) -> None:
        self._sheets = sheets
        self._reader = reader

    def tally(self, place: Place) -> int:
        """What *place* holds."""
        for sheet in self._sheets:
            total = sheet.tallies.total(place)
            if total is not None:
                return total
        return self._reader.tally(place)

    def last_tallied(self, measure: str, whose: str, day: str) -> str | None:
        """The last day before *day* on which *measure* holds some."""
        known = self._days_changed(measure, whose)
        mine = max((each for each, total in known.items() if total > 0 and each < day), default=None)
        durable = self._reader.last_tallied(measure, whose, day)
        while durable is not None and known.get(durable, 1) <= 0:  # taken back since
            durable = self._reader.last_tallied(measure, whose, durable)
        return max(mine or "", durable or "") or None

    def tallied_within(self, measure: str, whose: str, first: str, last: str) -> int:
        """What the days from *first* to *last*, both included, hold together."""
        within = self._reader.tallied_within(measure, whose, first, last)
        for day, total in self._days_changed(measure, whose).items():
            if first <= day <= last:
                within += total - self._reader.tally((measure, whose, day))
        return within

    def tallied_by(self, seq: int) -> list[tuple[Place, int]]:
        """What a decision changed, place by place."""
        for sheet in self._sheets:
            outcome = sheet.outcomes.get(seq)
            if outcome is not None:
                return [(place, change) for place, change, _ in changes_of(outcome.sides)]
        return list(self._reader.tallied_by(seq))

    def _days_changed(self, measure: str, whose: str) -> dict[str, int]:
        """Total by day of those that the sheets know."""
        known: dict[str, int] = {}
        for sheet in reversed(self._sheets):
            known.update(sheet.tallies.days(measure, whose))
        return known
