"""What rules ask for, wherever in their conditions they do: counters, and facts of the member."""

from collections.abc import Iterable, Iterator

from rules.conditions import (
    AgeWithin,
    AllOf,
    AnyOf,
    BirthdayWithin,
    Condition,
    CounterWithin,
    HoldingWithin,
    JoinedWithin,
    Not,
    OneOf,
    SomeOf,
)
from rules.rule import Rule


def counters_in(conditions: Iterable[Condition]) -> Iterator[str]:
    """Names of the counters that *conditions* ask for, also inside others."""
    for condition in plain_conditions(conditions):
        if isinstance(condition, CounterWithin):
            yield condition.name


def member_facts_in(rules: Iterable[Rule]) -> Iterator[str]:
    """What *rules* ask of a member: ``segment``, ``card_category``, ``birthday``, ``joined``, and traits.

    Each of his holdings too, and ``holdings`` where they ask for any.
    """
    for rule in rules:
        for condition in plain_conditions(rule.when):
            match condition:
                case OneOf("card_category", _):
                    yield "card_category"
                case SomeOf("segment", _):
                    yield "segment"
                case SomeOf("traits", values):
                    yield from {value.partition(":")[0] for value in values}
                case BirthdayWithin() | AgeWithin():
                    yield "birthday"
                case JoinedWithin():
                    yield "joined"
                case HoldingWithin(name):
                    yield from ("holdings", name)
                case _:
                    pass


def values_in(conditions: Iterable[Condition], trait: str) -> set[str]:
    """The values of *trait* that *conditions* ask for, also inside others."""
    asked = (each.values for each in plain_conditions(conditions) if isinstance(each, SomeOf))
    return {
        value.removeprefix(f"{trait}:") for some in asked for value in some if value.startswith(f"{trait}:")
    }


def named_in(conditions: Iterable[Condition], attribute: str) -> set[str]:
    """What *conditions* ask *attribute* to be, also inside others."""
    return {
        value
        for each in plain_conditions(conditions)
        if isinstance(each, OneOf | SomeOf) and each.attribute == attribute
        for value in each.values
    }


def plain_conditions(conditions: Iterable[Condition]) -> Iterator[Condition]:
    """*conditions* with what is inside others in the place of these."""
    for condition in conditions:
        match condition:
            case AllOf(parts) | AnyOf(parts):
                yield from plain_conditions(parts)
            case Not(inner):
                yield from plain_conditions((inner,))
            case _:
                yield condition
