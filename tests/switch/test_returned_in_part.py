"""What comes back with a part of a sale, or with all its lines: as much as the kept part would not bring."""

from dataclasses import replace

import pytest

from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from switch.tallies import ISSUED
from tests.switch.story import Story, play, starter_text

CARDS = """
[[coupon]]
id = "treat"
text = "Treat"

[[stamp_card]]
id = "visits"
text = "Visits"
size = 2
coupon = "treat"

[[stamp_card]]
id = "cups"
text = "Cups"
size = 2

[[rule]]
id = "visit"
text = "A stamp a visit"
then = { stamp = "visits" }

[[rule]]
id = "cup"
text = "The third cup is free"
lines = { product = "cup" }
then = { free_for_stamps = "cups" }
"""
BEANS = """
[[rule]]
id = "bean"
text = "A stamp for each bean"
lines = { product = "bean" }
then = { stamp_per_unit = "cups" }
"""
USED_CUPS = "stamps_used:cups/member"
COUPONS = """
[[coupon]]
id = "treat"
text = "Treat"

[[rule]]
id = "any"
text = "A treat"
then = { coupon = "treat" }

[[rule]]
id = "fruit"
text = "Another for fruit"
lines = { product = "fruit" }
then = { coupon = "treat" }

[[rule]]
id = "treat"
text = "5 points for a treat"
when = { coupon = "treat" }
then = { points = 5 }
"""
TIERS = """
[[rule]]
id = "trial"
text = "Gold for a week"
then = { tier = { to = "gold", last = "7 days" } }

[[rule]]
id = "large"
text = "Gold for a year from 100.00"
when = { amount = { from = "100.00" } }
then = { tier = { to = "gold", last = "1 year" } }
"""


def programme(rules: str) -> Programme:
    return parse_programme({MAIN: starter_text().replace("tiers = []", 'tiers = ["basic", "gold"]') + rules})


def coupons(story: Story) -> list[str]:
    """Codes of the coupons that were issued and stand."""
    return [
        place[0].removeprefix(ISSUED)
        for place, total in story.store.tallies.items()
        if total and place[0].startswith(ISSUED)
    ]


@pytest.mark.parametrize("used", [0, 1])
def test_one_of_two_coupons_of_a_kind_is_withdrawn(used: int) -> None:
    """Which of them stays: the one that was used."""
    story = play("s: EARN card=A amount=1000 lines=fruit*600,milk*400", programme(COUPONS))
    first = coupons(story)[used]
    story.play(f"""
        EARN card=A amount=100 coupon={first}          -> earned=6 refused=
        REFUND card=A amount=600 of=s lines=fruit*600  -> earned=-6
    """)
    story.commit()
    assert [code for code in coupons(story) if code == first] == [first]
    assert len(coupons(story)) == 2  # the other sale issued one, too
    story.play("REFUND card=A amount=400 of=s lines=milk*400")
    story.commit()
    assert len(coupons(story)) == 1


def test_a_tier_is_given_for_as_long_as_the_kept_part_brings_it() -> None:
    play(
        """
        s: EARN card=A amount=15000 lines=x*9000,y*6000     -> tier=gold
        REFUND card=A amount=9000 of=s lines=x*9000         -> tier=gold
        INQUIRY card=A later=7                              -> tier=gold
        INQUIRY card=A later=1                              -> tier=basic
        """,
        programme(TIERS),
    )


@pytest.mark.parametrize(
    ("back", "left"),
    [
        pytest.param("cup*100", 3, id="with what was free on its line, and nothing brings a stamp any more"),
        pytest.param("milk*100", 0, id="but not what was free"),
    ],
)
def test_stamps_that_paid_for_what_comes_back_are_on_the_card_again(back: str, left: int) -> None:
    """Two cups are one line: stamps paid for one, and the other was paid for."""
    story = Story(programme(CARDS.replace("size = 2", "size = 3") + BEANS))
    story.play("EARN card=A amount=300 lines=bean*100,bean*100,bean*100")
    sale = story.transaction(["EARN", "card=A", "amount=300", "lines=cup*200,milk*100", "can=D"])
    assert sale.lines is not None
    two = replace(sale.lines[0], quantity_milli=2000)
    story.asked["s"] = replace(sale, lines=(two, sale.lines[1]))
    story.decide(story.asked["s"])
    assert cups(story) == 0
    refund = story.transaction(f"REFUND card=A amount=100 of=s lines={back}".split())
    assert refund.lines is not None
    milli = 2000 if back.startswith("cup") else 1000
    story.decide(replace(refund, lines=(replace(refund.lines[0], quantity_milli=milli),)))
    assert cups(story) == left


def cups(story: Story) -> int:
    """Stamps on A's card of cups."""
    given, used = (
        story.worksheet.tally((measure, "65", "")) for measure in ("stamps:cups/member", USED_CUPS)
    )
    return given - used


def test_what_a_full_card_became_is_taken_back_with_all_lines() -> None:
    story = play(
        """
        EARN card=A amount=100                              -> says=Visits:1/2
        s: EARN card=A amount=300 lines=x*300               -> says=Visits:0/2 gets=COUP:0:2027-03-02
        REFUND card=A amount=300 of=s lines=x*300           -> says=Visits:1/2
        EARN card=A amount=100                              -> gets=COUP:0:2027-03-02
        """,
        programme(CARDS),
    )
    assert story.balance("A") == 2


CAMPAIGN = """
[campaign]
id = "c"
text = "C"
nature = "points"
category = "x"
state = "active"
period = { from = 2026-01-01 }
funding = [{ partner = "FUEL", basis_points = 10000 }]

[[rule]]
id = "r"
text = "R"
lines = { product = "z" }
then = { THEN }
"""
PARTNER = """
[[partner]]
id = "FUEL"
text = "Fuel"
"""


def funded(then: str) -> Programme:
    """One whose campaign gives something for z, and a partner bears it."""
    campaign = CAMPAIGN.replace("THEN", then)
    return parse_programme({MAIN: starter_text() + PARTNER, "campaigns/c.toml": campaign})


@pytest.mark.parametrize("how", ["REFUND card=A amount=700", "VOID", "REVERSAL"])
def test_what_a_campaign_had_taken_for_returned_goods_comes_back(how: str) -> None:
    """Its base rate counts less where a line was returned on the ticket; undone, nothing is left of that."""
    story = play(
        f"""
        s: EARN card=A amount=700 lines=x*1000,z*-300  -> earned=4
        {how} of=s                                     -> earned=-4
        """,
        funded('base = { points = 2, per = "1.00" }'),
    )
    assert {place[0]: total for place, total in story.store.tallies.items() if total} == {}


@pytest.mark.parametrize("how", ["REFUND card=A amount=600", "VOID", "REVERSAL"])
def test_a_sale_may_earn_less_than_its_campaign_gives(how: str) -> None:
    """Goods without points are bought, and others returned: the base is below nothing, and is taken off."""
    story = play(
        "s: EARN card=A amount=600 lines=z*-400,y*1000/N -> earned=1 balance=1", funded("points = 5")
    )
    story.play(f"{how} of=s -> earned=-1 balance=0")
    story.commit()
    assert {place[0]: total for place, total in story.store.tallies.items() if total} == {}
    assert story.sums() == {}
