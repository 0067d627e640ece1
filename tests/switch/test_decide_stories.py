"""What terminals ask and what must come of it, in stories that an operator can read."""

import pytest

from rules.parse import MAIN, parse_programme
from tests.switch.story import play, starter_text

SALES = """
    # a started unit earns nothing
    EARN card=A amount=1999                        -> earned=19 pay=1999 balance=19
    EARN card=A amount=99                          -> earned=0 pay=99 balance=19
    QUOTE card=A amount=1000                       -> earned=10 pay=1000 balance=19 redeemable=19 kept=False
    INQUIRY card=A                                 -> balance=19 redeemable=19 kept=False
    # paid in part with points: what is left earns
    EARN card=A amount=1000 points=19              -> earned=9 used=19 value=19 pay=981 balance=9
    EARN card=A amount=1000 points=10              -> reason=NOT_SUFFICIENT_POINTS kept=True
    EARN card=A amount=1000 points=10 can=P        -> partial=True earned=9 used=9 pay=991 balance=9
    EARN card=B amount=1000 points=10 can=P        -> reason=NOT_SUFFICIENT_POINTS
    EARN card=A amount=5 points=6                  -> reason=ABOVE_LIMIT
    EARN card=A amount=5 points=6 can=P            -> partial=True used=5 pay=0 earned=0 balance=4
"""

REDEMPTIONS = """
    EARN card=A amount=10000                       -> balance=100
    REDEEM card=A amount=30                        -> used=30 value=30 pay=0 balance=70
    REDEEM card=A amount=71                        -> reason=NOT_SUFFICIENT_POINTS kept=True
    REDEEM card=A amount=71 can=P                  -> partial=True amount=70 used=70 pay=1 balance=0
    REDEEM card=A amount=1 can=P                   -> reason=NOT_SUFFICIENT_POINTS
    EARN card=A amount=5000                        -> balance=50
    REDEEM card=A amount=20 unit=points            -> used=20 value=20 pay=0 balance=30
    REDEEM phone=A amount=1                        -> reason=NOT_PERMITTED
"""

TICKETS = """
    EARN card=A amount=50000                       -> balance=500
    REDEEM card=A amount=200 ticket=7              -> used=200 balance=300
    # what the redemption covered earns nothing, and the tender that tells of it counts once
    EARN card=A amount=1000 ticket=7 tender=200    -> earned=8 pay=1000
    EARN card=A amount=1000 ticket=8 tender=300    -> earned=7 pay=1000
"""

REFUNDS = """
    s: EARN card=A amount=10000                    -> earned=100
    REFUND card=A amount=4000 of=s                 -> earned=-40 pay=4000 balance=60
    REFUND card=A amount=6001 of=s                 -> reason=ABOVE_ORIGINAL
    REFUND card=B amount=1 of=s                    -> reason=ORIGINAL_NOT_FOUND
    REFUND card=A amount=6000 of=s at=T2           -> earned=-60 balance=0
    # points come back first, then money
    EARN card=B amount=50000                       -> balance=500
    p: EARN card=B amount=1000 points=500          -> earned=5 pay=500 balance=5
    REFUND card=B amount=600 of=p                  -> used=500 value=500 pay=100 earned=-3 balance=502
    REFUND card=B amount=400 of=p                  -> used=None pay=400 earned=-2 balance=500
    REFUND card=B amount=250                       -> earned=-2 pay=250 balance=498
"""

VOIDED_BETWEEN = """
    EARN card=A amount=50000                       -> balance=500
    r: REDEEM card=A amount=200 ticket=7           -> used=200 balance=300
    s: EARN card=A amount=1000 ticket=7            -> earned=8 balance=308
    f: REFUND of=s amount=1000                     -> used=200 value=200 pay=800 earned=-8 balance=500
    VOID of=r                                      -> balance=500
    # the sale stands again, the redemption does not: nothing is taken for it
    REVERSAL of=f                                  -> earned=8 balance=508
"""

VOIDED_BETWEEN_IN_PART = """
    EARN card=A amount=50000                       -> balance=500
    r: REDEEM card=A amount=200 ticket=7           -> used=200 balance=300
    s: EARN card=A amount=1000 ticket=7            -> earned=8 balance=308
    f: REFUND of=s amount=1000                     -> used=200 value=200 pay=800 earned=-8 balance=500
    VOID of=r                                      -> balance=500
    REVERSAL* of=f final=50                        -> earned=7 balance=507
"""

