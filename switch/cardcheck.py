"""Holds the cards against their journal: numbers, members and their accounts, statuses, codes and PINs."""

import operator
import sqlite3
import sys
from collections.abc import Iterator
from itertools import groupby
from typing import Any, ClassVar, Final, NamedTuple

import msgspec

from ledger.spill import Row
from members.proof import ProofKind
from switch.journalcheck import SLICE_SIZE, Entry, JournalCheck, Part, decode_entry
from switch.rows import secret_of

_CARDS: Final = (
    "SELECT card_id, lower(hex(token)), status, card.member_id, owner, expires_on, replaced_by, type"
    " FROM card LEFT JOIN member USING (member_id)"
    " WHERE card_id > ? AND card_id < ? ORDER BY card_id LIMIT ?"
)
_SECRETS: Final = (
    "SELECT card_id, kind, value, salt, expires_at, failures FROM proof"
    " WHERE card_id > ? AND card_id <= ? ORDER BY card_id, kind"
)
_Secrets = dict[str, tuple[str, int]]  # mark and wrong tries, by kind


class _Told(NamedTuple):
    """A card as it is or as its journal tells, in the columns of ``_CARDS``."""

    token: Any = None
    status: Any = None
    member: Any = None
    owner: Any = None
    expires_on: Any = None
    replaced_by: Any = None
    type: Any = ""


class CardCheck(JournalCheck):
    """Every card has the number's hash, the status and the secrets that its journal ends with."""

    invariant: ClassVar[str] = "cards"
    noun: ClassVar[str] = "card"

    def _last_id(self) -> int:
        last: int = self._database.execute("SELECT coalesce(max(card_id), 0) FROM card").fetchone()[0]
        return last

    def _row(self, card_id: int, change: str) -> Row:
        return card_id, change

    def _part_of(self, ids: range) -> Part:
        return _Cards(self._database, ids)


class _Cards(Part):
    """Cards whose ids are among *ids*."""

    def __init__(self, database: sqlite3.Connection, ids: range) -> None:
        super().__init__(database, ids)
        self._told: dict[int, _Told] = {}
        self._told_secrets: dict[int, dict[str, Any]] = {}

    def take(self, row: Row) -> None:
        card_id, text = row
        try:
            change = decode_entry(text)
        except msgspec.DecodeError:
            return  # the chain tells of it
        if change.enrolled is not None:
            day = change.expires_on
            shared = sys.intern(day) if day is not None else None  # many cards end on the same day
            of_member = change.member, change.owner
            type_ = sys.intern(change.type or "")
            self._told[card_id] = _Told(change.enrolled, change.status, *of_member, shared, type=type_)
        else:
            self._take_change(card_id, change)
        for kind, secret in (("code", change.code), ("pin", change.pin)):
            if secret is not None:
                self._told_secrets.setdefault(card_id, {})[kind] = secret

    def _take_change(self, card_id: int, change: Entry) -> None:
        if change.status is not None:
            told = self._told.get(card_id, _Told())
            successor = change.replaced_by or told.replaced_by
            self._told[card_id] = told._replace(status=change.status, replaced_by=successor)
        if change.type is not None:
            self._told[card_id] = self._told.get(card_id, _Told())._replace(type=sys.intern(change.type))

    def compare_slice(self) -> bool:
        bounds = self.compared, self.ids.stop
        cards = self._database.execute(_CARDS, (*bounds, SLICE_SIZE)).fetchall()
        is_last = len(cards) < SLICE_SIZE
        end = self.ids.stop - 1 if is_last else cards[-1][0]
        kept = dict(_secrets(self._database.execute(_SECRETS, (self.compared, end))))
        for row in cards:
            card_id = row[0]
            told = self._told.pop(card_id, None)
            if told is None:
                self.found.append((card_id, "is in no journal"))
            elif row[1:] != told:
                self.found += [(card_id, what) for what in _differences(_Told(*row[1:]), told)]
            if card_id in kept or card_id in self._told_secrets:
                secrets, told_secrets = kept.pop(card_id, {}), self._told_secrets.pop(card_id, {})
                self._compare_secrets(card_id, secrets, told_secrets)
        self.found += [(card_id, "has a code or a PIN and is not among the cards") for card_id in kept]
        self.compared = end
        return is_last

    def _compare_secrets(self, card_id: int, kept: _Secrets, told: dict[str, Any]) -> None:
        for kind in [kind.value for kind in ProofKind]:
            secret = told.get(kind)
            right = (secret["mark"], secret.get("failures")) if secret and "mark" in secret else None
            if kept.get(kind) != right:
                what = f"has another {kind}, or other wrong tries, than its journal tells"
                self.found.append((card_id, what))

    def finish(self) -> None:
        self.found += [(card_id, "is in the journal and not among the cards") for card_id in self._told]


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
    if card.replaced_by != told.replaced_by:
        yield "has another successor than its journal tells"
    if card.type != told.type:
        yield "is of another type than its journal tells"


def _secrets(rows: sqlite3.Cursor) -> Iterator[tuple[int, _Secrets]]:
    """The code and PIN that each card has."""
    for card_id, some in groupby(rows, key=operator.itemgetter(0)):
        secrets = {kind: secret_of(tuple(row)) for _, kind, *row in some}
        yield card_id, {kind: (secret.mark, secret.failures) for kind, secret in secrets.items()}
