"""What loads but is hardly meant is told before it goes live."""

import pytest

from rules.lint import lint
from tests.rules.sales import STARTER, programme

GIVEN = "guards.giveaway_max_bp: a ticket of 1.00 may bring back {}"
CAMPAIGN = """[campaign]
id = "c"
text = "C"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-06-01, before = 2026-09-01 }
audience = { tier = "gold" }
"""


def rule(name: str, more: str, then: str = "points = 1") -> str:
    return f'[[rule]]\nid = "{name}"\ntext = "R"\n{more}\nthen = {{ {then} }}\n'


def test_the_starter_is_clean() -> None:
    """A newcomer is not greeted with warnings."""
    assert lint(programme()) == []
    assert "[campaign]" not in STARTER


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (
            rule("dead", 'when = { mcc = "5411", all = { mcc = "5412" } }'),
            ["rule dead: asks for things that exclude each other, so it never applies"],
        ),
        (
            rule("dead", 'when = { store = "A", not = { store = "A" } }'),
            ["rule dead: asks for things that exclude each other, so it never applies"],
        ),
        (
            rule("first", "priority = 1", 'base = "1/200"')
            + rule("later", 'when = { mcc = "5411" }', 'base = "1/50"'),
            ["rule later: is never reached: first comes first and asks for less"],
        ),
        (
            '[[group]]\nid = "g"\npick = "first"\n'
            + rule("a", 'group = "g"\npriority = 2\nwhen = { mcc = "5411" }')
            + rule("b", 'group = "g"\npriority = 1\nwhen = { mcc = "5411", store = "S" }'),
            ["rule b: is never reached: a comes first and asks for less"],
        ),
        (
            rule("a", 'when = { mcc = "5411" }', "multiply = 20")
            + rule("b", 'when = { mcc = "5411", channel = "ECOM" }', "multiply = 8")
            + rule("c", 'when = { mcc = "5412" }', "multiply = 20"),
            [
                GIVEN.format("0.27, 27 percent of it: a 0.19, b 0.07, base 0.01"),
            ],
        ),
        (
            rule("a", 'when = { mcc = "5411" }', "multiply = 20")
            + rule("b", 'when = { mcc = "5412" }', "multiply = 20"),
            [],
        ),
        (
            rule("welcome", "", "points = 50"),
            [
                GIVEN.format("0.51, 51 percent of it: welcome 0.50, base 0.01"),
            ],
        ),
        (rule("welcome", 'when = { amount = { from = "20.00" } }', "points = 50"), []),
    ],
)
def test_rules_that_are_hardly_meant(rules: str, expected: list[str]) -> None:
    """Dead, shadowed, or together more generous than a shop can bear."""
    told = [str(each) for each in lint(programme(rules))]
    assert [each[: each.rindex(" (")] for each in told] == expected


def test_campaigns_give_what_they_say() -> None:
    """Each other thing is told once; what is mixed gives anything, and what declines gives nothing."""
    own = CAMPAIGN.replace(
        "[campaign]",
        '[campaign]\nbudget_points = 10\nbudget_discounts = 10\ngoal = { metric = "members", target = 9 }',
    )
    rules = (
        rule("a", "", "points = 1") + rule("b", "", 'discount = "1/10"') + rule("c", "", 'discount = "1/9"')
    )
    rules += rule("d", "", 'message = "M"') + rule("e", "", 'decline = "NO_WAY"')
    told = [
        str(each)
        for each in lint(programme(tiers='"basic", "gold"', c=own + rules))
        if each.where == "campaign c"
    ]
    assert [each.partition(" (")[0] for each in told] == [
        "campaign c: says that it gives points, and its rule b gives discounts",
        "campaign c: says that it gives points, and its rule d gives messages",
    ]
    mixed = own.replace('nature = "points"', 'nature = "mixed"')
    assert not [
        each
        for each in lint(programme(tiers='"basic", "gold"', c=mixed + rules))
        if each.where == "campaign c"
    ]


def test_campaigns_and_promises() -> None:
    """An aim and a bound for each campaign, a privilege for each tier, an end for each point."""
    head = {'"2 years"': '"for ever"', 'shortfall = "debt"': 'shortfall = "absorb"'}
    made = programme(tiers='"basic", "silver", "gold"', head=head, c=CAMPAIGN + rule("r", ""))
    assert [each.where for each in lint(made)] == [
        "tier silver", "campaign c", "campaign c", "points.last", "refund.shortfall"
    ]  # fmt: skip
    late = CAMPAIGN.replace(
        "[campaign]", '[campaign]\nbudget_points = 10\ngoal = { metric = "members", target = 9 }'
    )
    dead = rule("r", "when = { period = { from = 2026-09-01 } }")
    assert [each.where for each in lint(programme(tiers='"basic", "gold"', c=late + dead))] == ["rule r"]
