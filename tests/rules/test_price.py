# ruff: noqa: E501  (a row of a table is a line)
"""What is taken off the price, line by line, and that it is not earned on."""

from dataclasses import replace

import pytest
from hypothesis import given
from msgspec import structs

from rules.evaluate import evaluate, price
from rules.facts import Facts
from rules.rule import Rule
from tests.rules.sales import programme, sale
from tests.rules.strategies import rule_lists, sales

STARTER = programme()


def rule(then: str, lines: str = "", when: str = "", more: str = "", name: str = "r") -> str:
    about = f"lines = {{ {lines} }}\n" if lines else ""
    condition = f"when = {{ {when} }}\n" if when else ""
    return f'[[rule]]\nid = "{name}"\ntext = "Off"\n{condition}{about}then = {{ {then} }}\n{more}\n'


def off(text: str, words: str) -> tuple[list[tuple[int, int]], int]:
    """Line and amount of each discount, and the points of the sale."""
    award = evaluate(programme(text), sale(words))
    return [(each.line, each.amount_minor) for each in award.discounts], award.points


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        # Ten percent of 10.05 is 1.005: 1.00, of which the lines bear 0.30, 0.34 and 0.36
        (rule('discount = "1/10"'), "10.05 can=D lines=A:3.00,B:3.45,C:3.60", ([(1, 30), (2, 34), (3, 36)], 9)),
        (rule('discount = "1/10"', 'category = "B"'), "10.00 can=D lines=A:6.00,B:4.00", ([(2, 40)], 9)),
        (rule('discount = "1/1"'), "3.00 can=D lines=A:3.00", ([(1, 300)], 0)),
        (rule('discount_amount = "1.00"'), "3.00 can=D lines=A:1.00,A:1.00,A:1.00", ([(1, 34), (2, 33), (3, 33)], 2)),
        (rule('discount_amount = "9.00"'), "3.00 can=D lines=A:1.00,A:2.00", ([(1, 100), (2, 200)], 0)),
        (rule('unit_price = "0.80"'), "3.00 can=D lines=A:3.00::3000", ([(1, 60)], 2)),
        (rule('unit_price = "1.00"'), "2.00 can=D lines=A:2.00::1999", ([], 2)),  # 1.999 rounds up
        (rule('unit_price = "2.00"'), "3.00 can=D lines=A:3.00::3000", ([], 3)),
        # Reduced already, returned, or a till that cannot take it
        (rule('discount = "1/2"'), "4.00 can=D lines=A:2.00:D,B:2.00", ([(2, 100)], 3)),
        (rule('discount = "1/2"'), "2.00 can=D lines=A:-2.00,B:4.00", ([(2, 200)], 0)),
        (rule('discount = "1/2"'), "4.00 lines=A:4.00", ([], 4)),
        (rule('discount = "1/2"'), "4.00 can=P lines=A:4.00", ([], 4)),
        (rule('discount = "1/2"'), "4.00 can=D", ([], 4)),
        # What earns no points may still be cheaper
        (rule('discount = "1/2"', 'category = "B"'), "8.00 can=D lines=A:4.00,B:4.00:N", ([(2, 200)], 4)),
        # Prices see the ticket, whatever was paid with points; points see what is left
        (rule('discount_amount = "1.00"', when='amount = { from = "10.00" }'), "4.00 ticket=10.00 can=D lines=A:10.00", ([(1, 100)], 3)),
        (
            rule('discount_amount = "1.00"') + rule("points = 50", when='amount = { from = "10.00" }', name="p"),
            "10.99 can=D lines=A:10.99",
            ([(1, 100)], 9),
        ),
        # Each takes off what the earlier left: half of 8.00, then 5.00 of the 4.00 that remain
        (rule('discount = "1/2"') + rule('discount_amount = "5.00"', name="s"), "8.00 can=D lines=A:8.00", ([(1, 400), (1, 400)], 0)),
        (
            '[[group]]\nid = "g"\npick = "best"\n'
            + rule('discount = "1/2"', 'category = "A"', more='group = "g"', name="a")
            + rule('discount = "1/4"', more='group = "g"', name="b"),
            "9.00 can=D lines=A:2.00,B:7.00",
            ([(1, 50), (2, 175)], 6),
        ),
    ],
)  # fmt: skip
def test_discounts(text: str, words: str, expected: tuple[list[tuple[int, int]], int]) -> None:
    """They add up, and what is taken off earns nothing."""
    assert off(text, words) == expected


@given(rules=rule_lists(max_size=12), facts=sales())
def test_no_line_costs_less_than_nothing(rules: tuple[Rule, ...], facts: Facts) -> None:
    """However many discounts meet; and the net sale rates to the same points again, as a refund needs it."""
    made = replace(STARTER, rules=rules)
    award = evaluate(made, facts)
    net = facts.after(award.discounts)
    assert price(made, facts) == price(made, replace(facts, base_minor=0)) == award.discounts
    for before, after in zip(facts.lines or (), net.lines or (), strict=True):
        assert after.amount_minor == before.amount_minor or 0 <= after.amount_minor < before.amount_minor
    assert evaluate(made, net) == structs.replace(award, discounts=())
