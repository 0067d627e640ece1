"""Reads conditions, and which lines of a basket a rule is about."""

import re
from collections.abc import Sequence
from typing import Final

from rules.conditions import (
    AMOUNT_ATTRIBUTES,
    CURRENCY,
    DAY_S,
    FREE_TRAITS,
    SET_ATTRIBUTES,
    TEXT_ATTRIBUTES,
    TRAIT_VALUES,
    TRAITS,
    AgeWithin,
    AllOf,
    AmountWithin,
    AnyOf,
    BirthdayWithin,
    Condition,
    CounterWithin,
    HoldingWithin,
    JoinedWithin,
    LineFilter,
    Not,
    OnDays,
    OneOf,
    Period,
    Range,
    SomeOf,
    Window,
    within,
)
from rules.counters import AMOUNTS, counter_named, known_counters
from rules.holdings import BALANCE, DAYS_MAX, EXPIRING, expiring_within
from rules.names import Names
from rules.reading import NAME, Section, did_you_mean

WEEKDAYS: Final = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}
EVERY_DAY: Final = frozenset(WEEKDAYS.values())
CHANNELS: Final = ("POSD", "ECOM", "MOBL", "IVRS", "SMSX")
TENDERS: Final = ("CASH", "CARD", "PNTS", "CERT", "OTHR")
CARD_STATUSES: Final = ("issued", "active", "blocked", "lost", "stolen", "replaced")
DEPTH_MAX: Final = 8  # of conditions inside conditions
_MCC: Final = re.compile(r"[0-9]{4}", re.ASCII)  # ISO 18245
_CONDITION: Final = re.compile(r"[0-9]{2}", re.ASCII)  # ISO 8583:1987, DE 25
_ACQUIRER: Final = re.compile(r"[0-9]{11}", re.ASCII)
SHAPES: Final = {
    "mcc": (_MCC, "four digits"),
    "acquirer": (_ACQUIRER, "eleven digits, zeros in front"),
    "card_type": (NAME, "a name as lists of cards have it: up to 40 letters, digits, _ . and -"),
    "pos_condition": (_CONDITION, "two digits"),
}
CLOSED: Final = {
    "channel": CHANNELS,
    "tender": TENDERS,
    "card_status": CARD_STATUSES,
}
_BY_LEAPS: Final = ("points", "tier_points", "days_since")  # counters that do not grow one by one
HAS_ALL: Final = {"has_all_products": "has_product", "has_all_categories": "has_category"}
WRITTEN_SETS: Final = tuple(key for key in SET_ATTRIBUTES if key != TRAITS)
PRODUCT_SET: Final = "product_set"
MCC_FAMILY: Final = "mcc_family"
BANDS: Final = "rfmp"  # recency, frequency, money, profit
BAND_NUMBERS: Final = (1, 2, 3, 4, 5)


def read_lines(section: Section | None, names: Names) -> LineFilter | None:
    """Which lines a rule is about; ``None`` for the whole sale."""
    if section is None:
        return None
    low, high = _amounts(section, "amount")
    categories = section.names("category") if "category" in section else None
    except_categories = section.names("except_category") if "except_category" in section else frozenset()
    names.products_of("category", (categories or frozenset()) | except_categories)
    products = section.names("product") if "product" in section else None
    except_products = section.names("except_product") if "except_product" in section else frozenset()
    for column in ("brand", "supplier"):  # they stand for their products
        if column in section:
            of_these = names.products_of(column, section.names(column, names.values(column)))
            products = of_these if products is None else products & of_these
        if f"except_{column}" in section:
            excepted = section.names(f"except_{column}", names.values(column))
            except_products |= names.products_of(column, excepted)
    if PRODUCT_SET in section:
        of_these = names.products_in(section.names(PRODUCT_SET, names.product_sets))
        products = of_these if products is None else products & of_these
    if f"except_{PRODUCT_SET}" in section:
        except_products |= names.products_in(section.names(f"except_{PRODUCT_SET}", names.product_sets))
    if products is not None and not products:
        section.refuse("is about no product at all", hint="name products of that brand and supplier")
    count, units = _wholes(section, "lines"), _wholes(section, "units")
    lines = LineFilter(products, categories, except_products, except_categories, low, high, count, units)
    if not section.written:
        section.refuse("is empty", hint="name products or categories, or leave it out")
    section.close()
    return lines


def read_conditions(section: Section, names: Names, depth: int) -> list[Condition]:
    """The conditions of a table; all of them must hold."""
    found: list[Condition] = []
    if depth > DEPTH_MAX:
        section.wrong(f"is nested more than {DEPTH_MAX} deep")
        return found
    found += _attributes(section, names)
    found += _windows(section, names)
    found += _calendars(section, names)
    found += read_period(section)
    found += _birthday(section)
    found += _whole_ranges(section)
    found += _holdings(section)
    found += _counters(section, names)
    for each in section.sections("all"):
        found += read_conditions(each, names, depth + 1)
    choices = section.sections("any")
    if choices:
        found.append(AnyOf(tuple(_one(read_conditions(each, names, depth + 1)) for each in choices)))
    for each in section.sections("not"):
        inner = read_conditions(each, names, depth + 1)
        if inner:
            found.append(Not(_one(inner)))
    section.close()
    if not section.written:
        section.refuse("is empty", hint="write a condition, or leave it out")
    return found


