"""Holds certificates against the postings, and what is left of each within what it was made with."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ledger.account import AccountKind, account
from ledger.finding import Findings

_CERTIFICATES: Final = account(AccountKind.CERTIFICATES)
_SLICE_SIZE: Final = 2_000

Row = Sequence[Any]


def moved_by(postings: Sequence[Row]) -> int:
    """Points that the rows of a decision's postings bring to the account of certificates."""
    moved = 0
    for _, _, debit, credit, points, *_ in postings:
        if credit == _CERTIFICATES:
            moved += points
        if debit == _CERTIFICATES:
            moved -= points
    return moved


def told_by(sides: Mapping[str, Sequence[Row]]) -> int:
    """Points that the rows of a decision's certificates and their entries tell of."""
    made: int = sum(row[4] for row in sides.get("certificate", ()))
    changed: int = sum(row[3] for row in sides.get("certificate_entry", ()))
    return made + changed


def check_certificates(database: sqlite3.Connection, findings: Findings) -> None:
    """Add up what became of every certificate, in order."""
    after = ""
    while rows := database.execute(
        "SELECT code, points, value_minor, seq FROM certificate WHERE code > ? ORDER BY code LIMIT ?",
        (after, _SLICE_SIZE),
    ).fetchall():
        last = rows[-1][0]
        entries: dict[str, list[Row]] = defaultdict(list)
        for code, *entry in database.execute(
            "SELECT code, seq, points, value_minor FROM certificate_entry"
            " WHERE code > ? AND code <= ? ORDER BY code, seq, line",
            (after, last),
        ):
            entries[code].append(entry)
        for code, points, value_minor, seq in rows:
            _check(findings, seq, (points, value_minor), entries.pop(code, ()))
        for of_none in entries.values():
            findings.add("I26", f"decision {of_none[0][0]}", "changes a certificate that is not there")
        after = last
    stray = database.execute("SELECT min(seq) FROM certificate_entry WHERE code > ?", (after,)).fetchone()[0]
    if stray is not None:
        findings.add("I26", f"decision {stray}", "changes a certificate that is not there")


def _check(findings: Findings, made_by: int, made: tuple[int, int], entries: Sequence[Row]) -> None:
    left, left_minor = made
    is_purse = made == (0, 0)  # it was made empty to be filled
    for seq, points, value_minor in entries:
        left, left_minor = left + points, left_minor + value_minor
        where = f"decision {seq}, certificate of decision {made_by}"
        if seq < made_by or (seq == made_by and not is_purse):
            findings.add("certificates", where, "was changed before it was made")
        fits = is_purse or (left <= made[0] and left_minor <= made[1])
        if left < 0 or left_minor < 0 or not fits:
            what = f"has {left} points and {left_minor} left of {made[0]} and {made[1]}"
            findings.add("certificates", where, what)
