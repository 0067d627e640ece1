"""What one owner of accounts has, lot by lot: an immutable value that each entry replaces by the next."""

from datetime import date, datetime

import msgspec
from msgspec.structs import replace

from ledger.hold import OpenHold
from ledger.lots import LotBalance, Lots, points_of, with_lot, without


class MemberBook(msgspec.Struct):
    """The accounts of one owner. Nobody changes one after it was made.

    Attributes:
        owner: Member id of the owner (a family shares its parent's).
        lots: Available, with points left, in order of consumption: earliest expiry first, then oldest.
        debt: Points that were clawed back after they were spent; not negative.
        pending: Earned and not available yet, in the same order.
        holds: Open ones, in the order in which they were made.
    """

    owner: int
    lots: Lots = ()
    debt: int = 0
    pending: Lots = ()
    holds: tuple[OpenHold, ...] = ()

    def spendable(self, today: date) -> Lots:
        """The lots that can be spent on *today*, in order of consumption."""
        return tuple(lot for lot in self.lots if lot.available_from <= today <= lot.expires_on)

    def available(self, today: date) -> int:
        """Points that can be spent on *today*, before debt is taken off."""
        return sum([lot.points for lot in self.lots if lot.available_from <= today <= lot.expires_on])

    @property
    def all_points(self) -> int:
        """Points that are available, pending or held, on whatever day they may be spent."""
        return sum([lot.points for lot in self.lots]) + self.waiting + self.held

    @property
    def waiting(self) -> int:
        """Points that are pending."""
        return sum([lot.points for lot in self.pending])

    @property
    def held(self) -> int:
        """Points that open holds reserve."""
        return sum([hold.points for hold in self.holds])

    def is_due(self, today: date, now: datetime) -> bool:
        """Whether time has come for anything: a hold to end, points to become available or to expire."""
        return (
            any(hold.is_over(now) for hold in self.holds)
            or any(lot.available_from <= today for lot in self.pending)
            or (bool(self.lots) and self.lots[0].expires_on < today)
        )

    def next_expiry(self, today: date) -> tuple[int, date] | None:
        """Points of the earliest expiry to come and their last day; ``None`` when none expire."""
        first = None
        points = 0
        for lot in self.lots:
            if lot.expires_on < today or lot.expires_on == date.max:
                continue
            if first is None:
                first = lot.expires_on
            if lot.expires_on != first:
                break
            points += lot.points
        return None if first is None else (points, first)

    def left_of(self, number: int) -> int:
        """Points of the lot *number*, wherever they lie."""
        left = points_of(self.lots, number)
        if self.pending:
            left += points_of(self.pending, number)
        for hold in self.holds:
            left += points_of(hold.lots, number)
        return left

    def credited(self, lot: LotBalance) -> "MemberBook":
        """With *lot*'s points added to what is available of that lot."""
        return MemberBook(self.owner, with_lot(self.lots, lot), self.debt, self.pending, self.holds)

    def debited(self, lot: int, points: int) -> "MemberBook":
        """With *points* taken from *lot*, which must have them available."""
        return MemberBook(self.owner, without(self.lots, lot, points), self.debt, self.pending, self.holds)

    def promised(self, lot: LotBalance) -> "MemberBook":
        """With *lot*'s points added to what is pending of that lot."""
        return replace(self, pending=with_lot(self.pending, lot))

    def unpromised(self, lot: int, points: int) -> "MemberBook":
        """With *points* of *lot* pending no longer."""
        return replace(self, pending=without(self.pending, lot, points))

    def hold(self, number: int) -> OpenHold | None:
        """The open hold that decision *number* made."""
        return next((hold for hold in self.holds if hold.hold == number), None)

    def holding(self, changed: OpenHold) -> "MemberBook":
        """With a hold added, or *changed*."""
        if self.hold(changed.hold) is None:
            return replace(self, holds=(*self.holds, changed))
        return replace(
            self, holds=tuple(changed if hold.hold == changed.hold else hold for hold in self.holds)
        )

    def ended(self, number: int) -> "MemberBook":
        """Without the hold that decision *number* made."""
        return replace(self, holds=tuple(hold for hold in self.holds if hold.hold != number))

    def indebted(self, points: int) -> "MemberBook":
        """With *points* more debt, or less when negative."""
        assert self.debt + points >= 0
        return replace(self, debt=self.debt + points)
