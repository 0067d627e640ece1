"""What keeps a rule that holds from giving anything beside points: limits, stock, stamps, a floor."""

from collections.abc import Iterator, Sequence
from typing import Final

from loyalty.decision import Discount
from rules.bound import left_of
from rules.cap import BUDGET, Cap, Per, Unit
from rules.effects import CashBack, FreeForStamps, GiveAway, IssueCertificate, IssueMoney
from rules.extras import points_worth
from rules.facts import Facts
from rules.programme import Programme
from rules.rule import Pick, Rule

OTHER_OF_GROUP: Final = "another rule of its group was picked"
NOTHING_LEFT: Final = "nothing was left of these lines to take it off"


def why_not_given(
    programme: Programme, facts: Facts, rule: Rule, counted: tuple[tuple[str, int], ...]
) -> str:
    """Why *rule*, of what is given beside points, gave nothing; points took *counted* of limits."""
    told = list(_limits(programme, facts, rule, dict(counted), _worth_minor(facts, rule)))
    if isinstance(rule.effect, GiveAway):
        pool = rule.effect.pool
        if dict(facts.counters).get(pool.counter, 0) >= pool.stock:
            told.append(f"all {pool.stock} prizes of {pool.id} were given")
    return " and ".join(told) or (
        OTHER_OF_GROUP if rule.pick is not Pick.ALL else "there was nothing to give"
    )


def why_not_off(programme: Programme, facts: Facts, rule: Rule, given: Sequence[Discount]) -> str:
    """Why *rule*, which would take something off the prices of *facts*, did not; others took *given* off."""
    told = list(_limits(programme, facts, rule, _taken_off(programme, rule, given), 1))
    if isinstance(rule.effect, FreeForStamps):
        card = rule.effect.card
        has = dict(facts.counters).get(card.counter, 0)
        if has < card.size:
            told.append(f"{max(has, 0)} of {card.size} stamps were on the card {card.id}")
    if not told and rule.pick is not Pick.ALL:
        told.append(OTHER_OF_GROUP)
    if not told and rule.margin_floor_bp is not None:
        told.append(f"{NOTHING_LEFT}, or less than its floor would be left of them")
    return " and ".join(told) or NOTHING_LEFT


def _limits(
    programme: Programme, facts: Facts, rule: Rule, counted: dict[str, int], worth_minor: int
) -> Iterator[str]:
    """The limits that left too little for something of that worth."""
    used = dict(facts.counters)
    needs = {Unit.POINTS: points_worth(programme, worth_minor), Unit.COUNT: 1, Unit.COST: worth_minor}
    for cap in rule.caps:
        left = _left(cap, used, counted)
        is_spent = cap.subject.startswith(BUDGET) and used.get(cap.counter, 0) >= cap.limit
        if is_spent or left < needs[cap.unit]:
            yield left_of(cap, left, programme)


def _taken_off(programme: Programme, rule: Rule, given: Sequence[Discount]) -> dict[str, int]:
    """What of the limits of *rule* the others took that they limit, too."""
    off: dict[str, int] = {}
    for cap in rule.caps:
        its = {other.id for other in programme.rules if cap in other.caps}
        off[cap.counter] = sum(each.amount_minor for each in given if each.promotion in its)
    return off


def _left(cap: Cap, used: dict[str, int], counted: dict[str, int]) -> int:
    given = counted.get(cap.counter, 0)
    if cap.unit is Unit.COUNT and given:
        return cap.limit  # a sale counts once
    return max(cap.limit - (0 if cap.per is Per.TRANSACTION else used.get(cap.counter, 0)) - given, 0)


def _worth_minor(facts: Facts, rule: Rule) -> int:
    """What the gift of *rule* is worth in money."""
    match rule.effect:
        case IssueCertificate(minor) | IssueMoney(minor):
            return minor
        case CashBack(share):
            own = [each for each in facts.earning()[1] if rule.lines is None or rule.lines.covers(each[0])]
            return share.of(max(sum(base for _, base in own), 0))
        case GiveAway(pool):
            return pool.cost_minor
        case _:
            return 0