REFUND_OF_A_TICKET = """
    EARN card=A amount=50000                       -> balance=500
    REDEEM card=A amount=200 ticket=7              -> used=200 balance=300
    s: EARN card=A amount=1000 ticket=7            -> earned=8 balance=308
    REFUND of=s amount=1000                        -> used=200 value=200 pay=800 earned=-8 balance=500
"""

REFUND_OF_A_TICKET_OF_TWO = """
    # B pays a part of A's ticket; what comes back for it comes back to B
    EARN card=B amount=50000                       -> balance=500
    REDEEM card=B amount=200 ticket=7              -> balance=300
    s: EARN card=A amount=1000 ticket=7            -> earned=8 balance=8
    r: REFUND of=s amount=1000                     -> used=200 value=200 pay=800 earned=-8 balance=0
    INQUIRY card=B                                 -> balance=500
    v: VOID of=r                                   -> earned=8 balance=8
    INQUIRY card=B                                 -> balance=300
    REVERSAL of=v                                  -> earned=-8 used=200 balance=0
    INQUIRY card=B                                 -> balance=500
"""

BASKETS = """
    s: EARN card=A amount=300 lines=a*150,b*150/N  -> earned=1 pay=300
    REFUND card=A amount=150 of=s lines=b*150      -> earned=None balance=1
    REFUND card=A amount=60 of=s lines=a*60        -> earned=-1 balance=0
    REFUND card=A amount=90 of=s lines=c*90        -> reason=ABOVE_ORIGINAL
"""

DEBT = """
    s: EARN card=A amount=10000                    -> balance=100
    REDEEM card=A amount=80                        -> balance=20
    REFUND card=A amount=10000 of=s                -> earned=-100 balance=-80
    REDEEM card=A amount=1                         -> reason=NOT_SUFFICIENT_POINTS
    EARN card=A amount=5000                        -> earned=50 balance=-30
    EARN card=A amount=5000                        -> earned=50 balance=20
    REDEEM card=A amount=20                        -> balance=0
"""

VOIDS = """
    s: EARN card=A amount=1000                     -> balance=10
    v: VOID of=s                                   -> earned=-10 pay=1000 balance=0
    VOID of=s                                      -> reason=ALREADY_REVERSED
    REFUND card=A amount=1 of=s                    -> reason=ALREADY_REVERSED
    REVERSAL of=v                                  -> earned=10 balance=10
    VOID of=s at=T2                                -> reason=ORIGINAL_NOT_FOUND
    VOID of=s                                      -> earned=-10 balance=0
    n: EARN card=A amount=1000                     -> balance=10
    VOID of=n later=1                              -> reason=NOT_ALLOWED_NOW
    r: REFUND card=A amount=500 of=n               -> balance=5
    VOID of=n                                      -> reason=NOT_ALLOWED_NOW
    w: VOID of=r                                   -> earned=5 balance=10
    REVERSAL of=w                                  -> earned=-5 balance=5
    VOID of=r                                      -> earned=5 balance=10
    d: EARN card=A amount=1 points=99              -> reason=ABOVE_LIMIT
    VOID of=d                                      -> reason=ORIGINAL_NOT_FOUND
"""

REVERSALS = """
    s: EARN card=A amount=1000                     -> balance=10
    REVERSAL of=s                                  -> earned=-10 pay=1000 balance=0
    REVERSAL of=s                                  -> earned=None balance=None exception=None
    # the rest of a sale with a refund
    t: EARN card=A amount=1000                     -> balance=10
    r: REFUND card=A amount=400 of=t               -> balance=6
    REVERSAL of=t                                  -> earned=-6 pay=600 balance=0
    REVERSAL of=r                                  -> earned=None
    # of a redemption
    EARN card=B amount=10000                       -> balance=100
    q: REDEEM card=B amount=60                     -> balance=40
    w: REVERSAL of=q                               -> used=60 pay=0 balance=100
    REVERSAL of=w                                  -> reason=NOT_ALLOWED_NOW
    REVERSAL* of=w                                 -> exception=NOT_ALLOWED_NOW
    # of a decline
    d: REDEEM card=A amount=1                      -> reason=NOT_SUFFICIENT_POINTS
    REVERSAL of=d                                  -> exception=None
    # by its own DE 11
    EARN card=B amount=1000 stan=900               -> balance=110
    REVERSAL card=B stan=900                       -> earned=-10 balance=100
    REVERSAL card=A stan=900                       -> exception=ORIGINAL_NOT_FOUND
"""

