"""A group picks one of its rules, or so many: the first, those that give most, those that give least."""

import pytest

from loyalty.errors import Problems
from rules.evaluate import evaluate
from rules.extras import extras
from rules.interpret import interpret
from rules.lint import lint
from rules.programme import Programme
from tests.rules.sales import programme, sale

POINTS = {"five": "points = 5", "fifty": "points = 50", "ten": "points = 10"}
PRICES = {
    "five": 'discount_amount = "0.05"',
    "fifty": 'discount_amount = "0.50"',
    "ten": 'discount_amount = "0.10"',
}
WORDS = {"five": 'message = "5"', "fifty": 'message = "50"', "ten": 'message = "10"'}


def made(pick: str, gives: dict[str, str], more: str = "") -> Programme:
    """A group of rules, in this order; all of them hold."""
    text = f'[[group]]\nid = "g"\npick = "{pick}"\n{more}\n'
    for at, (name, effect) in enumerate(gives.items()):
        text += f'[[rule]]\nid = "{name}"\ntext = "R"\ngroup = "g"\npriority = {-at}\nthen = {{ {effect} }}\n'
    return programme(text)


PICKED = pytest.mark.parametrize(
    ("pick", "take", "expected"),
    [
        ("first", 1, ["five"]),
        ("first", 2, ["five", "fifty"]),
        ("best", 1, ["fifty"]),
        ("best", 2, ["fifty", "ten"]),
        ("best", 3, ["five", "fifty", "ten"]),
        ("best_margin", 1, ["five"]),
        ("best_margin", 2, ["five", "ten"]),
        ("best_margin", 9, ["five", "fifty", "ten"]),
    ],
)


@PICKED
def test_points(pick: str, take: int, expected: list[str]) -> None:
    """What is picked counts in its own order."""
    rules = made(pick, POINTS, f"take = {take}")
    facts = sale("10.00")
    award = evaluate(rules, facts)
    assert [name for name, _ in award.parts] == ["base", *expected]
    assert interpret(rules, facts) == award


@PICKED
def test_prices(pick: str, take: int, expected: list[str]) -> None:
    rules = made(pick, PRICES, f"take = {take}")
    off = evaluate(rules, sale("10.00 lines=A:10.00 can=D")).discounts
    assert [each.promotion for each in off] == expected


@pytest.mark.parametrize("pick", ["first", "best", "best_margin"])
def test_of_equals_the_first_is_picked(pick: str) -> None:
    facts = sale("10.00 lines=A:10.00 can=D")
    points = made(pick, dict.fromkeys(("one", "two", "three"), "points = 5"), "take = 2")
    award = evaluate(points, facts)
    assert [name for name, _ in award.parts] == ["base", "one", "two"]
    assert interpret(points, facts) == award
    prices = made(pick, dict.fromkeys(("one", "two", "three"), 'discount_amount = "0.05"'), "take = 2")
    assert [each.promotion for each in evaluate(prices, facts).discounts] == ["one", "two"]


def test_what_is_given_beside() -> None:
    """The first that can."""
    facts = sale("10.00")
    for take, expected in ((1, ("5",)), (2, ("5", "50")), (3, ("5", "50", "10"))):
        assert extras(made("first", WORDS, f"take = {take}"), facts).messages == expected


@pytest.mark.parametrize(("take", "told"), [(2, True), (1, False)])
def test_a_near_miss_of_the_second(*, take: int, told: bool) -> None:
    """It is promised where the group would take it beside the one that gives more."""
    near = '[[rule]]\nid = "near"\ntext = "N"\ngroup = "g"\nwhen = { amount = { from = "11.00" } }\n'
    text = f'[[group]]\nid = "g"\npick = "best"\ntake = {take}\n{near}then = {{ points = 20 }}\n'
    text += '[[rule]]\nid = "held"\ntext = "H"\ngroup = "g"\nthen = { points = 50 }\n'
    rules = programme(text, head={"[earn]": '[earn]\nnear_miss_within = "5.00"'})
    assert (evaluate(rules, sale("10.00")).near_miss is not None) is told


@pytest.mark.parametrize(("take", "percent"), [(1, "26 percent"), (2, "76 percent")])
def test_what_may_come_together(take: int, percent: str) -> None:
    """Of a group that takes several all are counted: that is never too little."""
    quarters = dict.fromkeys(PRICES, 'discount = "1/4"')
    told = [str(each) for each in lint(made("best", quarters, f"take = {take}"))]
    assert any(percent in each and "may bring back" in each for each in told), told


def test_a_group_of_all_takes_all() -> None:
    with pytest.raises(Problems) as caught:
        made("all", WORDS, "take = 2")
    assert "group[1].take: is for groups that choose" in str(caught.value)
