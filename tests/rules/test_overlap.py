"""What is said of two conditions from them alone is so of every sale."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.transaction import BasketLine
from rules.conditions import Condition, LineFilter, holds
from rules.facts import Facts
from rules.overlap import covers, excludes, implies
from tests.rules.sales import programme
from tests.rules.strategies import conditions, line_filters, lines, sales, simple


@settings(max_examples=400)
@given(first=conditions | simple, second=conditions | simple, facts=sales())
def test_what_is_excluded_never_comes_together(first: Condition, second: Condition, facts: Facts) -> None:
    has_first, has_second = holds(first, facts), holds(second, facts)
    assert not (excludes(first, second) and has_first and has_second)
    assert not (implies(first, second) and has_first and not has_second)


@settings(max_examples=200)
@given(wide=line_filters(), narrow=st.none() | line_filters(), basket=st.lists(lines, max_size=4))
def test_a_wider_filter_is_about_every_line(
    wide: LineFilter, narrow: LineFilter | None, basket: list[BasketLine]
) -> None:
    if covers(wide, narrow):
        assert all(wide.covers(line) for line in basket if narrow is None or narrow.covers(line))


WHEN = """
[[calendar]]
id = "monday"
days = [2026-06-01]
[[calendar]]
id = "both"
days = [2026-06-01, 2026-06-02]
[[rule]]
id = "a"
text = "A"
when = {{ {} }}
then = {{ points = 1 }}
[[rule]]
id = "b"
text = "B"
when = {{ {} }}
then = {{ points = 1 }}
"""


@pytest.mark.parametrize(
    ("first", "second", "are"),
    [
        ('tier = "gold"', 'tier = ["gold", "silver"]', "implied"),
        ('tier = "gold"', 'tier = "silver"', "excluded"),
        ('segment = "a"', 'segment = ["a", "b"]', "implied"),
        ("amount = { from = 20, below = 30 }", "amount = { from = 10, below = 30 }", "implied"),
        ("amount = { from = 20 }", "amount = { from = 10, below = 30 }", ""),
        ("amount = { from = 30 }", "amount = { from = 10, below = 30 }", "excluded"),
        (
            'counter = { "visits.month" = { from = 2 } }',
            'counter = { "visits.month" = { from = 1 } }',
            "implied",
        ),
        ("age = { below = 18 }", "age = { from = 18 }", "excluded"),
        ("joined_days = { below = 7 }", "joined_days = { below = 30 }", "implied"),
        ('calendar = "monday"', 'calendar = "both"', "implied"),
        ('calendar = "monday"', 'weekday = ["mon", "tue"]', ""),
        ('calendar = "monday"', 'weekday = "tue"', "excluded"),
        ('calendar = "monday"', 'weekday = "sun", time = { from = "22:00", before = "02:00" }', ""),
        ('calendar = "monday"', "period = { from = 2026-06-02 }", "excluded"),
        ('calendar = "monday"', "period = { before = 2026-06-01T08:00:00 }", ""),
        ("period = { from = 2026-06-01, before = 2026-06-02 }", 'weekday = "tue"', "excluded"),
        ("period = { from = 2026-06-01, before = 2026-06-02T00:00:01 }", 'weekday = "tue"', ""),
        ("period = { from = 2026-06-05, before = 2026-06-06 }", "period = { from = 2026-06-01 }", "implied"),
        (
            'weekday = "mon", time = { from = "10:00", before = "11:00" }',
            'weekday = ["mon", "fri"]',
            "implied",
        ),
        ('weekday = "mon"', 'weekday = ["mon", "fri"], time = { from = "10:00", before = "11:00" }', ""),
        ('not = { mcc = ["5411", "5412"] }', 'not = { mcc = "5411" }', "implied"),
        ('mcc = "5411"', 'not = { mcc = ["5411", "5412"] }', "excluded"),
        ('any = [{ mcc = "5411" }, { mcc = "5412" }]', 'mcc = ["5411", "5412", "5413"]', "implied"),
        ('mcc = "5411"', 'any = [{ mcc = "5411" }, { tier = "gold" }]', "implied"),
    ],
)
def test_what_can_be_seen_of_two_conditions(first: str, second: str, are: str) -> None:
    one, other = (
        rule.when[0] for rule in programme(WHEN.format(first, second), tiers='"silver", "gold"').rules
    )
    assert (implies(one, other), excludes(one, other)) == (are == "implied", are == "excluded")
    assert excludes(other, one) == (are == "excluded")
