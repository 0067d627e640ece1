"""Verifies a deployment's file: that it is one, the books, and that the cards are as their journal says."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from ledger.anchor import Anchor, broken
from ledger.finding import Enough, Finding, Findings
from ledger.verify import verify as verify_books
from loyalty.errors import LoyaltyError
from rules.parse import version_of
from switch.cardcheck import check_cards
from switch.database import open_for_reading


def verify(
    path: Path,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    anchors: Sequence[Anchor] = (),
    chain_key: bytes | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> list[Finding]:
    """What is wrong with the books at *path*; empty when all is well.

    Bounded in memory, and no reason for a running switch to wait.

    Args:
        path: The file.
        progress: Told how many decisions are checked, and of how many.
        anchors: Blocks that must be there as they were.
        chain_key: The key of a keyed chain.
        note: Told what could not be checked.
    """
    try:
        database = open_for_reading(path)
    except LoyaltyError as error:
        return [Finding("I26", error.where, error.what)]
    try:
        database.execute("PRAGMA mmap_size = 0")  # what is mapped counts as memory, and it reads everything
        found = _found_by("the anchors", lambda findings: _check_anchors(database, anchors, findings))
        found += verify_books(database, progress, chain_key, note)
        found += _found_by("the cards", lambda findings: check_cards(database, findings))
        found += _found_by("the programme", lambda findings: _check_programmes(database, findings))
    finally:
        database.close()
    return found


def _found_by(what: str, check: Callable[[Findings], None]) -> list[Finding]:
    """What *check* finds wrong with *what*."""
    findings = Findings()
    try:
        check(findings)
    except sqlite3.DatabaseError as error:
        findings.found.append(Finding("I26", what, f"cannot be read: {error}"))
    except Enough:
        pass
    return findings.found


def _check_anchors(database: sqlite3.Connection, anchors: Sequence[Anchor], findings: Findings) -> None:
    for number, what in broken(database, anchors):
        findings.add("I18", f"block {number}", what)


def _check_programmes(database: sqlite3.Connection, findings: Findings) -> None:
    """Every text is the one that its version names."""
    for number, version, text in database.execute("SELECT number, version, text FROM programme"):
        if version_of(text) != version:
            findings.add("I18", f"programme {number}", "its text is not the one that its version names")
