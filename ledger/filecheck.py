"""What SQLite itself says of the file: b-trees, indexes, keys that are there twice."""

import sqlite3
from typing import Final

from ledger.finding import Findings

_TOLD_MAX: Final = 20


def check_file(database: sqlite3.Connection, findings: Findings, *, by_table: bool = False) -> None:
    """Have SQLite check the whole file, or table by table, each in a read of its own.

    By table nobody waits long for a read to end; pages that belong to no table are not looked at then.

    Raises:
        sqlite3.DatabaseError: It cannot be read at all.
    """
    told = 0
    for check in _checks(database) if by_table else (f"PRAGMA integrity_check({_TOLD_MAX})",):
        for (message,) in database.execute(check).fetchall():
            if message != "ok" and told < _TOLD_MAX:
                told += 1
                # Unique indexes are part of it: two rows with one key show here.
                findings.add("I15" if "non-unique" in message else "I26", "the file", message)


def _checks(database: sqlite3.Connection) -> list[str]:
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rootpage")
    return [f"PRAGMA integrity_check('{name.replace(chr(39), chr(39) * 2)}')" for (name,) in tables]
