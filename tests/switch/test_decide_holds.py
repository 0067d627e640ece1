"""Holds and their completions, as a till and a customer see them."""

import pytest

from rules.parse import MAIN, parse_programme
from tests.switch.story import Story, play, starter_text

# NOON is 2 March 2026; a hold is kept for seven days.
SALES = """
    EARN card=A amount=50000                       -> balance=500
    # a hold of a sale earns nothing yet
    h: HOLD card=A amount=10000                    -> earned=None pay=10000 balance=500 held=0 until=09.12:00
    COMPLETE card=A amount=10000 of=h              -> earned=100 pay=10000 balance=600
    # paid in part with points: they cannot be used twice
    h: HOLD card=A amount=2000 points=600          -> used=600 value=600 pay=1400 balance=0 held=600
    REDEEM card=A amount=1                         -> reason=NOT_SUFFICIENT_POINTS
    c: COMPLETE card=A amount=2000 of=h            -> earned=14 used=600 value=600 pay=1400 balance=14 held=0
    REFUND card=A amount=2000 of=c                 -> used=600 value=600 pay=1400 earned=-14 balance=600
    REFUND card=A amount=1 of=h                    -> reason=NOT_ALLOWED_NOW
    # less than was held: what is not needed is released
    h: HOLD card=A amount=2000 points=600          -> held=600
    COMPLETE card=A amount=500 of=h                -> used=500 value=500 pay=0 earned=0 balance=100 held=0
    h: HOLD card=A amount=5000                     -> pay=5000
    COMPLETE card=A amount=3000 of=h               -> earned=30 pay=3000 balance=130
    # 0 releases
    h: HOLD card=A amount=5000 points=100          -> balance=30 held=100
    COMPLETE card=A amount=0 of=h                  -> earned=0 used=0 pay=0 balance=130 held=0
    COMPLETE card=A amount=10 of=h                 -> reason=NOT_ALLOWED_NOW
"""

POINTS = """
    EARN card=A amount=20000                       -> balance=200
    h: HOLD card=A amount=120 pays=1               -> used=120 value=120 pay=0 balance=80 held=120
    c: COMPLETE card=A amount=100 of=h pays=1      -> used=100 value=100 pay=0 balance=100 held=0
    REVERSAL of=c                                  -> used=100 balance=200 held=0
    # once resolved it stays so, whatever becomes of its completion
    COMPLETE card=A amount=100 of=h pays=1         -> reason=NOT_ALLOWED_NOW
    h: HOLD card=A amount=300 pays=1               -> reason=NOT_SUFFICIENT_POINTS
    h: HOLD card=A amount=300 pays=1 can=P         -> partial=True amount=200 used=200 pay=100 balance=0
    COMPLETE card=A amount=201 of=h pays=1         -> reason=ABOVE_ORIGINAL
    COMPLETE card=A amount=200 of=h                -> reason=NOT_ALLOWED_NOW
    COMPLETE card=B amount=200 of=h pays=1         -> reason=ORIGINAL_NOT_FOUND
    COMPLETE amount=150 of=h pays=1                -> used=150 balance=50
    h: HOLD card=A amount=20 pays=1 unit=points    -> used=20 balance=30
    COMPLETE card=A amount=20 of=h pays=1          -> reason=CURRENCY_NOT_ACCEPTED
    COMPLETE card=A amount=20 of=h pays=1 unit=points -> used=20 balance=30 held=0
    HOLD phone=A amount=1 pays=1                   -> reason=NOT_PERMITTED
    HOLD phone=A amount=100                        -> reason=NOT_PERMITTED
    HOLD card=E amount=100                         -> reason=CARD_BLOCKED kept=True
    HOLD card=A amount=100 unit=points             -> reason=CURRENCY_NOT_ACCEPTED kept=False
    d: HOLD card=B amount=1 pays=1                 -> reason=NOT_SUFFICIENT_POINTS
    COMPLETE card=B amount=1 of=d pays=1           -> reason=ORIGINAL_NOT_FOUND
    s: EARN card=A amount=100                      -> balance=31
    COMPLETE card=A amount=100 of=s                -> reason=NOT_ALLOWED_NOW
"""

