"""What is left of lots on one account: immutable, in order of consumption."""

from collections.abc import Iterable
from datetime import date

import msgspec
from msgspec.structs import replace


class LotBalance(msgspec.Struct):
    """What is left of a lot on an account. Nobody changes one after it was made."""

    expires_on: date
    lot: int
    available_from: date
    points: int


Lots = tuple[LotBalance, ...]


def order_of(lot: LotBalance) -> tuple[date, int]:
    """The order of consumption: earliest expiry first, then oldest."""
    return lot.expires_on, lot.lot


def with_lot(lots: Lots, lot: LotBalance) -> Lots:
    """*lots* with *lot*'s points added to what is left of that lot."""
    assert lot.points > 0
    if not lots or order_of(lots[-1]) < order_of(lot):  # a new lot is nearly always the last
        return (*lots, lot)
    for at, known in enumerate(lots):
        if known.lot == lot.lot:
            more = replace(known, points=known.points + lot.points)
            return (*lots[:at], more, *lots[at + 1 :])
    return tuple(sorted((*lots, lot), key=order_of))


def without(lots: Lots, number: int, points: int) -> Lots:
    """*lots* without *points* of the lot *number*, which must have them."""
    for at, known in enumerate(lots):
        if known.lot == number:
            assert 0 < points <= known.points
            if points == known.points:
                return lots[:at] + lots[at + 1 :]
            less = replace(known, points=known.points - points)
            return (*lots[:at], less, *lots[at + 1 :])
    raise AssertionError(f"lot {number} is not there")


def points_of(lots: Iterable[LotBalance], number: int) -> int:
    """Points of the lot *number* among *lots*."""
    return sum([lot.points for lot in lots if lot.lot == number])
