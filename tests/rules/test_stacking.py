"""The worst that can come together: found, told, and never less than what a sale really brings."""

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.amount import Rate, Rounding
from loyalty.transaction import BasketLine
from rules.conditions import OneOf
from rules.effects import FixedPoints, Multiply, UnitPrice
from rules.facts import Facts
from rules.lint import lint
from rules.programme import BaseRate, Multipliers, RoundingLevel
from rules.replay import Past, rate
from rules.restraint import Restraint
from rules.rule import Rule
from rules.stacking import Stacking, value_of_point
from tests.rules.sales import programme
from tests.rules.strategies import NOON, multiplier_lists, rule_lists, sales

STARTER = programme()


def rule(name: str, more: str, then: str) -> str:
    return f'[[rule]]\nid = "{name}"\ntext = "R"\n{more}\nthen = {{ {then} }}\n'


@settings(max_examples=40)
@given(
    rules=rule_lists(max_size=6) | multiplier_lists(),
    facts=sales(),
    lines=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(1, 2), st.integers(1, 30), st.sampled_from("abc")),
        min_size=1,
        max_size=4,
    ),
    rounding=st.sampled_from(Rounding),
    level=st.sampled_from(RoundingLevel),
    multipliers=st.sampled_from(Multipliers),
)
def test_no_sale_brings_more(
    rules: tuple[Rule, ...],
    facts: Facts,
    lines: list[tuple[str, int, int, str]],
    rounding: Rounding,
    level: RoundingLevel,
    multipliers: Multipliers,
) -> None:
    """Whatever the rules, the basket and the rounding: the stack of its ticket is an upper bound.

    Unit prices apart: what a unit cost before is not known there.
    """
    rules = tuple(rule for rule in rules if not isinstance(rule.effect, UnitPrice))
    base = BaseRate(Rate(1, 100), rounding, level, multipliers)
    made = replace(STARTER, rules=rules, base=base, restraint=Restraint(line_from_minor=50))
    basket = tuple(
        BasketLine(product, units * 1000, "U", units * 50 * price, category)
        for product, units, price, category in lines
    )
    ticket = sum(line.amount_minor for line in basket)
    facts = replace(facts, lines=basket, ticket_minor=ticket, base_minor=ticket, counters=(("stamps.s", 5),))
    rated = rate(made, Past(facts, facts.local_at.date(), 1, 1))
    worth = rated.award.points * value_of_point(made)
    worth += sum(each.amount_minor for each in rated.award.discounts)
    worth += sum(minor for _, minor in rated.given.costs)
    assert worth <= Stacking(made).on(ticket).worth_minor


def test_only_what_goes_together_is_added_up() -> None:
    """One of a group, one arm, one weekday; and the basket is told at which it is worst."""
    text = (
        '[[group]]\nid = "g"\npick = "best"\n'
        + rule("a", 'group = "g"\nwhen = { amount = { from = "10.00" } }', "points = 100")
        + rule("b", 'group = "g"', "points = 7")
        + rule("mon", 'when = { weekday = "mon", amount = { from = "10.00" } }', "points = 60")
        + rule("tue", 'when = { weekday = "tue", amount = { from = "10.00" } }', "points = 50")
        + rule("two", "", "multiply = 2")
    )
    stack = Stacking(programme(text)).worst()
    assert stack.ticket_minor == 1000
    assert stack.parts == (("a", 100), ("mon", 60), ("base", 10), ("two", 10))
    assert (stack.worth_minor, stack.share_bp, stack.is_exact) == (180, 1800, True)


def test_limits_bind_the_stack() -> None:
    """A rule's own, its campaign's, and the programme's."""
    text = (
        rule("a", 'cap = { points = 30, per = "day" }', "points = 100")
        + '[[cap]]\npoints = 25\nper = "day"\n'
    )
    made = programme(text)
    assert Stacking(replace(made, limits=())).on(100).worth_minor == 31
    assert Stacking(made).on(100).worth_minor == 25


