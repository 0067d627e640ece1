"""Reads TOML tables field by field and notes all that is wrong, so that an author sees it at once.

A field that cannot be read is noted and stands at a harmless value until the reading is over; nobody uses it.
"""

import contextlib
import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any, Final, TypeVar

from loyalty.amount import Rate, exponent_of
from loyalty.errors import LoyaltyError
from rules.conditions import DAY_S
from rules.span import Span, SpanUnit

T = TypeVar("T")

POINTS_MAX: Final = 10**12
MONEY_MAX: Final = 10**12  # minor units; DE 4 has twelve digits
_FRACTION: Final = re.compile(r"([0-9]{1,15})/([0-9]{1,15})", re.ASCII)
_DECIMAL: Final = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,12}))?", re.ASCII)
CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?", re.ASCII)
DAY: Final = re.compile(r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", re.ASCII)
MOMENT: Final = re.compile(
    DAY.pattern + r"([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{6})?)?)?", re.ASCII
)
_SPAN: Final = re.compile(r"([0-9]{1,5}) (day|month|year)s?", re.ASCII)
_DURATION: Final = re.compile(r"([0-9]{1,5}) (minute|hour|day)s?", re.ASCII)
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", re.ASCII)


class ProgrammeError(LoyaltyError):
    """Something in a programme that its author must mend."""


@dataclass(frozen=True, slots=True)
class Inexact:
    """A float as it stood in the file. Nothing accepts it."""

    text: str


def _none_of(known: Sequence[str]) -> str:
    return "" if known else "the programme has none: declare it first"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint: the likeliest of *known*, else all of them when they are few."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"known are {', '.join(names)}" if 0 < len(names) <= 20 else ""


class Section:
    """A table of a file while it is read.

    Args:
        table: The table as parsed.
        where: File and key path.
        problems: Where problems are noted.
        currency: ISO 4217 numeric code in which amounts of money are written.
        is_restored: It was in force once, so what is only ``refused`` was taken, and counts as it did.
    """

    def __init__(
        self,
        table: Mapping[str, Any],
        where: str,
        problems: list[LoyaltyError],
        currency: str = "978",
        *,
        is_restored: bool = False,
    ) -> None:
        self._table = table
        self._taken: set[str] = set()
        self.problems = problems
        self.where = where
        self.currency = currency
        self.is_restored = is_restored

    def __contains__(self, key: str) -> bool:
        self._taken.add(key)  # whoever looks for it knows it
        return key in self._table

    @property
    def written(self) -> list[str]:
        """The keys that the author wrote."""
        return list(self._table)

    def at(self, key: str) -> str:
        """Where *key* stands."""
        return f"{self.where}.{key}" if ": " in self.where else f"{self.where}: {key}"

    def wrong(self, what: str, key: str | None = None, hint: str = "") -> None:
        """Note a problem with *key*, or with the table."""
        self.problems.append(
            ProgrammeError(what, where=self.where if key is None else self.at(key), hint=hint)
        )

    def refuse(self, what: str, key: str | None = None, hint: str = "") -> None:
        """Note what can be read and nobody can have meant; in force it may be all the same, from former days.

        Whatever an author may no longer write, and could before, is refused here and keeps its meaning.
        """
        if not self.is_restored:
            self.wrong(what, key, hint)

    def take(self, key: str) -> Any:  # noqa: ANN401  (whatever the author wrote)
        """The raw value, or ``None`` when absent."""
        self._taken.add(key)
        return self._table.get(key)

    def close(self) -> None:
        """Note every key that nobody asked for."""
        for key in self._table:
            if key not in self._taken:
                self.wrong("is not known here", key, did_you_mean(key, self._taken))

    def required(self, key: str, default: object) -> bool:
        """Note that *key* is missing unless there is a *default*; whether it is there."""
        if self.take(key) is not None:
            return True
        if default is None:
            self.wrong("is missing", key, "write it")
        return False

    def text(self, key: str, default: str | None = None, pattern: re.Pattern[str] | None = None) -> str:
        """A text of at most 200 characters, in any script: terminals that show ASCII are told it in ASCII."""
        if not self.required(key, default):
            return default or ""
        value = self.take(key)
        if not isinstance(value, str):
            self.wrong(f"is {_kind(value)}, not a text", key, 'write it between quotes: "…"')
            return ""
        if not 0 < len(value) <= 200 or not value.isprintable():
            self.wrong("is not a text of 1 to 200 printable characters", key, "write it on one line")
            return ""
        if "|" in value or "\\" in value:  # they part the lines of a receipt and the parts of DE 63
            self.wrong("holds | or a backslash, which have a meaning in messages", key, "write another sign")
            return ""
        if pattern is not None and not pattern.fullmatch(value):
            self.wrong(f"does not look right: {value}", key, f"it must match {pattern.pattern}")
        return value

    def name(self, key: str, default: str | None = None) -> str:
        """An id: letters, digits, ``_ . -``."""
        return self.text(key, default, NAME)

    def whole(self, key: str, default: int | None = None, low: int = 0, high: int = POINTS_MAX) -> int:
        """An integer from *low* to *high*, both included."""
        if not self.required(key, default):
            return low if default is None else default
        value = self.take(key)
        if isinstance(value, Inexact):
            self.wrong("is a decimal number, not a whole one", key, "write a whole number")
            return low
        if not isinstance(value, int) or isinstance(value, bool):
            self.wrong(f"is {_kind(value)}, not a whole number", key)
            return low
        if not low <= value <= high:
            self.wrong(f"is not from {low} to {high}", key)
            return low
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.wrong(f"is {_kind(value)}, neither true nor false", key)
            return default
        return value

    def choice(self, key: str, choices: Mapping[str, T], default: T | None = None) -> T:
        """What the word at *key* stands for."""
        first = next(iter(choices.values()))
        if not self.required(key, default):
            return first if default is None else default
        value = self.take(key)
        if isinstance(value, str) and value in choices:
            return choices[value]
        shown = value if isinstance(value, str) else _kind(value)
        self.wrong(f"cannot be {shown}", key, did_you_mean(str(shown), choices))
        return first

    def names(self, key: str, known: Iterable[str] | None = None) -> frozenset[str]:
        """One text or a list of them; of *known* ones when they are given. At least one."""
        value = self.take(key)
        values = value if isinstance(value, list) else [value]
        if not values:
            self.refuse("is an empty list, so it would never hold", key, "name one at least, or leave it out")
        names = set()
        known = None if known is None else list(known)
        for each in values:
            if not isinstance(each, str):
                self.wrong(f"holds {_kind(each)}, not a text", key, 'write it between quotes: "…"')
            elif known is not None and each not in known:
                self.wrong(f"cannot hold {each}", key, did_you_mean(each, known) or _none_of(known))
            elif each in names:
                self.refuse(f"holds {each} twice", key)
            else:
                names.add(each)
        return frozenset(names)

    def money(self, key: str, default: int | None = None) -> int:
        """An amount of money, in minor units: ``"3.20"``, or a whole number of whole units."""
        if not self.required(key, default):
            return 0 if default is None else default
        value = self.take(key)
        exponent = exponent_of(self.currency)
        if isinstance(value, Inexact):
            self.wrong("is a decimal number, which cannot be exact", key, f'write it as text: "{value.text}"')
            return 0
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            minor = int(value * 10**exponent)
        else:
            match = _DECIMAL.fullmatch(value) if isinstance(value, str) else None
            if match is None:
                self.wrong("is not an amount of money", key, 'write "3.20"')
                return 0
            decimals = match[2] or ""
            if len(decimals) > exponent:
                self.wrong(f"has more decimals than currency {self.currency}, which has {exponent}", key)
                return 0
            minor = int(match[1] + decimals.ljust(exponent, "0"))
        if minor >= MONEY_MAX:
            self.wrong("is more than twelve digits", key)
            return 0
        return minor

    def some_money(self, key: str, default: int | None = None) -> int:
        """As ``money``, and above zero."""
        problems = len(self.problems)
        minor = self.money(key, default)
        if minor == 0 and len(self.problems) == problems:
            self.wrong("must be above zero", key)
        return max(minor, 1)

    def fraction(self, key: str, default: Rate | None = None) -> Rate:
        """A fraction: ``"1/2"``, ``"0.5"``, or a whole number."""
        if not self.required(key, default):
            return Rate(1) if default is None else default
        value = self.take(key)
        if isinstance(value, Inexact):
            self.wrong(
                "is a decimal number, which cannot be exact",
                key,
                f'write it as text or a fraction: "{value.text}"',
            )
            return Rate(1)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= POINTS_MAX:
            return Rate(value)
        rate = None
        if isinstance(value, str):
            if (match := _FRACTION.fullmatch(value)) and int(match[2]) > 0:
                rate = Fraction(int(match[1]), int(match[2]))
            elif _DECIMAL.fullmatch(value):
                rate = Fraction(value)
        if rate is None:
            self.wrong("is not a fraction", key, 'write "1/2"')
            return Rate(1)
        return Rate(rate.numerator, rate.denominator)

    def section(self, key: str) -> "Section | None":
        """The table at *key*, or ``None`` when it is absent or not a table."""
        value = self.take(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.wrong(f"is {_kind(value)}, not a table", key)
            return None
        return self._inner(value, self.at(key))

    def sections(self, key: str) -> "list[Section]":
        """The list of tables at *key*; a single table is a list of one."""
        value = self.take(key)
        if value is None:
            return []
        if isinstance(value, dict):
            return [self._inner(value, self.at(key))]
        if value == []:
            self.refuse("is an empty list", key, "name one at least, or leave it out")
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.wrong(f"is {_kind(value)}, not a list of tables", key)
            return []
        return [self._inner(each, f"{self.at(key)}[{number}]") for number, each in enumerate(value, 1)]

    def clock(self, key: str) -> int | None:
        """A time of day in seconds after midnight; ``24:00`` is the midnight that ends the day."""
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, time) and value.tzinfo is None and not value.microsecond:
            return value.hour * 3600 + value.minute * 60 + value.second
        if value == "24:00":
            return DAY_S
        if isinstance(value, str) and (match := CLOCK.fullmatch(value)):
            return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0)
        self.wrong("is not a time of day", key, 'write "22:00"')
        return None

    def moment(self, key: str) -> datetime | None:
        """A local date and time; a date stands for its first second."""
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, str) and (self.is_restored or MOMENT.fullmatch(value)):
            with contextlib.suppress(ValueError):
                value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            if value.tzinfo is None:
                return value
            self.wrong("has a zone", key, "leave it out: the terminal's own clock is meant")
            return None
        if isinstance(value, date):
            return datetime.combine(value, time.min)
        self.wrong("is not a date or a date and time", key, "write 2026-06-01 or 2026-06-01T08:00:00")
        return None

    def span(self, key: str, default: Span | None = None) -> Span:
        """So many days, months or years: ``"2 years"``."""
        if not self.required(key, default):
            return Span(0, SpanUnit.DAYS) if default is None else default
        value = self.take(key)
        match = _SPAN.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.wrong("is not a span of time", key, 'write "14 days", "6 months" or "2 years"')
            return Span(0, SpanUnit.DAYS)
        return Span(int(match[1]), SpanUnit(match[2] + "s"))

    def duration(self, key: str, default: timedelta) -> timedelta:
        """So many minutes, hours or days: ``"12 hours"``; one minute at least."""
        if not self.required(key, default):
            return default
        value = self.take(key)
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if match is None or int(match[1]) == 0:
            self.wrong("is not a length of time", key, 'write "30 minutes", "12 hours" or "7 days"')
            return default
        return timedelta(**{match[2] + "s": int(match[1])})

    def _inner(self, table: Mapping[str, Any], where: str) -> "Section":
        return Section(table, where, self.problems, self.currency, is_restored=self.is_restored)


_KINDS: Final = (
    (bool, "true or false"),
    (str, "a text"),
    (int, "a whole number"),
    (Inexact, "a decimal number"),
    (list, "a list"),
    (dict, "a table"),
)


def _kind(value: object) -> str:
    return next((kind for type_, kind in _KINDS if isinstance(value, type_)), "a date or time")