def _wholes(section: Section, key: str) -> Range | None:
    """A range of whole numbers; ``None`` when nothing is said."""
    table = section.section(key)
    if table is None:
        return None
    low = table.whole("from") if "from" in table else None
    high = table.whole("below") if "below" in table else None
    table.close()
    _check_range(table, low, high, "below")
    return low, high


def _attributes(section: Section, names: Names) -> list[Condition]:
    texts = [OneOf(key, _known(section, key, names)) for key in TEXT_ATTRIBUTES if key in section]
    if MCC_FAMILY in section:
        texts.append(OneOf("mcc", names.mccs_in(section.names(MCC_FAMILY, names.mcc_families))))
    sets = [
        _segments(section, names) if key == "segment" else SomeOf(key, _known(section, key, names))
        for key in WRITTEN_SETS
        if key in section
    ]
    for key, values in {**TRAIT_VALUES, CURRENCY: names.currencies}.items():
        if key in section:
            sets.append(_trait(key, section.names(key, values)))
    sets += [_trait(key, _known(section, key, names)) for key in FREE_TRAITS if key in section]
    sets += _products(section, names)
    sets += _bands(section)
    amounts = [AmountWithin(key, *_amounts(section, key)) for key in AMOUNT_ATTRIBUTES if key in section]
    return [*texts, *sets, *amounts]


def _trait(name: str, values: frozenset[str]) -> SomeOf:
    return SomeOf(TRAITS, frozenset(f"{name}:{value}" for value in values))


def _segments(section: Section, names: Names) -> Condition:
    """Being in one of these segments: those that the operator imports, and those that conditions define."""
    asked = _known(section, "segment", names)
    defined = [names.segments[name] for name in sorted(asked & names.segments.keys())]
    imported = asked.difference(names.segments)  # "-" with keys would make a set, which has no hash
    if not defined:
        return SomeOf("segment", imported)
    return _any_of([*([SomeOf("segment", imported)] if imported else []), *defined])


