"""What was counted as of the last commit, looked up on first use and kept in two generations."""

import sqlite3
from typing import Final

from rules.counters import Place
from switch.generations import Generations
from switch.outcome import Outcome
from switch.tallies import changes_of

_TOTAL: Final = (
    "SELECT total FROM tally WHERE measure = ? AND whose = ? AND stretch = ? ORDER BY seq DESC LIMIT 1"
)
_DAYS: Final = (
    "SELECT stretch, total FROM tally WHERE measure = ? AND whose = ? AND stretch < ?"
    " AND length(stretch) = 10 ORDER BY stretch DESC, seq DESC"
)
_PLACE: Final = "SELECT measure, whose, stretch FROM tally WHERE measure = ? LIMIT 1"
_OF_DECISION: Final = "SELECT measure, whose, stretch, change FROM tally WHERE seq = ? ORDER BY line"


class DurableTallies:
    """What is durable of all that is counted.

    Args:
        database: A connection that only reads.
        size: Of a generation of places.
    """

    def __init__(self, database: sqlite3.Connection, size: int) -> None:
        self._database = database
        self._totals: Generations[Place, int] = Generations(size)

    def total(self, place: Place) -> int:
        """What *place* holds."""
        total = self._totals.get(place)
        if total is None:
            row = self._database.execute(_TOTAL, place).fetchone()
            total = 0 if row is None else row[0]
            self._totals.put(place, total)
        return total

    def last_day(self, measure: str, whose: str, day: str) -> str | None:
        """The last day before *day* that has some."""
        seen = ""
        for stretch, total in self._database.execute(_DAYS, (measure, whose, day)):
            if stretch != seen:  # the first row of a day is its last one
                if total > 0:
                    found: str = stretch
                    return found
                seen = stretch
        return None

    def place_of(self, measure: str) -> Place | None:
        """Where *measure*, which has one place, is counted."""
        row = self._database.execute(_PLACE, (measure,)).fetchone()
        return None if row is None else (row[0], row[1], row[2])

    def of_decision(self, seq: int) -> list[tuple[Place, int]]:
        """What a decision changed."""
        return [(tuple(row[:3]), row[3]) for row in self._database.execute(_OF_DECISION, (seq,))]

    def fold(self, outcome: Outcome) -> None:
        """Take in what became durable."""
        for place, _, total in changes_of(outcome):
            self._totals.put(place, total)
