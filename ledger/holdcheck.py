"""Checks the holds: each ends once, none gives more than it reserved, and the open ones are what is held."""

import sqlite3
from typing import Final

from ledger.account import AccountKind, PostingReason, account, owner_of
from ledger.finding import Findings

SLICE_SIZE: Final = 2_000

_HOLDS: Final = (
    "SELECT hold.seq, hold.points,"
    " (SELECT coalesce(sum(points), 0) FROM posting WHERE seq = hold.seq AND reason = ?),"
    " (SELECT coalesce(sum(points), 0) FROM hold_step WHERE hold = hold.seq),"
    " (SELECT coalesce(sum(ended), 0) FROM hold_step WHERE hold = hold.seq),"
    # 1 when it is kept as open, 2 when something else is kept of it.
    " (SELECT coalesce(sum(2 - (kept_until = hold.kept_until)), 0) FROM open_hold"
    "  WHERE open_hold.owner = hold.owner AND open_hold.hold = hold.seq)"
    " FROM hold WHERE seq > ? ORDER BY seq LIMIT ?"
)
_STRAYS: Final = (
    "SELECT hold FROM {} WHERE NOT EXISTS (SELECT 1 FROM hold WHERE seq = {}.hold) ORDER BY hold LIMIT 1"
)
# What an owner's open holds reserve, and what lies on his account.
_HELD: Final = (
    "SELECT owner, sum(reserved), sum(held) FROM ("
    "SELECT open_hold.owner AS owner, hold.points - (SELECT coalesce(sum(points), 0) FROM hold_step"
    " WHERE hold = hold.seq) AS reserved, 0 AS held FROM open_hold JOIN hold ON hold.seq = open_hold.hold"
    " UNION ALL SELECT account - ?, 0, points FROM balance WHERE account BETWEEN ? AND ?"
    ") GROUP BY owner HAVING sum(reserved) <> sum(held) ORDER BY owner LIMIT 100"
)


def check_holds(database: sqlite3.Connection, findings: Findings) -> None:
    """Check all holds of *database*, slice by slice; each slice is one state of the books."""
    after = 0
    while rows := database.execute(_HOLDS, (PostingReason.HOLD, after, SLICE_SIZE)).fetchall():
        for hold, points, posted, gone, ended, is_open in rows:
            _check_hold(findings, hold, points, posted, gone, ended, is_open)
        after = rows[-1][0]
    for table in ("open_hold", "hold_step"):
        stray = database.execute(_STRAYS.format(table, table)).fetchone()
        if stray is not None:
            findings.add("I26", f"{table} of hold {stray[0]}", "there is no such hold")
    first = account(AccountKind.HELD)
    last = account(AccountKind.DEBT) - 1
    assert owner_of(first) == 0
    for owner, reserved, held in database.execute(_HELD, (first, first, last)).fetchall():
        findings.add("I11", f"held.{owner}", f"{held} is held and open holds reserve {reserved}")


def _check_hold(
    findings: Findings, hold: int, points: int, posted: int, gone: int, ended: int, is_open: int
) -> None:
    where = f"hold {hold}"
    if posted != points:
        findings.add("I11", where, f"reserves {points} and {posted} were posted")
    if ended not in (0, 1):
        findings.add("I11", where, f"ends {ended} times")
    elif gone > points or (ended and gone != points):
        findings.add("I11", where, f"gave {gone} and had {points}")
    elif is_open != 1 - ended:
        findings.add("I7", where, "ended and is kept as open" if ended else "is open and not kept as it is")
