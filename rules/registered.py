"""Names in conditions that no terminal of the register has: rules that ask for them never apply."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from rules.advice import Advice
from rules.asked import plain_conditions
from rules.conditions import Condition, OneOf
from rules.mcc import told_in_ranges
from rules.programme import Programme
from rules.reading import did_you_mean

REGISTERED: Final = ("terminal", "merchant", "acquirer", "store", "partner", "mcc")  # what a register tells


def unknown_names(programme: Programme, known: Mapping[str, set[str]]) -> Iterator[Advice]:
    """What rules ask for and no terminal has. *known* are its values by attribute."""
    families = programme.declared.mcc_families.values()
    for rule in programme.rules:
        for attribute, value in sorted(set(_asked(rule.when, families, known.get("mcc", set())))):
            if attribute in known and value not in known[attribute]:
                hint = did_you_mean(value, known[attribute] - {""})
                yield Advice(
                    f"rule {rule.id}",
                    f"asks for the {attribute} {value}, which no terminal has",
                    hint or "look at terminals.csv",
                )


def _asked(
    conditions: Iterable[Condition], families: Iterable[frozenset[str]], mccs: AbstractSet[str]
) -> Iterator[tuple[str, str]]:
    """Attributes with the values that *conditions* ask of them; *families* with a member among *mccs* apart.

    Of the many codes of a family most have no terminal; that none has one may be a mistake.
    """
    for condition in plain_conditions(conditions):
        match condition:
            case OneOf("mcc", values):
                named = frozenset[str]().union(*[family for family in families if family <= values])
                yield from (("mcc", value) for value in values - named)
                if named and named.isdisjoint(mccs):
                    yield from (("mcc", value) for value in told_in_ranges(named))
            case OneOf(attribute, values):
                yield from ((attribute, value) for value in values)
            case _:
                pass
