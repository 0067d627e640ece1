"""Names in conditions that no terminal of the register has: rules that ask for them never apply."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rules.advice import Advice
from rules.conditions import AllOf, AnyOf, Condition, Not, OneOf
from rules.programme import Programme
from rules.reading import did_you_mean

REGISTERED: Final = ("terminal", "merchant", "acquirer", "store", "partner", "mcc")  # what a register tells


def unknown_names(programme: Programme, known: Mapping[str, set[str]]) -> Iterator[Advice]:
    """What rules ask for and no terminal has. *known* are its values by attribute."""
    for rule in programme.rules:
        for attribute, value in sorted(set(_asked(rule.when))):
            if attribute in known and value not in known[attribute]:
                hint = did_you_mean(value, known[attribute] - {""})
                yield Advice(
                    f"rule {rule.id}",
                    f"asks for the {attribute} {value}, which no terminal has",
                    hint or "look at terminals.csv",
                )


def _asked(conditions: Iterable[Condition]) -> Iterator[tuple[str, str]]:
    for condition in conditions:
        match condition:
            case OneOf(attribute, values):
                yield from ((attribute, value) for value in values)
            case AllOf(parts) | AnyOf(parts):
                yield from _asked(parts)
            case Not(inner):
                yield from _asked((inner,))
            case _:
                pass
