"""The JSON Schema (2020-12) of ``programme.toml`` and of ``campaigns/*.toml``, for editors.

It is made of the same tables that the reader goes by. What a schema cannot say (ranges that end before they
begin, names that must be declared elsewhere, ties) is told by ``puntual rules check``.
"""

import enum
from typing import Any, Final

from loyalty.amount import Rounding
from rules.cap import Per, Scope
from rules.conditions import AMOUNT_ATTRIBUTES, TEXT_ATTRIBUTES, TRAIT_VALUES
from rules.conditionset import BANDS, CLOSED, HAS_ALL, SHAPES, WEEKDAYS, WRITTEN_SETS
from rules.counters import PLAIN
from rules.couponset import CODE
from rules.effectset import EFFECTS
from rules.experimentset import HOLDOUT_MAX_BP
from rules.parse import LANGUAGES
from rules.programme import PointsBack, RoundingLevel, Shortfall, WithoutOriginal
from rules.reading import CLOCK, DAY, MOMENT, NAME, POINTS_MAX
from rules.redemptionset import KINDS, NAME_OF_REFUSAL
from rules.restraint import WHOLE_BP
from rules.rule import CampaignState, Pick
from rules.ruleset import PRIORITY_MAX
from rules.stockset import SIZE_MAX
from rules.tierset import GRACE_MAX_DAYS

Schema = dict[str, Any]

_NAME: Final[Schema] = {"type": "string", "pattern": f"^{NAME.pattern}$"}
_TEXT: Final[Schema] = {"type": "string", "pattern": r"^[ -\[\]-{}~]{1,200}$"}
_POINTS: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": POINTS_MAX}
_MONEY: Final[Schema] = {
    "oneOf": [
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,12})?$"},
    ]
}
_SOME_MONEY: Final[Schema] = {
    "oneOf": [
        {"type": "integer", "minimum": 1},
        {"type": "string", "pattern": r"^(?=.*[1-9])[0-9]{1,12}(\.[0-9]{1,12})?$"},
    ]
}
_FRACTION: Final[Schema] = {
    "oneOf": [
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern": r"^([0-9]{1,15}/(?!0+$)[0-9]{1,15}|[0-9]{1,12}(\.[0-9]{1,12})?)$"},
    ]
}
_SPAN: Final[Schema] = {"type": "string", "pattern": "^[0-9]{1,5} (day|month|year)s?$"}
_DURATION: Final[Schema] = {"type": "string", "pattern": "^(?!0+ )[0-9]{1,5} (minute|hour|day)s?$"}
# TOML has dates and times too; editors see all of them as texts.
_DAY: Final[Schema] = {"type": "string", "pattern": f"^{DAY.pattern}$"}
_MOMENT: Final[Schema] = {"type": "string", "pattern": f"^{MOMENT.pattern}$"}
_CLOCK: Final[Schema] = {"type": "string", "pattern": f"^({CLOCK.pattern}|24:00)$"}


