"""What comes back of a sale is free again of limits on prices and of budgets, to the cent."""

from collections import Counter

import pytest

from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from tests.switch.story import Story, play, starter_text
from tests.switch.test_returns_in_parts import counted

TENTH = """
[[rule]]
id = "tenth"
text = "A tenth off a and b"
lines = { product = ["a", "b"] }
then = { discount = "1/10" }
cap = {}
"""


def tenth(cap: str) -> Programme:
    return parse_programme({MAIN: starter_text() + TENTH.replace("{}", cap)})


def test_what_is_off_no_more_may_be_taken_off_again() -> None:
    """Line by line, to the cent; a later return frees the rest, and what did not happen takes it again."""
    again = "QUOTE card=A amount=9000 lines=a*9000 can=D"
    play(
        f"""
        s: EARN card=A amount=1500 lines=a*1000,b*400,x*100 can=D -> off=140 lines=1:100+2:40
        {again}                                       -> off=60
        r: REFUND of=s amount=360 lines=b*360         -> pay=360
        {again}                                       -> off=100
        REFUND of=s amount=100 lines=x*100            -> pay=100
        {again}                                       -> off=100
        REFUND of=s amount=301 lines=a*301            -> pay=301
        {again}                                       -> off=133
        REVERSAL of=r                                 -> reason=None
        {again}                                       -> off=93
        REFUND of=s amount=959 lines=a*599,b*360      -> pay=959
        {again}                                       -> off=200
        """,
        tenth('{ cost = "2.00", per = "day" }'),
    )


def test_where_nobody_said_the_lines_it_is_the_proportion() -> None:
    """Rounded so that no more is free than came back; and again for the part of a refund that stands not."""
    again = "QUOTE card=A amount=9000 lines=a*9000 can=D"
    play(
        f"""
        s: EARN card=A amount=1400 lines=a*1000,b*400 can=D -> off=140
        r: REFUND of=s amount=500                     -> pay=500
        {again}                                       -> off=115
        REVERSAL of=r final=100                       -> reason=None
        {again}                                       -> off=71
        REVERSAL of=s final=400                       -> pay=1000
        {again}                                       -> off=182
        """,
        tenth('{ cost = "2.00", per = "day" }'),
    )


def test_it_is_free_in_the_time_in_which_it_was_used() -> None:
    """What comes back on another day frees nothing of that day."""
    again = "QUOTE card=A amount=9000 lines=a*9000 can=D"
    play(
        f"""
        s: EARN card=A amount=1500 lines=a*1000,b*500 can=D  -> off=150
        EARN card=A amount=500 lines=a*500 can=D later=1     -> off=50
        REFUND of=s amount=450 lines=b*450                   -> pay=450
        {again}                                              -> off=50
        {again} later=1                                      -> off=150
        {again} later=1                                      -> off=200
        """,
        tenth('[{ cost = "2.00", per = "2 days" }]'),
    )


def test_a_sale_counts_while_something_of_it_is_off() -> None:
    """By lines; by amounts until all has come back."""
    cap = '{ count = 1, per = "lifetime" }'
    again = "QUOTE card=A amount=1000 lines=a*1000 can=D"
    play(
        f"""
        s: EARN card=A amount=1500 lines=a*1000,x*500 can=D  -> off=100
        REFUND of=s amount=899 lines=a*899                   -> pay=899
        {again}                                              -> off=0
        r: REFUND of=s amount=1 lines=a*1                    -> pay=1
        {again}                                              -> off=100
        REVERSAL of=r                                        -> reason=None
        {again}                                              -> off=0
        REFUND of=s amount=500                               -> pay=500
        {again}                                              -> off=0
        REFUND of=s amount=1                                 -> pay=1
        {again}                                              -> off=100
        """,
        tenth(cap),
    )


def test_what_was_free_is_off_while_it_is_kept() -> None:
    """Though all that was paid for came back; so the coupon that brought it stays used, too."""
    text = """
    [[coupon]]
    id = "hello"
    text = "Hello"
    codes = ["HELLO"]
    [[rule]]
    id = "free"
    text = "Free"
    when = { coupon = "hello" }
    lines = { product = "a" }
    then = { unit_price = "0.00" }
    cap = { cost = "5.00", per = "day" }
    """
    again = "EARN card=A amount=300 lines=a*300 can=D coupon=HELLO"
    play(
        f"""
        s: EARN card=A amount=800 lines=a*300,x*500 can=D coupon=HELLO -> off=300
        REFUND of=s amount=500 lines=x*500                             -> pay=500
        QUOTE card=B amount=300 lines=a*300 can=D coupon=HELLO         -> refused=COUPON_USED:HELLO
        REFUND of=s amount=0 lines=a*0                                 -> pay=0
        {again}                                                        -> off=300
        """,
        parse_programme({MAIN: starter_text() + text}),
    )


