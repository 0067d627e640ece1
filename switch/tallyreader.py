"""What was counted as of the last commit, looked up on first use and kept in two generations."""

import sqlite3
from collections.abc import Iterable
from typing import Final

from loyalty.card import MemberId
from rules.counters import Place
from rules.tiers import GRANTED, HELD
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
_WITHIN: Final = (
    "SELECT coalesce(sum(change), 0) FROM tally WHERE measure = ? AND whose = ?"
    " AND stretch BETWEEN ? AND ? AND length(stretch) = 10"
)
_OF_DECISION: Final = "SELECT measure, whose, stretch, change FROM tally WHERE seq = ? ORDER BY line"
_TIERS: Final = (
    "SELECT decision.business_date, tally.stretch, decision.rrn FROM tally JOIN decision USING (seq)"
    " WHERE measure = ? AND whose = ? AND change > 0 ORDER BY seq"
)


def tier_history(
    database: sqlite3.Connection, member_id: MemberId, tiers: Iterable[str] = ()
) -> list[tuple[str, str, str]]:
    """The tiers that a member came to, in order: business date, tier, DE 37 of the decision.

    Those of *tiers* that rules gave him are told with their last day: ``gold until 2026-12-31``.
    """
    whose = str(member_id)
    moves: list[tuple[str, str, str]] = list(database.execute(_TIERS, (HELD, whose)))
    for tier in tiers:
        for on, last_day, rrn in database.execute(_TIERS, (GRANTED + tier, whose)):
            moves.append((on, f"{tier} until {last_day}", rrn))
    return sorted(moves, key=lambda move: move[0])


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

    def within(self, measure: str, whose: str, first: str, last: str) -> int:
        """What the days from *first* to *last* hold together."""
        total: int = self._database.execute(_WITHIN, (measure, whose, first, last)).fetchone()[0]
        return total

    def of_decision(self, seq: int) -> list[tuple[Place, int]]:
        """What a decision changed."""
        return [(tuple(row[:3]), row[3]) for row in self._database.execute(_OF_DECISION, (seq,))]

    def fold(self, outcome: Outcome) -> None:
        """Take in what became durable."""
        for place, _, total in changes_of(outcome.sides):
            self._totals.put(place, total)


class TallyReader:
    """What a reader of durable state tells of what is counted."""

    _tallies: DurableTallies

    def tally(self, place: Place) -> int:
        """What is counted at *place*."""
        return self._tallies.total(place)

    def last_tallied(self, measure: str, whose: str, day: str) -> str | None:
        """The last day before *day* on which *measure* holds some."""
        return self._tallies.last_day(measure, whose, day)

    def place_of(self, measure: str) -> Place | None:
        """Where *measure*, which has one place, is counted."""
        return self._tallies.place_of(measure)

    def tallied_within(self, measure: str, whose: str, first: str, last: str) -> int:
        """What the days from *first* to *last*, both included, hold together."""
        return self._tallies.within(measure, whose, first, last)

    def tallied_by(self, seq: int) -> list[tuple[Place, int]]:
        """What a decision changed of what is counted, place by place."""
        return self._tallies.of_decision(seq)
