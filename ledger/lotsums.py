"""What lies of every lot on its owner's accounts, in arrays: 60 bytes a lot, and one search to find it."""

import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from ledger.account import AccountKind

SLICE_SIZE: Final = 10_000
_LAST_DAY: Final = 99991231
_SUM_MAX: Final = 2**62  # postings as they may be never come near

KINDS: Final = (AccountKind.AVAILABLE, AccountKind.PENDING, AccountKind.HELD)
SEEN: Final = {int(kind): 1 << at for at, kind in enumerate(KINDS)}

# Days as numbers, which compare as the days do.
_LOTS: Final = f"""
    SELECT lot, owner, points, min(CAST(replace(expires_on, '-', '') AS INTEGER), {_LAST_DAY}),
           min(CAST(replace(available_from, '-', '') AS INTEGER), {_LAST_DAY})
    FROM lot WHERE lot > ? AND owner % ? = ? ORDER BY lot LIMIT ?
"""


class LotSums:
    """The lots of every owner whose id leaves *part* when divided by *parts*, as they are when it is made.

    Attributes:
        numbers: Of the lots, rising; what follows has one item for each of them.
        owners: Whose lot it is.
        made: Points that it was made with.
        by_kind: What lies on the owner's account of that kind.
        seen: Bits of ``SEEN``: of which kinds it is known that something is kept.
    """

    def __init__(self, database: sqlite3.Connection, part: int, parts: int) -> None:
        self.numbers = array("q")
        self.owners = array("q")
        self.made = array("q")
        self._expires = array("i")
        self._available_from = array("i")
        self._load(database, part, parts)
        self._next = self._linked()
        empty = bytes(8 * len(self.numbers))
        self.by_kind = {int(kind): array("q", empty) for kind in KINDS}
        self._available, self._pending, self._held = self.by_kind.values()
        self.seen = bytearray(len(self.numbers))
        self._due = 0  # where the next new lot is expected: nearly all follow one another

    def _load(self, database: sqlite3.Connection, part: int, parts: int) -> None:
        columns = self.numbers, self.owners, self.made, self._expires, self._available_from
        after = 0
        while rows := database.execute(_LOTS, (after, parts, part, SLICE_SIZE)).fetchall():
            for column, values in zip(columns, zip(*rows, strict=True), strict=True):
                column.extend(values)
            after = rows[-1][0]

    def _linked(self) -> "array[int]":
        """For each lot the place of another of its owner: following them leads through all, in a ring."""
        following = array("i", range(len(self.numbers)))
        last: dict[int, int] = {}
        for at, owner in enumerate(self.owners):
            before = last.get(owner)
            if before is not None:
                following[at], following[before] = following[before], at
            last[owner] = at
        return following

    def place_of(self, lot: int) -> int:
        """The place of the lot with this number; -1 when it is none of these."""
        numbers, at = self.numbers, self._due
        if at < len(numbers) and numbers[at] == lot:
            self._due = at + 1
            return at
        at = bisect_left(numbers, lot)
        if at < len(numbers) and numbers[at] == lot:
            self._due = max(self._due, at + 1)
            return at
        return -1

    def add(self, kind: int, at: int, points: int) -> int:
        """Add *points* to the lot at a place, and give what lies there then."""
        sums = self.by_kind[kind]
        total = sums[at] + points
        sums[at] = total if -_SUM_MAX < total < _SUM_MAX else _SUM_MAX
        return total

    def whole(self, at: int) -> int:
        """What the owner has of the lot at a place."""
        return self._available[at] + self._pending[at] + self._held[at]

    def can_be_spent(self, at: int, today: int) -> bool:
        """Whether *today* is one of the days of the lot at a place, the last one included."""
        return self._available_from[at] <= today <= self._expires[at]

    def passed_over(self, at: int, today: int) -> int | None:
        """A lot of the same owner that has points and must be spent on *today* before the one at a place."""
        expires, numbers = self._expires, self.numbers
        mine = expires[at], numbers[at]
        other = self._next[at]
        while other != at:
            if (
                self._available[other] > 0
                and (expires[other], numbers[other]) < mine
                and self._available_from[other] <= today <= expires[other]
            ):
                return numbers[other]
            other = self._next[other]
        return None

    def unseen(self) -> Iterator[tuple[int, int]]:
        """Kind and place of what is there and of which nothing is known to be kept."""
        for kind, bit in SEEN.items():
            for at, (total, seen) in enumerate(zip(self.by_kind[kind], self.seen, strict=True)):
                if total and not seen & bit:
                    yield kind, at