def programme_schema() -> Schema:
    """Of ``programme.toml``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Programme",
        **_table(
            {
                "programme": _head(),
                "cards": _list(_cards()),
                "earn": _table(
                    {
                        "rate": _rate(),
                        "rounding": _choice(Rounding),
                        "level": _choice(RoundingLevel),
                        "near_miss_within": _MONEY,
                        "near_miss_tiers": {"type": "boolean"},
                    },
                    "rate", "rounding", "level",
                ),
                "points": _table(
                    {
                        "available_after": _SPAN,
                        "last": {"oneOf": [_SPAN, {"const": "for ever"}]},
                        "end_of_month": {"type": "boolean"},
                    },
                    "last",
                ),
                "redemption": _table(_redemption(), "value", "step", "share"),
                "refund": _table(
                    {
                        "points_back": _choice(PointsBack),
                        "without_original": _choice(WithoutOriginal),
                        "shortfall": _choice(Shortfall),
                        "grace": _SPAN,
                    },
                    "points_back", "without_original", "shortfall",
                ),
                "holds": _table({"kept": _DURATION}),
                "certificates": _table({"last": _SPAN, "minimum": _POINTS, "step": _POINTS}),
                "prize": _list(_prize()),
                "partner": _list(_partner()),
                "family": _table({"points_per_transaction": _POINTS, "points_per_day": _POINTS}),
                "qualification": _qualification(),
                "calendar": _list(_calendar()),
                "day_part": _list(
                    _table({"id": _NAME, "from": _CLOCK, "before": _CLOCK}, "id", "from", "before")
                ),
                "group": _list(_table({"id": _NAME, "pick": _choice(Pick)}, "id", "pick")),
                "cap": _list({"$ref": "#/$defs/cap"}),
                "guards": _guards(),
                "rule": _list({"$ref": "#/$defs/rule"}),
                "coupon": _list(_coupon()),
                "stamp_card": _list(_stamp_card()),
                "pool": _list(_pool()),
            },
            "programme", "cards", "earn", "points", "redemption", "refund",
        ),
        "$defs": _definitions(),
    }  # fmt: skip


def campaign_schema() -> Schema:
    """Of a file of ``campaigns/``."""
    share = {"type": "integer", "minimum": 1, "maximum": WHOLE_BP}
    funding = _table({"partner": _NAME, "basis_points": share}, "partner", "basis_points")
    campaign = _table(
        {
            "id": _NAME,
            "text": _TEXT,
            "nature": {"enum": ["points"]},
            "category": _TEXT,
            "state": _choice(CampaignState),
            "period": _period(),
            "audience": {"$ref": "#/$defs/when"},
            "goal": _TEXT,
            "budget_points": _POINTS,
            "budget_daily": _POINTS,
            "cap": _list({"$ref": "#/$defs/cap"}),
            "funding": _list(funding),
            "experiment": _table({"arms": {"type": "object", "additionalProperties": share}}, "arms"),
        },
        "id", "text", "nature", "category", "state", "period",
    )  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Campaign",
        **_table(
            {"campaign": campaign, "rule": _list({"$ref": "#/$defs/rule"}), "coupon": _list(_coupon())},
            "campaign",
        ),
        "$defs": _definitions(),
    }


def _coupon() -> Schema:
    uses: Schema = {"oneOf": [_POINTS, {"const": "any"}]}
    return _table(
        {
            "id": _NAME,
            "text": _TEXT,
            "codes": _list({"type": "string", "pattern": f"^{CODE.pattern}$"}),
            "uses": uses,
            "uses_per_member": uses,
            "period": _period(),
            "lasts": _SPAN,
            "value": _MONEY,
        },
        "id", "text",
    )  # fmt: skip


def _head() -> Schema:
    code = {"type": "string", "pattern": "^[0-9]{3}$"}
    return _table(
        {
            "name": _TEXT,
            "currency": code,
            "unit": _TEXT,
            "unit_code": code,
            "time_zone": _TEXT,
            "day_starts": _CLOCK,
            "language": {"enum": list(LANGUAGES)},
            "tiers": {"type": "array", "items": _NAME},
            "activation": {"enum": ["by_command", "first_purchase"]},
            "holdout_bp": {"type": "integer", "minimum": 0, "maximum": HOLDOUT_MAX_BP},
        },
        "name", "currency", "unit", "time_zone", "language",
    )  # fmt: skip


def _guards() -> Schema:
    share = {"type": "integer", "minimum": 0, "maximum": WHOLE_BP}
    points = {"type": "integer", "minimum": 0}
    return _table(
        {
            "giveaway_max_bp": share,
            "discount_max_bp": share,
            "line_from": _SOME_MONEY,
            "reserve": _MONEY,
            "partner_owes_max": points,
        }
    )


def _cards() -> Schema:
    digits = {"type": "string", "pattern": "^[0-9]{8,19}$"}
    return _table(
        {"first": digits, "last": digits, "check": {"enum": ["luhn", "none"]}}, "first", "last", "check"
    )


def _partner() -> Schema:
    flag = {"type": "boolean"}
    return _table({"id": _NAME, "text": _TEXT, "funds": flag, "reimbursed": flag}, "id", "text")


def _prize() -> Schema:
    code = {"type": "string", "pattern": "^[0-9A-Za-z_.-]{1,40}$"}
    by_tier: Schema = {"type": "object", "additionalProperties": _POINTS, "minProperties": 1}
    return _table(
        {"code": code, "text": _TEXT, "points": _POINTS, "last": _SPAN, "tier_points": by_tier},
        "code", "text", "points",
    )  # fmt: skip


def _redemption() -> Schema:
    return {
        "value": _FRACTION,
        "step": _POINTS,
        "share": _FRACTION,
        "proof_from": _MONEY,
        "minimum": {"type": "integer", "minimum": 0},
        "ticket_from": _MONEY,
        "covers": _some(_lines()),
        "as": {"enum": list(KINDS)},
    }


def _lines() -> Schema:
    return {
        name: _list({"type": "string"})
        for what in ("product", "category", "brand", "supplier")
        for name in (what, f"except_{what}")
    }


def _stamp_card() -> Schema:
    size = {"type": "integer", "minimum": 2, "maximum": SIZE_MAX}
    return _table({"id": _NAME, "text": _TEXT, "size": size, "coupon": _NAME}, "id", "text", "size")


def _pool() -> Schema:
    keys = {"id": _NAME, "text": _TEXT, "stock": _POINTS, "cost": _MONEY, "last": _SPAN}
    return _table(keys, "id", "text", "stock")


def _qualification() -> Schema:
    asks = {"oneOf": [{"type": "integer", "minimum": 1}, _MONEY["oneOf"][1]]}
    days = {"type": "string", "pattern": "^[0-9]{1,3} days?$"}
    return _table(
        {
            "metric": {"enum": list(PLAIN)},
            "window": {"oneOf": [{"enum": ["year", "anniversary"]}, days]},
            "downgrade": {"enum": ["one", "all"]},
            "grace_days": {"type": "integer", "minimum": 0, "maximum": GRACE_MAX_DAYS},
            "from": {"type": "object", "additionalProperties": asks},
        },
        "metric", "window", "downgrade", "from",
    )  # fmt: skip


def _calendar() -> Schema:
    days = {"type": "array", "items": _DAY, "minItems": 1}
    return _table({"id": _NAME, "days": days}, "id", "days")


def _definitions() -> Schema:
    return {"when": _when(), "rule": _rule(), "cap": _cap()}


def _cap() -> Schema:
    spans = [each.value for each in Per if each is not Per.ROLLING]
    per = {"oneOf": [{"enum": spans}, {"type": "string", "pattern": "^[0-9]{1,4} days?$"}]}
    limits: Schema = {"points": _POINTS, "count": _POINTS, "cost": _SOME_MONEY}
    one = [{"required": [unit]} for unit in limits]
    return _table(limits | {"scope": _choice(Scope), "per": per}, "per") | {"oneOf": one}


def _when() -> Schema:
    inner = _list({"$ref": "#/$defs/when"})
    conditions: Schema = {}
    for attribute in (*TEXT_ATTRIBUTES, *WRITTEN_SETS):
        one: Schema = {"type": "string"}
        if attribute in CLOSED:
            one["enum"] = list(CLOSED[attribute])
        if attribute in SHAPES:
            one["pattern"] = f"^{SHAPES[attribute][0].pattern}$"
        conditions[attribute] = _list(one)
    conditions |= dict.fromkeys(AMOUNT_ATTRIBUTES, _some({"from": _MONEY, "below": _MONEY}))
    days = {"type": "integer", "minimum": 0, "maximum": 180}
    count = {"type": "integer", "minimum": 0, "maximum": POINTS_MAX}
    limit = {"oneOf": [count, _MONEY["oneOf"][1]]}
    every = {"type": "integer", "minimum": 2, "maximum": POINTS_MAX}
    counted = _some({"from": limit, "below": limit, "every": every})
    conditions |= {
        "weekday": _list({"enum": list(WEEKDAYS)}),
        "time": _list(_table({"from": _CLOCK, "before": _CLOCK})),
        "period": _period(),
        "birthday": _table({"days_before": days, "days_after": days}),
        "counter": {"type": "object", "additionalProperties": counted},
        "calendar": _list(_NAME),
        "day_part": _list(_NAME),
        "age": _some({"from": count, "below": count}),
        "joined_days": _some({"from": count, "below": count}),
        **{key: _list({"enum": list(values)}) for key, values in TRAIT_VALUES.items()},
        **{key: _list({"type": "string"}) for key in ("has_brand", "has_supplier", *HAS_ALL)},
        "rfmp": _some({letter: _some({"from": count, "below": count}) for letter in BANDS}),
        "all": inner,
        "any": inner,
        "not": inner,
    }
    return _some(conditions)


def _rule() -> Schema:
    gives: Schema = dict.fromkeys(EFFECTS, _POINTS)
    gives |= {"base": _rate(), "points_per_amount": _rate(), "multiply": _FRACTION, "discount": _FRACTION}
    gives |= {"free_of": {"type": "integer", "minimum": 2, "maximum": 1000}}
    gives |= {"discount_amount": _SOME_MONEY, "unit_price": _MONEY, "coupon": _NAME, "message": _TEXT}
    gives |= {"certificate": _SOME_MONEY, "money": _SOME_MONEY, "cash_back": _FRACTION, "giveaway": _NAME}
    gives |= dict.fromkeys(("stamp", "stamp_per_unit", "free_for_stamps"), _NAME)
    gives |= {"tier_points_per_amount": _rate(), "tier": _table({"to": _NAME, "last": _SPAN}, "to")}
    gives |= {"decline": {"type": "string", "pattern": "^[A-Z][A-Z0-9_]{2,39}$"}}
    refusal = _table({"refuse": {"type": "string", "pattern": f"^{NAME_OF_REFUSAL.pattern}$"}}, "refuse")
    gives |= {"redeem": {"oneOf": [refusal, _some(_redemption())]}}
    whole = {"type": "integer", "minimum": 0, "maximum": POINTS_MAX}
    many = dict.fromkeys(("lines", "units"), _some({"from": whole, "below": whole}))
    priority = {"type": "integer", "minimum": -PRIORITY_MAX, "maximum": PRIORITY_MAX}
    return _table(
        {
            "id": _NAME,
            "text": _TEXT,
            "priority": priority,
            "group": _NAME,
            "arm": _list(_NAME),
            "when": {"$ref": "#/$defs/when"},
            "margin_floor_bp": {"type": "integer", "minimum": 0, "maximum": 9_999},
            "lines": _some(_lines() | {"amount": _some({"from": _MONEY, "below": _MONEY})} | many),
            "then": _some(gives) | {"maxProperties": 1},
            "cap": _list({"$ref": "#/$defs/cap"}),
        },
        "id", "text", "then",
    )  # fmt: skip


def _table(keys: Schema, *required: str) -> Schema:
    return {
        "type": "object",
        "properties": keys,
        "required": list(required),
        "additionalProperties": False,
    }


def _some(keys: Schema) -> Schema:
    """A table that says one thing at least."""
    return _table(keys) | {"minProperties": 1}


def _list(one: Schema) -> Schema:
    """A list, or one alone."""
    return {"oneOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _choice(choices: type[enum.Enum]) -> Schema:
    return {"enum": [each.value for each in choices]}


def _period() -> Schema:
    return _some({"from": _MOMENT, "before": _MOMENT})


def _rate() -> Schema:
    per = _table({"points": {"type": "integer", "minimum": 0}, "per": _SOME_MONEY}, "points", "per")
    return {"oneOf": [*_FRACTION["oneOf"], per]}
