"""The part of the JSON Schemas that is about rules: when they hold, which lines they see, what they give."""

from collections.abc import Mapping
from typing import Final

from rules.cap import Per, Scope
from rules.conditions import (
    AMOUNT_ATTRIBUTES,
    CURRENCY,
    FREE_TRAITS,
    OPERATION,
    TEXT_ATTRIBUTES,
    TRAIT_VALUES,
)
from rules.conditionset import (
    BAND_NUMBERS,
    BANDS,
    CLOSED,
    HAS_ALL,
    MCC_FAMILY,
    PRODUCT_SET,
    SHAPES,
    WEEKDAYS,
    WRITTEN_SETS,
)
from rules.effectset import KEYS
from rules.holdings import BALANCE, DAYS_MAX, EXPIRING
from rules.reading import POINTS_MAX
from rules.redemptionset import KINDS, NAME_OF_REFUSAL
from rules.ruleset import PRIORITY_MAX
from rules.schemaparts import (
    ABOVE_ONE,
    ANY_TEXT,
    CODE,
    MONEY,
    NAMED,
    PART,
    POINTS,
    SOME_MONEY,
    SOME_PART,
    SPAN,
    TEXT,
    TIME_OF_DAY,
    UP_TO_A_YEAR,
    VALUE_OF_A_POINT,
    WHOLE,
    Schema,
    choice,
    many,
    names,
    period,
    rate,
    some,
    table,
    whole,
    within,
)

_SPANS: Final = f"(day|week|month|year|lifetime|{UP_TO_A_YEAR}d)"
_OFF_PRICES: Final = ("discount", "unit_price", "discount_amount", "free_of", "free_for_stamps")
_ONLY_COUNTED: Final = ("coupon", "stamp", "stamp_per_unit", "tier_points", "tier_points_per_amount", "tier")
_NOT_LIMITED_IN: Final[Mapping[str, tuple[str, ...]]] = {  # by unit of a limit: effects that have none of it
    "points": (*_OFF_PRICES, *_ONLY_COUNTED, "giveaway"),
    "cost": _ONLY_COUNTED,
}
_HAVE_NO_LIMITS: Final = ("message", "decline", "redeem")
_HAVE_NO_MARGIN: Final = (
    "base", "coupon", "certificate", "money", "cash_back", "giveaway", "stamp", "stamp_per_unit",
    "tier_points", "tier_points_per_amount", "tier", "message", "decline", "redeem",
)  # fmt: skip
_SENSELESS: Final[Mapping[str, tuple[str, ...]]] = {  # keys of a rule, and what such a rule cannot give
    "cap": _HAVE_NO_LIMITS,
    "group": ("base", "redeem"),
    "lines": ("redeem",),
    "margin_floor_bp": _HAVE_NO_MARGIN,
}


def redemption() -> Schema:
    """What points pay, key by key."""
    return {
        "value": VALUE_OF_A_POINT,
        "step": POINTS,
        "share": PART,
        "proof_from": MONEY,
        "minimum": WHOLE,
        "ticket_from": MONEY,
        "covers": some(_lines()),
        "as": {"enum": list(KINDS)},
    }


def _lines() -> Schema:
    return {
        name: names(ANY_TEXT)
        for what in ("product", "category", "brand", "supplier")
        for name in (what, f"except_{what}")
    } | {name: names(NAMED) for name in (PRODUCT_SET, f"except_{PRODUCT_SET}")}


def cap(*units: str) -> Schema:
    """A limit, in any of *units*; in all without any."""
    spans = [each.value for each in Per if each is not Per.ROLLING]
    days = {"type": "string", "pattern": f"^(?=[0-9]{{1,4}} )0*{UP_TO_A_YEAR} days?$"}
    limits: Schema = {"points": POINTS, "count": POINTS, "cost": SOME_MONEY}
    limits = {unit: limits[unit] for unit in units or limits}
    others: Schema = {"scope": choice(Scope), "per": {"oneOf": [{"enum": spans}, days]}}
    return table(limits | others, "per") | {"oneOf": [{"required": [unit]} for unit in limits]}


