"""Whether two conditions, or two rules, may hold for one sale, and whether one holds wherever another does.

As far as one can see from them alone: what cannot be seen is not so.
"""

from datetime import date, timedelta

from rules.conditions import (
    AgeWithin,
    AllOf,
    AmountWithin,
    AnyOf,
    Condition,
    CounterWithin,
    HoldingWithin,
    JoinedWithin,
    LineFilter,
    Not,
    OnDays,
    OneOf,
    Period,
    SomeOf,
    Window,
)
from rules.rule import Rule

_Range = tuple[int | None, int | None]


def excludes(first: Condition, second: Condition) -> bool:  # noqa: C901, PLR0912  (one case a pair)
    """Whether no sale can have both, as far as one can see from the two alone."""
    match first, second:
        case OneOf(one, some), OneOf(other, more) if one == other:
            return some.isdisjoint(more)
        case SomeOf("traits", some), SomeOf("traits", more):
            return len(_names(some | more)) == 1 and some.isdisjoint(more)
        case AmountWithin(one, low, high), AmountWithin(other, low2, high2) if one == other:
            return _apart((low, high), (low2, high2))
        case CounterWithin(one, low, high), CounterWithin(other, low2, high2) if one == other:
            return _apart((low, high), (low2, high2))
        case HoldingWithin(one, low, high), HoldingWithin(other, low2, high2) if one == other:
            return _apart((low, high), (low2, high2))
        case (AgeWithin(low, high), AgeWithin(low2, high2)) | (
            JoinedWithin(low, high),
            JoinedWithin(low2, high2),
        ):
            return _apart((low, high), (low2, high2))
        case OnDays(_, days), OnDays(_, days2):
            return days.isdisjoint(days2)
        case (OnDays(_, days), Period(start, end)) | (Period(start, end), OnDays(_, days)):
            return not any(
                (start is None or each >= start.date()) and (end is None or each <= end.date())
                for each in days
            )
        case Period(start, end), Period(start2, end2):
            return (end is not None and start2 is not None and start2 >= end) or (
                end2 is not None and start is not None and start >= end2
            )
        case Window(days, from_s, to_s), Window(days2, from2_s, to2_s) if from_s < to_s and from2_s < to2_s:
            return days.isdisjoint(days2) or _apart((from_s, to_s), (from2_s, to2_s))
        case (Not(inner), other) | (other, Not(inner)):
            return implies(other, inner)
        case AllOf(parts), other:
            return any(excludes(part, other) for part in parts)
        case other, AllOf(parts):
            return any(excludes(part, other) for part in parts)
        case AnyOf(parts), other:
            return all(excludes(part, other) for part in parts)
        case other, AnyOf(parts):
            return all(excludes(part, other) for part in parts)
        case _:
            weekdays, others = _weekdays(first), _weekdays(second)
            return weekdays is not None and others is not None and weekdays.isdisjoint(others)


def implies(first: Condition, second: Condition) -> bool:  # noqa: C901, PLR0912  (one case a pair)
    """Whether each sale that has *first* has *second* too."""
    if first == second:
        return True
    match first, second:
        case OneOf(one, some), OneOf(other, more):
            return one == other and some <= more
        case SomeOf(one, some), SomeOf(other, more):
            return one == other and some <= more
        case AmountWithin(one, low, high), AmountWithin(other, low2, high2):
            return one == other and _inside((low, high), (low2, high2))
        case CounterWithin(one, low, high, every), CounterWithin(other, low2, high2, every2):
            return one == other and every2 in (0, every) and _inside((low, high), (low2, high2))
        case HoldingWithin(one, low, high), HoldingWithin(other, low2, high2):
            return one == other and _inside((low, high), (low2, high2))
        case (AgeWithin(low, high), AgeWithin(low2, high2)) | (
            JoinedWithin(low, high),
            JoinedWithin(low2, high2),
        ):
            return _inside((low, high), (low2, high2))
        case Period(start, end), Period(start2, end2):
            begins = start2 is None or (start is not None and start >= start2)
            return begins and (end2 is None or (end is not None and end <= end2))
        case OnDays(_, days), OnDays(_, more_days):
            return days <= more_days
        case Window(days, from_s, to_s), Window(days2, from2_s, to2_s) if from_s < to_s and from2_s < to2_s:
            return days <= days2 and from2_s <= from_s and to_s <= to2_s
        case Not(inner), Not(other_inner):
            return implies(other_inner, inner)
        case AnyOf(parts), _:
            return all(implies(part, second) for part in parts)
        case _, AllOf(parts):
            return all(implies(first, part) for part in parts)
        case AllOf(parts), _:
            return any(implies(part, second) for part in parts)
        case _, AnyOf(parts):
            return any(implies(first, part) for part in parts)
        case _:
            return False


def covers(wide: LineFilter | None, narrow: LineFilter | None) -> bool:
    """Whether *wide* is about each line that *narrow* is about, and met wherever that is."""
    if wide is None or wide == narrow:
        return True
    if narrow is None or (wide.low, wide.high, wide.count, wide.units) != (None, None, None, None):
        return False
    for own, theirs in ((wide.products, narrow.products), (wide.categories, narrow.categories)):
        if own is not None and (theirs is None or not theirs <= own):
            return False
    if not wide.except_categories <= narrow.except_categories:
        return False
    return wide.except_products <= narrow.except_products


def _weekdays(condition: Condition) -> set[int] | None:
    """The days of the week on which *condition* may hold; ``None`` when nobody can say."""
    match condition:
        case Window(days, from_s, to_s):
            nights = set() if from_s < to_s else {(day + 1) % 7 for day in days}
            return {*days, *nights}
        case OnDays(_, days):
            return {day.weekday() for day in days}
        case Period(start, end) if start is not None and end is not None and (end - start).days < 7:
            first, last = start.toordinal(), (end - timedelta(microseconds=1)).toordinal()
            return {day.weekday() for day in map(date.fromordinal, range(first, last + 1))}
        case _:
            return None


def compatible(first: Rule, second: Rule) -> bool:
    """Whether both may apply to one sale, as far as one can see; those of two arms never do."""
    if (
        first.arms
        and second.arms
        and first.campaign == second.campaign
        and first.arms.isdisjoint(second.arms)
    ):
        return False
    return not any(excludes(one, other) for one in first.when for other in second.when)


def _names(traits: frozenset[str]) -> set[str]:
    """What *traits* are about; a sale has one value of each."""
    return {trait.partition(":")[0] for trait in traits}


def _inside(narrow: _Range, wide: _Range) -> bool:
    (low, high), (low2, high2) = narrow, wide
    return (low2 is None or (low is not None and low >= low2)) and (
        high2 is None or (high is not None and high <= high2)
    )


def _apart(one: _Range, other: _Range) -> bool:
    (low, high), (low2, high2) = one, other
    return (high is not None and low2 is not None and low2 >= high) or (
        high2 is not None and low is not None and low >= high2
    )
