"""What a reader looks up by marks: numbered and closed batches, and business days that were opened."""

import sqlite3
from datetime import date

from switch import lookups
from switch.lookups import opened_day


class MarkReader:
    """The part of a store's reader that few decisions ask."""

    _database: sqlite3.Connection  # only reads

    def marked(self, kind: str, first: str, last: str, after: int) -> list[int]:
        """Decisions with a mark of *kind* whose value is between *first* and *last*, both included."""
        return [seq for (seq,) in self._database.execute(lookups.MARKED, (kind, first, last, after))]

    def opened_day(self) -> date:
        """The last business date that somebody opened; the first of all dates when nobody did."""
        return opened_day(self._database)