def when() -> Schema:
    """The conditions of a table."""
    inner = many({"$ref": "#/$defs/when"})
    conditions: Schema = {}
    for attribute in (*TEXT_ATTRIBUTES, *WRITTEN_SETS, *FREE_TRAITS):
        one = ANY_TEXT
        if attribute in CLOSED:
            one = {"enum": list(CLOSED[attribute])}
        elif attribute in SHAPES:
            one = one | {"pattern": f"^{SHAPES[attribute][0].pattern}$"}
        elif attribute in ("tier", "coupon"):
            one = NAMED  # of what is declared
        conditions[attribute] = names(one)
    conditions |= dict.fromkeys(AMOUNT_ATTRIBUTES, within(MONEY))
    days = whole(0, 180)
    bands = some({"from": whole(0, BAND_NUMBERS[-1]), "below": whole(BAND_NUMBERS[0] + 1, POINTS_MAX)})
    conditions |= {
        "weekday": names({"enum": list(WEEKDAYS)}),
        "time": many(table({"from": TIME_OF_DAY, "before": TIME_OF_DAY})),
        "period": period(),
        "birthday": table({"days_before": days, "days_after": days}),
        "counter": _counters(),
        "calendar": names(NAMED),
        "day_part": names(NAMED),
        "age": within(WHOLE),
        "joined_days": within(WHOLE),
        BALANCE: within(WHOLE),
        EXPIRING: table({"days": whole(0, DAYS_MAX), "from": WHOLE, "below": WHOLE}, "days")
        | {"minProperties": 2},
        **{key: names({"enum": list(values)}) for key, values in TRAIT_VALUES.items()},
        CURRENCY: names(CODE),
        **{key: names(ANY_TEXT) for key in ("has_brand", "has_supplier", *HAS_ALL)},
        **{key: names(NAMED) for key in (f"has_{PRODUCT_SET}", MCC_FAMILY)},
        "rfmp": some(dict.fromkeys(BANDS, bands)),
        "all": inner,
        "any": inner,
        "not": inner,
    }
    return some(conditions)


def _counters() -> Schema:
    counted = some({"from": WHOLE, "below": WHOLE, "every": whole(2, POINTS_MAX)})
    name = "[A-Za-z0-9_.-]+"
    numbers = (
        rf"(visits|(product|category|given)\.{name})\.{_SPANS}",
        r"streak\.(day|week|month)",
        rf"stamps\.{name}",
    )
    by_leaps = (rf"(tier_)?points\.{_SPANS}", r"days_since\.visit")
    short = "(?=.{1,40}$)"
    return {
        "type": "object",
        "patternProperties": {
            f"^{short}({'|'.join(numbers)})$": counted,
            f"^{short}({'|'.join(by_leaps)})$": within(WHOLE),
            rf"^(spend|profit)\.{_SPANS}$": within(MONEY),
        },
        "additionalProperties": False,
        "minProperties": 1,
    }


def _gives() -> Schema:
    gives: Schema = dict.fromkeys(KEYS, POINTS)
    gives |= {"base": rate(), "points_per_amount": rate(), "multiply": ABOVE_ONE, "discount": SOME_PART}
    gives |= {"free_of": whole(2, 1000)}
    gives |= {"discount_amount": SOME_MONEY, "unit_price": MONEY, "coupon": NAMED, "message": TEXT}
    gives |= {"certificate": SOME_MONEY, "money": SOME_MONEY, "cash_back": SOME_PART, "giveaway": NAMED}
    gives |= dict.fromkeys(("stamp", "stamp_per_unit", "free_for_stamps"), NAMED)
    gives |= {"tier_points_per_amount": rate(), "tier": table({"to": NAMED, "last": SPAN}, "to")}
    of_rules: Schema = {"certificates": some({"minimum": POINTS, "step": POINTS})}
    refusal = {"type": "string", "pattern": f"^{NAME_OF_REFUSAL.pattern}$"}
    gives |= {"decline": refusal}
    gives |= {"redeem": {"oneOf": [table({"refuse": refusal}, "refuse"), some(redemption() | of_rules)]}}
    return gives


def rule(**others: Schema) -> Schema:
    """A rule; *others* are keys that it may have in one kind of file only."""
    some_lines = _lines() | {"amount": within(MONEY)} | dict.fromkeys(("lines", "units"), within(WHOLE))
    whole_rule = table(
        {
            "id": NAMED,
            "text": TEXT,
            "priority": whole(-PRIORITY_MAX, PRIORITY_MAX),
            "group": NAMED,
            "when": {"$ref": "#/$defs/when"},
            "margin_floor_bp": whole(0, 9_999),
            "lines": some(some_lines),
            "then": some(_gives()) | {"maxProperties": 1},
            "cap": many({"$ref": "#/$defs/cap"}),
            **others,
        },
        "id", "text", "then",
    )  # fmt: skip
    others_than = {"not": {"required": ["decline"]}}
    asks = {"required": [OPERATION]}  # which only a rule that declines may
    undeclined = {"not": {"required": ["when"], "properties": {"when": asks, "then": others_than}}}
    senseless = [_never(key, effects) for key, effects in _SENSELESS.items()]
    limits = [
        {
            "if": {"properties": {"then": _one_of(effects)}},
            "then": {"properties": {"cap": many({"not": {"required": [unit]}})}},
        }
        for unit, effects in _NOT_LIMITED_IN.items()
    ]
    return whole_rule | {"allOf": [*senseless, undeclined, *limits]}


def _never(key: str, effects: tuple[str, ...]) -> Schema:
    """A rule with *key* gives none of *effects*."""
    return {"not": {"required": [key], "properties": {"then": _one_of(effects)}}}


def _one_of(effects: tuple[str, ...]) -> Schema:
    return {"anyOf": [{"required": [effect]} for effect in effects]}
