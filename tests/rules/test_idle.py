# ruff: noqa: E501  (a row of a table is a line)
"""What a programme says in vain is told before it goes live."""

from dataclasses import replace

import pytest

from rules.idle import idle_things
from tests.rules.sales import programme

GROUP = '[[group]]\nid = "g"\npick = "first"\n'
COUPON = '[[coupon]]\nid = "c"\ntext = "C"\n'
CARD = '[[stamp_card]]\nid = "s"\ntext = "S"\nsize = 9\n'
POOL = '[[pool]]\nid = "p"\ntext = "P"\nstock = 9\n'
NEVER = "asks for things that exclude each other, so it never applies"
SHADOWED = "is never reached: a comes first and asks for less"


def rule(name: str, more: str = "", then: str = "points = 1") -> str:
    return f'[[rule]]\nid = "{name}"\ntext = "R"\n{more}\nthen = {{ {then} }}\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (rule("a", "when = { age = { from = 18 }, all = { age = { below = 12 } } }"), [f"rule a: {NEVER}"]),
        (
            rule("a", 'lines = { category = "A", except_category = ["A", "B"] }'),
            ["rule a: leaves out all lines that it is about, so it never applies"],
        ),
        (rule("a", 'lines = { category = ["A", "C"], except_category = ["A", "B"] }'), []),
        (
            rule("a", 'priority = 1\nwhen = { mcc = ["5411", "5412"] }', 'base = "1/200"')
            + rule("b", 'when = { mcc = "5411" }\nlines = { category = "A" }', 'base = "1/300"'),
            [f"rule b: {SHADOWED}"],
        ),
        (
            rule("a", 'priority = 1\nlines = { category = "A" }', 'base = "1/200"')
            + rule("b", 'lines = { category = ["A", "B"] }', 'base = "1/300"'),
            [],
        ),
        (GROUP + POOL + rule("a", 'group = "g"\npriority = 1', 'giveaway = "p"')
         + rule("b", 'group = "g"', 'money = "1.00"'), []),
        (COUPON + rule("a", 'when = { coupon = "c" }'), ["coupon c: has no codes, and no rule gives it"]),
        (COUPON + 'codes = ["HELLO"]\n', ["coupon c: is good for nothing: no rule asks for it"]),
        (COUPON + rule("a", 'when = { coupon = "c" }') + rule("b", "", 'coupon = "c"'), []),
        (CARD + rule("a", "", 'free_for_stamps = "s"'), ["stamp_card s: is never filled: no rule gives stamps for it"]),
        (CARD + rule("a", "", 'stamp = "s"'), ["stamp_card s: is good for nothing when it is full"]),
        (CARD + rule("a", "", 'stamp = "s"') + rule("b", "", 'free_for_stamps = "s"'), []),
    ],
)  # fmt: skip
def test_rules_and_things(text: str, told: list[str]) -> None:
    assert [str(each).partition(" (")[0] for each in idle_things(programme(text))] == told


@pytest.mark.parametrize(("floor_bp", "told"), [(None, [f"rule b: {SHADOWED}"]), (100, [])])
def test_what_leaves_too_little_lets_the_next_pass(floor_bp: int | None, told: list[str]) -> None:
    """In a group that takes the first, of points as of prices."""
    made = programme(GROUP + rule("a", 'group = "g"\npriority = 1') + rule("b", 'group = "g"'))
    first, second = made.rules
    made = replace(made, rules=(replace(first, margin_floor_bp=floor_bp), second))
    assert [str(each).partition(" (")[0] for each in idle_things(made)] == told


@pytest.mark.parametrize(
    ("state", "rules", "told"), [("active", "", 1), ("draft", "", 0), ("active", "rule", 0)]
)
def test_campaigns_without_rules(state: str, rules: str, told: int) -> None:
    campaign = (
        f'[campaign]\nid = "k"\ntext = "K"\nnature = "points"\ncategory = "x"\nstate = "{state}"\n'
        "period = { from = 2026-01-01 }\n"
    )
    found = [str(each) for each in idle_things(programme(k=campaign + (rule("a") if rules else "")))]
    assert found == ["campaign k: has no rules, so it does nothing (write a rule)"] * told


def test_tiers() -> None:
    """One that is named anywhere brings something; nobody collects what nobody gives."""
    made = rule("a", 'when.any = [{ tier = "gold" }, { mcc = "5411" }]')
    asked = (
        '[qualification]\nmetric = "tier_points"\nwindow = "year"\ndowngrade = "one"\nfrom = { gold = 9 }\n'
    )
    tiers = '"basic", "gold"'
    assert [each.where for each in idle_things(programme(made, tiers=tiers))] == []
    assert [each.where for each in idle_things(programme(tiers=tiers))] == ["tier gold"]
    assert [each.where for each in idle_things(programme(made + asked, tiers=tiers))] == [
        "qualification.metric"
    ]
    gives = rule("b", "", "tier_points = 1")
    assert [each.where for each in idle_things(programme(made + asked + gives, tiers=tiers))] == []


@pytest.mark.parametrize(("name", "told"), [("MARKT", True), ("MARKET", False), ("ITSELF", False)])
def test_partners_who_are_misspelt(name: str, told: bool) -> None:  # noqa: FBT001  (a column)
    """The programme itself may have any name."""
    partner = '[[partner]]\nid = "MARKET"\ntext = "M"\n'
    campaign = f"""[campaign]
id = "k"
text = "K"
nature = "points"
category = "x"
state = "active"
period = {{ from = 2026-01-01 }}
funding = [{{ partner = "{name}", basis_points = 10000 }}]
"""
    found = [str(each) for each in idle_things(programme(partner, k=campaign + rule("a")))]
    what = "campaign k: is paid for by MARKT, who is no partner, so the programme pays his part"
    assert found == ([f"{what} (did you mean MARKET?)"] if told else [])
