"""What one owner of accounts has, lot by lot: an immutable value that each entry replaces by the next."""

from dataclasses import dataclass, replace
from datetime import date


@dataclass(slots=True)
class LotBalance:
    """What is left of a lot on an available account.

    Nobody changes one; it is not frozen because that doubles its making.
    """

    expires_on: date
    lot: int
    available_from: date
    points: int


@dataclass(slots=True)
class MemberBook:
    """The accounts of one owner.

    Attributes:
        owner: Member id of the owner (a family shares its parent's).
        lots: With points left, in order of consumption: earliest expiry first, then oldest.
        debt: Points that were clawed back after they were spent; not negative.
    """

    owner: int
    lots: tuple[LotBalance, ...] = ()
    debt: int = 0

    def spendable(self, today: date) -> tuple[LotBalance, ...]:
        """The lots that can be spent on *today*, in order of consumption."""
        return tuple(lot for lot in self.lots if lot.available_from <= today <= lot.expires_on)

    def available(self, today: date) -> int:
        """Points that can be spent on *today*, before debt is taken off."""
        return sum([lot.points for lot in self.lots if lot.available_from <= today <= lot.expires_on])

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

    def credited(self, lot: LotBalance) -> "MemberBook":
        """With *lot*'s points added to what is left of that lot."""
        assert lot.points > 0
        if not self.lots or _order(self.lots[-1]) < _order(lot):  # a new lot is nearly always the last
            return MemberBook(self.owner, (*self.lots, lot), self.debt)
        for at, known in enumerate(self.lots):
            if known.lot == lot.lot:
                more = replace(known, points=known.points + lot.points)
                return replace(self, lots=(*self.lots[:at], more, *self.lots[at + 1 :]))
        return replace(self, lots=tuple(sorted((*self.lots, lot), key=_order)))

    def debited(self, lot: int, points: int) -> "MemberBook":
        """With *points* taken from *lot*, which must have them."""
        for at, known in enumerate(self.lots):
            if known.lot == lot:
                assert 0 < points <= known.points
                if points == known.points:
                    return replace(self, lots=self.lots[:at] + self.lots[at + 1 :])
                less = replace(known, points=known.points - points)
                return replace(self, lots=(*self.lots[:at], less, *self.lots[at + 1 :]))
        raise AssertionError(f"lot {lot} is not in the book of {self.owner}")

    def indebted(self, points: int) -> "MemberBook":
        """With *points* more debt, or less when negative."""
        assert self.debt + points >= 0
        return replace(self, debt=self.debt + points)


def _order(lot: LotBalance) -> tuple[date, int]:
    return lot.expires_on, lot.lot