PARTIAL_REVERSALS = """
    s: EARN card=A amount=1000                     -> balance=10
    REVERSAL of=s final=1001                       -> reason=ABOVE_ORIGINAL
    REVERSAL* of=s final=1001                      -> exception=ABOVE_ORIGINAL
    REVERSAL of=s final=700                        -> earned=-3 pay=300 balance=7
    REVERSAL of=s                                  -> earned=None
    VOID of=s                                      -> reason=ALREADY_REVERSED
    REFUND card=A amount=701 of=s                  -> reason=ABOVE_ORIGINAL
    REFUND card=A amount=700 of=s                  -> earned=-7 balance=0
    EARN card=B amount=10000                       -> balance=100
    q: REDEEM card=B amount=60                     -> balance=40
    REVERSAL of=q final=20                         -> used=40 value=40 balance=80
"""

EARLY_REVERSALS = """
    # the answer to the first is lost on the way there; its reversal overtakes it
    REVERSAL card=A stan=500                       -> exception=ORIGINAL_NOT_FOUND
    EARN card=A amount=1000 stan=500               -> reason=ALREADY_REVERSED kept=True
    EARN* card=A amount=1000 stan=500              -> exception=ALREADY_REVERSED balance=0
    EARN card=B amount=1000 stan=500               -> earned=10
    EARN card=A amount=1000 stan=500 at=T2         -> earned=10
    # one that names nothing silences nobody
    REVERSAL of=zeros                              -> exception=ORIGINAL_NOT_FOUND
    EARN card=A amount=1000                        -> earned=10
"""

KEYS = """
    s: EARN card=A amount=1000                     -> earned=10
    EARN again=s                                   -> known=000002 advice=False
    EARN* again=s                                  -> known=000002 advice=True
    EARN again=s amount=2000                       -> reason=KEY_CONFLICT kept=False
    d: REDEEM card=B amount=5                      -> reason=NOT_SUFFICIENT_POINTS
    REDEEM again=d                                 -> known=000003
"""

CARDS = """
    EARN card=D amount=100                         -> reason=CARD_NOT_ACTIVE
    EARN card=E amount=100                         -> reason=CARD_BLOCKED
    EARN card=F amount=100                         -> reason=CARD_LOST
    EARN card=G amount=100                         -> reason=CARD_EXPIRED
    EARN card=Z amount=100                         -> reason=CARD_UNKNOWN
    INQUIRY card=Z                                 -> reason=CARD_UNKNOWN kept=False
    EARN phone=E amount=100                        -> reason=CARD_UNKNOWN
    EARN phone=A amount=100                        -> earned=1
    INQUIRY phone=A                                -> reason=NOT_PERMITTED
    a: ACTIVATE card=D                             -> balance=0
    EARN card=D amount=100                         -> earned=1
    ACTIVATE card=E                                -> reason=CARD_BLOCKED
    REVERSAL of=a                                  -> kept=True
    EARN card=D amount=100                         -> reason=CARD_NOT_ACTIVE
"""

REFUNDS_REVERSED_IN_PART = """
    s: EARN card=A amount=10000                    -> balance=100
    r: REFUND card=A amount=4050 of=s              -> earned=-41 balance=59
    # it stands at 15.50, as if that had been refunded
    REVERSAL of=r final=1550                       -> earned=25 used=None pay=0 balance=84
    REVERSAL of=r                                  -> earned=None balance=None
    VOID of=r                                      -> reason=ALREADY_REVERSED
    REFUND card=A amount=8451 of=s                 -> reason=ABOVE_ORIGINAL
    REFUND card=A amount=8450 of=s                 -> earned=-84 balance=0
    # points came back first: they are the last to go again
    EARN card=B amount=50000                       -> balance=500
    p: EARN card=B amount=1000 points=500          -> earned=5 balance=5
    q: REFUND card=B amount=800 of=p               -> used=500 value=500 pay=300 earned=-4 balance=501
    REVERSAL of=q final=600                        -> earned=1 balance=502
    t: EARN card=C amount=50000                    -> balance=500
    u: EARN card=C amount=1000 points=500          -> earned=5 balance=5
    v: REFUND card=C amount=800 of=u               -> balance=501
    REVERSAL of=v final=200                        -> earned=3 balance=204
    REFUND card=C amount=800 of=u                  -> used=300 earned=-4 pay=500 balance=500
    # what is spent meanwhile, and a refund of lines or of nothing in particular
    w: EARN card=A amount=10000 lines=a*6000,b*4000 -> balance=100
    k: REFUND card=A amount=4000 of=w lines=b*4000 -> balance=60
    REVERSAL of=k final=1000                       -> earned=30 balance=90
    REFUND card=A amount=6000 of=w lines=a*6000    -> earned=-60 balance=30
    y: REFUND card=A amount=2050                   -> earned=-20 balance=10
    REVERSAL of=y final=1050                       -> earned=10 balance=20
    REVERSAL of=y final=1051                       -> earned=None
    z: REFUND card=A amount=1000                   -> balance=10
    REVERSAL of=z final=1001                       -> reason=ABOVE_ORIGINAL
    REVERSAL of=z final=1000                       -> earned=None balance=10
"""

