"""What the JSON Schemas of programmes are made of: texts, amounts, fractions, spans of time, tables."""

import enum
from typing import Any, Final

from rules.reading import CLOCK, DAY, MOMENT, MONEY_MAX, NAME, POINTS_MAX

Schema = dict[str, Any]


def whole(low: int, high: int) -> Schema:
    """A whole number from *low* to *high*, both included."""
    return {"type": "integer", "minimum": low, "maximum": high}


FLAG: Final[Schema] = {"type": "boolean"}
NAMED: Final[Schema] = {"type": "string", "pattern": f"^{NAME.pattern}$"}
TEXT: Final[Schema] = {"type": "string", "pattern": r"^[^\x00-\x1f\\|\x7f-\xa0]{1,200}$"}
CODE: Final[Schema] = {"type": "string", "pattern": "^[0-9]{3}$"}  # of a currency
ANY_TEXT: Final[Schema] = {"type": "string"}
WHOLE: Final = whole(0, POINTS_MAX)
POINTS: Final = whole(1, POINTS_MAX)

_CENTS: Final = r"(\.[0-9]{1,3})?"  # no currency has more decimals
_NOT_ZERO: Final = "(?=.*[1-9])"
_OVER: Final = "(?!0+$)[0-9]{1,15}"  # a denominator
_MONEY_TEXT: Final[Schema] = {"type": "string", "pattern": f"^[0-9]{{1,12}}{_CENTS}$"}
_SOME_MONEY_TEXT: Final[Schema] = {"type": "string", "pattern": f"^{_NOT_ZERO}[0-9]{{1,12}}{_CENTS}$"}
MONEY: Final[Schema] = {"oneOf": [whole(0, MONEY_MAX - 1), _MONEY_TEXT]}
SOME_MONEY: Final[Schema] = {"oneOf": [whole(1, MONEY_MAX - 1), _SOME_MONEY_TEXT]}

_DECIMALS: Final = r"(\.[0-9]{1,12})?"


def _fraction(low: int, high: int, ratio: str, decimal: str) -> Schema:
    """Whole numbers from *low* to *high*, and texts that are either a *ratio* or a *decimal*."""
    return {"oneOf": [whole(low, high), {"type": "string", "pattern": f"^({ratio}|{decimal})$"}]}


FRACTION: Final = _fraction(0, POINTS_MAX, f"[0-9]{{1,15}}/{_OVER}", f"[0-9]{{1,12}}{_DECIMALS}")
PART: Final = _fraction(  # at most 1; of two numbers with a stroke the loader sees which is larger
    0, 1, f"[0-9]{{1,15}}/{_OVER}", rf"0{{1,12}}{_DECIMALS}|0{{0,11}}1(\.0{{1,12}})?"
)
SOME_PART: Final = _fraction(
    1, 1, f"(?!0+/)[0-9]{{1,15}}/{_OVER}", rf"0{{1,12}}(?=.*[1-9]){_DECIMALS}|0{{0,11}}1(\.0{{1,12}})?"
)
ABOVE_ONE: Final = _fraction(
    2,
    POINTS_MAX,
    rf"(?!0+/)(?!([0-9]+)/\2$)[0-9]{{1,15}}/{_OVER}",
    rf"(?!0+(\.|$))(?!0*1(\.0+)?$)[0-9]{{1,12}}{_DECIMALS}",
)
VALUE_OF_A_POINT: Final[Schema] = {
    "oneOf": [
        *SOME_MONEY["oneOf"],
        {"type": "string", "pattern": f"^(?!0+/)[0-9]{{1,15}}/{_OVER}$"},
    ]
}

SPAN: Final[Schema] = {"type": "string", "pattern": "^[0-9]{1,5} (day|month|year)s?$"}
SOME_SPAN: Final[Schema] = {"type": "string", "pattern": "^(?!0+ )[0-9]{1,5} (day|month|year)s?$"}
DURATION: Final[Schema] = {"type": "string", "pattern": "^(?!0+ )[0-9]{1,5} (minute|hour|day)s?$"}
UP_TO_A_YEAR: Final = "([1-9]|[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-6])"  # DAYS_MAX days
# TOML has dates and times too; editors see all of them as texts.
DATE: Final[Schema] = {"type": "string", "pattern": f"^{DAY.pattern}$"}
TIME_OF_DAY: Final[Schema] = {"type": "string", "pattern": f"^({CLOCK.pattern}|24:00)$"}
_MOMENT: Final[Schema] = {"type": "string", "pattern": f"^{MOMENT.pattern}$"}


def table(keys: Schema, *required: str) -> Schema:
    """A table of these keys and no others."""
    return {
        "type": "object",
        "properties": keys,
        "required": list(required),
        "additionalProperties": False,
    }


def some(keys: Schema) -> Schema:
    """A table that says one thing at least."""
    return table(keys) | {"minProperties": 1}


def by_name(one: Schema, names: str = NAME.pattern, at_least: int = 1) -> Schema:
    """A table whose keys the author chooses."""
    return {
        "type": "object",
        "patternProperties": {f"^{names}$": one},
        "additionalProperties": False,
        "minProperties": at_least,
    }


def many(one: Schema) -> Schema:
    """A list, or one alone."""
    return {"oneOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def names(one: Schema) -> Schema:
    """A list of different texts, or one alone."""
    return {"oneOf": [one, {"type": "array", "items": one, "minItems": 1, "uniqueItems": True}]}


def choice(choices: type[enum.Enum]) -> Schema:
    """One of the words of *choices*."""
    return {"enum": [each.value for each in choices]}


def within(end: Schema) -> Schema:
    """A range of amounts or numbers."""
    return some({"from": end, "below": end})


def period() -> Schema:
    """A range of dates, or dates and times."""
    return some({"from": _MOMENT, "before": _MOMENT})


def rate() -> Schema:
    """Points per minor unit."""
    return {"oneOf": [*FRACTION["oneOf"], table({"points": WHOLE, "per": SOME_MONEY}, "points", "per")]}
