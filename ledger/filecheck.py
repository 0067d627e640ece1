"""What SQLite itself says of the file: b-trees, indexes, keys that are there twice.

SQLite looks at a file, or at one table with its indexes, in one read. Beside a running switch that would keep
its log from being begun anew for as long: there every large table is held against its indexes slice by slice.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from ledger.finding import Findings

SLICE_SIZE: Final = 5_000  # rows
_TOLD_MAX: Final = 20


def check_file(database: sqlite3.Connection, findings: Findings, *, in_slices: bool = False) -> None:
    """Have SQLite check the whole file; or, *in_slices*, hold tables against their indexes, in short reads.

    In slices nobody waits long for a read to end; pages that belong to no table are not looked at then.

    Raises:
        sqlite3.DatabaseError: It cannot be read at all.
    """
    for message in islice(_in_slices(database) if in_slices else _whole(database, ""), _TOLD_MAX):
        # Unique indexes are part of it: two rows with one key show here.
        findings.add("I15" if "non-unique" in message else "I26", "the file", message)


def _whole(database: sqlite3.Connection, of_table: str) -> Iterator[str]:
    """What SQLite tells of the file, or of one of its tables."""
    argument = _quoted(of_table, "'") if of_table else str(_TOLD_MAX)
    for (message,) in database.execute(f"PRAGMA integrity_check({argument})").fetchall():
        if message != "ok":
            yield message


def _in_slices(database: sqlite3.Connection) -> Iterator[str]:
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rootpage")
    for (name,) in tables.fetchall():
        table = _Table.of(database, name)
        if table.is_rising:
            yield from _held_against_indexes(database, table)
        else:
            yield from _whole(database, name)


@dataclass(frozen=True, slots=True)
class _Index:
    """An index: its columns, and the condition of the rows that are in it."""

    name: str
    columns: tuple[str, ...]
    condition: str
    is_unique: bool


@dataclass(frozen=True, slots=True)
class _Table:
    """A table, the columns of its key, and its indexes.

    Attributes:
        is_rising: New rows have higher keys than all others, so what lies before one is complete. False
            also where an index is not one of columns, as none of ours.
    """

    name: str
    key: tuple[str, ...]
    indexes: tuple[_Index, ...]
    is_rising: bool

    @classmethod
    def of(cls, database: sqlite3.Connection, name: str) -> "_Table":
        """The table of *database* with this name."""
        sql = "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk"
        key = tuple(column for (column,) in database.execute(sql, (name,)))
        indexes = tuple(_indexes(database, name))
        is_rising = len(key) == 1 or key[:1] in (("seq",), ("block",))
        return cls(name, key, indexes, is_rising and all(None not in index.columns for index in indexes))


def _indexes(database: sqlite3.Connection, table: str) -> Iterator[_Index]:
    """Those that were made by name: those that SQLite makes are the tables' own keys."""
    listed = database.execute(
        'SELECT list.name, list."unique", sql FROM pragma_index_list(?) AS list'
        " JOIN sqlite_master USING (name) WHERE sql IS NOT NULL ORDER BY list.name",
        (table,),
    )
    for name, is_unique, sql in listed.fetchall():
        columns = database.execute("SELECT name FROM pragma_index_info(?) ORDER BY seqno", (name,)).fetchall()
        _, _, condition = sql.partition(" WHERE ")
        yield _Index(name, tuple(column for (column,) in columns), f"({condition or 1})", bool(is_unique))


def _held_against_indexes(database: sqlite3.Connection, table: _Table) -> Iterator[str]:
    """Every row has its entry in each index, where a search finds it, and there are no other entries."""
    if not table.indexes:
        return
    name, first = _quoted(table.name), _quoted(table.key[0])
    told = ", ".join(
        f"coalesce(sum({index.condition}), 0),"
        f" coalesce(sum({index.condition} AND ({_entries_of(table, index)}) IS NOT 1), 0)"
        for index in table.indexes
    )
    among = f"FROM {name} AS row NOT INDEXED WHERE row.{first} > ? AND row.{first} <= ?"
    ends = f"SELECT max({first}) FROM (SELECT {first} FROM {name} NOT INDEXED WHERE {first} > ?"
    ends += f" ORDER BY {first} LIMIT {SLICE_SIZE})"
    counts = [0] * len(table.indexes)
    after = -(2**63)
    while (last := database.execute(ends, (after,)).fetchone()[0]) is not None:
        row = database.execute(f"SELECT {told} {among}", (after, last)).fetchone()
        for at, index in enumerate(table.indexes):
            counts[at] += row[2 * at]
            if row[2 * at + 1]:
                yield from _wrong_entries(database, table, index, among, (after, last))
        after = last
    for index, count in zip(table.indexes, counts, strict=True):
        entries = database.execute(
            f"SELECT count(*) FROM {name} INDEXED BY {_quoted(index.name)}"
            f" WHERE {index.condition} AND {first} <= ?",
            (after,),
        ).fetchone()[0]
        if entries != count:
            yield f"index {index.name} has {entries} entries for {count} rows of {table.name}"


def _entries_of(table: _Table, index: _Index) -> str:
    """SQL that gives 1 when a row has one entry in *index* and nobody else has its unique values."""
    same_row = " AND ".join(f"entry.{_quoted(name)} = row.{_quoted(name)}" for name in table.key)
    # Bounds in place of equality: of a unique index SQLite would read one entry only.
    form = "entry.{0} >= row.{0} AND entry.{0} <= row.{0}" if index.is_unique else "entry.{0} = row.{0}"
    same_values = " AND ".join(form.format(_quoted(name)) for name in index.columns)
    return (
        f"SELECT sum(CASE WHEN {same_row} THEN 1 ELSE 2 END) FROM {_quoted(table.name)} AS entry"
        f" INDEXED BY {_quoted(index.name)} WHERE {same_values} AND {index.condition}"
        + ("" if index.is_unique else f" AND {same_row}")
    )


def _wrong_entries(
    database: sqlite3.Connection, table: _Table, index: _Index, among: str, bounds: tuple[Any, Any]
) -> Iterator[str]:
    """What is wrong with the entries of some rows in *index*."""
    key = ", ".join(f"row.{_quoted(name)}" for name in table.key)
    found = f"SELECT {key}, ({_entries_of(table, index)}) AS entries {among} AND {index.condition}"
    for *place, entries in database.execute(
        f"SELECT * FROM ({found}) WHERE entries IS NOT 1 LIMIT {_TOLD_MAX}", bounds
    ).fetchall():
        where = f"row {' '.join(map(str, place))} of {table.name}"
        is_there = entries is not None and (entries % 2 or not index.is_unique)
        what = "non-unique entry of {} in index {}" if is_there else "{} is missing from index {}"
        yield what.format(where, index.name)


def _quoted(name: str, quote: str = '"') -> str:
    return quote + name.replace(quote, quote * 2) + quote
