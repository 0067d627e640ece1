"""What lies of each of some lots on its owner's accounts: about 200 bytes a lot."""

from array import array
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import Final

from ledger.account import AccountKind

_NUMBER_BITS: Final = 64
_NUMBERS: Final = (1 << _NUMBER_BITS) - 1
_SUM_MAX: Final = 2**62  # postings as they may be never come near

KINDS: Final = (AccountKind.AVAILABLE, AccountKind.PENDING, AccountKind.HELD)
SEEN: Final = {int(kind): 1 << at for at, kind in enumerate(KINDS)}

LotRow = tuple[int, int, int, int, int]  # number, owner, points, last day, first day


class LotSums:
    """Some lots with all others of their owners; their days are numbers that compare as the days do.

    Attributes:
        numbers: Of the lots; what follows has one item for each of them.
        owners: Whose lot it is.
        made: Points that it was made with.
        by_kind: What lies on the owner's account of that kind.
        seen: Bits of ``SEEN``: of which kinds it is known that something is kept.
    """

    def __init__(self, lots: Iterable[list[LotRow]]) -> None:
        self.numbers = array("q")
        self.owners = array("q")
        self.made = array("q")
        self._expires = array("q")
        self._available_from = array("q")
        columns = self.numbers, self.owners, self.made, self._expires, self._available_from
        for some in lots:
            for column, values in zip(columns, zip(*some, strict=True), strict=False):
                column.extend(values)
        self._places = {number: at for at, number in enumerate(self.numbers)}
        # For each owner what he has to spend, as ``_key`` of each lot, in a heap; some may be spent since.
        self._spendable: dict[int, list[int]] = {}
        empty = bytes(8 * len(self.numbers))
        self.by_kind = {int(kind): array("q", empty) for kind in KINDS}
        self._available, self._pending, self._held = self.by_kind.values()
        self.seen = bytearray(len(self.numbers))

    def _key(self, at: int) -> int:
        """What orders lots as they are to be spent."""
        return self._expires[at] << _NUMBER_BITS | self.numbers[at]

    def place_of(self, lot: int) -> int:
        """The place of the lot with this number; -1 when it is none of these."""
        return self._places.get(lot, -1)

    def add(self, kind: int, at: int, points: int) -> int:
        """Add *points* to the lot at a place, and give what lies there then."""
        sums = self.by_kind[kind]
        before = sums[at]
        total = before + points
        if before <= 0 < total and kind == AccountKind.AVAILABLE:
            heappush(self._spendable.setdefault(self.owners[at], []), self._key(at))
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
        keys = self._spendable.get(self.owners[at], [])
        mine = self._key(at)
        while keys and keys[0] < mine:
            first = self._places[keys[0] & _NUMBERS]
            if self._available[first] <= 0:
                heappop(keys)  # it comes again with its points
            elif self.can_be_spent(first, today):
                return self.numbers[first]
            else:
                break
        else:
            return None
        # One that is over, or not yet there: what follows in the heap is in no order.
        places = [self._places[key & _NUMBERS] for key in sorted(keys) if key < mine]
        others = (it for it in places if self._available[it] > 0 and self.can_be_spent(it, today))
        return next((self.numbers[it] for it in others), None)

    def unseen(self) -> Iterator[tuple[int, int]]:
        """Kind and place of what is there and of which nothing is known to be kept."""
        for kind, bit in SEEN.items():
            for at, (total, seen) in enumerate(zip(self.by_kind[kind], self.seen, strict=True)):
                if total and not seen & bit:
                    yield kind, at