@pytest.mark.parametrize(("limit", "problem"), [(1000, False), (999, True)])
def test_more_than_the_author_allows_is_a_problem(limit: int, problem: bool) -> None:  # noqa: FBT001  (data)
    """Exactly as much is allowed."""
    text = rule("a", 'when = { amount = { from = "5.00" } }', "points = 45")
    (told,) = [*lint(programme(f"[guards]\ngiveaway_max_bp = {limit}\n" + text)), None][:1]
    assert (told is not None) is problem
    if told is not None:
        assert told.is_problem
        assert told.what == (
            "a ticket of 5.00 may bring back 0.50, 10 percent of it, and 9.99 percent are allowed:"
            " a 0.45, base 0.05"
        )


@pytest.mark.parametrize("multipliers", Multipliers)
def test_many_rules_are_looked_through_in_time(multipliers: Multipliers) -> None:
    """Hundreds of rules of many kinds that exclude each other by pairs, and hundreds that all go together."""
    rules = [
        Rule(
            id=f"r{at:03}",
            text="R",
            effect=FixedPoints(at % 17 + 1) if at % 3 else Multiply(Rate(at % 5 + 2)),
            when=(OneOf(("store", "tier", "channel")[at % 3], frozenset({str(at % 7), str(at % 11)})),),
        )
        for at in range(150)
    ]
    began = time.process_time()
    base = replace(STARTER.base, multipliers=multipliers)
    made = replace(STARTER, rules=tuple(sorted(rules, key=lambda each: each.order)), base=base)
    stack = Stacking(made).worst()
    assert stack.worth_minor > 0
    assert time.process_time() - began < 20


STAMPS = (
    '[guards]\nline_from = "2.00"\n'
    '[[stamp_card]]\nid = "coffee"\ntext = "Coffee"\nsize = 9\n'
    '[[stamp_card]]\nid = "visits"\ntext = "Visits"\nsize = 3\ncoupon = "five"\n'
    '[[coupon]]\nid = "five"\ntext = "5.00 off"\nvalue = "5.00"\n'
    + rule("used", 'when = { coupon = "five" }', "points = 1")
)


@pytest.mark.parametrize(
    ("then", "ticket", "worth"),
    [
        ('free_for_stamps = "coffee"', 200, 200),  # a full card: all of it is free, and earns nothing
        ('stamp = "visits"', 200, 502),  # the last stamp: a coupon
        ('stamp_per_unit = "visits"', 200, 502),
        ('stamp_per_unit = "visits"', 600, 506),
        ('stamp_per_unit = "visits"', 800, 1008),  # four units, the first of which fills a card
        ('stamp = "coffee"', 200, 2),
    ],
)
def test_cards_of_stamps_are_full(then: str, ticket: int, worth: int) -> None:
    made = programme(STAMPS + rule("a", "", then))
    made = replace(made, rules=tuple(each for each in made.rules if each.id == "a"))
    assert Stacking(made).on(ticket).worth_minor == worth


def test_a_limit_does_not_see_what_rounding_hides_from_a_product() -> None:
    """7/2 are 3 points, which the limit leaves, and the next two multiply all eight times of them."""
    text = (
        rule("a", 'priority = 1\ncap = { points = 3, per = "transaction" }', "multiply = 8")
        + rule("b", "", "multiply = 2")
        + rule("c", "", "multiply = 2")
    )
    base = BaseRate(Rate(1, 100), Rounding.DOWN, RoundingLevel.LINE, Multipliers.PRODUCT)
    made = replace(programme('[guards]\nline_from = "0.50"\n' + text), base=base)
    facts = Facts(operation="EARN", base_minor=50, ticket_minor=50, local_at=NOON)
    points = rate(made, Past(facts, NOON.date(), 1, 1)).award.points
    assert points == 15
    assert points * value_of_point(made) <= Stacking(made).on(50).worth_minor