BY_APPROVAL = """
    EARN card=A amount=20000                       -> balance=200
    h: HOLD card=A amount=120 pays=1               -> balance=80
    g: HOLD card=A amount=5000                     -> held=120
    # of another card, or of another kind, it names nothing, or the wrong thing
    EARN card=B amount=1000 by=h                   -> earned=10 balance=10
    EARN card=A amount=1000 by=h                   -> reason=NOT_ALLOWED_NOW
    c: REDEEM card=A amount=120 by=h               -> used=120 balance=80 held=0
    REDEEM again=c                                 -> known=000006 advice=False
    # resolved: DE 38 says nothing any more, and this is a redemption
    REDEEM card=A amount=30 by=h                   -> used=30 balance=50
    z: EARN card=A amount=0 by=g                   -> earned=0 pay=0 balance=50
    EARN again=z                                   -> known=000008 advice=False
    EARN* again=z                                  -> known=000008 advice=True
"""

ADVICES = """
    EARN card=A amount=20000                       -> balance=200
    h: HOLD card=A amount=120 pays=1               -> held=120
    # what a request would be refused for is remembered, and nothing is booked
    COMPLETE* card=A amount=121 of=h pays=1        -> exception=ABOVE_ORIGINAL held=120 balance=80
    COMPLETE* card=A amount=120 of=h               -> exception=NOT_ALLOWED_NOW held=120
    COMPLETE* card=A amount=120 of=h pays=1        -> exception=None used=120 held=0 balance=80
    COMPLETE* card=A amount=120 of=h pays=1        -> exception=NOT_ALLOWED_NOW used=None balance=80
    # a hold that is over: booked as far as it goes
    h: HOLD card=A amount=50 pays=1                -> held=50 balance=30
    INQUIRY card=A later=7                         -> held=0 balance=80
    COMPLETE card=A amount=50 of=h pays=1          -> reason=NOT_ALLOWED_NOW
    COMPLETE* card=A amount=50 of=h pays=1         -> exception=HOLD_OVER used=50 balance=30
    h: HOLD card=A amount=30 pays=1                -> held=30 balance=0
    INQUIRY card=A later=8                         -> balance=30
    REDEEM card=A amount=20                        -> balance=10
    COMPLETE* card=A amount=30 of=h pays=1         -> exception=NOT_SUFFICIENT_POINTS used=10 pay=20 balance=0
    h: HOLD card=A amount=3000                     -> balance=0
    COMPLETE* card=A amount=2000 of=h later=8      -> exception=HOLD_OVER earned=20 balance=20
    # one that was never there, and a card that nobody knows
    n: QUOTE card=A amount=1
    COMPLETE* card=A amount=500 of=n               -> exception=ORIGINAL_NOT_FOUND earned=5 balance=25
    COMPLETE* card=A amount=5 of=n pays=1          -> exception=ORIGINAL_NOT_FOUND used=5 balance=20
    COMPLETE* card=A amount=0 of=n                 -> exception=ORIGINAL_NOT_FOUND balance=20
    COMPLETE* card=Z amount=500 of=n               -> exception=CARD_UNKNOWN earned=0 balance=None
    COMPLETE card=A amount=500 of=n                -> reason=ORIGINAL_NOT_FOUND
    # the status of the card is not looked at
    COMPLETE* card=E amount=500 of=n               -> exception=CARD_BLOCKED
"""

