"""What rules give beside points and prices: coupons and messages; and whether a sale may be at all.

Guards see the ticket as it was rung up; coupons and messages see what is left to pay, like points do. They
lie in a table of their own, so a programme without them never looks.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from rules.conditions import holds
from rules.effects import Decline, IssueCoupon, Lane, Message
from rules.experiment import counts
from rules.facts import Facts
from rules.programme import Programme
from rules.rows import Sale
from rules.rule import Pick, Rule


class Extras(NamedTuple):
    """What rules give beside points and prices.

    Attributes:
        coupons: Kinds of the coupons that the member gets, in order.
        messages: What the receipt tells, in order.
        rules: Those that gave any of it.
    """

    coupons: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


NOTHING: Final = Extras()


def declined_by(programme: Programme, facts: Facts) -> Rule | None:
    """The first rule that declines the sale; *facts* are those of the whole ticket, nothing paid yet."""
    if not programme.guards:
        return None
    for rule in _found(programme, facts):
        if rule.lane is Lane.GUARD:
            return rule
    return None


def extras(programme: Programme, facts: Facts) -> Extras:
    """What the sale brings beside points and prices; *facts* are those on which it earns."""
    if not programme.extras.size:
        return NOTHING
    return _given(_found(programme, facts))


def _found(programme: Programme, facts: Facts) -> list[Rule]:
    """The rules that hold, in order."""
    hits = programme.extras.search(Sale(facts), None).hits
    return [row.rule for _, row, _, _ in hits if counts(row.rule, programme, facts.arms)]


def _given(rules: Iterable[Rule]) -> Extras:
    coupons: list[str] = []
    messages: list[str] = []
    given: list[str] = []
    groups: set[tuple[Lane, int]] = set()
    for rule in rules:
        if rule.lane is Lane.GUARD:
            continue
        if rule.pick is not Pick.ALL:
            if (rule.lane, rule.group) in groups:
                continue
            groups.add((rule.lane, rule.group))
        match rule.effect:
            case IssueCoupon(coupon):
                coupons.append(coupon)
            case Message(text):
                messages.append(text)
            case _:
                raise AssertionError("prices and points are no extras")
        given.append(rule.id)
    return Extras(tuple(coupons), tuple(messages), tuple(given))


def interpreted(programme: Programme, facts: Facts) -> tuple[str | None, Extras]:
    """What both functions give, rule by rule: who declines, and what else is given. It says what is right."""
    sale = Sale(facts)
    rules = [
        rule
        for rule in programme.rules
        if isinstance(rule.effect, Decline | IssueCoupon | Message)
        and counts(rule, programme, facts.arms)
        and all(holds(condition, facts) for condition in rule.when)
        and _has_lines(rule, sale)
    ]
    guards = [rule.id for rule in rules if rule.lane is Lane.GUARD]
    return (guards[0] if guards else None), _given(rules)


def _has_lines(rule: Rule, sale: Sale) -> bool:
    wanted = rule.lines
    if wanted is None:
        return True
    own = [base for line, base in sale.lines if wanted.covers(line)]
    low, high, total = wanted.low, wanted.high, sum(own)
    return bool(own) and (low is None or total >= low) and (high is None or total < high)
