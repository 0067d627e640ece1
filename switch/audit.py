"""Verifies a deployment's file: that it is one, the books, and that the cards are as their journal says."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ledger.anchor import Anchor, broken
from ledger.finding import Enough, Finding, Findings
from ledger.verify import verify as verify_books
from loyalty.errors import LoyaltyError
from switch.database import open_for_reading


def verify(
    path: Path,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    anchors: Sequence[Anchor] = (),
) -> list[Finding]:
    """What is wrong with the books at *path*; empty when all is well.

    Bounded in memory, and no reason for a running switch to wait.

    Args:
        path: The file.
        progress: Told how many decisions are checked, and of how many.
        anchors: Blocks that must be there as they were.
    """
    try:
        database = open_for_reading(path)
    except LoyaltyError as error:
        return [Finding("I26", error.where, error.what)]
    try:
        found = _found_by("the anchors", lambda findings: _check_anchors(database, anchors, findings))
        found += verify_books(database, progress)
        found += _found_by("the cards", lambda findings: _check_cards(database, findings))
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


def _check_cards(database: sqlite3.Connection, findings: Findings) -> None:
    """Every card has the number's hash and the status that the journal of cards ends with."""
    database.execute("BEGIN")  # one state of both tables
    try:
        journal = _ends(
            database.execute("SELECT card_id, change FROM card_entry ORDER BY card_id, block, line")
        )
        cards = database.execute("SELECT card_id, hex(token), status FROM card ORDER BY card_id")
        told = next(journal, None)
        for card_id, token, status in cards:
            while told is not None and told[0] < card_id:
                findings.add("cards", f"card {told[0]}", "is in the journal and not among the cards")
                told = next(journal, None)
            if told is None or told[0] != card_id:
                findings.add("cards", f"card {card_id}", "is in no journal")
                continue
            if told[1].get("enrolled") != token.lower():
                findings.add("cards", f"card {card_id}", "has another number than it was enrolled with")
            if told[1].get("status") != status:
                what = f"is {status}, and {told[1].get('status')} by the journal"
                findings.add("cards", f"card {card_id}", what)
            told = next(journal, None)
    finally:
        database.execute("ROLLBACK")


def _ends(rows: sqlite3.Cursor) -> Iterator[tuple[int, dict[str, Any]]]:
    """What the entries of each card end with, all changes put on one another."""
    card_id = 0
    told: dict[str, Any] = {}
    for entry_card, change in rows:
        if entry_card != card_id and told:
            yield card_id, told
            told = {}
        card_id = entry_card
        told |= json.loads(change)
    if told:
        yield card_id, told