UNDONE = """
    EARN card=A amount=20000                       -> balance=200
    h: HOLD card=A amount=120 pays=1               -> held=120
    REVERSAL of=h                                  -> used=120 value=120 balance=200 held=0
    REVERSAL of=h                                  -> used=None exception=None
    COMPLETE card=A amount=120 of=h pays=1         -> reason=ALREADY_REVERSED
    COMPLETE* card=A amount=120 of=h pays=1        -> exception=ALREADY_REVERSED balance=200
    # a part of it stands
    h: HOLD card=A amount=120 pays=1               -> held=120
    REVERSAL of=h final=70                         -> used=50 balance=130 held=70
    REVERSAL of=h final=121                        -> used=None
    REVERSAL card=A of=h                           -> used=None held=70
    COMPLETE card=A amount=71 of=h pays=1          -> reason=ABOVE_ORIGINAL
    COMPLETE card=A amount=60 of=h pays=1          -> used=60 balance=140 held=0
    # a hold that was completed is not released: its completion has a name of its own
    REVERSAL card=A of=h                           -> used=None balance=140
    h: HOLD card=A amount=100 pays=1               -> held=100
    c: COMPLETE card=A amount=100 of=h pays=1      -> balance=40
    REVERSAL card=A of=h                           -> exception=NOT_ALLOWED_NOW balance=40
    VOID of=h                                      -> reason=NOT_ALLOWED_NOW
    REVERSAL of=c final=30                         -> used=70 balance=110
    # voided on its day; the void itself undone does not reserve again
    h: HOLD card=A amount=100 pays=1               -> balance=10 held=100
    VOID of=h at=T2                                -> reason=ORIGINAL_NOT_FOUND
    v: VOID of=h                                   -> used=100 balance=110 held=0
    VOID of=h                                      -> reason=ALREADY_REVERSED
    REVERSAL of=v                                  -> balance=110 held=0
    COMPLETE card=A amount=100 of=h pays=1         -> reason=NOT_ALLOWED_NOW
    COMPLETE* card=A amount=100 of=h pays=1        -> exception=HOLD_OVER used=100 balance=10
    h: HOLD card=A amount=10 pays=1                -> held=10
    VOID of=h later=1                              -> reason=NOT_ALLOWED_NOW
    REVERSAL card=A of=h later=8                   -> exception=None balance=10 held=0
    # a sale
    h: HOLD card=B amount=5000                     -> balance=0
    c: COMPLETE card=B amount=4000 of=h            -> earned=40 balance=40
    REVERSAL of=c final=1000                       -> earned=-30 pay=3000 balance=10
    h: HOLD card=B amount=1000 points=10           -> held=10 balance=0
    REVERSAL of=h final=4                          -> used=6 held=4 balance=6
    c: COMPLETE card=B amount=4 of=h               -> used=4 pay=0 balance=6
    VOID of=c                                      -> used=4 balance=10
    # a completion of nothing
    h: HOLD card=B amount=1000 points=10           -> held=10
    c: COMPLETE card=B amount=0 of=h               -> held=0 balance=10
    REVERSAL of=c                                  -> held=0 balance=10
"""

OVERTAKEN = """
    EARN card=A amount=20000                       -> balance=200
    REVERSAL card=A stan=77                        -> exception=ORIGINAL_NOT_FOUND
    HOLD card=A amount=10 pays=1 stan=77           -> reason=ALREADY_REVERSED
    h: HOLD card=A amount=10 pays=1                -> held=10
    REVERSAL card=A stan=88                        -> exception=ORIGINAL_NOT_FOUND
    COMPLETE card=A amount=10 of=h pays=1 stan=88  -> reason=ALREADY_REVERSED
    COMPLETE* card=A amount=10 of=h pays=1         -> used=10 held=0
"""

TICKET = """
    EARN card=A amount=50000                       -> balance=500
    h: HOLD card=A amount=200 pays=1 ticket=7      -> balance=300
    # what is only held covers nothing yet
    QUOTE card=A amount=1000 ticket=7              -> earned=10
    COMPLETE card=A amount=200 of=h pays=1 ticket=7 -> used=200
    s: EARN card=A amount=1000 ticket=7            -> earned=8 balance=308
    REFUND card=A amount=1000 of=s                 -> used=200 value=200 pay=800 earned=-8 balance=500
"""

