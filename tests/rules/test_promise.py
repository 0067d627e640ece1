"""What a little more would bring is told only where it would bring something."""

from dataclasses import replace

import pytest

from rules.evaluate import evaluate
from rules.interpret import interpret
from tests.rules.sales import programme, sale

HEAD = {'level = "transaction"': 'level = "transaction"\nnear_miss_tiers = true'}
NEAR = 'id = "near"\ntext = "Near"\nwhen = { amount = { from = "20.00" } }\n'
HELD = '[[rule]]\nid = "held"\ntext = "Held"\ngroup = "g"\n'


def told(rules: str, words: str = "18.00", pick: str = "best", used: int = 0) -> str | None:
    """What is told of a sale, by the table and by the plain interpreter."""
    group = f'[[group]]\nid = "g"\npick = "{pick}"\n'
    made = programme(group + rules, tiers='"basic", "gold"', head=HEAD)
    facts = replace(sale(words), counters=(("rule:near/member/day", used),))
    near = evaluate(made, facts).near_miss
    assert near == interpret(made, facts).near_miss
    return near


@pytest.mark.parametrize(
    ("near", "held", "is_told"),
    [
        ("multiply = 2", "multiply = 3", False),
        ("multiply = 2", "multiply = 2", False),
        ("multiply = 3", "multiply = 2", True),
        ("points = 10", "points = 10", False),
        ("points = 11", "points = 10", True),
        ("points = 10", "points_per_line = 30", True),
        ('points_per_amount = "1/100"', 'points_per_amount = "1/50"', False),
    ],
)
def test_the_best_of_a_group_is_not_made_better_by_less(near: str, held: str, *, is_told: bool) -> None:
    rules = f'[[rule]]\n{NEAR}group = "g"\nthen = {{ {near} }}\n{HELD}then = {{ {held} }}\n'
    assert (told(rules) is not None) is is_told
    assert told(rules.replace('group = "g"\n', "")) is not None


def test_the_first_of_a_group_is_the_first() -> None:
    """And of one that picks the least nothing is promised where another holds."""
    for priority, is_told in ((1, True), (-1, False)):
        near = f'[[rule]]\n{NEAR}group = "g"\npriority = {priority}\nthen = {{ points = 5 }}\n'
        assert (told(near + HELD + "then = { points = 50 }\n", pick="first") is not None) is is_told
        assert told(near + HELD + "then = { points = 50 }\n", pick="best_margin") is None
        assert told(near, pick="best_margin") is not None


def test_a_limit_that_is_used_up_promises_nothing() -> None:
    rule = f'[[rule]]\n{NEAR}then = {{ points = 10 }}\ncap = {{ points = 30, per = "day" }}\n'
    assert told(rule, used=20) == "2.00 more brings 10 extra points"
    assert told(rule, used=21) is None  # 9 of the 10 would come
    assert told(rule, used=30) is None
    double = rule.replace("points = 10", "multiply = 2")
    assert told(double, used=29) == "2.00 more doubles your points"
    assert told(double.replace("points = 30", 'cost = "1.00"'), used=0) is not None
    assert told(double, used=30) is None


def test_what_the_next_tier_would_bring() -> None:
    """The next rule is told where the first would lose."""
    when = 'when = { tier = "gold" }\n'
    gold = f'[[rule]]\nid = "gold"\ntext = "Gold"\ngroup = "g"\n{when}then = {{ multiply = 2 }}\n'
    other = f'[[rule]]\nid = "other"\ntext = "Other"\n{when}then = {{ points = 1 }}\n'
    held = HELD + "then = { multiply = 3 }\n"
    assert told(gold, "5.00 tier=basic") == "with gold: Gold"
    assert told(gold + held, "5.00 tier=basic") is None
    assert told(gold.replace("2", "4") + held, "5.00 tier=basic") == "with gold: Gold"
    assert told(gold + held + other, "5.00 tier=basic") == ("with gold: Other")
