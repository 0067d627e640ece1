"""Limits and budgets hold to the last point."""

from dataclasses import replace

import pytest

from rules.award import Verdict
from rules.evaluate import evaluate
from rules.explain import tell, why_not
from tests.rules.sales import programme, sale

CAMPAIGN = """[campaign]
id = "c"
text = "C"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-06-01 }
budget_points = 100
"""


def rule(name: str, caps: str, then: str = "points = 60") -> str:
    return f'[[rule]]\nid = "{name}"\ntext = "R"\nthen = {{ {then} }}\n{caps}\n'


@pytest.mark.parametrize(
    ("cap", "used", "points"),
    [
        ('{ points = 50, per = "transaction" }', 0, 50),
        ('{ points = 60, per = "transaction" }', 0, 60),
        ('{ points = 61, per = "transaction" }', 0, 60),
        ('{ points = 100, per = "day" }', 0, 60),
        ('{ points = 100, per = "day" }', 40, 60),
        ('{ points = 100, per = "day" }', 41, 59),
        ('{ points = 100, per = "day" }', 100, 0),
        ('{ points = 100, per = "day" }', 101, 0),
    ],
)
def test_a_limit_leaves_what_is_left(cap: str, used: int, points: int) -> None:
    """Both edges, and what was given more than the limit leaves nothing."""
    made = programme(rule("r", f"cap = {cap}"))
    facts = replace(sale("1.00"), counters=(("rule:r/member/day", used),))
    award = evaluate(made, facts)
    assert award.points == 1 + points
    assert sum(grown for _, grown in award.counted) == points


def test_a_budget_is_shared_by_the_rules_of_a_campaign() -> None:
    """Also inside one sale."""
    made = programme(c=CAMPAIGN + rule("a", "") + rule("b", "") + rule("d", ""))
    award = evaluate(made, sale("1.00"))
    assert award.parts == (("base", 1), ("a", 60), ("b", 40))
    assert [step.verdict for step in award.steps] == [
        Verdict.APPLIED, Verdict.APPLIED, Verdict.CAPPED, Verdict.CAPPED
    ]  # fmt: skip
    assert award.counted == (("budget:c/all/lifetime", 100),)
    assert {cap.counter for cap in made.caps()} == {"budget:c/all/lifetime"}
    assert (
        tell(made, sale("1.00"))[3] == "b: R: on 1.00 exactly 60, so +40, because the budget of c had 40 left"
    )


def test_what_a_limit_cuts_is_not_given_by_the_next_rule() -> None:
    """The rounding of the whole goes on as if nothing had been cut."""
    text = rule("a", 'cap = { points = 1, per = "transaction" }', 'points_per_amount = "1/100"')
    text += rule("b", "", 'points_per_amount = "1/100"')
    assert evaluate(programme(text), sale("9.50")).parts == (("base", 9), ("a", 1), ("b", 9))


def test_several_limits_bind_together() -> None:
    """The narrowest decides, and all of them count what was given."""
    made = programme(
        rule("r", 'cap = [{ points = 50, per = "day" }, { points = 70, per = "month", scope = "card" }]')
    )
    facts = replace(sale("1.00"), counters=(("rule:r/card/month", 30),))
    award = evaluate(made, facts)
    assert award.points == 41
    assert award.counted == (("rule:r/card/month", 40), ("rule:r/member/day", 40))


@pytest.mark.parametrize(
    ("cap", "counter", "used", "told"),
    [
        ('points = 50, per = "day"', "member/day", 39, "50 for each member a day had 11 left"),
        (
            'count = 2, per = "lifetime", scope = "all"',
            "all#count/lifetime",
            2,
            "2 times for all for ever had 0 times left",
        ),
        (
            'cost = "0.50", per = "30 days", scope = "card"',
            "card#cost/30d",
            20,
            "0.50 for each card in 30 days had 0.30 left",
        ),
        ('points = 7, per = "transaction"', "", 0, "7 for each member a sale had 7 left"),
    ],
)
def test_the_limit_that_bound_is_told(cap: str, counter: str, used: int, told: str) -> None:
    made = programme(rule("r", f"cap = {{ {cap} }}"))
    facts = replace(sale("1.00"), counters=((f"rule:r/{counter}", used),))
    assert tell(made, facts)[2].endswith(f", because its limit of {told}")
    assert why_not(made, facts, "r")[-1].found.endswith(told)