REVERSED_LATE = """
    EARN card=A amount=20000                       -> balance=200
    # the time of a hold is over: nothing is left to release, and what was reversed is not completed later
    h: HOLD card=A amount=60 pays=1                -> held=60
    REVERSAL of=h later=8                          -> used=None balance=200 exception=None
    COMPLETE* card=A amount=60 pays=1 of=h         -> exception=ALREADY_REVERSED balance=200
    VOID of=h                                      -> reason=ALREADY_REVERSED
    # in part
    h: HOLD card=A amount=60 pays=1                -> held=60
    REVERSAL of=h final=20 later=8                 -> used=None balance=200
    COMPLETE* card=A amount=60 pays=1 of=h         -> exception=ABOVE_ORIGINAL balance=200
    COMPLETE* card=A amount=20 pays=1 of=h         -> exception=HOLD_OVER used=20 balance=180
    # a voiding that is undone does not reserve again; the hold can be reversed like one that is over
    h: HOLD card=A amount=60 pays=1                -> held=60
    v: VOID of=h                                   -> used=60 balance=180
    REVERSAL of=v                                  -> balance=180 held=0
    VOID of=h                                      -> reason=NOT_ALLOWED_NOW
    REVERSAL of=h                                  -> used=None balance=180
    COMPLETE* card=A amount=60 pays=1 of=h         -> exception=ALREADY_REVERSED
"""

COMPLETED_LATE = """
    # once, whoever found first that its time is over: the completion itself ...
    EARN card=A amount=20000                       -> balance=200
    h: HOLD card=A amount=60 pays=1                -> held=60
    COMPLETE* card=A amount=60 pays=1 of=h later=8 -> exception=HOLD_OVER used=60 balance=140
    COMPLETE* card=A amount=60 pays=1 of=h         -> exception=NOT_ALLOWED_NOW balance=140
    REVERSAL of=h                                  -> exception=NOT_ALLOWED_NOW
    # ... or anything before it
    h: HOLD card=A amount=60 pays=1                -> held=60
    EARN card=A amount=100 later=8                 -> balance=141 held=0
    c: COMPLETE* card=A amount=60 pays=1 of=h      -> exception=HOLD_OVER used=60 balance=81
    COMPLETE* card=A amount=60 pays=1 of=h         -> exception=NOT_ALLOWED_NOW balance=81
    REVERSAL of=h                                  -> exception=NOT_ALLOWED_NOW
    REVERSAL of=c                                  -> used=60 balance=141
    COMPLETE* card=A amount=60 pays=1 of=h         -> exception=NOT_ALLOWED_NOW balance=141
    h: HOLD card=A amount=6000 points=60           -> held=60
    EARN card=A amount=100 later=8                 -> balance=142 held=0
    COMPLETE* card=A amount=6000 of=h              -> exception=HOLD_OVER used=60 earned=59 balance=141
    COMPLETE* card=A amount=6000 of=h              -> exception=NOT_ALLOWED_NOW earned=0 balance=141
"""

NOTHING_LATE = """
    # nothing was taken and nothing is held: that agrees, and resolves the hold, once
    EARN card=A amount=20000                       -> balance=200
    h: HOLD card=A amount=60 pays=1                -> held=60
    c: COMPLETE* card=A amount=0 pays=1 of=h later=8 -> exception=None used=0 pay=0 balance=200 held=0
    COMPLETE* card=A amount=60 pays=1 of=h         -> exception=NOT_ALLOWED_NOW balance=200
    REVERSAL of=h                                  -> exception=NOT_ALLOWED_NOW
    REVERSAL of=c                                  -> used=None exception=None balance=200
    COMPLETE* card=A amount=60 pays=1 of=h         -> exception=NOT_ALLOWED_NOW balance=200
    # whoever found first that its time is over; a sale, a request, a release that is told twice
    h: HOLD card=A amount=6000 points=60           -> held=60
    EARN card=A amount=100 later=8                 -> balance=201 held=0
    COMPLETE card=A amount=0 of=h                  -> reason=NOT_ALLOWED_NOW
    COMPLETE* card=A amount=0 of=h                 -> exception=None earned=0 used=0 balance=201
    COMPLETE* card=A amount=0 of=h                 -> exception=NOT_ALLOWED_NOW
    # what was reversed needs no completion of nothing, and one is told
    h: HOLD card=A amount=60 pays=1                -> held=60
    REVERSAL of=h later=8                          -> balance=201 held=0
    COMPLETE* card=A amount=0 pays=1 of=h          -> exception=ALREADY_REVERSED
    REVERSAL of=h                                  -> exception=None
"""