def test_a_smaller_completion_takes_less_off() -> None:
    """Its hold counted all; what the sale does not need is free, and what of it comes back later."""
    again = "QUOTE card=A amount=9000 lines=a*9000 can=D"
    play(
        f"""
        h: HOLD card=A amount=1500 lines=a*1000,x*500 can=D           -> off=100 pay=1400
        {again}                                                       -> off=100
        c: COMPLETE card=A amount=750 of=h can=D                      -> off=50 pay=700 earned=7
        {again}                                                       -> off=150
        REFUND of=c amount=250 lines=x*250                            -> pay=250
        {again}                                                       -> off=150
        REFUND of=c amount=225 lines=a*225                            -> pay=225
        {again}                                                       -> off=175
        REVERSAL of=c                                                 -> reason=None
        {again}                                                       -> off=200
        """,
        tenth('{ cost = "2.00", per = "day" }'),
    )


def test_a_completion_with_a_basket_of_its_own() -> None:
    """It is sold at the prices of the hold: nothing is taken off a second time before it earns."""
    play(
        """
        h: HOLD card=A amount=2000 lines=a*2000 can=D                 -> off=200
        c: COMPLETE card=A amount=2000 of=h lines=a*1200,x*800 can=D  -> off=200 earned=18
        QUOTE card=A amount=9000 lines=a*9000 can=D                   -> off=100
        REFUND of=c amount=720 lines=x*720                            -> pay=720 earned=-8
        QUOTE card=A amount=9000 lines=a*9000 can=D                   -> off=180
        """,
        tenth('{ cost = "3.00", per = "day" }'),
    )


GIFTS = """
[campaign]
id = "c"
text = "C"
nature = "mixed"
category = "x"
state = "active"
period = { from = 2026-01-01 }
budget_points = 1500
funding = [{ partner = "MARKET", basis_points = 10000 }]

[[rule]]
id = "double"
text = "Double"
then = { multiply = 2 }

[[rule]]
id = "gift"
text = "Gift"
when = { amount = { from = "10.00" } }
then = {}
cap = { cost = "15.00", per = "day" }
"""


@pytest.mark.parametrize(
    ("gift", "took", "stands"),
    [('{ certificate = "5.00" }', 500, 500), ('{ money = "5.00" }', 500, 250)],
)
def test_a_budget_gets_what_came_back(gift: str, took: int, stands: int) -> None:
    """Of an amount half of the points, and of money; a certificate stands whole until all comes back."""
    programme = parse_programme(
        {
            MAIN: starter_text() + '[[partner]]\nid = "MARKET"\ntext = "M"\n',
            "campaigns/c.toml": GIFTS.replace("{}", gift),
        }
    )
    story = Story(programme)
    story.play("s: EARN card=A amount=2000 -> earned=40")
    measures = "budget:c/all", "rule:gift/member#cost", "funded_gifts:c", "funded:c"

    def counts() -> list[int]:
        sums: Counter[str] = Counter()
        for place, count in counted(story).items():
            sums[place[0]] += count
        return [sums[measure] for measure in measures]

    assert counts() == [20 + took, took, took, 20]
    story.play("r: REFUND card=A of=s amount=1000 -> earned=-20")
    assert counts() == [10 + stands, stands, stands, 10]
    story.play("REVERSAL of=r -> earned=20")
    assert counts() == [20 + took, took, took, 20]
    story.play("t: REFUND card=A of=s amount=2000 ->\nREVERSAL of=t final=1000 ->")
    assert counts() == [10 + stands, stands, stands, 10]
    story.play("REFUND card=A of=s amount=500 ->\nREFUND card=A of=s amount=500 ->")
    assert counts() == [0, 0, 0, 0]


def test_a_completion_on_another_day_frees_nothing_of_its_holds_day() -> None:
    """There nothing was counted any more, so nothing can come back."""
    rule = """
    [[rule]]
    id = "purse"
    text = "A seventh"
    then = { cash_back = "1/7" }
    cap = { cost = "9.00", per = "day" }
    """
    story = Story(parse_programme({MAIN: starter_text() + rule}))
    story.play(
        """
        h: HOLD card=A amount=269
        c: COMPLETE card=A amount=64 of=h later=1 ->
        REVERSAL of=c final=57 -> exception=None
        """
    )
    days = {place[2]: count for place, count in counted(story).items() if place[0].startswith("rule:purse")}
    assert days == {"2026-03-02": 0, "2026-03-03": 8}
