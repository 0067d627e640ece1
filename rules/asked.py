"""What rules ask for, wherever in their conditions they do: counters, and facts of the member."""

from collections.abc import Iterable, Iterator

from rules.conditions import (
    AgeWithin,
    AllOf,
    AnyOf,
    BirthdayWithin,
    Condition,
    CounterWithin,
    JoinedWithin,
    Not,
    OneOf,
    SomeOf,
)
from rules.rule import Rule


def counters_in(conditions: Iterable[Condition]) -> Iterator[str]:
    """Names of the counters that *conditions* ask for, also inside others."""
    for condition in conditions:
        match condition:
            case CounterWithin(name):
                yield name
            case AllOf(parts) | AnyOf(parts):
                yield from counters_in(parts)
            case Not(inner):
                yield from counters_in((inner,))
            case _:
                pass


def member_facts_in(rules: Iterable[Rule]) -> Iterator[str]:
    """What *rules* ask of a member: ``segment``, ``card_category``, ``birthday``, ``joined``, and traits."""
    for rule in rules:
        yield from _facts_in(rule.when)


def _facts_in(conditions: Iterable[Condition]) -> Iterator[str]:
    for condition in conditions:
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
            case AllOf(parts) | AnyOf(parts):
                yield from _facts_in(parts)
            case Not(inner):
                yield from _facts_in((inner,))
            case _:
                pass
