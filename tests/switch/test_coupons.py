"""Coupons are used as often as they say, issued to those who earn them, and undone with their sale."""

import pytest

from loyalty.decision import Approved
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from switch.outcome import Outcome
from tests.switch.story import Story, play, starter_text

RULES = """
[[coupon]]
id = "one"
text = "One for all"
codes = ["ONLYONE"]

[[coupon]]
id = "welcome"
text = "Five off"
codes = ["HOLA26", "HELLO26"]
uses = "any"
uses_per_member = 1
period = { from = 2026-03-01, before = 2026-03-04 }

[[coupon]]
id = "back"
text = "Come back"
lasts = "3 days"
value = "2.00"

[[rule]]
id = "one"
text = "100 more"
when = { coupon = "one", amount = { from = "10.00" } }
then = { points = 100 }

[[rule]]
id = "five-off"
text = "Five off"
when = { coupon = "welcome" }
then = { discount_amount = "5.00" }

[[rule]]
id = "double"
text = "Double points"
when = { coupon = "back" }
then = { multiply = 2 }

[[rule]]
id = "issue"
text = "Come back"
when = { amount = { from = "50.00" } }
then = { coupon = "back" }

[[rule]]
id = "hello"
text = "A word"
when = { amount = { from = "90.00" } }
then = { message = "Thank you" }

[[rule]]
id = "not-here"
text = "Not here"
when = { ticket = { from = "1000.00" } }
then = { decline = "TOO_MUCH_FOR_US" }
"""


@pytest.fixture
def programme() -> Programme:
    return parse_programme({MAIN: starter_text() + RULES})


def approved(story: Story, words: str) -> Approved:
    """What is answered to a line."""
    outcome = story.decide(story.transaction(words.split()))
    assert isinstance(outcome, Outcome)
    assert isinstance(outcome.decision, Approved)
    return outcome.decision


USES = """
    # nobody knows it; too small a sale leaves it unused
    EARN card=A amount=2000 coupon=NOBODY          -> earned=20 refused=COUPON_UNKNOWN:NOBODY
    EARN card=A amount=500 coupon=ONLYONE          -> earned=5 refused=COUPON_NOT_APPLICABLE:ONLYONE
    QUOTE card=A amount=2000 coupon=ONLYONE        -> earned=120 refused=
    s: EARN card=A amount=2000 coupon=ONLYONE      -> earned=120 refused=
    EARN card=B amount=2000 coupon=ONLYONE         -> earned=20 refused=COUPON_USED:ONLYONE
    # a part comes back: it stays used; the whole: it may be used again
    REFUND card=A amount=500 of=s                  -> earned=-30
    EARN card=B amount=2000 coupon=ONLYONE         -> refused=COUPON_USED:ONLYONE
    r: REVERSAL of=s                               -> earned=-90
    t: EARN card=B amount=2000 coupon=ONLYONE      -> earned=120 refused=
    v: VOID of=t                                   -> earned=-120
    EARN card=C amount=1000 coupon=ONLYONE,ONLYONE -> earned=110 refused=COUPON_USED:ONLYONE
    # without a card the sale has happened all the same
    EARN* card=Z amount=1000 coupon=ONLYONE        -> earned=0
"""

MANY = """
    EARN card=A amount=2000 lines=X*2000 can=D coupon=HOLA26    -> off=500 pay=1500 refused=
    EARN card=A amount=2000 lines=X*2000 can=D coupon=HOLA26    -> off=0 refused=COUPON_USED:HOLA26
    EARN card=A amount=2000 lines=X*2000 can=D coupon=HELLO26   -> off=500 refused=
    EARN card=B amount=2000 lines=X*2000 can=D coupon=HOLA26    -> off=500 refused=
    # the till cannot take it off
    EARN card=C amount=2000 coupon=HOLA26                       -> off=0 refused=COUPON_NOT_APPLICABLE:HOLA26
    EARN card=C amount=2000 lines=X*2000 can=D coupon=HOLA26 later=2  -> off=0 refused=COUPON_EXPIRED:HOLA26
"""


