"""What a campaign takes off prices has a budget and limits of its own: all its rules draw on them."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.errors import Problems
from rules.counters import Place
from rules.explain import why_not
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from switch.outcome import Outcome
from switch.tallies import changes_of
from tests.rules.sales import sale
from tests.switch.story import Story, play, starter_text
from tests.switch.test_decide_properties import ask

BASKET = "lines=a*1000,b*500 can=D"
RULES = """
[[rule]]
id = "tenth"
text = "A tenth off everything"
then = { discount = "1/10" }

[[rule]]
id = "half"
text = "2.00 off b"
priority = -1
lines = { product = "b" }
then = { discount_amount = "2.00" }
"""


def made(limits: str, rules: str = RULES) -> Programme:
    campaign = f"""
    [campaign]
    id = "sale"
    text = "Sale"
    nature = "discounts"
    category = "seasonal"
    state = "active"
    period = {{ from = 2026-01-01 }}
    {limits}
    {rules}"""
    return parse_programme({MAIN: starter_text(), "campaigns/sale.toml": campaign})


def test_a_budget_is_used_up_to_the_cent() -> None:
    """By whichever rules, members and terminals; a later rule of a sale finds what the earlier left."""
    play(
        f"""
        QUOTE card=A amount=1500 {BASKET}  -> off=350
        EARN card=A amount=1500 {BASKET}   -> off=350 lines=1:100+2:50+2:200 pay=1150
        EARN card=B amount=1500 {BASKET}   -> off=250 lines=1:100+2:50+2:100
        EARN card=A amount=1500 {BASKET}   -> off=0 pay=1500
        """,
        made('budget_discounts = "6.00"'),
    )


def test_a_budget_is_paced_by_day() -> None:
    play(
        f"""
        EARN card=A amount=1500 {BASKET}          -> off=350
        EARN card=B amount=1500 {BASKET}          -> off=50
        EARN card=B amount=1500 {BASKET} later=1  -> off=350
        EARN card=B amount=1500 {BASKET} later=2  -> off=250
        """,
        made('budget_discounts = "10.00"\nbudget_discounts_daily = "4.00"'),
    )


@pytest.mark.parametrize(
    ("limit", "second", "other_member"),
    [
        ('{ cost = "4.00", per = "week" }', 50, 350),
        ('{ cost = "4.00", per = "week", scope = "all" }', 50, 0),
        ('{ count = 1, per = "week" }', 0, 350),
        ('{ cost = "3.00", per = "transaction" }', 300, 300),
    ],
)
def test_limits_of_all_rules_together(limit: str, second: int, other_member: int) -> None:
    """A sale counts once, however many of the rules take something off."""
    first = 300 if "transaction" in limit else 350
    play(
        f"""
        EARN card=A amount=1500 {BASKET} -> off={first}
        EARN card=A amount=1500 {BASKET} -> off={second}
        EARN card=B amount=1500 {BASKET} -> off={other_member}
        """,
        made(f"discount_cap = {limit}"),
    )


def test_what_is_undone_goes_back() -> None:
    """A void, a reversal and a return of all of it; a hold reserves until it is released."""
    play(
        f"""
        s: EARN card=A amount=1500 {BASKET}   -> off=350
        EARN card=A amount=1500 {BASKET}      -> off=0
        VOID of=s                             -> pay=1150
        t: EARN card=A amount=1500 {BASKET}   -> off=350
        REVERSAL of=t                         -> reason=None
        u: EARN card=A amount=1500 {BASKET}   -> off=350
        REFUND of=u amount=1150               -> pay=1150
        h: HOLD card=A amount=1500 {BASKET}   -> off=350
        EARN card=B amount=1500 {BASKET}      -> off=0
        VOID of=h                             -> reason=None
        EARN card=B amount=1500 {BASKET}      -> off=350
        """,
        made('budget_discounts = "3.50"'),
    )


def test_what_comes_back_in_part_is_free_again() -> None:
    """What the rules took off the lines that are returned; what a completion needs no more."""
    play(
        f"""
        s: EARN card=A amount=1500 {BASKET}     -> off=350 lines=1:100+2:50+2:200
        REFUND of=s amount=250 lines=b*250      -> pay=250
        EARN card=B amount=1500 {BASKET}        -> off=250
        """,
        made('budget_discounts = "3.50"'),
    )
    play(
        f"""
        h: HOLD card=A amount=1500 {BASKET}                    -> off=350
        EARN card=B amount=1500 {BASKET}                       -> off=50
        COMPLETE of=h card=A amount=1000                       -> off=233
        EARN card=B amount=1500 {BASKET}                       -> off=117
        """,
        made('budget_discounts = "4.00"'),
    )


def test_the_budget_for_points_is_another() -> None:
    """Neither binds what the other is for."""
    points = '[[rule]]\nid = "ten"\ntext = "Ten"\nthen = { points = 10 }\n'
    play(
        f"""
        EARN card=A amount=1500 {BASKET} -> off=350 earned=21
        EARN card=A amount=1500 {BASKET} -> off=350 earned=16
        EARN card=A amount=1500 {BASKET} -> off=100 earned=14
        """,
        made('budget_points = 15\nbudget_discounts = "8.00"', RULES + points),
    )


@pytest.mark.parametrize(
    ("spent", "rule", "told"),
    [
        (0, "half", "2.00 off"),
        (200, "half", "the budget of sale had 0.00 left"),  # the tenth took the last of it
        (350, "tenth", "the budget of sale had 0.00 left"),
    ],
)
def test_why_it_gave_nothing(spent: int, rule: str, told: str) -> None:
    facts = sale("15.00 lines=A:10.00,B:5.00 can=D")
    facts = replace(facts, counters=(("off:budget:sale/all#cost/lifetime", spent),))
    programme = made('budget_discounts = "3.50"', RULES.replace('"b"', '"P2"'))
    assert why_not(programme, facts, rule)[-1].found == told


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        ('budget_discounts = "0.00"', "campaign.budget_discounts: must be above zero"),
        ('budget_discounts_daily = "1.00"', "campaign.budget_discounts_daily: paces no budget"),
        (
            'budget_discounts = "1.00"\nbudget_discounts_daily = "2.00"',
            "campaign.budget_discounts_daily: paces no budget",
        ),
        ('discount_cap = { points = 5, per = "day" }', "campaign.discount_cap: limits points"),
        (
            """
            budget_discounts = "9.00"
            budget_discounts_daily = "2.00"
            discount_cap = { cost = "3.00", per = "day", scope = "all" }
            """,
            "campaign.discount_cap: limits what budget_discounts_daily limits already",
        ),
    ],
)
def test_what_cannot_be_meant(limits: str, what: str) -> None:
    with pytest.raises(Problems) as caught:
        made(limits)
    assert what in str(caught.value)


BOUND = made(
    """
    budget_discounts = "9.00"
    budget_discounts_daily = "6.00"
    discount_cap = [{ cost = "4.00", per = "week" }, { count = 3, per = "month" }]
    """
)


BOUNDS = {
    ("off:budget:sale/all#cost", False): 900,
    ("off:campaign:sale/all#cost", True): 600,
    ("off:campaign:sale/member#cost", True): 400,
    ("off:campaign:sale/member#count", True): 3,
}


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A sale, a hold or what becomes of one that is some lines back."""
    kind = draw(st.sampled_from(["EARN", "EARN", "EARN", "QUOTE", "HOLD", "COMPLETE", "VOID", "REFUND"]))
    of, card = f"back={draw(st.integers(1, 4))}", draw(st.sampled_from("AB"))
    one, other = draw(st.integers(1, 2000)), draw(st.integers(1, 500))
    advice = draw(st.sampled_from(["", "", "*"]))
    match kind:
        case "VOID":
            return f"VOID {of}"
        case "REFUND":
            return f"REFUND{advice} card={card} amount={one} {of}"
        case "COMPLETE":
            return f"COMPLETE{advice} card={card} amount={one + other} {of}"
        case _:
            advice = "" if kind in ("QUOTE", "HOLD") else advice
            return f"{kind}{advice} card={card} amount={one + other} lines=a*{one},b*{other} can=D"


@settings(max_examples=60)
@given(asked=st.lists(lines(), min_size=3, max_size=14), cuts=st.sets(st.integers(0, 13)))
def test_nothing_is_passed_and_all_comes_back(asked: list[str], cuts: set[int]) -> None:
    """Whatever is asked, in one batch or many; when all of it is reversed nothing is counted.

    What a refund or a void freed may have gone to others, and is counted once more when that is reversed.
    """
    story = Story(BOUND)
    sums: Counter[Place] = Counter()

    def follow(number: int, line: str) -> None:
        _, outcome = ask(story, number, line)
        assert isinstance(outcome, Outcome)
        for place, change, total in changes_of(outcome.sides):
            sums[place] += change
            assert sums[place] == total
            assert total >= 0
            if change > 0 and line.startswith(("EARN", "HOLD")):
                assert total <= BOUNDS.get((place[0], bool(place[2])), total), place

    for number, line in enumerate(asked):
        follow(number, line)
        if number in cuts:
            story.commit()
    for number in reversed(range(len(asked))):
        if not asked[number].startswith("QUOTE"):
            follow(len(asked) + number, f"REVERSAL of=n{number}")
    assert not any(sums.values())
