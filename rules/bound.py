"""Which limit bound a rule, in words: what was left of it when the rule came."""

from loyalty.amount import format_minor
from rules.award import Award, Verdict
from rules.cap import BUDGET, OFF, Cap, Per, Scope, Unit
from rules.facts import Facts
from rules.programme import BASE_RULE, Programme


def bound_by(programme: Programme, facts: Facts, award: Award) -> dict[str, str]:
    """By rule that a limit cut: the limits that left no more than it gave, and what they left."""
    caps_of = {rule.id: rule.caps for rule in programme.rules}
    used = dict(facts.counters)
    points: dict[str, int] = {}  # given in this sale, by counter
    told: dict[str, str] = {}
    for step in award.steps:
        caps = (() if step.rule_id == BASE_RULE else caps_of[step.rule_id]) + programme.limits
        if step.verdict is Verdict.CAPPED:
            wanted = -(-step.numerator // step.denominator)
            bounds = []
            for cap in caps:
                before = 0 if cap.per is Per.TRANSACTION else used.get(cap.counter, 0)
                given = points.get(cap.counter, 0)
                left = max(cap.limit - before - (cap.spent(given) if given and not _is_count(cap) else 0), 0)
                if cap.leaves(wanted, left) <= step.points:
                    bounds.append(left_of(cap, left, programme))
            told[step.rule_id] = " and ".join(bounds)
        if step.verdict is not Verdict.LOST and step.points > 0:
            for cap in caps:
                points[cap.counter] = points.get(cap.counter, 0) + step.points
    return told


def left_of(cap: Cap, left: int, programme: Programme) -> str:
    """``its limit of 30 for each member a day had 0 left``."""
    return f"{_name(cap, programme)} had {_amount(cap, left, programme)} left"


def _is_count(cap: Cap) -> bool:
    return cap.unit is Unit.COUNT


def _amount(cap: Cap, amount: int, programme: Programme) -> str:
    match cap.unit:
        case Unit.POINTS:
            return f"{amount}"
        case Unit.COUNT:
            return "once" if amount == 1 else f"{amount} times"
        case Unit.COST:
            return format_minor(amount, programme.terms.currency)


def _name(cap: Cap, programme: Programme) -> str:
    """``the budget of summer``, ``its limit of 30 for each member a day``."""
    kind, _, name = cap.subject.removeprefix(OFF).rpartition(":")
    if f"{kind}:" == BUDGET:
        return f"the budget of {name}"
    whose = "for all" if cap.scope is Scope.ALL else f"for each {cap.scope.value}"
    match cap.per:
        case Per.LIFETIME:
            span = "for ever"
        case Per.ROLLING:
            span = f"in {cap.days} days"
        case Per.TRANSACTION:
            span = "a sale"
        case _:
            span = f"a {cap.per.value}"
    limit = {"campaign": f"the limit of {name}", "programme": "the programme's limit"}.get(kind, "its limit")
    return f"{limit} of {_amount(cap, cap.limit, programme)} {whose} {span}"
