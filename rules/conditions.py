"""When a rule applies: a condition is a value, and ``holds`` says whether it is so.

Ranges are half-open, ``low <= x < high``; ``None`` leaves a side open. Times are those of the terminal's
clock.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Final

from loyalty.transaction import BasketLine
from rules.facts import Facts

DAY_S: Final = 86_400

Range = tuple[int | None, int | None]

TRAITS: Final = "traits"  # of them rules ask under the names of ``TRAIT_VALUES``
CURRENCY: Final = "currency"  # a trait too; its values are the programme's own
FREE_TRAITS: Final = ("card_type", "pos_condition")  # their values are whatever has the right shape
OPERATION: Final = "operation"  # a trait that only rules which decline ask for
TRAIT_VALUES: Final[dict[str, tuple[str, ...]]] = {
    OPERATION: ("EARN", "REDEEM", "TRANSFER", "EXCHANGE", "PAY_CERTIFICATE"),
    "role": ("parent", "child"),
    "kind": ("person", "organization"),
    "entry_mode": ("manual", "magstripe", "barcode", "chip", "contactless", "ecommerce", "other"),
}
TEXT_ATTRIBUTES: Final[dict[str, Callable[[Facts], str]]] = {
    "terminal": attrgetter("terminal_id"),
    "merchant": attrgetter("merchant_id"),
    "acquirer": attrgetter("acquirer_id"),
    "store": attrgetter("store"),
    "partner": attrgetter("partner"),
    "mcc": attrgetter("mcc"),
    "channel": attrgetter("channel"),
    "tier": attrgetter("tier"),
    "card_status": attrgetter("card_status"),
    "card_category": attrgetter("card_category"),
    "language": attrgetter("language"),
    "cashier": attrgetter("cashier"),
}
SET_ATTRIBUTES: Final[dict[str, Callable[[Facts], frozenset[str]]]] = {
    "tender": lambda facts: frozenset(tender.kind for tender in facts.tenders),
    "coupon": lambda facts: frozenset(facts.coupons),
    "segment": attrgetter("segments"),
    TRAITS: attrgetter("traits"),
    "has_product": lambda facts: frozenset(line.product for line in facts.lines or ()),
    "has_category": lambda facts: frozenset(line.category for line in facts.lines or ()),
}
AMOUNT_ATTRIBUTES: Final[dict[str, Callable[[Facts], int]]] = {
    "amount": Facts.earning_base,
    "ticket": attrgetter("ticket_minor"),
}


@dataclass(frozen=True, slots=True)
class OneOf:
    """The text *attribute* is one of *values*."""

    attribute: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class SomeOf:
    """The set *attribute* has one of *values* at least."""

    attribute: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class AmountWithin:
    """The amount *attribute*, in minor units, lies in the range."""

    attribute: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class CounterWithin:
    """The member's counter *name* lies in the range; one that was never counted is 0.

    With *every* above 0 this one would make it a multiple of that: each tenth visit.
    """

    name: str
    low: int | None
    high: int | None
    every: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the day, on some weekdays.

    Attributes:
        days: Monday is 0; the day on which the window opens.
        start_s: Seconds after midnight.
        end_s: Where it closes, not included; not above *start_s* when it crosses midnight.
    """

    days: frozenset[int]
    start_s: int
    end_s: int


@dataclass(frozen=True, slots=True)
class Period:
    """From *start* to before *end*, both naive."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class BirthdayWithin:
    """The day is at most so many days before or after a birthday.

    A birthday of 29 February is kept on 28 February in other years.
    """

    days_before: int
    days_after: int


@dataclass(frozen=True, slots=True)
class OnDays:
    """The day is one of *days*, those of the calendars *names*."""

    names: tuple[str, ...]
    days: frozenset[date]


@dataclass(frozen=True, slots=True)
class AgeWithin:
    """The member's age in full years lies in the range; never when his birthday is not known.

    Who was born on 29 February is a year older on 1 March of other years.
    """

    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class JoinedWithin:
    """The days since the member joined lie in the range; never when that day is not known."""

    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class HoldingWithin:
    """What the member had of *name* (``rules.holdings``) lies in the range; never when it is not known."""

    name: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of *conditions* hold."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of *conditions* holds at least."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """*condition* does not hold."""

    condition: "Condition"


Condition = (
    OneOf
    | SomeOf
    | AmountWithin
    | CounterWithin
    | Window
    | Period
    | OnDays
    | BirthdayWithin
    | AgeWithin
    | JoinedWithin
    | HoldingWithin
    | AllOf
    | AnyOf
    | Not
)


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Which lines of a basket a rule is about; ``None`` stands for all.

    Attributes:
        low: The bases of these lines must add up to this much at least, in minor units.
        high: And stay below this.
        count: From how many, to below how many such lines there must be; ``None``: one at least.
        units: The same for full units of quantity of them together, returned ones taken off.
    """

    products: frozenset[str] | None = None
    categories: frozenset[str] | None = None
    except_products: frozenset[str] = frozenset()
    except_categories: frozenset[str] = frozenset()
    low: int | None = None
    high: int | None = None
    count: Range | None = None
    units: Range | None = None

    def enough(self, lines: Sequence[BasketLine]) -> bool:
        """Whether *lines*, those that the rule is about, are as many as it wants."""
        if self.count is not None and not within(len(lines), *self.count):
            return False
        return self.units is None or within(_full_units(lines), *self.units)

    def too_few(self, lines: Sequence[BasketLine]) -> tuple[int, str] | None:
        """How many more it wants of what alone is too few: ``(2, "units")``; ``None`` when that is not so."""
        short: list[tuple[int, str]] = []
        for wanted, what in ((self.count, "lines"), (self.units, "units")):
            if wanted is None:
                continue
            has = len(lines) if what == "lines" else _full_units(lines)
            low, _ = wanted
            if low is not None and has < low:
                short.append((low - has, what))
            elif not within(has, *wanted):
                return None
        return short[0] if len(short) == 1 else None

    def covers(self, line: BasketLine) -> bool:
        """Whether the rule is about *line*."""
        return (
            (self.products is None or line.product in self.products)
            and (self.categories is None or line.category in self.categories)
            and line.product not in self.except_products
            and line.category not in self.except_categories
        )


