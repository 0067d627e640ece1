"""Whether two conditions, or two rules, may hold for one sale, as far as one can see from them alone."""

from rules.conditions import (
    AllOf,
    AmountWithin,
    AnyOf,
    Condition,
    CounterWithin,
    Not,
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
        case Period(start, end), Period(start2, end2):
            return (end is not None and start2 is not None and start2 >= end) or (
                end2 is not None and start is not None and start >= end2
            )
        case Window(days, from_s, to_s), Window(days2, from2_s, to2_s) if from_s < to_s and from2_s < to2_s:
            return days.isdisjoint(days2) or _apart((from_s, to_s), (from2_s, to2_s))
        case Not(inner), other:
            return inner == other
        case other, Not(inner):
            return inner == other
        case AllOf(parts), other:
            return any(excludes(part, other) for part in parts)
        case other, AllOf(parts):
            return any(excludes(part, other) for part in parts)
        case AnyOf(parts), other:
            return all(excludes(part, other) for part in parts)
        case other, AnyOf(parts):
            return all(excludes(part, other) for part in parts)
        case _:
            return False


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


def _apart(one: _Range, other: _Range) -> bool:
    (low, high), (low2, high2) = one, other
    return (high is not None and low2 is not None and low2 >= high) or (
        high2 is not None and low is not None and low >= high2
    )
