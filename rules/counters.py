"""What is counted of sales, and over which spans: the state that rules look at.

A *measure* is what is counted and of whom (``visits/member``, ``rule:coffee/member``). Each measure grows
in *places*: the measure, whom it is of, and a stretch of the calendar (``2026-03-02``, ``2026-W10``,
``2026-03``, ``2026``, or nothing for ever). Whoever keeps the places need know nothing else.

Counters are what the rules see of it, one number each, by name::

    visits.month  spend.30d  points.lifetime  product.17.week  category.COFFEE.year    so much in the span
    given.coffee.month                      sales to which a rule gave something
    streak.day  streak.week  streak.month   stretches in a row with a visit, right before the present one
    days_since.visit                        days since the last visit; 0 on the day and for newcomers
    stamps.coffee                           what is on the member's card of stamps
    pool.mugs                               prizes of a pool that were given
    rule:coffee/member/day                  what a limit counts

All of them are as they stood before the sale. The calendar is that of business days.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Protocol

from rules.asked import counters_in
from rules.award import Award
from rules.cap import OFF, Cap, Per, Scope, Unit
from rules.effects import FreeForStamps, GiveAway, GiveStamps
from rules.facts import Facts
from rules.rule import Rule
from rules.stock import POOL, STAMPS, STAMPS_USED

DAYS_MAX: Final = 366  # of a rolling span: so many places are added up
STREAK_MAX: Final = 400  # a longer one counts as this long
AMOUNTS: Final = frozenset({"spend", "profit"})  # counters of money
PLAIN: Final = ("visits", "spend", "points", "profit", "tier_points")
OF_SOMETHING: Final = ("product", "category")
GIVEN: Final = "given"  # begins the name of a counter of sales to which a rule gave something
GIVEN_BY: Final = "given:"  # ... its measure
STREAKS: Final = ("streak.day", "streak.week", "streak.month")
CARD_VISITS: Final = "visits/card"  # measure
SINCE: Final = "days_since.visit"
_SPANS: Final = {
    per.value: per for per in Per if per not in (Per.TRANSACTION, Per.ROLLING)
}  # as counters name them
_OF_ONE: Final = frozenset({Scope.MEMBER, Scope.CARD})  # few sales: adding them up is a look at one range
_OF_EXTRAS: Final = (STAMPS, STAMPS_USED, POOL, "tier_points/")  # begin measures that points have no part in
_ROLLING: Final = re.compile(r"([1-9][0-9]{0,2})d", re.ASCII)

Place = tuple[str, str, str]  # measure, whom it is of, stretch of the calendar
Total = Callable[[Place], int]


class Tallied(Protocol):
    """Whoever keeps the places."""

    def tally(self, place: Place) -> int:
        """What *place* holds."""
        ...

    def last_tallied(self, measure: str, whose: str, day: str) -> str | None:
        """The last day before *day* on which *measure* holds some."""
        ...

    def tallied_within(self, measure: str, whose: str, first: str, last: str) -> int:
        """What the days from *first* to *last*, both included, hold together."""
        ...


@dataclass(frozen=True, slots=True)
class Counter:
    """One number that rules look at.

    Attributes:
        name: As the facts call it.
        measure: What it adds up; of whom is *scope*.
        days: The last so many, where *per* is rolling.
        is_streak: It counts stretches in a row in place of what is in them.
        is_since: It counts days since the last one.
    """

    name: str
    measure: str
    scope: Scope
    per: Per
    days: int = 0
    is_streak: bool = False
    is_since: bool = False

    @property
    def stretch(self) -> Per:
        """The stretches in which its measure must be kept."""
        return Per.DAY if self.per is Per.ROLLING else self.per


def counter_named(name: str) -> Counter | None:
    """The counter of a condition; ``None`` when there is no such counter."""
    if name == SINCE:
        return Counter(name, "visits/member", Scope.MEMBER, Per.DAY, is_since=True)
    what, _, card = name.partition(".")
    if what == "stamps" and card:
        return Counter(name, f"{STAMPS}{card}/member", Scope.MEMBER, Per.LIFETIME)
    what, _, span = name.rpartition(".")
    days = _ROLLING.fullmatch(span)
    per = Per.ROLLING if days else _SPANS.get(span)
    if per is None or (days and int(days[1]) > DAYS_MAX):
        return None
    if what == "streak":
        if name not in STREAKS:
            return None
        return Counter(name, "visits/member", Scope.MEMBER, per, is_streak=True)
    kind, _, of = what.partition(".")
    if kind == GIVEN and of:
        return Counter(name, f"{GIVEN_BY}{of}/member", Scope.MEMBER, per, int(days[1]) if days else 0)
    if not (what in PLAIN or (kind in OF_SOMETHING and of)):
        return None
    return Counter(name, f"{what}/member", Scope.MEMBER, per, int(days[1]) if days else 0)


def stretch_of(per: Per, day: date) -> str:
    """The stretch of the calendar that *day* lies in."""
    match per:
        case Per.DAY:
            return day.isoformat()
        case Per.WEEK:
            year, week, _ = day.isocalendar()
            return f"{year}-W{week:02}"
        case Per.MONTH:
            return f"{day:%Y-%m}"
        case Per.YEAR:
            return f"{day:%Y}"
        case Per.LIFETIME:
            return ""
        case Per.TRANSACTION | Per.ROLLING:
            raise AssertionError("they are no stretches of the calendar")


def _day_before(per: Per, day: date) -> date:
    """The last day of the stretch before the one *day* lies in."""
    match per:
        case Per.WEEK:
            return day - timedelta(days=day.weekday() + 1)
        case Per.MONTH:
            return day.replace(day=1) - timedelta(days=1)
        case _:
            return day - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counting:
    """All that a programme counts. Made by ``counting_of``.

    Attributes:
        counters: What its rules look at, in order of name.
        kept: Measure, whose it is, and the stretches in which it is kept, in order of measure.
        costs: Of a unit by product, in minor units.
        names: By measure: a counter by which ``Award.counted`` tells its growth, where it is a limit's.
        off: By measure of what is taken off prices: the rules that do it.
    """

    counters: tuple[Counter, ...]
    kept: tuple[tuple[str, Scope, tuple[Per, ...]], ...]
    names: tuple[tuple[str, str], ...]
    costs: Mapping[str, int]
    off: Mapping[str, frozenset[str]]

    def values(
        self, whose: Callable[[Scope], str | None], day: date, tallied: Tallied, total: Total
    ) -> tuple[tuple[str, int], ...]:
        """The counters as rules see them on *day*; those at 0 are left out.

        Args:
            whose: Whom a scope means in this sale; ``None`` when nobody.
            day: The business day.
            tallied: The places.
            total: What a place holds, as limits see it.
        """
        found = []
        for counter in self.counters:
            owner = whose(counter.scope)
            if owner is not None:
                value = _value(counter, owner, day, tallied, total)
                if value:
                    found.append((counter.name, value))
        return tuple(found)

    def growth(
        self,
        facts: Facts,
        award: Award,
        given: tuple[tuple[str, int], ...] = (),
        by_rules: tuple[str, ...] = (),
    ) -> dict[str, int]:
        """By how much each measure grows by a sale, zeros left out.

        *given* is ``Extras.counted``, *by_rules* are ``Extras.rules``.
        """
        counted = dict(award.counted)
        more = dict(given)
        names = dict(self.names)
        grown = {}
        for measure, _, _ in self.kept:
            name = names.get(measure)
            if measure.startswith(OFF):
                by = _taken_off(measure, facts, self.off[measure])
            elif name is not None:
                by = counted.get(name, 0) + more.get(name, 0)
            elif measure.startswith(_OF_EXTRAS):
                by = more.get(measure, 0)
            elif measure.startswith(GIVEN_BY):
                by = int(_gave(measure.removeprefix(GIVEN_BY).rpartition("/")[0], facts, award, by_rules))
            else:
                by = _brought(measure, facts, award, self.costs)
            if by:
                grown[measure] = by
        return grown

    def taken(self, facts: Facts, award: Award, given: tuple[tuple[str, int], ...] = ()) -> dict[str, int]:
        """By how much each measure of a limit, a budget or a stock grows, zeros left out.

        *given* is ``Extras.counted``.
        """
        counted, more = dict(award.counted), dict(given)
        grown = {measure: counted.get(name, 0) + more.get(name, 0) for measure, name in self.names}
        grown |= {measure: _taken_off(measure, facts, off) for measure, off in self.off.items()}
        grown |= {measure: by for measure, by in given if measure.startswith(POOL)}
        return {measure: by for measure, by in grown.items() if by}

    def places(
        self, growth: dict[str, int], whose: Callable[[Scope], str | None], day: date
    ) -> Iterator[tuple[Place, int]]:
        """The places in which *growth* is kept, each with what it adds there."""
        for measure, scope, stretches in self.kept:
            by, owner = growth.get(measure, 0), whose(scope)
            if by and owner is not None:
                for per in stretches:
                    yield (measure, owner, stretch_of(per, day)), by


def counting_of(
    rules: Iterable[Rule],
    limits: Iterable[Cap],
    costs: Mapping[str, int],
    metric: str = "",
    *,
    activates: bool = False,
) -> Counting | None:
    """What *rules* and the programme's own *limits* count; ``None`` when they look at nothing.

    *costs* are those of a unit, by product. *metric* is counted by day too, for the tiers; visits of a
    card, where its first one *activates* it.
    """
    counters: dict[str, Counter] = {}
    names: dict[str, str] = {}
    off: dict[str, set[str]] = {}
    caps = [*limits]
    for rule in rules:
        caps += rule.caps
        for cap in rule.caps:
            if cap.subject.startswith(OFF):
                off.setdefault(cap.measure, set()).add(rule.id)
        for name in counters_in(rule.when):
            counter = counter_named(name)
            if counter is not None:
                counters[name] = counter
        counters |= _stocks(rule)
    for cap in caps:
        if cap.per is not Per.TRANSACTION:
            counters[cap.counter] = Counter(cap.counter, cap.measure, cap.scope, cap.per, cap.days)
            names[cap.measure] = cap.counter
    if not counters and not metric and not activates:
        return None
    kept = _kept(counters.values(), metric, activates=activates)
    order = list(Per)
    return Counting(
        counters=tuple(counters[name] for name in sorted(counters)),
        kept=tuple(
            (measure, scope, tuple(sorted(stretches, key=order.index)))
            for measure, (scope, stretches) in sorted(kept.items())
        ),
        names=tuple(sorted(names.items())),
        costs=costs,
        off={measure: frozenset(rules) for measure, rules in off.items()},
    )


def _kept(counters: Iterable[Counter], metric: str, *, activates: bool) -> dict[str, tuple[Scope, set[Per]]]:
    """Whose each measure is, and the stretches in which it must be kept."""
    kept: dict[str, tuple[Scope, set[Per]]] = {}
    if activates:
        kept[CARD_VISITS] = Scope.CARD, {Per.LIFETIME}
    if metric:
        kept[f"{metric}/member"] = Scope.MEMBER, {Per.DAY}
    for counter in counters:
        kept.setdefault(counter.measure, (counter.scope, set()))[1].add(counter.stretch)
        if counter.measure.startswith(STAMPS):
            kept[_used(counter.measure)] = counter.scope, {Per.LIFETIME}
    return kept


def _stocks(rule: Rule) -> dict[str, Counter]:
    """The counters of what *rule* collects on and draws on."""
    match rule.effect:
        case GiveStamps(card, _) | FreeForStamps(card):
            return {card.counter: Counter(card.counter, card.measure, Scope.MEMBER, Per.LIFETIME)}
        case GiveAway(pool):
            return {pool.counter: Counter(pool.counter, pool.measure, Scope.ALL, Per.LIFETIME)}
        case _:
            return {}


def known_counters() -> list[str]:
    """Names to suggest to an author."""
    return [f"{what}.{span}" for what in PLAIN for span in _SPANS] + [*STREAKS, SINCE]


def _used(measure: str) -> str:
    """Where it is counted what was used of stamps."""
    return STAMPS_USED + measure.removeprefix(STAMPS)


def _value(counter: Counter, owner: str, day: date, tallied: Tallied, total: Total) -> int:
    measure, per = counter.measure, counter.per
    if measure.startswith(STAMPS):
        return total((measure, owner, "")) - total((_used(measure), owner, ""))
    if counter.is_since:
        if total((measure, owner, day.isoformat())) > 0:
            return 0
        last = tallied.last_tallied(measure, owner, day.isoformat())
        return 0 if last is None else (day - date.fromisoformat(last)).days
    if counter.is_streak:
        length = 0
        before = _day_before(per, day)
        while length < STREAK_MAX and total((measure, owner, stretch_of(per, before))) > 0:
            length += 1
            before = _day_before(per, before)
        return length
    if per is Per.ROLLING:
        first = max(day.toordinal() - counter.days + 1, 1)
        if counter.scope in _OF_ONE:
            since = date.fromordinal(first).isoformat()
            return tallied.tallied_within(measure, owner, since, day.isoformat())
        days = range(first, day.toordinal() + 1)
        return sum(total((measure, owner, date.fromordinal(each).isoformat())) for each in days)
    return total((measure, owner, stretch_of(per, day)))


def _brought(measure: str, facts: Facts, award: Award, costs: Mapping[str, int]) -> int:
    """What a sale adds to a measure that no limit counts."""
    what = measure.rpartition("/")[0]
    match what.partition("."):
        case ("visits", _, _):
            return 1
        case ("spend", _, _):
            return facts.earning_base()
        case ("points", _, _):
            return award.points
        case ("profit", _, _):
            return profit_of(facts, costs)
        case ("product", _, of):
            return _units(facts, lambda product, _: product == of)
        case (_, _, of):
            return _units(facts, lambda _, category: category == of)


def _taken_off(measure: str, facts: Facts, rules: frozenset[str]) -> int:
    """What *rules* took off the prices: in how many sales, 0 or 1, or how much."""
    off = sum(amount_minor for _, amount_minor, rule in facts.off if rule in rules)
    return off if measure.endswith(Unit.COST.value) else int(off > 0)


def _gave(rule: str, facts: Facts, award: Award, by_rules: tuple[str, ...]) -> bool:
    """Whether *rule* gave points, took something off a price, or gave one of the extras."""
    return (
        rule in by_rules
        or any(rule == each for each, _ in award.parts)
        or any(rule == each for _, _, each in facts.off)
    )


def profit_of(facts: Facts, costs: Mapping[str, int]) -> int:
    """What the lines whose cost is known brought above it, in minor units."""
    profit = 0
    for line in facts.lines or ():
        cost = costs.get(line.product)
        if cost is not None:
            whole = cost * line.quantity_milli // 1000
            profit += line.amount_minor - (whole if line.amount_minor >= 0 else -whole)
    return profit


def _units(facts: Facts, wanted: Callable[[str, str], bool]) -> int:
    """Full units of the lines that are wanted, returned ones taken off; never below zero."""
    units = 0
    for line in facts.lines or ():
        if wanted(line.product, line.category):
            full = line.quantity_milli // 1000
            units += full if line.amount_minor >= 0 else -full
    return max(units, 0)
