"""A rule gives nothing where too little would be left, and groups may pick what costs least."""

import pytest

from loyalty.errors import Problems
from rules.evaluate import evaluate
from rules.explain import tell, why_not
from rules.interpret import interpret
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from tests.rules.sales import STARTER, sale

PRODUCTS = "product,cost\nP1,6.00\nP2,1.00\n"


def made(rules: str) -> Programme:
    return parse_programme({MAIN: STARTER + rules, "products.csv": PRODUCTS})


def rule(name: str, gives: str, more: str = "") -> str:
    return f'[[rule]]\nid = "{name}"\ntext = "R"\nthen = {{ {gives} }}\n{more}\n'


@pytest.mark.parametrize(
    ("words", "off"),
    [
        # 10.00 for what costs 6.00: ten percent off leaves a third of 9.00, and that is the floor
        ("10.00 lines=A:10.00 can=D", 100),
        ("9.97 lines=A:9.97 can=D", 0),
        # a line that is worth more helps, one whose cost nobody knows does not count
        ("19.94 lines=A:9.97,B:9.97 can=D", 199),
        ("19.94 lines=A:9.97,B:0.00,C:9.97 can=D", 0),
        ("9.99 lines=A:0.00,B:0.00,C:9.99 can=D", 99),
    ],
)
def test_a_discount_leaves_its_margin(words: str, off: int) -> None:
    programme = made(rule("off", 'discount = "1/10"', "margin_floor_bp = 3333"))
    award = evaluate(programme, sale(words))
    assert sum(each.amount_minor for each in award.discounts) == off
    assert award == interpret(programme, sale(words))


def test_points_leave_their_margin() -> None:
    """Points are worth a cent; the next rule of the group is picked, and the trace tells why."""
    group = '[[group]]\nid = "g"\npick = "best"\n'
    many = rule("many", "points = 101", 'group = "g"\nmargin_floor_bp = 3000')
    few = rule("few", "points = 100", 'group = "g"\nmargin_floor_bp = 3000')
    programme = made(group + many + few)
    facts = sale("10.00 lines=A:10.00")
    award = evaluate(programme, facts)
    assert award.parts == (("base", 10), ("few", 100))
    assert award == interpret(programme, facts)
    assert "many: R: holds on 10.00, but would leave less of it than its floor" in tell(programme, facts)
    assert not why_not(programme, facts, "many")[-1].holds
    assert evaluate(programme, sale("9.90 lines=A:9.90")).parts == (("base", 9),)


def test_best_margin_costs_least() -> None:
    """Of those that give something."""
    group = '[[group]]\nid = "g"\npick = "best_margin"\n'
    rules = [rule(f"r{points}", f"points = {points}", 'group = "g"') for points in (30, 10, 20)]
    programme = made(group + "".join(rules) + rule("none", 'points_per_amount = "0"', 'group = "g"'))
    assert evaluate(programme, sale("5.00")).parts == (("base", 5), ("r10", 10))
    prices = made(group + "".join(rule(f"p{n}", f'discount = "1/{n}"', 'group = "g"') for n in (2, 10, 5)))
    award = evaluate(prices, sale("5.00 lines=A:5.00 can=D"))
    assert [each.promotion for each in award.discounts] == ["p10"]


@pytest.mark.parametrize(
    ("gives", "problem"),
    [
        ('base = "1/50"', "is for rules that give points or take off prices"),
        ('message = "Hi"', "is for rules that give points or take off prices"),
        ("points = 1", "asks what products cost, and there is no products.csv"),
    ],
)
def test_where_there_is_no_margin(gives: str, problem: str) -> None:
    with pytest.raises(Problems) as caught:
        parse_programme({MAIN: STARTER + rule("r", gives, "margin_floor_bp = 100")})
    assert any(problem in str(each) for each in caught.value.problems)
