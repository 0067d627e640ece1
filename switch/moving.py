"""Points move from one member to another: the postings of both sides, and of undoing them.

Points pass through the transit account, because a posting has one lot and these change theirs: whoever gets
them has lots of his own, with the dates, funder and share of the value of those that they came from. The
n-th posting out of a lot and the n-th into one belong together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import count
from typing import Final

from ledger.account import AccountKind, PostingReason, account, owner_of
from ledger.book import MemberBook
from ledger.entry import NO_LOT, Lot, Posting, lot_number
from ledger.lots import LotBalance
from switch.postings import Draft

_TRANSIT: Final = account(AccountKind.TRANSIT)
_ADJUST: Final = account(AccountKind.ADJUST)

Part = tuple[Lot, int]  # a lot and points of it


@dataclass(frozen=True, slots=True)
class Move:
    """*points* that went from the lot *source* to the lot *target* of *receiver*."""

    source: int
    target: int
    points: int
    receiver: int


def moves_of(postings: Iterable[Posting]) -> list[Move]:
    """What a transfer moved, in order."""
    postings = list(postings)
    left = [posting for posting in postings if posting.reason is PostingReason.TRANSFER]
    came = [posting for posting in postings if posting.reason is PostingReason.RECEIVE]
    return [
        Move(out.lot, into.lot, into.points, owner_of(into.credit))
        for out, into in zip(left, came, strict=True)
    ]


def last_of(moves: Sequence[Move], points: int, skip: int) -> list[Move]:
    """*points* of *moves*, those that moved last first, after the *skip* that come before them."""
    found = []
    for move in reversed(moves):
        over = min(skip, move.points)
        skip -= over
        part = min(points, move.points - over)
        points -= part
        if part:
            found.append(replace(move, points=part))
    assert points == 0
    return found


class MovingDraft(Draft):
    """One side of a decision that moves points: the entry on the accounts of one of the members."""

    book: MemberBook

    def __init__(
        self,
        seq: int,
        book: MemberBook,
        today: date,
        now: datetime,
        grace: date | None,
        beside: Draft | None = None,
    ) -> None:
        super().__init__(seq, book, today, now, grace, beside)
        if beside is None:  # a transfer makes as many lots as it takes
            self.numbers = (lot_number(seq, at) for at in count())

    def send(self, points: int, lots: dict[int, Lot]) -> list[Part]:
        """Take *points* that can be spent, earliest expiry first, and tell what was taken of which lot."""
        parts = []
        for lot in self.book.spendable(self._today):
            part = min(points, lot.points)
            if part == 0:
                break
            self._post(self._available, _TRANSIT, part, lot.lot, PostingReason.TRANSFER)
            self.book = self.book.debited(lot.lot, part)
            parts.append((lots[lot.lot], part))
            points -= part
        assert points == 0
        return parts

    def receive(self, parts: Iterable[Part]) -> None:
        """Make a lot of what came of each other lot."""
        for source, points in parts:
            lot = replace(
                source,
                lot=next(self.numbers),
                owner=self.book.owner,
                points=points,
                value_minor=source.value_minor * points // source.points,
            )
            self.lots.append(lot)
            self._post(_TRANSIT, self._available, points, lot.lot, PostingReason.RECEIVE)
            left = LotBalance(lot.expires_on, lot.lot, lot.available_from, points)
            self.book = self.book.credited(left)

    def hand_back(self, points: int, own: Sequence[int], *, absorb: bool) -> None:
        """Give received points back: from the lots *own* first, then from others, then as debt.

        With *absorb* the programme bears what the member has no longer.
        """
        mine = [lot for lot in self.book.lots if lot.lot in own]
        others = [lot for lot in self.book.lots if lot.lot not in own]
        short = self._take(points, (*mine, *others), _TRANSIT, PostingReason.TRANSFER_BACK)
        if short and absorb:
            self._post(_ADJUST, _TRANSIT, short, NO_LOT, PostingReason.TRANSFER_BACK)
        elif short:
            self._go_into_debt(short, PostingReason.TRANSFER_BACK)

    def take_back(self, parts: Iterable[Part]) -> None:
        """Put points into the lots that they left."""
        for lot, points in parts:
            self._restore(_TRANSIT, lot, points, PostingReason.RECEIVE_BACK)

    def send_again(self, points: int) -> None:
        """Undo ``take_back``: what the member has no longer he owes."""
        spendable = self.book.spendable(self._today)
        short = self._take(points, spendable, _TRANSIT, PostingReason.TRANSFER_AGAIN)
        if short:
            self._go_into_debt(short, PostingReason.TRANSFER_AGAIN)

    def receive_again(self, parts: Sequence[Part], absorbed: int) -> None:
        """Undo ``hand_back``: what the programme bore goes back to it, debt is paid, the lots are filled."""
        if absorbed:
            self._post(_TRANSIT, _ADJUST, absorbed, NO_LOT, PostingReason.RECEIVE_AGAIN)
        paid = min(sum(points for _, points in parts) - absorbed, self.book.debt)
        if paid:
            self._post(_TRANSIT, self._debt, paid, NO_LOT, PostingReason.RECEIVE_AGAIN)
            self.book = self.book.indebted(-paid)
        for lot, left in _without(parts, absorbed + paid):
            self._restore(_TRANSIT, lot, left, PostingReason.RECEIVE_AGAIN)

    def _go_into_debt(self, points: int, reason: PostingReason) -> None:
        self._post(self._debt, _TRANSIT, points, NO_LOT, reason)
        self.book = self.book.indebted(points)


def _without(parts: Iterable[Part], points: int) -> list[Part]:
    """*parts* without their last *points*."""
    left = []
    for lot, part in reversed(list(parts)):
        over = min(points, part)
        points -= over
        if part > over:
            left.append((lot, part - over))
    left.reverse()
    return left
