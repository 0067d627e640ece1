"""What a programme may say and this version of the switch does not do: it is refused, not passed over.

The rules know facts about a member beyond his card that the switch does not give them, so such a condition
would never hold. Its author would learn that from his customers.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from loyalty.errors import LoyaltyError, Problems
from rules.conditions import AllOf, AnyOf, BirthdayWithin, Condition, Not, OneOf, SomeOf
from rules.parse import load_programme
from rules.programme import Programme

_UNKNOWN_ATTRIBUTES = frozenset({"card_category", "segment"})


def load_enforced(path: Path) -> Programme:
    """The programme of the file *path*, all of which the switch does.

    Raises:
        Problems: All that is wrong with it, or all that the switch does not do.
    """
    programme = load_programme(path)
    problems = unenforced(programme)
    if problems:
        raise Problems(problems, where=str(path))
    return programme


def unenforced(programme: Programme) -> list[LoyaltyError]:
    """Each condition in force that the switch would not keep to."""
    problems = []
    audiences = {}
    for campaign in programme.campaigns:
        audiences[campaign.id] = len(campaign.when)
        if campaign.counts:
            where = f"campaign {campaign.id}"
            problems += [_problem(f"{where}: audience", key) for key in _unknown(campaign.when)]
    for rule in programme.rules:
        where = f"rule {rule.id}"
        own = rule.when[audiences.get(rule.campaign, 0) :]  # behind those of its campaign
        problems += [_problem(f"{where}: when", key) for key in _unknown(own)]
    return problems


def _problem(where: str, key: str) -> LoyaltyError:
    return LoyaltyError(f"{key} is not enforced by this version", where=where, hint="take it out")


def _unknown(conditions: Iterable[Condition]) -> list[str]:
    """What *conditions* ask that no sale is told of, each once."""
    return list(dict.fromkeys(key for condition in conditions for key in _asked(condition)))


def _asked(condition: Condition) -> Iterator[str]:
    match condition:
        case OneOf(attribute, _) | SomeOf(attribute, _) if attribute in _UNKNOWN_ATTRIBUTES:
            yield attribute
        case BirthdayWithin():
            yield "birthday"
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _asked(part)
        case Not(inner):
            yield from _asked(inner)
        case _:
            pass
