"""What a rule gives. Each effect lies in one lane; lanes are worked through in order.

Prices come first: what they take off is not earned on. Effects on points are linear in the bases of the
lines that the rule is about, so the kept part of a basket can be rated again at a refund, and the difference
is what the effect's inverse takes back.
"""

import enum
from dataclasses import dataclass
from typing import Final

from loyalty.amount import Rate
from rules.redemption import Redemption
from rules.span import Span
from rules.stock import Pool, StampCard


class Lane(enum.IntEnum):
    """The order of evaluation. Inside a lane: group, then falling priority, then id."""

    GUARD = 10
    REDEEM = 15
    ITEM = 20
    BASKET = 30
    BASE = 40
    BONUS = 50
    MULTIPLY = 60
    ISSUE = 70
    COUNTER = 80
    MESSAGE = 90


PRICE_LANES: Final = frozenset({Lane.ITEM, Lane.BASKET})
POINT_LANES: Final = frozenset({Lane.BASE, Lane.BONUS, Lane.MULTIPLY})
REDEEM_LANES: Final = frozenset({Lane.REDEEM})
EXTRA_LANES: Final = frozenset({Lane.GUARD, Lane.ISSUE, Lane.COUNTER, Lane.MESSAGE})


@dataclass(frozen=True, slots=True)
class BasePoints:
    """These lines have *rate* (points per minor unit) as their base rate, in place of the programme's.

    A line takes the first such rule that is about it.
    """

    rate: Rate


@dataclass(frozen=True, slots=True)
class PointsPerAmount:
    """*rate* points per minor unit of these lines' bases, added to the base."""

    rate: Rate


@dataclass(frozen=True, slots=True)
class FixedPoints:
    """*points*, once."""

    points: int


@dataclass(frozen=True, slots=True)
class PointsPerLine:
    """*points* for each of these lines; a returned line takes them back."""

    points: int


@dataclass(frozen=True, slots=True)
class PointsPerUnit:
    """*points* for each full unit of quantity of these lines; returned lines take them back."""

    points: int


@dataclass(frozen=True, slots=True)
class Multiply:
    """*factor* times the base points of these lines: ``factor - 1`` of them are added."""

    factor: Rate


@dataclass(frozen=True, slots=True)
class ShareOff:
    """*share* of these lines' amounts, rounded down once and spread over them."""

    share: Rate


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """A unit of these lines costs *price_minor* where that is less; a part of it its part, rounded up."""

    price_minor: int


@dataclass(frozen=True, slots=True)
class MoneyOff:
    """*amount_minor* off these lines together, at most what they cost, spread over them."""

    amount_minor: int


@dataclass(frozen=True, slots=True)
class FreeUnits:
    """Of each *of* units of these lines the cheapest is free; a line in parts of a unit has none."""

    of: int


@dataclass(frozen=True, slots=True)
class FreeForStamps:
    """Of these lines the cheapest units are free, one for each full card of stamps that the member has."""

    card: StampCard


@dataclass(frozen=True, slots=True)
class Decline:
    """The sale is declined under *name*, which terminals see in tag 059."""

    name: str


@dataclass(frozen=True, slots=True)
class IssueCoupon:
    """The member gets a coupon of the kind *coupon*."""

    coupon: str


@dataclass(frozen=True, slots=True)
class IssueCertificate:
    """The member gets a certificate that is worth *value_minor*."""

    value_minor: int


@dataclass(frozen=True, slots=True)
class IssueMoney:
    """*amount_minor* is put into the member's purse."""

    amount_minor: int


@dataclass(frozen=True, slots=True)
class CashBack:
    """*share* of these lines' bases, rounded down once, is put into the member's purse."""

    share: Rate


@dataclass(frozen=True, slots=True)
class GiveAway:
    """The member gets a prize of *pool*, while there are any."""

    pool: Pool


@dataclass(frozen=True, slots=True)
class GiveStamps:
    """A stamp on *card*, or one for each full unit of these lines that is paid for."""

    card: StampCard
    per_unit: bool


@dataclass(frozen=True, slots=True)
class TierPoints:
    """*points* that count for tiers and pay nothing."""

    points: int


@dataclass(frozen=True, slots=True)
class TierPointsPerAmount:
    """*rate* of such points per minor unit of these lines' bases, rounded down once."""

    rate: Rate


@dataclass(frozen=True, slots=True)
class MoveTier:
    """The member has *tier*, unless he has a higher one, from the next sale on for as long as *lasts*."""

    tier: str
    lasts: Span


@dataclass(frozen=True, slots=True)
class Message:
    """*text* is told on the receipt."""

    text: str


@dataclass(frozen=True, slots=True)
class Redeem:
    """Points pay under these terms, in place of the programme's own."""

    redemption: Redemption


PriceEffect = ShareOff | UnitPrice | MoneyOff | FreeUnits | FreeForStamps
IssueEffect = IssueCoupon | IssueCertificate | IssueMoney | CashBack | GiveAway
CounterEffect = GiveStamps | TierPoints | TierPointsPerAmount | MoveTier
ExtraEffect = Decline | IssueEffect | CounterEffect | Message
PointsEffect = BasePoints | PointsPerAmount | FixedPoints | PointsPerLine | PointsPerUnit | Multiply
Effect = PriceEffect | PointsEffect | ExtraEffect | Redeem


def lane_of(effect: Effect) -> Lane:  # noqa: C901  (one case a kind)
    """The lane in which *effect* lies."""
    match effect:
        case ShareOff() | UnitPrice() | FreeUnits() | FreeForStamps():
            return Lane.ITEM
        case MoneyOff():
            return Lane.BASKET
        case BasePoints():
            return Lane.BASE
        case PointsPerAmount() | FixedPoints() | PointsPerLine() | PointsPerUnit():
            return Lane.BONUS
        case Multiply():
            return Lane.MULTIPLY
        case Decline():
            return Lane.GUARD
        case Redeem():
            return Lane.REDEEM
        case IssueCoupon() | IssueCertificate() | IssueMoney() | CashBack() | GiveAway():
            return Lane.ISSUE
        case GiveStamps() | TierPoints() | TierPointsPerAmount() | MoveTier():
            return Lane.COUNTER
        case Message():
            return Lane.MESSAGE
