"""The JSON Schema (2020-12) of ``programme.toml`` and of ``campaigns/*.toml``, for editors.

It is made of the same tables that the reader goes by. What a schema cannot say (ranges that end before they
begin, names that must be declared elsewhere, ties) is told by ``puntual rules check``.
"""

from loyalty.amount import Rounding
from rules.counters import AMOUNTS, PLAIN
from rules.couponset import CODE as COUPON_CODE
from rules.couponset import USES_MAX
from rules.experimentset import HOLDOUT_MAX_BP
from rules.goal import AWAY_MAX_DAYS, IN_MONEY, Metric
from rules.mcc import MCC_OR_RANGE
from rules.parse import LANGUAGES
from rules.programme import Multipliers, PointsBack, RoundingLevel, Shortfall, WithoutOriginal
from rules.restraint import WHOLE_BP
from rules.rule import CampaignState, Nature, Pick, Strategy
from rules.ruleset import TAKEN_MAX
from rules.schemaparts import (
    ANY_TEXT,
    CODE,
    DATE,
    DURATION,
    FLAG,
    FRACTION,
    MONEY,
    NAMED,
    POINTS,
    SOME_MONEY,
    SOME_SPAN,
    SPAN,
    TEXT,
    TIME_OF_DAY,
    UP_TO_A_YEAR,
    WHOLE,
    Schema,
    by_name,
    choice,
    many,
    names,
    period,
    rate,
    table,
    whole,
)
from rules.schemarules import cap, redemption, rule, when
from rules.stockset import SIZE_MAX
from rules.tierset import GRACE_MAX_DAYS


