"""What a reader looks up by marks and by terminal: batches, and business days that were opened."""

import sqlite3
from datetime import date

from switch import lookups
from switch.lookups import opened_day
from switch.outcome import Record
from switch.rows import record_of


class MarkReader:
    """The part of a store's reader that few decisions ask."""

    _database: sqlite3.Connection  # only reads

    def decided_at(self, terminal: tuple[str, str], after: int) -> list[Record]:
        """What was decided for a terminal behind the sequence *after*, without what was done to it since."""
        return [record_of(row) for row in self._database.execute(lookups.DECIDED_AT, (*terminal, after))]

    def marked(self, kind: str, first: str, last: str, after: int) -> list[int]:
        """Decisions with a mark of *kind* whose value is between *first* and *last*, both included."""
        return [seq for (seq,) in self._database.execute(lookups.MARKED, (kind, first, last, after))]

    def opened_day(self) -> date:
        """The last business date that somebody opened; the first of all dates when nobody did."""
        return opened_day(self._database)
