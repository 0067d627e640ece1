"""What a sale leaves above the cost of its goods, and the floor that a rule may not go below.

Only lines whose cost the master data know are looked at; where there is none, nothing is too much.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from loyalty.transaction import BasketLine
from rules.award import Award
from rules.facts import Facts
from rules.programme import Programme
from rules.rule import Rule

_WHOLE_BP: Final = 10_000


def too_thin(
    floor_bp: int, lines: Iterable[tuple[BasketLine, int]], costs: Mapping[str, int], reward_minor: int
) -> bool:
    """Whether *lines*, each with what is paid for it, leave less than *floor_bp* of it after the reward."""
    paid_minor = cost_minor = 0
    for line, paid in lines:
        cost = costs.get(line.product)
        if cost is not None and line.amount_minor > 0:
            paid_minor += paid
            cost_minor += -(-cost * line.quantity_milli // 1000)
    if not cost_minor:
        return False
    return (paid_minor - cost_minor - reward_minor) * _WHOLE_BP < floor_bp * paid_minor


def first_too_thin(programme: Programme, award: Award, facts: Facts) -> Rule | None:
    """The first rule of *award* whose points leave less than its floor of the lines that it is about."""
    value = programme.redemption.value
    given = dict(award.parts)
    for rule in programme.floored:
        points = given.get(rule.id, 0)
        if points > 0:
            own = [each for each in facts.earning()[1] if rule.lines is None or rule.lines.covers(each[0])]
            assert rule.margin_floor_bp is not None
            if too_thin(rule.margin_floor_bp, own, programme.costs, value.of(points)):
                return rule
    return None
