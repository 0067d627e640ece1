"""Reads what rules give."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from loyalty.amount import Rate
from rules.effects import (
    BasePoints,
    Decline,
    Effect,
    FixedPoints,
    FreeUnits,
    IssueCoupon,
    Message,
    MoneyOff,
    Multiply,
    PointsPerAmount,
    PointsPerLine,
    PointsPerUnit,
    Redeem,
    ShareOff,
    UnitPrice,
)
from rules.names import Names
from rules.reading import POINTS_MAX, Section, did_you_mean
from rules.redemption import Redemption
from rules.redemptionset import read_redemption

_REASON: Final = re.compile(r"[A-Z][A-Z0-9_]{2,39}", re.ASCII)


def read_effect(section: Section, names: Names, redemption: Redemption) -> Effect:
    """What a rule gives; *redemption* is the programme's own."""
    then = section.section("then")
    if then is None:
        section.wrong("is missing", "then", "say what the rule gives: then = { points = 100 }")
        return FixedPoints(1)
    keys = [key for key in then.written if key in KEYS]
    for key in then.written:
        if key not in KEYS:
            then.wrong("is not known here", key, did_you_mean(key, KEYS))
    if len(keys) != 1:
        if len(keys) > 1 or not then.written:
            then.wrong("must give exactly one thing", hint=f"one of {', '.join(KEYS)}")
        return FixedPoints(1)
    if keys[0] == REDEEM:
        terms = then.section(REDEEM)
        return Redeem(redemption if terms is None else read_redemption(terms, names, redemption))
    return EFFECTS[keys[0]](then, keys[0])


def read_rate(section: Section, key: str) -> Rate:
    """Points per minor unit: ``{ points = 1, per = "1.00" }``, or ``"1/100"``."""
    if not isinstance(section.take(key), dict):
        return section.fraction(key)
    table = section.section(key)
    assert table is not None
    points, per = table.whole("points"), table.money("per")
    table.close()
    if per == 0 and "per" in table:
        table.wrong("must be above zero", "per")
    return Rate(points, max(per, 1))


def _free(section: Section, key: str) -> FreeUnits:
    return FreeUnits(section.whole(key, low=2, high=1000))


def _decline(section: Section, key: str) -> Decline:
    return Decline(section.text(key, pattern=_REASON))


def _points(section: Section, key: str) -> int:
    return section.whole(key, low=1, high=POINTS_MAX)


def _factor(section: Section, key: str) -> Multiply:
    factor = section.fraction(key)
    if factor.numerator <= factor.denominator:
        section.wrong("must be above 1", key, "to give less, write a lower base rate")
        return Multiply(Rate(2))
    return Multiply(factor)


def _share_off(section: Section, key: str) -> ShareOff:
    share = section.fraction(key)
    if not 0 < share.numerator <= share.denominator:
        section.wrong("is not a part of the price", key, 'write "1/10" for ten percent')
        return ShareOff(Rate(1))
    return ShareOff(share)


def _money_off(section: Section, key: str) -> MoneyOff:
    amount_minor = section.money(key)
    if amount_minor == 0:
        section.wrong("must be above zero", key)
    return MoneyOff(amount_minor)


EFFECTS: Final[Mapping[str, Callable[[Section, str], Effect]]] = {
    "base": lambda section, key: BasePoints(read_rate(section, key)),
    "points_per_amount": lambda section, key: PointsPerAmount(read_rate(section, key)),
    "points": lambda section, key: FixedPoints(_points(section, key)),
    "points_per_line": lambda section, key: PointsPerLine(_points(section, key)),
    "points_per_unit": lambda section, key: PointsPerUnit(_points(section, key)),
    "multiply": _factor,
    "discount": _share_off,
    "discount_amount": _money_off,
    "unit_price": lambda section, key: UnitPrice(section.money(key)),
    "free_of": _free,
    "coupon": lambda section, key: IssueCoupon(section.name(key)),
    "message": lambda section, key: Message(section.text(key)),
    "decline": _decline,
}
REDEEM: Final = "redeem"  # it reads the programme's own terms and names too
KEYS: Final = (*EFFECTS, REDEEM)
