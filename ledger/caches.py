"""What is kept although the entries tell it: how it differs from them, and how it is put right.

A further table that is a cache is put into ``CACHES``: it is then rebuilt, and left out of exports.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.account import AccountKind, account
from ledger.tables import metadata

LOTS_PER_PASS: Final = 250_000  # their sums are in memory together

_OWNERS: Final = (
    account(AccountKind.ISSUE) // AccountKind.ISSUE
)  # an account is its kind times this, and its owner
_FROM: Final = account(AccountKind.AVAILABLE)
_DEBTS: Final = account(AccountKind.DEBT)
_TO: Final = account(AccountKind.CERTIFICATES)

# Debt has no lots. The owners are parted, so that the memory is bounded.
_SUMS: Final = f"""
    WITH moved (account, lot, points) AS (
        SELECT debit, lot, -points FROM posting WHERE debit >= {_FROM} AND debit < {_TO}
        UNION ALL
        SELECT credit, lot, points FROM posting WHERE credit >= {_FROM} AND credit < {_TO}
    )
    SELECT account, CASE WHEN account >= {_DEBTS} THEN 0 ELSE lot END AS of_lot, sum(points) AS total
    FROM moved WHERE account % {_OWNERS} % ? = ? GROUP BY account, of_lot HAVING total <> 0
    ORDER BY account, of_lot
"""
_KEPT: Final = f"""
    SELECT account, lot, points FROM balance WHERE account % {_OWNERS} % ? = ? ORDER BY account, lot
"""


_OPEN: Final = """
    SELECT owner, seq, kept_until FROM hold
    WHERE NOT EXISTS (SELECT 1 FROM hold_step WHERE hold_step.hold = hold.seq AND ended = 1)
"""

Row = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of a cache that is not as the entries tell it.

    Attributes:
        key: Values of the table's key.
        kept: Its other values; ``None`` when there is no row.
        right: What they should be; ``None`` when there should be no row.
    """

    table: str
    key: Row
    kept: Row | None
    right: Row | None


Differences = Callable[[sqlite3.Connection], Iterator[list[Difference]]]


def balance_differences(database: sqlite3.Connection) -> Iterator[list[Difference]]:
    """How ``balance`` differs from what the postings add up to, part by part."""
    lots: int = database.execute("SELECT count(*) FROM lot").fetchone()[0]
    parts = 1 + lots // LOTS_PER_PASS
    for part in range(parts):
        right = database.execute(_SUMS, (parts, part))
        yield _differing("balance", database.execute(_KEPT, (parts, part)), right)


def hold_differences(database: sqlite3.Connection) -> Iterator[list[Difference]]:
    """How ``open_hold`` differs from the holds that did not end."""
    kept = database.execute("SELECT owner, hold, kept_until FROM open_hold")
    yield _differing("open_hold", kept, database.execute(_OPEN))


CACHES: Final[Mapping[str, Differences]] = {
    "balance": balance_differences,
    "open_hold": hold_differences,
}


def _differing(table: str, kept: Iterable[Row], right: Iterable[Row]) -> list[Difference]:
    size = len(metadata.tables[table].primary_key.columns)
    told = {row[:size]: row[size:] for row in right}
    found: list[Difference] = []
    for row in kept:
        key, values = row[:size], row[size:]
        should = told.pop(key, None)
        if should != values:
            found.append(Difference(table, key, values, should))
    return found + [Difference(table, key, None, values) for key, values in told.items()]


def put_right(database: sqlite3.Connection, differences: list[Difference]) -> None:
    """Make the rows of one cache as the entries tell them, in the open transaction."""
    if not differences:
        return
    table = metadata.tables[differences[0].table]
    assert all(each.table == table.name for each in differences)
    keys = " AND ".join(f"{name} = ?" for name in table.primary_key.columns.keys())  # noqa: SIM118  (no dict)
    marks = ", ".join("?" for _ in table.columns)
    removed = [each.key for each in differences if each.kept is not None]
    added = [(*each.key, *each.right) for each in differences if each.right is not None]
    database.executemany(f"DELETE FROM {table.name} WHERE {keys}", removed)
    database.executemany(f"INSERT INTO {table.name} VALUES ({marks})", added)
