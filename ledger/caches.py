"""What is kept although the entries tell it: how it differs from them, and how it is put right.

A cache is a table with a key and one value; a further one is put into ``CACHES``.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.account import AccountKind, account
from ledger.sums import LOTS_PER_PASS
from ledger.tables import metadata

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


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of a cache that is not as the entries tell it.

    Attributes:
        key: Values of the table's key.
        kept: Its value; ``None`` when there is no row.
        right: What it should be; ``None`` when there should be no row.
    """

    table: str
    key: tuple[int, ...]
    kept: int | str | None
    right: int | str | None


def balance_differences(database: sqlite3.Connection) -> Iterator[list[Difference]]:
    """How ``balance`` differs from what the postings add up to, part by part."""
    lots: int = database.execute("SELECT count(*) FROM lot").fetchone()[0]
    parts = 1 + lots // LOTS_PER_PASS
    for part in range(parts):
        right = {(row[0], row[1]): row[2] for row in database.execute(_SUMS, (parts, part))}
        found: list[Difference] = []
        for account_id, lot, kept in database.execute(_KEPT, (parts, part)):
            told = right.pop((account_id, lot), None)
            if told != kept:
                found.append(Difference("balance", (account_id, lot), kept, told))
        found += [Difference("balance", key, None, points) for key, points in right.items()]
        yield found


_OPEN_HOLDS: Final = """
    SELECT owner, seq, kept_until FROM hold
    WHERE NOT EXISTS (SELECT 1 FROM hold_step WHERE hold = hold.seq AND ended = 1)
"""


def open_hold_differences(database: sqlite3.Connection) -> Iterator[list[Difference]]:
    """How ``open_hold`` differs from the holds without an end. Those that are open are few."""
    right = {(owner, hold): kept_until for owner, hold, kept_until in database.execute(_OPEN_HOLDS)}
    found: list[Difference] = []
    for owner, hold, kept in database.execute("SELECT owner, hold, kept_until FROM open_hold"):
        told = right.pop((owner, hold), None)
        if told != kept:
            found.append(Difference("open_hold", (owner, hold), kept, told))
    yield found + [Difference("open_hold", key, None, kept_until) for key, kept_until in right.items()]


CACHES: Final[Mapping[str, Callable[[sqlite3.Connection], Iterator[list[Difference]]]]] = {
    "balance": balance_differences,
    "open_hold": open_hold_differences,
}


def put_right(database: sqlite3.Connection, differences: list[Difference]) -> None:
    """Make the rows of one cache as the entries tell them, in the open transaction."""
    if not differences:
        return
    table = metadata.tables[differences[0].table]
    assert all(each.table == table.name for each in differences)
    keys = " AND ".join(f"{name} = ?" for name in table.primary_key.columns.keys())  # noqa: SIM118  (no dict)
    marks = ", ".join("?" for _ in table.columns)
    removed = [each.key for each in differences if each.kept is not None]
    added = [(*each.key, each.right) for each in differences if each.right is not None]
    database.executemany(f"DELETE FROM {table.name} WHERE {keys}", removed)
    database.executemany(f"INSERT INTO {table.name} VALUES ({marks})", added)
