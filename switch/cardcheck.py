"""Holds the cards against their journal: numbers, members and their accounts, statuses, codes and PINs.

What the journal ends with is kept in memory for as many cards as ``CARDS_PER_PASS``; where there are more,
the journal is read once for each so many. Every read is short: a switch goes on meanwhile.
"""

import operator
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any, Final, NamedTuple

import msgspec

from ledger.block import OF_THE_PROGRAMME
from ledger.finding import Findings
from members.proof import ProofKind
from switch.rows import secret_of

SLICE_SIZE: Final = 10_000
CARDS_PER_PASS: Final = 250_000
_FIRST_ID: Final = -(2**63)
_LAST_ID: Final = 2**63 - 1

_ENTRIES: Final = (
    "SELECT block, line, card_id, change FROM card_entry WHERE (block, line) > (?, ?) AND block <= ?"
    " AND card_id > ? AND card_id <= ? AND card_id <> ? ORDER BY block, line LIMIT ?"
)
_CARDS: Final = (
    "SELECT card_id, lower(hex(token)), status, card.member_id, owner, expires_on"
    " FROM card LEFT JOIN member USING (member_id)"
    " WHERE card_id > ? AND card_id <= ? ORDER BY card_id LIMIT ?"
)
_SECRETS: Final = (
    "SELECT card_id, kind, value, salt, expires_at, failures FROM proof"
    " WHERE card_id > ? AND card_id <= ? ORDER BY card_id, kind"
)
_END: Final = "SELECT card_id FROM card WHERE card_id > ? ORDER BY card_id LIMIT 1 OFFSET ?"

_Secrets = dict[str, tuple[str, int]]  # mark and wrong tries, by kind


class _Change(msgspec.Struct):
    """What an entry of the journal says about what is looked at here."""

    enrolled: Any = None
    member: Any = None
    owner: Any = None
    expires_on: Any = None
    status: Any = None
    code: Any = None
    pin: Any = None


class _Told(NamedTuple):
    """A card as it is or as its journal tells, in the columns of ``_CARDS``."""

    token: Any = None
    status: Any = None
    member: Any = None
    owner: Any = None
    expires_on: Any = None


_decode: Final = msgspec.json.Decoder(_Change).decode


def check_cards(database: sqlite3.Connection, findings: Findings) -> None:
    """Every card has the number's hash, the status and the secrets that the journal of cards ends with."""
    low = _FIRST_ID
    while low < _LAST_ID:
        row = database.execute(_END, (low, CARDS_PER_PASS - 1)).fetchone()
        high = _LAST_ID if row is None else row[0]
        for card_id, what in sorted(_Pass(database, low, high).check(), key=operator.itemgetter(0)):
            findings.add("cards", f"card {card_id}", what)
        low = high


class _Pass:
    """The cards with ids above *low* up to *high*."""

    def __init__(self, database: sqlite3.Connection, low: int, high: int) -> None:
        self._database = database
        self._high = high
        self._compared = low  # cards up to this one are done with
        self._read = (-1, -1)  # block and line up to which the journal is read
        self._told: dict[int, _Told] = {}
        self._told_secrets: dict[int, dict[str, Any]] = {}
        self._found: list[tuple[int, str]] = []

    def check(self) -> list[tuple[int, str]]:
        """What is wrong with a card, in no order."""
        self._catch_up()
        while self._compare_slice():
            pass
        self._found += [(card_id, "is in the journal and not among the cards") for card_id in self._told]
        return self._found

    def _catch_up(self) -> None:
        """Read the journal up to the block that is the last one now."""
        last = self._database.execute("SELECT coalesce(max(number), 0) FROM block").fetchone()[0]
        while rows := self._database.execute(
            _ENTRIES, (*self._read, last, self._compared, self._high, OF_THE_PROGRAMME, SLICE_SIZE)
        ).fetchall():
            for block, line, card_id, change in rows:
                self._read = block, line
                if change != "{}":
                    self._take(card_id, change)
        self._read = last, _LAST_ID

    def _take(self, card_id: int, text: str) -> None:
        try:
            change = _decode(text)
        except msgspec.DecodeError:
            return  # the chain tells of it
        told = self._told.get(card_id, _Told())
        if change.enrolled is not None:
            day = change.expires_on
            shared = sys.intern(day) if isinstance(day, str) else day  # many cards end on the same day
            told = _Told(change.enrolled, told.status, change.member, change.owner, shared)
        self._told[card_id] = told if change.status is None else told._replace(status=change.status)
        for kind, secret in (("code", change.code), ("pin", change.pin)):
            if secret is not None:
                self._told_secrets.setdefault(card_id, {})[kind] = secret

    def _compare_slice(self) -> bool:
        """Compare the next cards with what the journal tells up to now; false when these were the last."""
        with self._one_state():
            self._catch_up()
            cards = self._database.execute(_CARDS, (self._compared, self._high, SLICE_SIZE)).fetchall()
            is_last = len(cards) < SLICE_SIZE
            end = self._high if is_last else cards[-1][0]
            kept = dict(_secrets(self._database.execute(_SECRETS, (self._compared, end))))
        for card_id, *columns in cards:
            card, told, secrets = _Told(*columns), self._told.pop(card_id, None), kept.pop(card_id, {})
            if told is None:
                self._found.append((card_id, "is in no journal"))
                continue
            if card != told:
                self._found += [(card_id, what) for what in _differences(card, told)]
            told_secrets = self._told_secrets.pop(card_id, {})
            if secrets or told_secrets:
                self._compare_secrets(card_id, secrets, told_secrets)
        self._found += [(card_id, "has a code or a PIN and is not among the cards") for card_id in kept]
        self._compared = end
        return not is_last

    def _compare_secrets(self, card_id: int, kept: _Secrets, told: dict[str, Any]) -> None:
        for kind in [kind.value for kind in ProofKind]:
            secret = told.get(kind)
            right = (secret["mark"], secret["failures"]) if secret and "mark" in secret else None
            if kept.get(kind) != right:
                what = f"has another {kind}, or other wrong tries, than its journal tells"
                self._found.append((card_id, what))

    @contextmanager
    def _one_state(self) -> Iterator[None]:
        self._database.execute("BEGIN")
        try:
            yield
        finally:
            self._database.execute("ROLLBACK")


def _differences(card: _Told, told: _Told) -> Iterator[str]:
    """What *card* has otherwise than its journal tells."""
    if card.token != told.token:
        yield "has another number than it was enrolled with"
    if (card.member, card.owner) != (told.member, told.owner):
        yield "has another member, or other accounts, than it was enrolled with"
    if card.expires_on != told.expires_on:
        yield "has another last day than it was enrolled with"
    if card.status != told.status:
        yield f"is {card.status}, and {told.status} by the journal"


def _secrets(rows: sqlite3.Cursor) -> Iterator[tuple[int, _Secrets]]:
    """The code and PIN that each card has."""
    for card_id, some in groupby(rows, key=operator.itemgetter(0)):
        secrets = {kind: secret_of(tuple(row)) for _, kind, *row in some}
        yield card_id, {kind: (secret.mark, secret.failures) for kind, secret in secrets.items()}
