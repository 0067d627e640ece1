"""Whoever asks why a rule gave nothing beside points is told what was missing, and how much."""

from dataclasses import replace

import pytest

from rules.explain import why_not
from rules.extras import extras
from rules.programme import Programme
from tests.rules.sales import programme, sale

RULES = """
[[coupon]]
id = "treat"
text = "Treat"
[[stamp_card]]
id = "coffee"
text = "Coffee"
size = 3
[[pool]]
id = "mugs"
text = "A mug"
stock = 2
cost = "3.00"
[[group]]
id = "one"
pick = "first"
[[rule]]
id = "mug"
text = "A mug"
group = "one"
priority = 1
then = { giveaway = "mugs" }
[[rule]]
id = "money"
text = "Money"
group = "one"
then = { money = "2.00" }
cap = { cost = "5.00", per = "day" }
[[rule]]
id = "certificate"
text = "Certificate"
then = { certificate = "5.00" }
cap = { count = 1, per = "month" }
[[rule]]
id = "back"
text = "Back"
then = { cash_back = "1/10" }
cap = { points = 150, per = "week", scope = "all" }
[[rule]]
id = "free"
text = "Free"
lines = { category = "COFFEE" }
then = { free_for_stamps = "coffee" }
[[rule]]
id = "tenth"
text = "A tenth off"
then = { discount = "1/10" }
cap = [{ cost = "3.00", per = "day" }, { count = 2, per = "lifetime" }]
[[rule]]
id = "twice"
text = "Half off twice"
lines = { category = "COFFEE" }
then = { unit_price = "9.00" }
"""
CAMPAIGN = """[campaign]
id = "c"
text = "C"
nature = "mixed"
category = "x"
state = "active"
period = { from = 2026-01-01 }
budget_points = 20
[[rule]]
id = "points"
text = "Points"
then = { points = 10 }
[[rule]]
id = "coupon"
text = "Coupon"
then = { coupon = "treat" }
[[rule]]
id = "word"
text = "Word"
then = { message = "Ten more" }
"""
SPENT = {"budget:c/all/lifetime": 20}


def made() -> Programme:
    return programme(RULES, c=CAMPAIGN)


@pytest.mark.parametrize(
    ("rule", "counted", "told"),
    [
        ("mug", {}, "it was given"),
        ("mug", {"pool.mugs": 2}, "all 2 prizes of mugs were given"),
        ("money", {}, "another rule of its group was picked"),
        ("money", {"pool.mugs": 2}, "it was given"),
        (
            "money",
            {"pool.mugs": 2, "rule:money/member#cost/day": 301},
            "its limit of 5.00 for each member a day had 1.99 left",
        ),
        (
            "certificate",
            {"rule:certificate/member#count/month": 1},
            "its limit of once for each member a month had 0 times left",
        ),
        ("back", {"rule:back/all/week": 60}, "it was given"),
        ("back", {"rule:back/all/week": 61}, "its limit of 150 for all a week had 89 left"),
        ("free", {"stamps.coffee": 2}, "2 of 3 stamps were on the card coffee"),
        ("free", {"stamps.coffee": 3}, "5.00 off"),
        ("tenth", {"off:tenth/member#cost/day": 299}, "0.01 off"),
        (
            "tenth",
            {"off:tenth/member#cost/day": 300},
            "its limit of 3.00 for each member a day had 0.00 left",
        ),
        ("twice", {}, "nothing was left of these lines to take it off"),
        ("coupon", {"budget:c/all/lifetime": 19}, "it was given"),
        ("coupon", SPENT, "the budget of c had 0 left"),
        ("word", SPENT, "the budget of c had 0 left"),
    ],
)
def test_what_was_missing(rule: str, counted: dict[str, int], told: str) -> None:
    facts = sale("10.00 lines=COFFEE:5.00,CAKE:5.00 can=D")
    facts = replace(facts, counters=tuple(counted.items()))
    last = why_not(made(), facts, rule)[-1]
    assert (last.found, last.holds) == (told, told in ("it was given", "5.00 off", "0.01 off"))


def test_who_has_spent_his_budget_gives_nothing() -> None:
    """The sale that takes the last of it gets all the same what stands beside."""
    for counted, rules in (({"budget:c/all/lifetime": 19}, {"coupon", "word"}), (SPENT, set())):
        facts = replace(sale("10.00"), counters=tuple(counted.items()))
        given = extras(made(), facts)
        assert set(given.rules) & {"coupon", "word"} == rules