def _full_units(lines: Sequence[BasketLine]) -> int:
    """Full units of quantity, returned ones taken off."""
    return sum(
        line.quantity_milli // 1000 if line.amount_minor >= 0 else -(line.quantity_milli // 1000)
        for line in lines
    )


def within(value: int, low: int | None, high: int | None) -> bool:
    """Whether ``low <= value < high``."""
    return (low is None or value >= low) and (high is None or value < high)


def holds(condition: Condition, facts: Facts) -> bool:  # noqa: C901, PLR0912  (one case a kind)
    """Whether *condition* is so. This is what every faster way is held against."""
    match condition:
        case OneOf(attribute, values):
            return TEXT_ATTRIBUTES[attribute](facts) in values
        case SomeOf(attribute, values):
            return not values.isdisjoint(SET_ATTRIBUTES[attribute](facts))
        case AmountWithin(attribute, low, high):
            return within(AMOUNT_ATTRIBUTES[attribute](facts), low, high)
        case CounterWithin(name, low, high, every):
            value = dict(facts.counters).get(name, 0)
            return within(value, low, high) and (not every or (value + 1) % every == 0)
        case Window():
            return _window_open(condition, facts.local_at)
        case Period(start, end):
            return (start is None or facts.local_at >= start) and (end is None or facts.local_at < end)
        case OnDays(_, days):
            return facts.local_at.date() in days
        case BirthdayWithin():
            return _birthday_near(condition, facts)
        case AgeWithin(low, high):
            age = age_of(facts)
            return age is not None and within(age, low, high)
        case JoinedWithin(low, high):
            since = days_since_joining(facts)
            return since is not None and within(since, low, high)
        case HoldingWithin(name, low, high):
            has = dict(facts.holdings).get(name)
            return has is not None and within(has, low, high)
        case AllOf(conditions):
            return all(holds(each, facts) for each in conditions)
        case AnyOf(conditions):
            return any(holds(each, facts) for each in conditions)
        case Not(inner):
            return not holds(inner, facts)


def age_of(facts: Facts) -> int | None:
    """The member's age in full years; ``None`` when his birthday is not known."""
    if facts.birthday is None:
        return None
    today, born = facts.local_at.date(), facts.birthday
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def days_since_joining(facts: Facts) -> int | None:
    """Days since the member joined; ``None`` when that day is not known."""
    return None if facts.joined_on is None else (facts.local_at.date() - facts.joined_on).days


def second_of_day(at: datetime) -> int:
    """Seconds since midnight."""
    return at.hour * 3600 + at.minute * 60 + at.second


def _window_open(window: Window, at: datetime) -> bool:
    second = second_of_day(at)
    today = at.weekday()
    if window.start_s < window.end_s:
        return today in window.days and window.start_s <= second < window.end_s
    # It crosses midnight: the night belongs to the day on which it began.
    if second >= window.start_s:
        return today in window.days
    return second < window.end_s and (today - 1) % 7 in window.days


def _birthday_near(condition: BirthdayWithin, facts: Facts) -> bool:
    if facts.birthday is None:
        return False
    today = facts.local_at.date()
    for year in (today.year - 1, today.year, today.year + 1):
        if not facts.birthday.year <= year <= 9998:  # the last year has no year after it to look into
            continue
        try:
            day = facts.birthday.replace(year=year)
        except ValueError:  # 29 February
            day = facts.birthday.replace(year=year, day=28)
        if -condition.days_before <= (today - day).days <= condition.days_after:
            return True
    return False