ADVICES = """
    # what has happened is accepted, as far as it goes
    EARN* card=A amount=1000                       -> earned=10 balance=10
    REDEEM* card=A amount=30                       -> used=10 value=10 exception=NOT_SUFFICIENT_POINTS
    EARN* card=Z amount=1000                       -> earned=0 balance=None exception=CARD_UNKNOWN
    EARN* card=F amount=1000                       -> earned=0 exception=CARD_LOST
    REFUND* card=A amount=1000 of=x                -> exception=ORIGINAL_NOT_FOUND
"""

UNSUPPORTED = """
    NETWORK                                        -> reason=OPERATION_NOT_SUPPORTED kept=False
"""

PRICES = """
[[rule]]
id = "half"
text = "Half price for b"
lines = { product = "b" }
then = { discount = "1/2" }

[[rule]]
id = "five-off"
text = "5.00 off from 60.00"
when = { amount = { from = "60.00" } }
then = { discount_amount = "5.00" }
"""

DISCOUNTS = """
    # a till that takes them: off the lines, off what is left to pay, and not earned on
    QUOTE card=A amount=2000 can=D lines=a*1000,b*1000 -> off=500 lines=2:500 pay=1500 earned=15 kept=False
    EARN card=A amount=2000 can=D lines=a*1000,b*1000 -> off=500 lines=2:500 pay=1500 earned=15 balance=15
    # half of b, then 5.00 off the 80.00 that are left, spread over both
    EARN card=A amount=10000 can=D lines=a*6000,b*4000 -> lines=2:2000+1:375+2:125 off=2500 pay=7500 earned=75
    # a till that does not; a ticket without lines; nothing to take off
    EARN card=A amount=2000 lines=a*1000,b*1000              -> off=0 pay=2000 earned=20
    EARN card=A amount=2000 can=D                            -> off=0 pay=2000 earned=20
    EARN card=A amount=2000 can=D lines=a*2000               -> off=0 pay=2000 earned=20 balance=150
    # what has happened at a till was paid at its own prices
    EARN* card=A amount=2000 can=D lines=a*1000,b*1000       -> off=0 pay=2000 earned=20 balance=170
    EARN* card=Z amount=2000 can=D lines=a*1000,b*1000       -> off=0 pay=2000 exception=CARD_UNKNOWN
    # what is reduced, or earns nothing; returned goods leave no more to take off than the ticket comes to
    EARN card=C amount=2000 can=D lines=a*1000,b*1000/D      -> off=0 earned=20
    EARN card=C amount=2000 can=D lines=a*1000,b*1000/N      -> off=500 pay=1500 earned=10
    EARN card=C amount=200 can=D lines=a*-800,b*1000         -> off=200 pay=0 earned=0
    # the same message again is the same answer
    s: EARN card=C amount=2000 can=D lines=a*1000,b*1000     -> off=500 earned=15 balance=45
    EARN again=s                                             -> known=000013 advice=False
    EARN* again=s                                            -> known=000013 advice=True
"""

DISCOUNTS_AND_POINTS = """
    EARN card=A amount=200000                                -> balance=2000
    # points pay what is left of the price, not of the ticket
    QUOTE card=A amount=2000 can=D lines=a*1000,b*1000       -> off=500 redeemable=1500
    EARN card=A amount=2000 can=D points=1501 lines=a*1000,b*1000  -> reason=ABOVE_LIMIT
    EARN card=A amount=2000 can=PD points=1501 lines=a*1000,b*1000 -> partial=True used=1500 off=500 pay=0
    p: EARN card=A amount=2000 can=D points=300 lines=a*1000,b*1000 -> used=300 off=500 pay=1200 earned=12
    REFUND card=A amount=1500 of=p                           -> used=300 pay=1200 earned=-12 off=0 balance=500
    # covered by a redemption of the ticket
    REDEEM card=A amount=200 ticket=7                        -> used=200 balance=300
    EARN card=A amount=2000 ticket=7 can=D lines=a*1000,b*1000 -> off=500 pay=1500 earned=13
"""

