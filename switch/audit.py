"""Verifies a deployment's file: that it is one, the books, and that the cards are as their journal says."""

import operator
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec

from ledger.anchor import Anchor, broken
from ledger.finding import Enough, Finding, Findings
from ledger.verify import verify as verify_books
from loyalty.errors import LoyaltyError
from members.proof import ProofKind
from rules.parse import version_of
from switch.database import open_for_reading
from switch.rows import secret_of

_Told = TypeVar("_Told")

_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


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
        found += _found_by("the cards", lambda findings: _check_cards(database, findings))
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


def _check_cards(database: sqlite3.Connection, findings: Findings) -> None:
    """Every card has the number's hash, the status and the secrets that the journal of cards ends with."""
    database.execute("BEGIN")  # one state of all tables
    try:
        entries = database.execute(
            "SELECT card_id, change FROM card_entry WHERE card_id <> 0 ORDER BY card_id, block, line"
        )
        journal = _ByCard(journal_ends(entries), findings, "is in the journal and not among the cards")
        kept = _secrets(database.execute(_SECRETS))
        secrets = _ByCard(kept, findings, "has a code or a PIN and is not among the cards")
        cards = database.execute("SELECT card_id, hex(token), status FROM card ORDER BY card_id")
        for card_id, token, status in cards:
            told, found = journal.at(card_id), secrets.at(card_id) or {}
            if told is None:
                findings.add("cards", f"card {card_id}", "is in no journal")
                continue
            if told.get("enrolled") != token.lower():
                findings.add("cards", f"card {card_id}", "has another number than it was enrolled with")
            if told.get("status") != status:
                what = f"is {status}, and {told.get('status')} by the journal"
                findings.add("cards", f"card {card_id}", what)
            for kind in ProofKind:
                if found.get(kind.value) != _told_of(told.get(kind.value)):
                    what = f"has another {kind.value}, or other wrong tries, than its journal tells"
                    findings.add("cards", f"card {card_id}", what)
        journal.at(None)
        secrets.at(None)
    finally:
        database.execute("ROLLBACK")


class _ByCard(Generic[_Told]):
    """What is told of each card, in the order of *rows*; what is told of none is a finding: *stray*."""

    def __init__(self, rows: Iterator[tuple[int, _Told]], findings: Findings, stray: str) -> None:
        self._rows, self._findings, self._stray = rows, findings, stray
        self._next = next(rows, None)

    def at(self, card_id: int | None) -> _Told | None:
        """What is told of the card, which is above the last one; ``None`` stands above all."""
        while self._next is not None and (card_id is None or self._next[0] < card_id):
            self._findings.add("cards", f"card {self._next[0]}", self._stray)
            self._next = next(self._rows, None)
        if self._next is None or self._next[0] != card_id:
            return None
        told = self._next[1]
        self._next = next(self._rows, None)
        return told


_SECRETS: Final = "SELECT card_id, kind, value, salt, expires_at, failures FROM proof ORDER BY card_id, kind"


def _secrets(rows: sqlite3.Cursor) -> Iterator[tuple[int, dict[str, tuple[str, int]]]]:
    """Mark and wrong tries of each card's code and PIN, by kind."""
    for card_id, some in groupby(rows, key=operator.itemgetter(0)):
        secrets = {kind: secret_of(tuple(row)) for _, kind, *row in some}
        yield card_id, {kind: (secret.mark, secret.failures) for kind, secret in secrets.items()}


def _told_of(secret: Mapping[str, Any] | None) -> tuple[str, int] | None:
    """The same as the journal has it; ``None`` when there is none."""
    return (secret["mark"], secret["failures"]) if secret and "mark" in secret else None


def _check_programmes(database: sqlite3.Connection, findings: Findings) -> None:
    """Every text is the one that its version names."""
    for number, version, text in database.execute("SELECT number, version, text FROM programme"):
        if version_of(text) != version:
            findings.add("I18", f"programme {number}", "its text is not the one that its version names")


def journal_ends(rows: sqlite3.Cursor) -> Iterator[tuple[int, dict[str, Any]]]:
    """What the entries of each card end with, all changes put on one another."""
    card_id = 0
    told: dict[str, Any] = {}
    for entry_card, change in rows:
        if entry_card != card_id and told:
            yield card_id, told
            told = {}
        card_id = entry_card
        told |= _decode(change)
    if told:
        yield card_id, told