HELD = """
    # used from the hold on, until somebody releases it; what is completed gives it back with the sale
    h: HOLD card=A amount=2000 coupon=ONLYONE      -> refused=
    EARN card=B amount=2000 coupon=ONLYONE         -> refused=COUPON_USED:ONLYONE
    REVERSAL of=h                                  ->
    i: HOLD card=B amount=2000 coupon=ONLYONE      -> refused=
    c: COMPLETE card=B amount=2000 of=i            -> earned=120
    EARN card=A amount=2000 coupon=ONLYONE         -> refused=COUPON_USED:ONLYONE
    VOID of=c                                      -> earned=-120
    EARN card=A amount=2000 coupon=ONLYONE         -> earned=120 refused=
"""


@pytest.mark.parametrize("story", [USES, MANY, HELD])
def test_what_is_told_of_coupons(story: str, programme: Programme) -> None:
    play(story, programme)


def test_an_issued_coupon_is_its_members_until_its_last_day(programme: Programme) -> None:
    """It counts once, for nobody else, and not when the sale that brought it is undone."""
    story = Story(programme)
    story.play("s: EARN card=A amount=5000 -> earned=50")
    first = approved(story, "EARN card=A amount=6000")
    (coupon,) = first.instruments
    assert (coupon.kind, coupon.value, len(coupon.code)) == ("COUP", 200, 16)
    assert (coupon.last_day - story.now.date()).days == 3
    story.play(f"EARN card=B amount=1000 coupon={coupon.code} -> refused=COUPON_NOT_YOURS:{coupon.code}")
    story.commit()
    story.play(
        f"""
        EARN card=A amount=1000 coupon={coupon.code}  -> earned=20 refused=
        EARN card=A amount=1000 coupon={coupon.code}  -> earned=10 refused=COUPON_USED:{coupon.code}
        """
    )
    (late,) = approved(story, "EARN card=A amount=5000").instruments
    assert late.code != coupon.code
    story.play(f"EARN card=A amount=1000 coupon={late.code} later=4 -> refused=COUPON_EXPIRED:{late.code}")


@pytest.mark.parametrize("undo", ["REVERSAL of=s", "VOID of=s", "REFUND card=A of=s amount=1"])
def test_a_coupon_is_withdrawn_with_the_sale_that_brought_it(undo: str, programme: Programme) -> None:
    """Also where what is kept would not have brought it; undoing the undoing brings it back."""
    story = Story(programme)
    basket = "lines=X*5000" if "REFUND" in undo else ""
    words = f"EARN card=A amount=5000 {basket}"
    sale = story.transaction(words.split())
    story.asked["s"] = sale
    outcome = story.decide(sale)
    assert isinstance(outcome, Outcome)
    assert isinstance(outcome.decision, Approved)
    (coupon,) = outcome.decision.instruments
    if "REFUND" in undo:
        undo += " lines=X*1"
    story.play(f"u: {undo}")
    story.play(f"EARN card=A amount=1000 coupon={coupon.code} -> refused=COUPON_UNKNOWN:{coupon.code}")
    if "REVERSAL" not in undo:
        story.play("REVERSAL of=u")
        story.play(f"EARN card=A amount=1000 coupon={coupon.code} -> earned=20 refused=")


def test_messages_are_told_and_guards_decline(programme: Programme) -> None:
    """Advices have happened: they are listed, and nothing is booked."""
    story = Story(programme)
    assert approved(story, "EARN card=A amount=9000").messages == ("Thank you",)
    assert approved(story, "QUOTE card=A amount=9000").messages == ("Thank you",)
    assert approved(story, "EARN card=A amount=8999").messages == ()
    story.play(
        """
        EARN card=A amount=100000   -> reason=TOO_MUCH_FOR_US kept=True
        QUOTE card=A amount=100000  -> reason=TOO_MUCH_FOR_US kept=False
        EARN* card=A amount=100000  -> earned=0 exception=TOO_MUCH_FOR_US kept=True
        EARN card=A amount=99999    -> earned=999
        """
    )
