"""Holds members against the journal of cards: tiers that the operator gave, programmes, and identifiers.

What stands for a member is told by marks: enough to see that something was changed, too little to tell what
it was from what. Entries of earlier versions tell neither tiers nor marks: members who have such are not held
to them.
"""

import sqlite3
from typing import Any, ClassVar, Final

import msgspec

from ledger.spill import Row
from members.identifiers import mark_of
from switch.journalcheck import SLICE_SIZE, JournalCheck, Part, decode_entry

_MEMBERS: Final = (
    "SELECT member_id, tier, coalesce(programme, '') FROM member LEFT JOIN membership USING (member_id)"
    " WHERE member_id > ? AND member_id < ? ORDER BY member_id LIMIT ?"
)
_IDENTIFIERS: Final = (
    "SELECT member_id, kind, token, card_id FROM identifier WHERE member_id > ? AND member_id <= ?"
)
_Identifier = tuple[str, str, int]  # kind, mark, and the card that it was linked to, or 0


class MemberCheck(JournalCheck):
    """Every member has the tier, programme and identifiers that his cards were enrolled and linked with."""

    invariant: ClassVar[str] = "members"
    noun: ClassVar[str] = "member"

    def _last_id(self) -> int:
        last: int = self._database.execute("SELECT coalesce(max(member_id), 0) FROM member").fetchone()[0]
        return last

    def _row(self, card_id: int, change: str) -> Row | None:
        if '"member":' not in change:
            return None  # it tells of a card only
        try:
            told = decode_entry(change)
        except msgspec.DecodeError:
            return None  # the chain tells of it
        if told.member is None:
            return None
        if told.enrolled is not None:
            is_whole = told.tier is not msgspec.UNSET
            tier = told.tier if is_whole else None
            return told.member, "enrolled", told.programme, tier, is_whole, told.identifiers
        did, kind = ("linked", told.linked) if told.linked is not None else ("unlinked", told.unlinked)
        return told.member, did, kind, told.mark, card_id

    def _part_of(self, ids: range) -> Part:
        return _Members(self._database, ids)


class _Told:
    """What the journal tells of a member."""

    __slots__ = ("identifiers", "is_whole", "programme", "tier")

    def __init__(self) -> None:
        self.tier: Any = None
        self.programme = ""
        self.identifiers: set[_Identifier] = set()
        self.is_whole = True  # no entry is of an earlier version


class _Members(Part):
    """Members whose ids are among *ids*."""

    def __init__(self, database: sqlite3.Connection, ids: range) -> None:
        super().__init__(database, ids)
        self._told: dict[int, _Told] = {}

    def take(self, row: Row) -> None:
        member_id, did, *rest = row
        told = self._told.get(member_id)
        if told is None:
            told = self._told[member_id] = _Told()
        if did == "enrolled":
            programme, told.tier, is_whole, identifiers = rest
            told.programme = told.programme or programme
            told.is_whole = told.is_whole and is_whole
            told.identifiers.update((kind, mark, 0) for kind, mark in identifiers)
        elif did == "linked":
            told.identifiers.add((rest[0], rest[1], rest[2]))
        else:
            told.identifiers.discard((rest[0], rest[1], rest[2]))

    def compare_slice(self) -> bool:
        members = self._database.execute(_MEMBERS, (self.compared, self.ids.stop, SLICE_SIZE)).fetchall()
        is_last = len(members) < SLICE_SIZE
        end = self.ids.stop - 1 if is_last else members[-1][0]
        kept: dict[int, set[_Identifier]] = {}
        for member_id, kind, token, card_id in self._database.execute(_IDENTIFIERS, (self.compared, end)):
            kept.setdefault(member_id, set()).add((kind, mark_of(token, member_id), card_id))
        for member_id, tier, programme in members:
            told, identifiers = self._told.pop(member_id, None), kept.pop(member_id, set())
            if told is None:
                self.found.append((member_id, "is in no journal"))
            else:
                self._compare(member_id, told, tier, programme, identifiers)
        self.found += [(member_id, "has identifiers and is not among the members") for member_id in kept]
        self.compared = end
        return is_last

    def _compare(
        self, member_id: int, told: _Told, tier: str | None, programme: str, identifiers: set[_Identifier]
    ) -> None:
        if programme != told.programme:
            self.found.append((member_id, "is of another programme than his cards were enrolled in"))
        if not told.is_whole:
            return
        if tier != told.tier:
            self.found.append((member_id, "has another tier than he was enrolled with"))
        if more := sorted(kind for kind, *_ in identifiers - told.identifiers):
            self.found.append((member_id, f"has a {more[0]} that no entry tells of"))
        if less := sorted(kind for kind, *_ in told.identifiers - identifiers):
            self.found.append((member_id, f"has no longer the {less[0]} that he was given"))

    def finish(self) -> None:
        self.found += [(member_id, "is in the journal and not among the members") for member_id in self._told]