BASKETS = """
    # the basket of the hold counts, in proportion at another price; its discounts stand likewise
    h: HOLD card=A amount=2000 can=D lines=a*1000,b*1000   -> off=500 lines=2:500 pay=1500
    COMPLETE card=A amount=2000 of=h                       -> off=500 pay=1500 earned=15 balance=15
    h: HOLD card=A amount=2000 can=D lines=a*1000,b*1000/N -> off=500 pay=1500
    c: COMPLETE card=A amount=1000 of=h                    -> off=250 pay=750 earned=5 balance=20
    REFUND card=A amount=250 of=c lines=b*250              -> pay=250 earned=None balance=20
    h: HOLD card=A amount=2000 lines=a*1000,b*1000         -> off=0
    COMPLETE card=A amount=900 of=h lines=a*500,b*500      -> reason=BASKET_OUT_OF_BALANCE
    COMPLETE card=A amount=900 of=h lines=a*500,c*400/N    -> earned=5 balance=25
"""

PRICES = """
[[rule]]
id = "half"
text = "Half price for b"
lines = { product = "b" }
then = { discount = "1/2" }
"""

STORIES = {name: text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str)}
del STORIES["PRICES"], STORIES["MAIN"]


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str) -> None:
    """Each line comes out as written, whether every line is a batch of its own or all are one."""
    programme = parse_programme({MAIN: starter_text() + (PRICES if name == "BASKETS" else "")})
    story = play(STORIES[name], programme)
    assert sum(story.sums().values()) == 0


def test_a_hold_is_kept_as_long_as_the_programme_says() -> None:
    """To the second; then the member has his points again, and a decline posts nothing of it."""
    programme = parse_programme({MAIN: starter_text() + '\n[holds]\nkept = "30 minutes"\n'})
    story = Story(programme)
    story.play("EARN card=A amount=1000")
    story.play("h: HOLD card=A amount=10 pays=1 -> until=02.12:30 balance=0")
    story.now = story.now.replace(minute=30, second=0)  # the next line is a second later
    story.play("INQUIRY card=A -> balance=0 held=10")
    story.play("INQUIRY card=A -> balance=0 held=10")  # its last second
    story.play("INQUIRY card=A -> balance=10 held=0")
    story.play("REDEEM card=A amount=11 -> reason=NOT_SUFFICIENT_POINTS")
    assert story.sums()["held.65"] == 10
    story.play("REDEEM card=A amount=10 -> balance=0")
    assert "held.65" not in story.sums()


def test_points_of_a_lot_that_died_in_a_hold_are_used_or_expire() -> None:
    """What was reserved in time may be spent; what is not needed expires, for its last day is over."""
    programme = parse_programme({MAIN: starter_text().replace('last = "2 years"', 'last = "3 days"')})
    story = Story(programme)
    story.play("""
        EARN card=A amount=1000
        h: HOLD card=A amount=10 pays=1 -> held=10
        COMPLETE card=A amount=6 of=h pays=1 later=5 -> used=6 balance=0 held=0
    """)
    assert story.sums() == {"issue": -10, "redeemed": 6, "expired": 4}
