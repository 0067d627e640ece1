"""What a completed hold takes with it of its promise, so that it comes out as the sale would have."""

import pytest

from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from tests.switch.story import play, starter_text
from tests.switch.test_returned_in_part import CARDS

PRICES = """
[[rule]]
id = "third"
text = "A third off"
lines = { product = "x" }
then = { discount = "1/3" }

[[rule]]
id = "small"
text = "50 points for small tickets"
when.ticket = { below = "9.00" }
then = { points = 50 }

[[rule]]
id = "again"
text = "7 points for who had a third off before"
when.counter = { "given.third.lifetime" = { from = 1 } }
then = { points = 7 }
"""
CASHIERS = """
[[rule]]
id = "ten"
text = "10 points, once a cashier"
then = { points = 10 }
cap = { points = 10, per = "day", scope = "cashier" }
"""


def programme(rules: str = "", redemption: str = "") -> Programme:
    text = starter_text().replace('share = "1/1"', f'share = "1/1"\n{redemption}')
    return parse_programme({MAIN: text + rules})


@pytest.mark.parametrize(
    ("rules", "story"),
    [
        pytest.param(
            PRICES,
            """
            h: HOLD card=A amount=1200 lines=x*1200 can=D -> off=400 pay=800
            c: COMPLETE card=A amount=1200 of=h           -> off=400 pay=800 earned=58
            EARN card=A amount=2000                       -> earned=27
            REFUND card=A amount=100 of=c lines=x*100     -> earned=-1
            EARN card=A amount=2000                       -> earned=27
            REVERSAL of=c                                 -> earned=-57
            EARN card=A amount=2000                       -> earned=20
            """,
            id="what came off the price is off the ticket, and counts as given",
        ),
        pytest.param(
            CARDS,
            """
            EARN card=A amount=100                 -> says=Visits:1/2
            h: HOLD card=A amount=100
            COMPLETE card=A amount=100 of=h        -> says=Visits:0/2 gets=COUP:0:2027-03-02
            """,
            id="a card of stamps becomes a coupon when the sale takes place",
        ),
        pytest.param(
            CASHIERS,
            """
            h: HOLD card=A amount=100 cashier=7
            COMPLETE card=A amount=100 of=h        -> earned=11
            EARN card=B amount=100 cashier=7       -> earned=1
            EARN card=B amount=100                 -> earned=11
            """,
            id="the cashier is who held",
        ),
        pytest.param(
            "",
            """
            h: HOLD card=A amount=1000 tender=300
            COMPLETE card=A amount=1000 of=h       -> earned=7
            k: HOLD card=A amount=1000 tender=300
            COMPLETE card=A amount=1000 tender=200 of=k -> earned=8
            """,
            id="it is paid as was said, unless something else is said",
        ),
    ],
)
def test_a_completion_is_the_sale_that_was_held(rules: str, story: str) -> None:
    play(story, programme(rules))


def test_points_pay_no_goods_that_they_may_not_pay() -> None:
    """Less is bought than was held: what is left of it is not paid for by points that other lines had."""
    play(
        """
        EARN card=A amount=500000
        h: HOLD card=A amount=5000 points=4000 lines=x*4500,smoke*500             -> used=4000
        COMPLETE card=A amount=1500 of=h lines=x*1000,smoke*500                   -> used=1000 pay=500
        """,
        programme(redemption='covers = { except_product = "smoke" }'),
    )


COUPON = """
[[coupon]]
id = "full"
text = "A full tank"
codes = ["FULL"]

[[coupon]]
id = "little"
text = "A little"
codes = ["LITTLE"]

[[rule]]
id = "full"
text = "50 points from 50.00"
when = { coupon = "full", amount = { from = "50.00" } }
then = { points = 50 }

[[rule]]
id = "little"
text = "9 points below 20.00"
when = { coupon = "little", amount = { below = "20.00" } }
then = { points = 9 }
"""


@pytest.mark.parametrize("later", ["", " later=8"])
def test_a_coupon_that_brought_nothing_in_the_end_can_be_used_again(later: str) -> None:
    """Nor does the sale get anything for a coupon that its hold did not use."""
    advice = "*" if later else ""
    story = play(
        f"""
        h: HOLD card=A amount=9000 coupon=FULL,LITTLE  -> refused=COUPON_NOT_APPLICABLE:LITTLE
        EARN card=B amount=5000 coupon=FULL            -> earned=50 refused=COUPON_USED:FULL
        c: COMPLETE{advice} card=A amount=1000 of=h{later}  -> earned=10 refused=COUPON_NOT_APPLICABLE:FULL
        s: EARN card=B amount=5000 coupon=FULL         -> earned=100 refused=
        EARN card=B amount=1000 coupon=LITTLE          -> earned=19 refused=
        REVERSAL of=c                                  -> earned=-10
        EARN card=A amount=5000 coupon=FULL            -> earned=50 refused=COUPON_USED:FULL
        REVERSAL of=s                                  -> earned=-100
        EARN card=A amount=5000 coupon=FULL            -> earned=100 refused=
        """,
        programme(COUPON),
    )
    assert story.store.tallies["coupon:FULL", "", ""] == 1


def test_a_coupon_that_brought_something_is_used_up() -> None:
    play(
        """
        h: HOLD card=A amount=9000 coupon=FULL
        c: COMPLETE card=A amount=6000 of=h            -> earned=110 refused=
        EARN card=B amount=5000 coupon=FULL            -> earned=50 refused=COUPON_USED:FULL
        REFUND card=A amount=6000 of=c                 -> earned=-110
        EARN card=B amount=5000 coupon=FULL            -> earned=100 refused=
        """,
        programme(COUPON),
    )
