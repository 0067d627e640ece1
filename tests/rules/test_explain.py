# ruff: noqa: E501  (a row of a table is a line)
"""Any award can be told in words, and any rule that did not apply says why."""

from dataclasses import replace

import pytest
from hypothesis import given

from loyalty.decision import Discount
from rules.conditions import CounterWithin
from rules.describe import describe, describe_effect, describe_rule, found
from rules.evaluate import evaluate
from rules.explain import Answer, tell, tell_decline, why_not
from rules.facts import Facts
from rules.rule import Rule
from tests.rules.sales import programme, sale
from tests.rules.strategies import rule_lists

RULES = """
[[group]]
id = "g"
pick = "best"
[[rule]]
id = "market"
text = "Half more in markets"
group = "g"
when = { mcc = ["5411", "5499"], weekday = ["tue", "wed"] }
then = { multiply = "3/2" }
[[rule]]
id = "big"
text = "Double from 20.00"
group = "g"
when = { amount = { from = "20.00", below = "50.00" }, time = { from = "10:00", before = "14:30" } }
then = { multiply = 2 }
[[rule]]
id = "fruit"
text = "Fruit"
lines = { category = "FRUIT", amount = { from = 3 } }
then = { points_per_line = 5 }
"""
SALE = "20.50 mcc=5411 lines=FRUIT:2.00,BREAD:18.50,WINE:4.00:N ticket=24.50"


def test_an_award_is_told_step_by_step() -> None:
    """Base, arithmetic, who lost, the sum and what was near."""
    facts = sale(SALE.replace("20.50", "24.50", 1))
    assert tell(programme(RULES), facts) == [
        "earn base 20.50 of a ticket of 24.50 (4.00 of it carries no points), Tue 2026-06-02 12:00:00 at the terminal",
        "base: the programme's base rate: on 20.50 exactly 41/2, so +20",
        "big: Double from 20.00: on 20.50 exactly 41/2, so +21",
        "market: Half more in markets: would bring 41/4, but another rule of its group was picked",
        "= 41, rounded down on each transaction",
        "near: 1.00 more: Fruit",
        "base costs 0.20: the programme 0.20",
        "big costs 0.21: the programme 0.21",
    ]


@pytest.mark.parametrize(
    ("words", "rule", "expected"),
    [
        (
            "20.00 mcc=5411",
            "market",
            [
                (True, "mcc is 5411 or 5499", "5411"),
                (True, "it is Tue, Wed", "Tue 2026-06-02 12:00:00"),
                (False, "being picked", "another rule of its group was picked"),
            ],
        ),
        (
            "19.00 at=2026-06-02T14:30:00",
            "big",
            [
                (False, "the earn base is from 20.00 to below 50.00", "19.00"),
                (False, "it is every day 10:00 to before 14:30", "Tue 2026-06-02 14:30:00"),
            ],
        ),
        (
            "19.00",
            "big",
            [
                (False, "the earn base is from 20.00 to below 50.00", "19.00"),
                (True, "it is every day 10:00 to before 14:30", "Tue 2026-06-02 12:00:00"),
                (False, "a little more", "1.00 was missing"),
            ],
        ),
        (
            "4.00 lines=FRUIT:4.00",
            "fruit",
            [
                (True, "lines of category FRUIT, together 3.00 or more", "1 such lines, 4.00"),
                (True, "being picked", "it gave 5"),
            ],
        ),
    ],
)
def test_why_not(words: str, rule: str, expected: list[tuple[bool, str, str]]) -> None:
    """Each thing that the rule asks, beside what the sale had."""
    assert why_not(programme(RULES), sale(words), rule) == [Answer(*each) for each in expected]


PRICES = """
[[rule]]
id = "bread"
text = "Bread for less"
lines = { category = "BREAD" }
then = { discount = "1/3" }
[[rule]]
id = "cake"
text = "Cake for less"
when = { ticket = { from = "10.00" } }
lines = { category = "CAKE" }
then = { discount = "1/2" }
"""


