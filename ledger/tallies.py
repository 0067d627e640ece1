"""Adds up again what programmes count."""

import sqlite3
from typing import Final

from ledger.finding import Findings

SLICE_SIZE: Final = 10_000


def check_tallies(database: sqlite3.Connection, findings: Findings) -> None:
    """Each row tells what its place held before and its change.

    Slice by slice, in the order of the index; the last row of a slice begins the next sum.
    """
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
