"""Holds tables against the journal of cards, part by part.

The journal's entries are parted by whom they tell of into a temporary file, and what they end with is
compared with the tables. Every read is short: a switch goes on meanwhile.
"""

import operator
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import Annotated, Any, ClassVar, Final, Self

import msgspec

from ledger.block import OF_THE_PROGRAMME
from ledger.finding import Findings
from ledger.slices import Slice
from ledger.spill import Row, Spill

SLICE_SIZE: Final = 10_000
IDS_PER_PART: Final = 25_000
_FIRST_ID: Final = -(2**63)
_LAST_ID: Final = 2**63 - 1

_ENTRIES: Final = (
    "SELECT block, line, card_id, change FROM card_entry WHERE (block, line) > (?, ?) AND block <= ?"
    " ORDER BY block, line LIMIT ?"
)


_Id = Annotated[int, msgspec.Meta(ge=_FIRST_ID, le=_LAST_ID)]


class Entry(msgspec.Struct):
    """What an entry of the journal says about what is looked at here."""

    enrolled: str | None = None
    member: _Id | None = None
    owner: _Id | None = None
    programme: str = ""
    tier: str | msgspec.UnsetType | None = msgspec.UNSET  # not told by earlier versions
    identifiers: Sequence[tuple[str, str]] = ()  # kind and mark of each
    expires_on: str | None = None
    status: str | None = None
    replaced_by: _Id | None = None
    type: str | None = None  # of the card
    linked: str | None = None
    unlinked: str | None = None
    mark: str | None = None  # of what was linked or unlinked; not told by earlier versions
    code: dict[str, Any] | None = None
    pin: dict[str, Any] | None = None


decode_entry: Final = msgspec.json.Decoder(Entry).decode


class Part(ABC):
    """What the journal tells of some ids, compared with a table.

    Attributes:
        ids: Which.
        compared: Ids up to this one are done with.
        found: Id and what is wrong with it, in no order.
    """

    def __init__(self, database: sqlite3.Connection, ids: range) -> None:
        self.ids = ids
        self.compared = ids.start - 1
        self.found: list[tuple[int, str]] = []
        self._database = database

    @abstractmethod
    def take(self, row: Row) -> None:
        """Take in an entry, as ``JournalCheck`` parted it."""

    @abstractmethod
    def compare_slice(self) -> bool:
        """Compare the next rows of the table with what was taken in; true when these were the last."""

    @abstractmethod
    def finish(self) -> None:
        """Find what the table lacks."""


class JournalCheck(ABC):
    """Takes in the journal as it comes, and then holds a table against it."""

    invariant: ClassVar[str]
    noun: ClassVar[str]

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._read = (-1, -1)  # block and line up to which the journal is read
        self._part: Part | None = None  # the one that is compared
        self._opened = ExitStack()

    @abstractmethod
    def _last_id(self) -> int:
        """The highest id in the table; 0 when there is none."""

    @abstractmethod
    def _row(self, card_id: int, change: str) -> Row | None:
        """What is kept of an entry, whom it tells of first; ``None`` when nothing is."""

    @abstractmethod
    def _part_of(self, ids: range) -> Part:
        """What compares these ids."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @cached_property
    def _parts(self) -> int:
        """Ids rise: so many are in each part, and those that are beyond in the last one."""
        return max(self._last_id(), 0) // IDS_PER_PART + 1

    @cached_property
    def _journal(self) -> Spill:
        return self._opened.enter_context(Spill(self._parts))

    def take(self, some: Slice) -> None:
        """Take in the journal's entries of some blocks."""
        for entries in some.entries.values():
            for _, _, _, card_id, change in entries:
                self._put(card_id, change)
        self._read = some.blocks[-1][0], _LAST_ID

    def check(self, findings: Findings) -> None:
        """Compare the table with what the journal ends with."""
        self._catch_up()
        for number in range(self._parts):
            first = number * IDS_PER_PART if number else _FIRST_ID + 1
            behind = _LAST_ID if number + 1 == self._parts else (number + 1) * IDS_PER_PART
            part = self._part = self._part_of(range(first, behind))
            for rows in self._journal.rows(number):
                for row in rows:
                    part.take(row)
            is_over = False
            while not is_over:
                with self._up_to_date():
                    is_over = part.compare_slice()
            part.finish()
            for id_, what in sorted(part.found, key=operator.itemgetter(0)):
                findings.add(self.invariant, f"{self.noun} {id_}", what)

    def _put(self, card_id: int, change: str) -> None:
        """Add an entry to its part: to the one that is compared, or to a later one."""
        if change == "{}" or card_id == OF_THE_PROGRAMME:
            return
        row = self._row(card_id, change)
        if row is None:
            return
        if self._part is None or row[0] >= self._part.ids.stop:
            self._journal.add(min(max(row[0], 0) // IDS_PER_PART, self._parts - 1), row)
        elif row[0] > self._part.compared:
            self._part.take(row)

    @contextmanager
    def _up_to_date(self) -> Iterator[None]:
        """One state of the books, with its whole journal taken in."""
        self._database.execute("BEGIN")
        try:
            self._catch_up()
            yield
        finally:
            self._database.execute("ROLLBACK")

    def _catch_up(self) -> None:
        """Read the journal up to the block that is the last one now."""
        last = self._database.execute("SELECT coalesce(max(number), 0) FROM block").fetchone()[0]
        while rows := self._database.execute(_ENTRIES, (*self._read, last, SLICE_SIZE)).fetchall():
            for block, line, card_id, change in rows:
                self._read = block, line
                self._put(card_id, change)
        self._read = max(self._read, (last, _LAST_ID))
