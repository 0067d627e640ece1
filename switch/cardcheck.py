"""Holds the cards against their journal: numbers, members and their accounts, statuses, codes and PINs.

The journal is parted by card into a temporary file, and what it ends with is compared part by part.
Every read is short: a switch goes on meanwhile.
"""

import operator
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from itertools import groupby
from typing import Any, Final, NamedTuple, Self

import msgspec

from ledger.block import OF_THE_PROGRAMME
from ledger.finding import Findings
from ledger.slices import Slice
from ledger.spill import Spill
from members.proof import ProofKind
from switch.rows import secret_of

SLICE_SIZE: Final = 10_000
CARDS_PER_PART: Final = 25_000
_FIRST_ID: Final = -(2**63)
_LAST_ID: Final = 2**63 - 1

_ENTRIES: Final = (
    "SELECT block, line, card_id, change FROM card_entry WHERE (block, line) > (?, ?) AND block <= ?"
    " ORDER BY block, line LIMIT ?"
)
_CARDS: Final = (
    "SELECT card_id, lower(hex(token)), status, card.member_id, owner, expires_on"
    " FROM card LEFT JOIN member USING (member_id)"
    " WHERE card_id > ? AND card_id < ? ORDER BY card_id LIMIT ?"
)
_SECRETS: Final = (
    "SELECT card_id, kind, value, salt, expires_at, failures FROM proof"
    " WHERE card_id > ? AND card_id <= ? ORDER BY card_id, kind"
)
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


class CardCheck:
    """Takes in the journal as it comes, and then holds the cards against it."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._read = (-1, -1)  # block and line up to which the journal is read
        self._part: _Part | None = None  # the one whose cards are compared
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @cached_property
    def _parts(self) -> int:
        """Ids of cards rise: so many are in each part, and those that are beyond in the last one."""
        last: int = self._database.execute("SELECT coalesce(max(card_id), 0) FROM card").fetchone()[0]
        return max(last, 0) // CARDS_PER_PART + 1

    @cached_property
    def _journal(self) -> Spill:
        return self._opened.enter_context(Spill(self._parts))

    def take(self, some: Slice) -> None:
        """Take in the journal's entries of some blocks."""
        for entries in some.entries.values():
            for _, _, _, card_id, change in entries:
                self._put(card_id, change)
        self._read = some.blocks[-1][0], _LAST_ID

    def check(self, findings: Findings) -> None:
        """Every card has the number's hash, the status and the secrets that its journal ends with."""
        self._catch_up()
        for number in range(self._parts):
            first = number * CARDS_PER_PART if number else _FIRST_ID + 1
            behind = _LAST_ID if number + 1 == self._parts else (number + 1) * CARDS_PER_PART
            self._part = _Part(self._database, range(first, behind))
            for rows in self._journal.rows(number):
                for row in rows:
                    self._part.take(*row)
            is_over = False
            while not is_over:
                with self._up_to_date():
                    is_over = self._part.compare_slice()
            for card_id, what in sorted(self._part.found(), key=operator.itemgetter(0)):
                findings.add("cards", f"card {card_id}", what)

    def _put(self, card_id: int, change: str) -> None:
        """Add an entry to its card's part: to the one that is compared, or to a later one."""
        if change == "{}" or card_id == OF_THE_PROGRAMME:
            return
        if self._part is None or card_id >= self._part.ids.stop:
            part = min(max(card_id, 0) // CARDS_PER_PART, self._parts - 1)
            self._journal.add(part, (card_id, change))
        elif card_id > self._part.compared:
            self._part.take(card_id, change)

    @contextmanager
    def _up_to_date(self) -> Iterator[None]:
        """One state of the books, with its whole journal taken in."""
        self._database.execute("BEGIN")
        try:
            self._catch_up()
            yield
        finally:
            self._database.execute("ROLLBACK")

    def _catch_up(self) -> None:
        """Read the journal up to the block that is the last one now."""
        last = self._database.execute("SELECT coalesce(max(number), 0) FROM block").fetchone()[0]
        while rows := self._database.execute(_ENTRIES, (*self._read, last, SLICE_SIZE)).fetchall():
            for block, line, card_id, change in rows:
                self._read = block, line
                self._put(card_id, change)
        self._read = max(self._read, (last, _LAST_ID))


class _Part:
    """The cards whose ids are among *ids*."""

    def __init__(self, database: sqlite3.Connection, ids: range) -> None:
        self.ids = ids
        self.compared = ids.start - 1  # cards up to this one are done with
        self._database = database
        self._told: dict[int, _Told] = {}
        self._told_secrets: dict[int, dict[str, Any]] = {}
        self._found: list[tuple[int, str]] = []

    def found(self) -> list[tuple[int, str]]:
        """What is wrong with a card, in no order."""
        return [
            *self._found,
            *((card_id, "is in the journal and not among the cards") for card_id in self._told),
        ]

    def take(self, card_id: int, text: str) -> None:
        """Take in an entry of the journal."""
        try:
            change = _decode(text)
        except msgspec.DecodeError:
            return  # the chain tells of it
        if change.enrolled is not None:
            day = change.expires_on
            shared = sys.intern(day) if isinstance(day, str) else day  # many cards end on the same day
            told = _Told(change.enrolled, change.status, change.member, change.owner, shared)
            self._told[card_id] = told
        elif change.status is not None:
            self._told[card_id] = self._told.get(card_id, _Told())._replace(status=change.status)
        for kind, secret in (("code", change.code), ("pin", change.pin)):
            if secret is not None:
                self._told_secrets.setdefault(card_id, {})[kind] = secret

    def compare_slice(self) -> bool:
        """Compare the next cards with what the journal tells up to now; true when these were the last."""
        bounds = self.compared, self.ids.stop
        cards = self._database.execute(_CARDS, (*bounds, SLICE_SIZE)).fetchall()
        is_last = len(cards) < SLICE_SIZE
        end = self.ids.stop - 1 if is_last else cards[-1][0]
        kept = dict(_secrets(self._database.execute(_SECRETS, (self.compared, end))))
        for row in cards:
            card_id = row[0]
            told = self._told.pop(card_id, None)
            if told is None:
                self._found.append((card_id, "is in no journal"))
            elif row[1:] != told:
                self._found += [(card_id, what) for what in _differences(_Told(*row[1:]), told)]
            if card_id in kept or card_id in self._told_secrets:
                secrets, told_secrets = kept.pop(card_id, {}), self._told_secrets.pop(card_id, {})
                self._compare_secrets(card_id, secrets, told_secrets)
        self._found += [(card_id, "has a code or a PIN and is not among the cards") for card_id in kept]
        self.compared = end
        return is_last

    def _compare_secrets(self, card_id: int, kept: _Secrets, told: dict[str, Any]) -> None:
        for kind in [kind.value for kind in ProofKind]:
            secret = told.get(kind)
            right = (secret["mark"], secret["failures"]) if secret and "mark" in secret else None
            if kept.get(kind) != right:
                what = f"has another {kind}, or other wrong tries, than its journal tells"
                self._found.append((card_id, what))


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
