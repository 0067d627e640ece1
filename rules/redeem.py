"""Which terms a redemption has: those of the first rule of the redeem lane that holds, else the programme's.

The rules see the ticket as it was rung up, nothing taken off and nothing paid yet, as their ``amount``. What
has no ticket (an inquiry) has an amount of 0.
"""

from dataclasses import replace

from rules.effects import Lane, Redeem
from rules.experiment import counts
from rules.facts import Facts
from rules.interpret import applies
from rules.programme import Programme
from rules.redemption import Redemption
from rules.rows import sale_of
from rules.rule import Rule


def redemption_in(programme: Programme, facts: Facts) -> Redemption:
    """The terms under which *programme* lets points pay."""
    if programme.redemptions.size:
        for _, row, _, _ in programme.redemptions.search(sale_of(facts.as_rung_up()), None).hits:
            if counts(row.rule, programme, facts.arms):
                return _terms(row.rule)
    return programme.redemption


def interpreted(programme: Programme, facts: Facts) -> Redemption:
    """The same, rule by rule. It says what is right."""
    facts = facts.as_rung_up()
    _, lines = facts.earning()
    for rule in programme.rules:
        if rule.lane is Lane.REDEEM and counts(rule, programme, facts.arms) and applies(rule, facts, lines):
            return _terms(rule)
    return programme.redemption


def terms_of(programme: Programme, rule_id: str) -> Redemption:
    """The terms that the rule *rule_id* sets; the programme's own when it has none of that name."""
    for rule in programme.rules:
        if rule.lane > Lane.REDEEM:
            break  # they are in order
        if rule.id == rule_id and rule.lane is Lane.REDEEM:
            return _terms(rule)
    return programme.redemption


def as_rung_up(facts: Facts, ticket_minor: int) -> Facts:
    """What the rules on redemptions saw of a sale whose *facts* were kept when it had been paid."""
    whole = facts if facts.lines is None else facts.as_priced()
    return replace(whole, base_minor=ticket_minor, ticket_minor=ticket_minor)


def _terms(rule: Rule) -> Redemption:
    assert isinstance(rule.effect, Redeem)
    return rule.effect.redemption
