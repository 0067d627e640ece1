"""Numbers that are given out once: of decisions, members and cards."""

from typing import Final

from loyalty.card import CardId, MemberId

# A number costs nothing: DE 37 has room for 2.8 * 10^12. A wide lease lets the switch go on answering
# 91 for hours while a full disk takes no new one.
LEASE_SIZE: Final = 10_000_000


class Sequence:
    """The numbers of decisions. They are reserved durably ahead, so that none is ever given out twice."""

    def __init__(self, lease: int, next_seq: int) -> None:
        self.lease = lease
        self._next = next_seq
        self._limit = next_seq

    def next(self) -> int:
        """The next number.

        Past what is reserved (a full disk took no lease for millions of answers) numbers go on: whatever is
        committed reserves them with it, and nothing else keeps one.
        """
        seq = self._next
        self._next += 1
        return seq

    def skip(self, size: int) -> None:
        """Leave out *size* numbers."""
        self._next += size

    @property
    def is_running_low(self) -> bool:
        """Whether the next commit should reserve more."""
        return self._limit - self._next < LEASE_SIZE // 2

    def row(self, size: int) -> tuple[int, int]:
        """The row that reserves *size* more numbers from here."""
        return self.lease + 1, self._next + size

    def reserved(self, row: tuple[int, int]) -> None:
        """*row* is durable."""
        self.lease, self._limit = row


class Numbers:
    """Ids of members and cards that nobody has yet. Those that no commit used are lost; that does no harm."""

    def __init__(self, member_id: int, card_id: int) -> None:
        self._member_id = member_id
        self._card_id = card_id

    def member_id(self) -> MemberId:
        """A new member's id."""
        self._member_id += 1
        return MemberId(self._member_id)

    def card_id(self) -> CardId:
        """A new card's id."""
        self._card_id += 1
        return CardId(self._card_id)