def programme_schema() -> Schema:
    """Of ``programme.toml``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Programme",
        **table(
            {
                "programme": _head(),
                "cards": many(_cards()),
                "earn": table(
                    {
                        "rate": rate(),
                        "rounding": choice(Rounding),
                        "level": choice(RoundingLevel),
                        "multipliers": choice(Multipliers),
                        "near_miss_within": MONEY,
                        "near_miss_tiers": FLAG,
                    },
                    "rate", "rounding", "level",
                ),
                "points": table(
                    {
                        "available_after": SPAN,
                        "last": {"oneOf": [SOME_SPAN, {"const": "for ever"}]},
                        "end_of_month": FLAG,
                    },
                    "last",
                ),
                "redemption": table(redemption(), "value", "step", "share"),
                "refund": table(
                    {
                        "points_back": choice(PointsBack),
                        "without_original": choice(WithoutOriginal),
                        "shortfall": choice(Shortfall),
                        "grace": SPAN,
                    },
                    "points_back", "without_original", "shortfall",
                ),
                "holds": table({"kept": DURATION}),
                "certificates": table({"last": SPAN, "minimum": POINTS, "step": POINTS}),
                "prize": many(_prize()),
                "partner": many(_partner()),
                "family": table({"points_per_transaction": POINTS, "points_per_day": POINTS}),
                "qualification": _qualification(),
                "calendar": many(_calendar()),
                "product_set": many(_product_set()),
                "mcc_family": many(_mcc_family()),
                "segment": many(table({"id": NAMED, "when": {"$ref": "#/$defs/when"}}, "id", "when")),
                "day_part": many(
                    table({"id": NAMED, "from": TIME_OF_DAY, "before": TIME_OF_DAY}, "id", "from", "before")
                ),
                "group": many(_group()),
                "cap": many({"$ref": "#/$defs/cap"}),
                "guards": _guards(),
                "goal": many(
                    _goal(
                        {"id": NAMED, "text": TEXT, "period": period(), "segment": NAMED},
                        "id", "text", "period",
                    )
                ),
                "rule": many({"$ref": "#/$defs/rule"}),
                "coupon": many(_coupon()),
                "stamp_card": many(_stamp_card()),
                "pool": many(_pool()),
            },
            "programme", "cards", "earn", "points", "redemption", "refund",
        ),
        "$defs": {"when": when(), "rule": rule(), "cap": cap()},
    }  # fmt: skip


def campaign_schema() -> Schema:
    """Of a file of ``campaigns/``."""
    share = whole(1, WHOLE_BP)
    funding = table({"partner": NAMED, "basis_points": share}, "partner", "basis_points")
    campaign = table(
        {
            "id": NAMED,
            "text": TEXT,
            "nature": choice(Nature),
            "strategy": choice(Strategy),
            "category": TEXT,
            "state": choice(CampaignState),
            "period": period(),
            "audience": {"$ref": "#/$defs/when"},
            "goal": {"oneOf": [TEXT, _goal({"text": TEXT})]},
            "budget_points": POINTS,
            "budget_daily": POINTS,
            "cap": many({"$ref": "#/$defs/cap"}),
            "budget_discounts": SOME_MONEY,
            "budget_discounts_daily": SOME_MONEY,
            "discount_cap": many(cap("count", "cost")),
            "funding": many(funding),
            "experiment": table({"arms": by_name(share, at_least=2)}, "arms"),
        },
        "id", "text", "nature", "category", "state", "period",
    )  # fmt: skip
    paced = {"budget_daily": ["budget_points"], "budget_discounts_daily": ["budget_discounts"]}
    campaign |= {"dependentRequired": paced}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Campaign",
        **table(
            {"campaign": campaign, "rule": many({"$ref": "#/$defs/rule"}), "coupon": many(_coupon())},
            "campaign",
        ),
        "$defs": {"when": when(), "rule": rule(arm=names(NAMED)), "cap": cap()},
    }


def _coupon() -> Schema:
    uses: Schema = {"oneOf": [whole(1, USES_MAX), {"const": "any"}]}
    return table(
        {
            "id": NAMED,
            "text": TEXT,
            "codes": names({"type": "string", "pattern": f"^{COUPON_CODE.pattern}$"}),
            "uses": uses,
            "uses_per_member": uses,
            "period": period(),
            "lasts": SPAN,
            "value": MONEY,
        },
        "id", "text",
    )  # fmt: skip


def _head() -> Schema:
    return table(
        {
            "name": TEXT,
            "currency": CODE,
            "unit": TEXT,
            "unit_code": CODE,
            "time_zone": TEXT,
            "day_starts": TIME_OF_DAY,
            "language": {"enum": list(LANGUAGES)},
            "tiers": {"type": "array", "items": NAMED, "uniqueItems": True},
            "activation": {"enum": ["by_command", "first_purchase"]},
            "holdout_bp": whole(0, HOLDOUT_MAX_BP),
        },
        "name", "currency", "unit", "time_zone", "language",
    )  # fmt: skip


def _guards() -> Schema:
    share = whole(0, WHOLE_BP)
    return table(
        {
            "giveaway_max_bp": share,
            "discount_max_bp": share,
            "line_from": SOME_MONEY,
            "reserve": MONEY,
            "partner_owes_max": WHOLE,
        }
    )


def _group() -> Schema:
    several = {"properties": {"pick": {"const": Pick.ALL.value}, "take": {"const": 1}}}
    keys = {"id": NAMED, "pick": choice(Pick), "take": whole(1, TAKEN_MAX)}
    chooses = {"properties": {"pick": {"not": {"const": Pick.ALL.value}}}}
    return table(keys, "id", "pick") | {"anyOf": [several, chooses]}


def _goal(keys: Schema, *required: str) -> Schema:
    """What is measured, and how much of it is wanted, beside *keys*."""
    measured: Schema = {
        "metric": choice(Metric),
        "target": {},
        "away_days": whole(1, AWAY_MAX_DAYS),
    }
    in_money = {"properties": {"metric": {"enum": sorted(each.value for each in IN_MONEY)}}}
    of_absence = {"properties": {"metric": {"const": Metric.REACTIVATED.value}}}
    of_visits = {"properties": {"metric": {"const": Metric.FREQUENCY.value}}}
    of_return = {"properties": {"metric": {"const": Metric.RETENTION.value}}, "required": ["metric"]}
    in_whole = {"properties": {"target": POINTS}}
    return table(measured | keys, "metric", "target", *required) | {
        "if": in_money,
        "then": {"properties": {"target": SOME_MONEY}},
        "else": {"if": of_visits, "then": {"properties": {"target": FRACTION}}, "else": in_whole},
        "allOf": [
            {"if": {"required": ["away_days"]}, "then": of_absence},
            {"if": of_return, "then": {"properties": {"target": whole(1, WHOLE_BP)}}},
        ],
    }


def _cards() -> Schema:
    digits = {"type": "string", "pattern": "^[0-9]{8,19}$"}
    return table(
        {"first": digits, "last": digits, "check": {"enum": ["luhn", "none"]}}, "first", "last", "check"
    )


def _partner() -> Schema:
    return table({"id": NAMED, "text": TEXT, "funds": FLAG, "reimbursed": FLAG}, "id", "text")


def _prize() -> Schema:
    code = {"type": "string", "pattern": "^[0-9A-Za-z_.-]{1,40}$"}
    return table(
        {"code": code, "text": TEXT, "points": POINTS, "last": SPAN, "tier_points": by_name(POINTS)},
        "code", "text", "points",
    )  # fmt: skip


def _stamp_card() -> Schema:
    return table(
        {"id": NAMED, "text": TEXT, "size": whole(2, SIZE_MAX), "coupon": NAMED}, "id", "text", "size"
    )


def _pool() -> Schema:
    keys = {"id": NAMED, "text": TEXT, "stock": POINTS, "cost": MONEY, "last": SPAN}
    return table(keys, "id", "text", "stock")


def _qualification() -> Schema:
    days = {"type": "string", "pattern": f"^0{{0,2}}{UP_TO_A_YEAR} days?$"}
    in_money = {"properties": {"metric": {"enum": sorted(AMOUNTS)}}}
    asks = table(
        {
            "metric": {"enum": list(PLAIN)},
            "window": {"oneOf": [{"enum": ["year", "anniversary"]}, days]},
            "downgrade": {"enum": ["one", "all"]},
            "grace_days": whole(0, GRACE_MAX_DAYS),
            "from": {"type": "object"},
        },
        "metric", "window", "downgrade", "from",
    )  # fmt: skip
    return asks | {
        "if": in_money,
        "then": {"properties": {"from": by_name(SOME_MONEY)}},
        "else": {"properties": {"from": by_name(POINTS)}},
    }


def _product_set() -> Schema:
    columns = dict.fromkeys(("product", "category", "brand", "supplier"), names(ANY_TEXT))
    return table({"id": NAMED, **columns}, "id") | {"minProperties": 2}


def _mcc_family() -> Schema:
    codes = names({"type": "string", "pattern": f"^{MCC_OR_RANGE.pattern}$"})
    return table({"id": NAMED, "mcc": codes}, "id", "mcc")


def _calendar() -> Schema:
    days = {"type": "array", "items": DATE, "minItems": 1}
    return table({"id": NAMED, "days": days}, "id", "days")
