"""Reads what rules give."""

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from loyalty.amount import Rate
from rules.effects import (
    BasePoints,
    CashBack,
    Decline,
    Effect,
    FixedPoints,
    FreeForStamps,
    FreeUnits,
    GiveAway,
    GiveStamps,
    IssueCertificate,
    IssueCoupon,
    IssueMoney,
    Message,
    MoneyOff,
    MoveTier,
    Multiply,
    PointsPerAmount,
    PointsPerLine,
    PointsPerUnit,
    Redeem,
    ShareOff,
    TierPoints,
    TierPointsPerAmount,
    UnitPrice,
)
from rules.names import Names
from rules.reading import POINTS_MAX, Section, did_you_mean
from rules.redemption import Redemption
from rules.redemptionset import read_redemption
from rules.span import Span, SpanUnit
from rules.stock import Pool, StampCard

T = TypeVar("T")

_A_YEAR: Final = Span(1, SpanUnit.YEARS)
_REASON: Final = re.compile(r"[A-Z][A-Z0-9_]{2,39}", re.ASCII)


def read_effect(section: Section, names: Names, redemption: Redemption) -> Effect:
    """What a rule gives; *names* are those that the programme declares, *redemption* is its own."""
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
    return EFFECTS[keys[0]](then, keys[0], names)


def read_rate(section: Section, key: str) -> Rate:
    """Points per minor unit: ``{ points = 1, per = "1.00" }``, or ``"1/100"``."""
    if not isinstance(section.take(key), dict):
        return section.fraction(key)
    table = section.section(key)
    assert table is not None
    rate = Rate(table.whole("points"), table.some_money("per"))
    table.close()
    return rate


def _free(section: Section, key: str, _: Names) -> FreeUnits:
    return FreeUnits(section.whole(key, low=2, high=1000))


def _decline(section: Section, key: str, _: Names) -> Decline:
    return Decline(section.text(key, pattern=_REASON))


def _stamp_card(section: Section, key: str, names: Names) -> StampCard:
    return _declared(section, key, names.stamp_cards, StampCard("", "", 1), "[[stamp_card]]")


def _pool(section: Section, key: str, names: Names) -> Pool:
    return _declared(section, key, names.pools, Pool("", "", 1, 0, _A_YEAR), "[[pool]]")


def _declared(section: Section, key: str, known: Mapping[str, T], nothing: T, table: str) -> T:
    name = section.name(key)
    if name not in known:
        section.wrong(f"{name} is not declared", key, did_you_mean(name, known) or f"declare it: {table}")
    return known.get(name, nothing)


def _free_for_stamps(section: Section, key: str, names: Names) -> FreeForStamps:
    card = _stamp_card(section, key, names)
    if card.coupon:
        section.wrong(f"takes what a full {card.id} is turned into a coupon for", key, "leave out its coupon")
    return FreeForStamps(card)


def _tier(section: Section, key: str, names: Names) -> MoveTier:
    table = section.section(key)
    if table is None:
        section.wrong("is no table", key, 'write tier = { to = "gold", last = "1 year" }')
        return MoveTier("", _A_YEAR)
    tier, lasts = table.name("to"), table.span("last", _A_YEAR)
    table.close()
    if tier not in names.tiers:
        table.wrong(f"{tier} is not a tier", "to", did_you_mean(tier, names.tiers))
    return MoveTier(tier, lasts)


def _points(section: Section, key: str) -> int:
    return section.whole(key, low=1, high=POINTS_MAX)


def _factor(section: Section, key: str, _: Names) -> Multiply:
    problems = len(section.problems)
    factor = section.fraction(key)
    if len(section.problems) == problems and factor.numerator <= factor.denominator:
        section.wrong("must be above 1", key, "to give less, write a lower base rate")
    return Multiply(factor)


def _share(section: Section, key: str) -> Rate:
    share = section.fraction(key)
    if not 0 < share.numerator <= share.denominator:
        section.wrong("is not a part of the price", key, 'write "1/10" for ten percent')
        return Rate(1)
    return share


EFFECTS: Final[Mapping[str, Callable[[Section, str, Names], Effect]]] = {
    "base": lambda section, key, _: BasePoints(read_rate(section, key)),
    "points_per_amount": lambda section, key, _: PointsPerAmount(read_rate(section, key)),
    "points": lambda section, key, _: FixedPoints(_points(section, key)),
    "points_per_line": lambda section, key, _: PointsPerLine(_points(section, key)),
    "points_per_unit": lambda section, key, _: PointsPerUnit(_points(section, key)),
    "multiply": _factor,
    "discount": lambda section, key, _: ShareOff(_share(section, key)),
    "discount_amount": lambda section, key, _: MoneyOff(section.some_money(key)),
    "unit_price": lambda section, key, _: UnitPrice(section.money(key)),
    "free_of": _free,
    "free_for_stamps": _free_for_stamps,
    "coupon": lambda section, key, _: IssueCoupon(section.name(key)),
    "certificate": lambda section, key, _: IssueCertificate(section.some_money(key)),
    "money": lambda section, key, _: IssueMoney(section.some_money(key)),
    "cash_back": lambda section, key, _: CashBack(_share(section, key)),
    "giveaway": lambda section, key, names: GiveAway(_pool(section, key, names)),
    "stamp": lambda section, key, names: GiveStamps(_stamp_card(section, key, names), per_unit=False),
    "stamp_per_unit": lambda section, key, names: GiveStamps(_stamp_card(section, key, names), per_unit=True),
    "tier_points": lambda section, key, _: TierPoints(_points(section, key)),
    "tier_points_per_amount": lambda section, key, _: TierPointsPerAmount(read_rate(section, key)),
    "tier": _tier,
    "message": lambda section, key, _: Message(section.text(key)),
    "decline": _decline,
}
REDEEM: Final = "redeem"  # it reads the programme's own terms and names too
KEYS: Final = (*EFFECTS, REDEEM)