DISCOUNTS_TAKEN_BACK = """
    # at most what was paid comes back, at the prices that were paid
    s: EARN card=A amount=2000 can=D lines=a*1000,b*1000     -> off=500 pay=1500 earned=15
    REFUND card=A amount=1501 of=s                           -> reason=ABOVE_ORIGINAL
    REFUND card=A amount=600 of=s lines=b*600                -> reason=ABOVE_ORIGINAL
    REFUND card=A amount=250 of=s lines=b*250 can=D          -> pay=250 earned=-3 balance=12
    REFUND card=A amount=1250 of=s lines=a*1000,b*250 can=D  -> pay=1250 earned=-12 balance=0
    # by amount: in proportion to what was paid
    t: EARN card=A amount=2000 can=D lines=a*1000,b*1000     -> earned=15
    REFUND card=A amount=750 of=t                            -> pay=750 earned=-8 balance=7
    REFUND card=A amount=750 of=t                            -> pay=750 earned=-7 balance=0
    # what comes back leaves no second discount on what is kept, though the ticket shrinks
    k: EARN card=A amount=10000 can=D lines=a*6000,b*4000    -> off=2500 pay=7500 earned=75
    REFUND card=A amount=5625 of=k lines=a*5625              -> pay=5625 earned=-57 balance=18
    v: EARN card=B amount=2000 can=D lines=a*1000,b*1000     -> earned=15
    w: VOID of=v                                             -> pay=1500 earned=-15 balance=0
    REVERSAL of=w                                            -> earned=15 balance=15
    REVERSAL of=v                                            -> pay=1500 earned=-15 balance=0
    # only a part stands
    r: EARN card=B amount=2000 can=D lines=a*1000,b*1000     -> earned=15
    REVERSAL of=r final=1700                                 -> pay=300 earned=-3 balance=12
    REFUND card=B amount=1201 of=r                           -> reason=ABOVE_ORIGINAL
    REFUND card=B amount=1200 of=r                           -> pay=1200 earned=-12 balance=0
    q: EARN card=B amount=2000 can=D lines=a*1000,b*1000     -> earned=15
    REVERSAL of=q final=100                                  -> pay=1500 earned=-15 balance=0
"""

GIFTS = """
    # what costs nothing any more still counts, until it comes back
    s: EARN card=A amount=1500 can=D lines=a*1000,g*500      -> off=500 lines=2:500 pay=1000 earned=17
    REFUND card=A amount=400 of=s lines=a*400                -> earned=-4 balance=13
    REFUND card=A amount=600 of=s lines=a*600,g*0            -> earned=-13 balance=0
    # of two of a product, one of them free, it is clear which comes back
    t: EARN card=A amount=800 can=D lines=g*500,g*300/D      -> off=500 pay=300 earned=17
    REFUND card=A amount=300 of=t lines=g*300                -> earned=-10 balance=7
    REFUND card=A amount=0 of=t lines=g*0                    -> earned=-7 balance=0
    # what came back for nothing is not there when the rest comes back
    w: EARN card=A amount=1500 can=D lines=a*1000,g*500      -> off=500 earned=17
    REFUND card=A amount=0 of=w lines=g*0                    -> earned=-7
    REFUND card=A amount=400 of=w lines=a*400                -> earned=-4
    REFUND card=A amount=600 of=w lines=a*600                -> earned=-6 balance=0
    # but what is given to any sale is not given for what cost nothing
    u: EARN card=A amount=6500 can=D lines=a*6000,g*500      -> off=500 earned=167
    REFUND card=A amount=6000 of=u lines=a*6000              -> earned=-160 balance=7
"""

GIFT_RULES = """
[[rule]]
id = "gift"
text = "g is free"
lines = { product = "g" }
then = { unit_price = "0.00" }

[[rule]]
id = "try-it"
text = "7 points for trying g"
lines = { product = "g" }
then = { points_per_unit = 7 }

[[rule]]
id = "large"
text = "100 points for any sale, but from 50.00"
when = { not = { amount = { from = "0.01", below = "50.00" } } }
then = { points = 100 }
"""

RULES = dict.fromkeys(("DISCOUNTS", "DISCOUNTS_AND_POINTS", "DISCOUNTS_TAKEN_BACK"), PRICES)
RULES["GIFTS"] = GIFT_RULES
STORIES = {name: text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str)}
del STORIES["PRICES"], STORIES["GIFT_RULES"], STORIES["MAIN"]


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str) -> None:
    """Each line comes out as written, whether every line is a batch of its own or all are one."""
    text = STORIES[name].replace("of=x", "of=nothing")
    programme = parse_programme({MAIN: starter_text() + RULES.get(name, "")})
    story = play("nothing: QUOTE card=A amount=1\n" + text, programme)
    assert sum(story.sums().values()) == 0