@pytest.mark.parametrize("words", ["can=D", "can=PD", "can=P"])
@pytest.mark.parametrize(
    "lines", ["BREAD:3.00,CAKE:7.00", "BREAD:3.00,CAKE:7.00:N", "CAKE:10.00:D", "BREAD:9.99:D"]
)
def test_what_was_kept_after_the_prices_explains_them_too(words: str, lines: str) -> None:
    """What was taken off, by which rule and at whose cost; and why a rule on prices took nothing off."""
    made = programme(PRICES)
    total = sum(int(line.split(":")[1].replace(".", "")) for line in lines.split(","))
    rung_up = sale(f"{total // 100}.{total % 100:02} {words} lines={lines}")
    discounts = evaluate(made, rung_up).discounts
    kept = Facts.from_json(rung_up.after(discounts).to_json())
    assert sorted(tell(made, kept)) == sorted(tell(made, rung_up))
    for rule in ("bread", "cake"):
        assert why_not(made, kept, rule) == why_not(made, rung_up, rule)


def test_points_that_came_off_the_price_are_told() -> None:
    """They are no cost of a rule."""
    kept = sale("10.00 can=D lines=BREAD:10.00").after([Discount(1, 200, "points", "Points")])
    told = tell(programme(), Facts.from_json(kept.to_json()))
    assert told[0] == "points: Point: 2.00 off line 1"
    assert [line for line in told if "costs" in line] == ["base costs 0.08: the programme 0.08"]


def test_of_what_is_known_only_what_is_asked_is_told() -> None:
    """The place in the family, not how the card was read."""
    made = programme('[[rule]]\nid = "r"\ntext = "R"\nwhen = { role = "child" }\nthen = { points = 1 }\n')
    for traits, known in (("role:parent,entry_mode:chip", "parent"), ("entry_mode:chip", "unknown")):
        (answer,) = why_not(made, sale(f"5.00 traits={traits}"), "r")
        assert (answer.holds, answer.asks, answer.found) == (False, "role is child", known)


def test_a_decline_is_told_by_the_terms_that_it_went_by() -> None:
    """An earlier release left lines without points out of what rules on them saw; its word counts."""
    rule = 'when = { amount = { from = "20.00" } }\nthen = { redeem = { step = 5 } }'
    made = programme(f'[[rule]]\nid = "vip"\ntext = "Vip"\n{rule}\n')
    facts = sale("25.00 lines=FRUIT:5.00,WINE:20.00:N ticket=25.00")
    told = tell_decline(made, facts, "NOT_SUFFICIENT_POINTS", made.redemption)
    assert [each.partition(":")[0] for each in told] == ["points pay by the programme's own terms"]


def test_a_rule_that_is_not_in_force_is_not_known() -> None:
    """Its name is the error's only word."""
    with pytest.raises(KeyError, match="gone"):
        why_not(programme(), sale("1.00"), "gone")


def test_counters_are_told_in_money_and_in_words() -> None:
    """Minor units are nothing that a person reads."""
    spend, visits = CounterWithin("spend.30d", 2050, None), CounterWithin("visits.lifetime", None, None, 2)
    assert (describe(spend, "978"), describe(visits, "978")) == (
        "counter spend.30d is 20.50 or more",
        "each 2nd in visits.lifetime",
    )
    facts = replace(sale("1.00"), counters=(("spend.30d", 1005),))
    assert (found(spend, facts, "978"), found(visits, facts, "978")) == ("10.05", "0")
    asks = [describe(CounterWithin("v", None, None, each), "978").split()[1] for each in (3, 10, 11, 21)]
    assert asks == ["3rd", "10th", "11th", "21st"]


@given(rules=rule_lists(max_size=5))
def test_every_rule_can_be_described(rules: tuple[Rule, ...]) -> None:
    """Whatever an author may write, the console can show it."""
    for rule in rules:
        assert describe_effect(rule.effect, "978")
        assert describe_rule(rule, "978") or not (rule.when or rule.lines)
