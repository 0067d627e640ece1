"""Experiments and the hold-out: who gets what, who gets nothing, and that it stays so."""

from collections import Counter

import pytest

from loyalty.errors import Problems
from rules.award import Verdict
from rules.evaluate import evaluate
from rules.experiment import HOLDOUT, arms_of, drawn
from rules.explain import tell, why_not
from rules.extras import extras
from rules.facts import Facts
from tests.rules.sales import check, programme, sale

CAMPAIGN = """
[campaign]
id = "spring"
text = "Spring"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-01-01 }
experiment = { arms = { A = 4500, B = 4500, control = 1000 } }
"""


def rule(name: str, more: str = "", then: str = "points = 5") -> str:
    return f'[[rule]]\nid = "{name}"\ntext = "Rule {name}"\n{more}\nthen = {{ {then} }}\n'


ONE, OTHER = rule("a", 'arm = "A"', "points = 10"), rule("b", 'arm = "B"', "points = 20")
SPRING = CAMPAIGN + rule("both") + ONE + OTHER
WINTER = CAMPAIGN.replace("spring", "winter") + rule("w")


def holding_out(share_bp: int) -> dict[str, str]:
    return {'language = "en"': f'holdout_bp = {share_bp}\nlanguage = "en"'}


def test_each_arm_gets_its_rules() -> None:
    """One without an arm is for all but the control; a sale without a member is in no arm."""
    check(
        programme(spring=SPRING),
        """
        1.00 arms=spring/A -> 16
        1.00 arms=spring/B -> 26
        1.00 arms=spring/control -> 1
        1.00 arms=winter/A -> 1
        1.00 -> 1
        """,
    )
    named = programme(spring=CAMPAIGN + rule("c", 'arm = ["B", "control"]'))
    check(named, "1.00 arms=spring/A -> 1\n1.00 arms=spring/B -> 6\n1.00 arms=spring/control -> 6")


def test_who_is_held_out_gets_the_base_alone() -> None:
    """No bonus, no price, no coupon, no base rate of a campaign, and nothing of a limit is used up."""
    text = (
        rule("more", 'cap = { points = 100, per = "day", scope = "all" }')
        + rule("slow", 'lines = { category = "FUEL" }', 'base = "1/200"')
        + rule("off", 'lines = { category = "BREAD" }', 'discount = "1/2"')
        + rule("word", "", 'message = "Thank you"')
    )
    base = CAMPAIGN.partition("experiment")[0] + rule("quick", "", 'base = "3/100"')
    made = programme(text, head=holding_out(200), spring=base)
    basket = "lines=FUEL:10.00,BREAD:10.00 can=D"
    given = evaluate(made, sale(f"20.00 {basket}"))
    assert (given.points, bool(given.discounts), bool(given.counted)) == (50, True, True)
    facts = sale(f"20.00 {basket} arms=holdout")
    held = evaluate(made, facts)
    assert (held.points, held.discounts, held.counted) == (15, (), ())
    assert [step.rule_id for step in held.steps if step.verdict is Verdict.HELD_OUT] == ["quick", "more"]
    assert extras(made, facts).messages == ()
    assert extras(made, sale("20.00")).messages == ("Thank you",)


def test_explanations_name_the_arm() -> None:
    """As the reason why a rule gave nothing."""
    made = programme(spring=SPRING)
    control = sale("1.00 arms=spring/control")
    assert tell(made, control)[1:] == [
        "the member is in spring/control",
        "base: the programme's base rate: on 1.00 exactly 1, so +1",
        "a: Rule a: holds on 1.00, but is for another arm",
        "b: Rule b: holds on 1.00, but is for another arm",
        "both: Rule both: holds on 1.00, but is for another arm",
        "= 1, rounded down on each transaction",
        "base costs 0.01: the programme 0.01",
    ]
    (*_, last) = why_not(made, control, "a")
    assert (last.holds, last.asks, last.found) == (False, "a member in spring/A", "spring/control")
    (*_, last) = why_not(made, sale("1.00 arms=holdout"), "a")
    assert (last.holds, last.asks, last.found) == (False, "a member who is not held out", HOLDOUT)


def test_what_the_member_cannot_get_is_not_told_as_near() -> None:
    """The nearest of the rest is."""
    far = rule("far", 'arm = "A"\nwhen = { amount = { from = "9.00" } }')
    near = rule("near", 'arm = "B"\nwhen = { amount = { from = "8.00" } }', "points = 7")
    check(
        programme(spring=CAMPAIGN + far + near),
        """
        7.00 arms=spring/A -> 7 | 2.00 more brings 5 extra points
        7.00 arms=spring/B -> 7 | 1.00 more brings 7 extra points
        7.00 arms=spring/control -> 7 | None
        """,
    )


def test_members_stay_where_they_lie() -> None:
    """The same in any version, spread as the shares say, and independent of other experiments."""
    assert [drawn(member, "spring") for member in (1, 2, 3)] == [4955, 6458, 3165]  # for ever
    assert [drawn(member, "") for member in (1, 2, 3)] == [8690, 3640, 3233]
    made = programme(head=holding_out(1000), spring=SPRING, winter=WINTER)
    where = Counter(arms_of(made, member) for member in range(10_000))
    assert 900 < where[frozenset({HOLDOUT})] < 1100
    each = 9000 * 45 * 45 // 10_000
    for one in "AB":
        for other in "AB":
            assert abs(where[frozenset({f"spring/{one}", f"winter/{other}"})] - each) < 200
    more = programme(head=holding_out(2000), spring=SPRING)
    held = [member for member in range(1000) if arms_of(made, member) == {HOLDOUT}]
    assert all(arms_of(more, member) == {HOLDOUT} for member in held)


def test_the_facts_keep_it() -> None:
    """So it can be recomputed when the member is long gone."""
    facts = sale("1.00 arms=spring/A,winter/B")
    assert Facts.from_json(facts.to_json()) == facts


@pytest.mark.parametrize(
    ("campaign", "problem"),
    [
        (CAMPAIGN.replace("4500, B", "4400, B") + rule("r"), "do not sum to 10,000 basis points"),
        (CAMPAIGN.replace("A = 4500, B = 4500, control = 1000", "A = 10000") + rule("r"), "fewer than two"),
        (CAMPAIGN + rule("r", 'arm = "C"'), "cannot hold C"),
        (CAMPAIGN.partition("experiment")[0] + rule("r", 'arm = "A"'), "is of no experiment"),
    ],
)
def test_what_makes_no_sense_is_told(campaign: str, problem: str) -> None:
    """Members without an arm, arms that nobody compares, rules of arms that are not there."""
    with pytest.raises(Problems, match=problem):
        programme(spring=campaign)