def _any_of(conditions: Sequence[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else AnyOf(tuple(conditions))


def condition_of(section: Section, names: Names) -> Condition:
    """The condition that all of a table make."""
    return _one(read_conditions(section, names, 0))


def _products(section: Section, names: Names) -> list[SomeOf]:
    """What the basket has: one of these brands or suppliers, each of these products or categories."""
    found = []
    for column in ("brand", "supplier"):
        key = f"has_{column}"
        if key in section:
            products = names.products_of(column, section.names(key, names.values(column)))
            found.append(SomeOf("has_product", products))
    if f"has_{PRODUCT_SET}" in section:
        products = names.products_in(section.names(f"has_{PRODUCT_SET}", names.product_sets))
        found.append(SomeOf("has_product", products))
    for key, attribute in HAS_ALL.items():
        if key in section:
            each = section.names(key)
            if attribute == "has_category":
                names.products_of("category", each)
            found += [SomeOf(attribute, frozenset({one})) for one in sorted(each)]
    return found


def _bands(section: Section) -> list[SomeOf]:
    """Bands of recency, frequency, money and profit: members have them as segments, ``r1`` to ``p5``."""
    table = section.section("rfmp")
    if table is None:
        return []
    found = []
    for letter in BANDS:
        limits = _wholes(table, letter)
        if limits is not None:
            bands = [band for band in BAND_NUMBERS if within(band, *limits)]
            if not bands:
                table.refuse(f"has no band from 1 to {BAND_NUMBERS[-1]}", letter)
            found.append(SomeOf("segment", frozenset(f"{letter}{band}" for band in bands)))
    table.close()
    if not table.written:
        table.refuse("is empty", hint="write rfmp = { p = { from = 4 } }")
    return found


def _one(conditions: list[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else AllOf(tuple(conditions))


def _known(section: Section, key: str, names: Names) -> frozenset[str]:
    found = section.names(key, names.tiers if key == "tier" else CLOSED.get(key))
    pattern, shape = SHAPES.get(key, (None, ""))
    for name in sorted(found):
        if pattern is not None and not pattern.fullmatch(name):
            section.refuse(f"cannot hold {name}", key, f"write {shape}")
    if key == "has_category":
        names.products_of("category", found)
    return found


def _amounts(section: Section, key: str) -> tuple[int | None, int | None]:
    table = section.section(key)
    if table is None:
        return None, None
    low = table.money("from") if "from" in table else None
    high = table.money("below") if "below" in table else None
    table.close()
    _check_range(table, low, high, "below")
    return low, high


def _check_range(table: Section, low: int | None, high: int | None, key: str) -> None:
    if not table.written:
        table.refuse("is an empty range", hint=f"write from, {key}, or both")
    elif low is not None and high is not None and low >= high:
        table.refuse("ends before it begins, so it would never hold", key, "put it above from")


def _windows(section: Section, names: Names) -> list[Condition]:
    days = EVERY_DAY
    if "weekday" in section:
        days = frozenset(WEEKDAYS[name] for name in section.names("weekday", WEEKDAYS))
    windows = []
    for table in section.sections("time"):
        start, end = table.clock("from"), table.clock("before")
        table.close()
        start, end = start or 0, DAY_S if end is None else end
        if start == end:
            table.wrong("is an empty time", "before", "for the whole day leave it out")
        windows.append(Window(days, start, end))
    parts = section.names("day_part", names.day_parts) if "day_part" in section else frozenset[str]()
    found = [
        _any_of(some)
        for some in (windows, [Window(days, *names.day_parts[part]) for part in sorted(parts)])
        if some
    ]
    return found or ([Window(days, 0, DAY_S)] if "weekday" in section else [])


def _calendars(section: Section, names: Names) -> list[Condition]:
    if "calendar" not in section:
        return []
    known = sorted(section.names("calendar", names.calendars))
    days = frozenset(day for name in known for day in names.calendars[name])
    return [OnDays(tuple(known), days)]


def read_period(section: Section) -> list[Period]:
    """The period of a table, when it has one."""
    table = section.section("period")
    if table is None:
        return []
    start, end = table.moment("from"), table.moment("before")
    table.close()
    if not table.written:
        table.refuse("is an empty period", hint="write from, before, or both")
    if start is not None and end is not None and start >= end:
        table.refuse("ends before it begins, so it would never hold", "before", "put it after from")
    return [Period(start, end)]


def _birthday(section: Section) -> list[Condition]:
    table = section.section("birthday")
    if table is None:
        return []
    before = table.whole("days_before", 0, 0, 180)
    after = table.whole("days_after", 0, 0, 180)
    table.close()
    return [BirthdayWithin(before, after)]


def _whole_ranges(section: Section) -> list[Condition]:
    """Years of age, and days since joining."""
    found: list[Condition] = []
    kinds: tuple[tuple[str, type[AgeWithin | JoinedWithin]], ...] = (
        ("age", AgeWithin),
        ("joined_days", JoinedWithin),
    )
    for key, kind in kinds:
        table = section.section(key)
        if table is not None:
            low = table.whole("from") if "from" in table else None
            high = table.whole("below") if "below" in table else None
            table.close()
            _check_range(table, low, high, "below")
            found.append(kind(low, high))
    return found


def _holdings(section: Section) -> list[Condition]:
    """The member's points, and those that expire soon."""
    found: list[Condition] = []
    balance = _wholes(section, BALANCE)
    if balance is not None:
        found.append(HoldingWithin(BALANCE, *balance))
    table = section.section(EXPIRING)
    if table is not None:
        days = table.whole("days", high=DAYS_MAX)
        low = table.whole("from") if "from" in table else None
        high = table.whole("below") if "below" in table else None
        table.close()
        if low is None and high is None:
            table.wrong("is an empty range", hint="write from, below, or both")
        elif low is not None and high is not None:
            _check_range(table, low, high, "below")
        found.append(HoldingWithin(expiring_within(days), low, high))
    return found


def _counters(section: Section, names: Names) -> list[Condition]:
    table = section.section("counter")
    if table is None:
        return []
    if not table.written:
        table.refuse("is empty", hint='write counter = { "visits.month" = { from = 3 } }')
    found: list[Condition] = []
    for name in table.written:
        limits = table.section(name)
        if limits is None:
            continue
        if not NAME.fullmatch(name) or counter_named(name) is None:
            hint = (
                did_you_mean(name, known_counters()) or "write visits.month, product.2000017.30d, streak.week"
            )
            table.wrong("is not a counter", name, hint)
        what, _, rest = name.partition(".")
        names.asks_costs |= what == "profit"
        if what == "stamps" and rest not in names.stamp_cards:
            table.wrong("is no card of stamps", name, did_you_mean(rest, names.stamp_cards))
        if what == "category":
            names.products_of("category", (rest.rpartition(".")[0],))
        read = limits.money if what in AMOUNTS else limits.whole
        low = read("from") if "from" in limits else None
        high = read("below") if "below" in limits else None
        every = limits.whole("every", low=2) if "every" in limits else 0
        limits.close()
        if every and what in AMOUNTS:
            limits.wrong("counts money, of which there is no next one", "every")
        if every and what in _BY_LEAPS:
            limits.refuse("passes over most numbers, so it would hardly ever hold", "every", "write from")
        _check_range(limits, low, high, "below")
        found.append(CounterWithin(name, low, high, every))
    return found
