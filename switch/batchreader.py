"""What a batch comes to as of the last commit: at once when it is small, else in slices.

The index of terminals is in order of their trace numbers, so all entries of a terminal are walked, however
few of them belong to the batch; only the decisions that may belong to it are read. While a walk goes on, what
is committed for its terminal is kept beside it.
"""

import asyncio
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from loyalty.totals import Totals
from switch import lookups
from switch.athand import NotAtHand
from switch.batchtotals import NOTHING, BatchOf, Books, total_of, total_of_outcomes
from switch.outcome import Outcome
from switch.rows import record_of

ENTRIES_MAX: Final = 1_000  # of the index that one slice looks at: about a millisecond
RECORDS_MAX: Final = 100  # decisions that one slice reads: about a millisecond
WALKS_MAX: Final = 8  # that are kept, done or not, until they are asked for
FOLLOWED_MAX: Final = 10_000  # blocks that a walk is kept for

_ENTRIES_OF_STAN: Final = (
    "SELECT stan, seq FROM decision INDEXED BY decision_terminal"
    " WHERE terminal_id = ? AND stan = ? AND seq > ? ORDER BY seq LIMIT ?"
)
_ENTRIES_BEHIND: Final = (
    "SELECT stan, seq FROM decision INDEXED BY decision_terminal"
    " WHERE terminal_id = ? AND stan > ? ORDER BY stan, seq LIMIT ?"
)
_NUMBERS: Final = (
    "SELECT seq, value FROM mark WHERE kind = 'batch' AND seq IN (SELECT value FROM json_each(?))"
)
_LAST: Final = "SELECT coalesce(max(seq), 0) FROM decision"


class Walk:
    """Adds up a batch, all of whose decisions up to the sequence *last* are durable."""

    def __init__(self, database: sqlite3.Connection, books: Books, of: BatchOf, last: int) -> None:
        self._database = database
        self._books = books
        self._of = of
        self._last = last
        self._totals = NOTHING
        self._newer: list[Outcome] = []  # of the terminal, committed since
        self._followed = 0
        self._steps = self._walk()
        self._running: asyncio.Future[None] | None = None
        self.is_done = False

    def step(self) -> None:
        """Look at the next slice."""
        self.is_done = next(self._steps, "done") == "done"

    async def run(self) -> None:
        """Look at all slices, and let everything else be done between any two."""
        while not self.is_done:
            self.step()
            await asyncio.sleep(0)

    async def fetch(self) -> None:
        """Wait until it is done, however many do."""
        if self._running is None:
            self._running = asyncio.ensure_future(self.run())
        await asyncio.shield(self._running)

    def follow(self, outcomes: Iterable[Outcome]) -> bool:
        """Take in what was committed; false when nobody has asked for so long that it may go."""
        terminal_id = self._of.terminal[1]
        for outcome in outcomes:
            record = outcome.record
            if record is not None and record.terminal_id == terminal_id and record.seq > self._last:
                self._newer.append(outcome)
        self._followed += 1
        return self._followed < FOLLOWED_MAX

    def totals(self, before: int | None) -> Totals:
        """What decisions whose sequence is lower than *before* add up to, once it is done."""
        assert self.is_done
        newer = [
            outcome
            for outcome in self._newer
            if outcome.record is not None and (before is None or outcome.record.seq < before)
        ]
        return self._totals + total_of_outcomes(self._books, self._of, newer)

    def _walk(self) -> Iterator[None]:
        wanted: list[int] = []
        for entries in self._slices():
            wanted += [seq for _, seq in entries if self._of.first < seq <= self._last]
            yield
            while len(wanted) >= RECORDS_MAX:
                self._add(wanted[:RECORDS_MAX])
                del wanted[:RECORDS_MAX]
                yield
        self._add(wanted)

    def _slices(self) -> Iterator[Sequence[tuple[str, int]]]:
        terminal_id = self._of.terminal[1]
        stan, seq = "", 0
        while True:
            entries = self._database.execute(
                _ENTRIES_OF_STAN, (terminal_id, stan, seq, ENTRIES_MAX)
            ).fetchall()
            if len(entries) < ENTRIES_MAX:
                room = ENTRIES_MAX - len(entries)
                entries += self._database.execute(_ENTRIES_BEHIND, (terminal_id, stan, room)).fetchall()
            if entries:
                stan, seq = entries[-1]
                yield entries
            if len(entries) < ENTRIES_MAX:
                return

    def _add(self, seqs: Sequence[int]) -> None:
        told = json.dumps(seqs)
        records = [record_of(row) for row in self._database.execute(lookups.BY_SEQS, (told,))]
        numbers: dict[int, str | None] = {}
        if self._of.number is not None:
            numbers = {
                seq: value.rpartition("|")[2] for seq, value in self._database.execute(_NUMBERS, (told,))
            }
        self._totals += total_of(self._books, self._of, records, numbers)


class Batches:
    """Adds up batches, and keeps the walks that go on.

    Args:
        database: A connection that only reads.
        books: Tells decisions as of the last commit.
    """

    def __init__(self, database: sqlite3.Connection, books: Books) -> None:
        self._database = database
        self._books = books
        self.walks: dict[BatchOf, Walk] = {}

    def totals(self, of: BatchOf, before: int | None) -> Totals:
        """What the decisions of a batch whose sequence is lower than *before* add up to.

        Raises:
            NotAtHand: They are many, or their terminal has many others.
        """
        walk = self.walks.get(of)
        if walk is None:
            last = self._database.execute(_LAST).fetchone()[0] if before is None else before - 1
            walk = Walk(self._database, self._books, of, last)
            walk.step()
            if not walk.is_done:
                walk.step()
        if walk.is_done:
            self.walks.pop(of, None)
            return walk.totals(before)
        while len(self.walks) >= WALKS_MAX and of not in self.walks:
            del self.walks[next(iter(self.walks))]
        self.walks[of] = walk
        raise NotAtHand(lambda: self._finish(of, walk))

    def follow(self, outcomes: Sequence[Outcome]) -> None:
        """Let the walks that go on take in what was committed."""
        for of, walk in list(self.walks.items()):
            if not walk.follow(outcomes):
                del self.walks[of]

    async def _finish(self, of: BatchOf, walk: Walk) -> None:
        try:
            await walk.fetch()
        except Exception:  # the next question begins another one
            self.walks.pop(of, None)
            raise
