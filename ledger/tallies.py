"""Adds up again what programmes count, and holds the budgets of campaigns against it."""

import sqlite3
from collections import defaultdict
from typing import Final

from ledger.account import AccountId, AccountKind, account, name_of
from ledger.finding import Findings

SLICE_SIZE: Final = 10_000
_BUDGETS: Final = account(AccountKind.BUDGET), account(AccountKind.AVAILABLE)  # from, and to before


def check_tallies(database: sqlite3.Connection, findings: Findings) -> None:
    """Each row tells what its place held before and its change; no budget ever falls below nothing."""
    if database.execute("SELECT 1 FROM tally LIMIT 1").fetchone() is not None:
        _check_totals(database, findings)
        _check_budgets(database, findings)


def _check_totals(database: sqlite3.Connection, findings: Findings) -> None:
    """Slice by slice, in the order of the index; the last row of a slice begins the next sum."""
    place: tuple[str, ...] = ()
    total = 0
    after: tuple[str | int, ...] = ("", "", "", -1, -1)
    while rows := database.execute(
        "SELECT measure, whose, stretch, seq, line, change, total FROM tally"
        " WHERE (measure, whose, stretch, seq, line) > (?, ?, ?, ?, ?)"
        " ORDER BY measure, whose, stretch, seq, line LIMIT ?",
        (*after, SLICE_SIZE),
    ).fetchall():
        for *named, seq, _line, change, told in rows:
            if tuple(named) != place:
                place, total = tuple(named), 0
            total += change
            if total != told:
                where = f"decision {seq}, {' '.join(part for part in place if part)}"
                findings.add("I8", where, f"tells {told}, and its changes add up to {total}")
                total = told
        after = rows[-1][:5]


def _check_budgets(database: sqlite3.Connection, findings: Findings) -> None:
    sums: dict[int, int] = defaultdict(int)
    low, high = _BUDGETS
    seq = 0
    while rows := database.execute(
        "SELECT seq, debit, credit, points FROM posting WHERE seq > ?"
        " AND seq <= (SELECT max(seq) FROM (SELECT seq FROM posting WHERE seq > ? ORDER BY seq LIMIT ?))"
        " ORDER BY seq, line",
        (seq, seq, SLICE_SIZE // 2),
    ).fetchall():
        for seq, debit, credit, points in rows:
            if low <= credit < high:
                sums[credit] += points
            if low <= debit < high:
                sums[debit] -= points
                if sums[debit] < 0:
                    where = f"decision {seq}, {name_of(AccountId(debit))}"
                    findings.add("I8", where, f"falls to {sums[debit]}")
