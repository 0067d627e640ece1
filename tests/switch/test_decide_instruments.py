"""Points that move on, as stories: transfers, certificates, prizes, and what undoing them does."""

import pytest

from rules.parse import MAIN, parse_programme
from tests.switch.story import play, starter_text

FAMILY = """
    EARN card=H amount=100000                      -> balance=1000
    INQUIRY card=A                                 -> balance=1000
    # a child may use 300 points at a time and 500 a day
    REDEEM card=H amount=301                       -> reason=ABOVE_LIMIT
    REDEEM card=H amount=301 can=P                 -> partial=True used=300 balance=700
    EARN card=H amount=1000 points=201             -> reason=ABOVE_LIMIT
    r: EARN card=H amount=1000 points=150          -> used=150 balance=558
    TRANSFER card=H to=B amount=51                 -> reason=ABOVE_LIMIT
    EXCHANGE card=H amount=100                     -> reason=ABOVE_LIMIT
    REDEEM card=H amount=250 prize=MUG             -> reason=ABOVE_LIMIT
    TRANSFER card=H to=B amount=50                 -> balance=508
    REDEEM card=H amount=1                         -> reason=ABOVE_LIMIT
    REDEEM card=H amount=1 can=P                   -> reason=ABOVE_LIMIT
    # the parent's card is not limited, and the next day is another day
    REDEEM card=A amount=1                         -> balance=507
    TRANSFER card=H to=A amount=1                  -> reason=NOT_PERMITTED
    # what was undone is free again
    REVERSAL of=r                                  -> balance=649
    REDEEM card=H amount=150                       -> balance=499
    REDEEM card=H amount=300 later=1               -> balance=199
"""

INSTRUMENTS = """
[family]
points_per_transaction = 300
points_per_day = 500

[certificates]
last = "6 months"
minimum = 100
step = 100

[[prize]]
code = "MUG"
text = "A mug"
points = 250
last = "30 days"
"""

TRANSFERS = """
    EARN card=A amount=10000                       -> balance=100
    EARN card=A amount=5000 later=1                -> balance=150
    t: TRANSFER card=A to=B amount=120             -> used=120 value=120 balance=30 pay=None
    INQUIRY card=B                                 -> balance=120
    TRANSFER card=A to=B amount=31                 -> reason=NOT_SUFFICIENT_POINTS kept=True
    TRANSFER card=A to=B amount=30 unit=points     -> used=30 balance=0
    # who may not receive, in the order of checks
    TRANSFER card=B amount=10                      -> reason=CARD_UNKNOWN
    TRANSFER card=B to=Z amount=10                 -> reason=CARD_UNKNOWN
    TRANSFER card=B to=F amount=10                 -> reason=CARD_LOST
    TRANSFER card=Z to=F amount=10                 -> reason=CARD_UNKNOWN
    TRANSFER card=B to=D amount=1000               -> reason=CARD_NOT_ACTIVE
    TRANSFER card=B to=B amount=10                 -> reason=NOT_PERMITTED
    TRANSFER phone=B to=A amount=10                -> reason=NOT_PERMITTED
    TRANSFER card=B to=A amount=0                  -> reason=AMOUNT_NOT_ALLOWED kept=False
    # the age is kept: what A earned on the first day expires on the first day
    INQUIRY card=B later=730                       -> balance=150
    INQUIRY card=B later=1                         -> balance=50
    INQUIRY card=B later=1                         -> balance=0
"""

TRANSFERS_UNDONE = """
    EARN card=A amount=10000                       -> balance=100
    t: TRANSFER card=A to=B amount=60              -> balance=40
    v: VOID of=t                                   -> used=60 value=60 balance=100
    VOID of=t                                      -> reason=ALREADY_REVERSED
    INQUIRY card=B                                 -> balance=0
    REVERSAL of=v                                  -> balance=40
    INQUIRY card=B                                 -> balance=60
    # the receiver owes what he has spent of it
    REDEEM card=B amount=50                        -> balance=10
    REVERSAL of=t final=20                         -> used=40 balance=80
    INQUIRY card=B                                 -> balance=-30
    REVERSAL of=t                                  -> used=None balance=None
    p: TRANSFER card=A to=C amount=50              -> balance=30
    REVERSAL of=p final=51                         -> reason=ABOVE_ORIGINAL
    REVERSAL of=p                                  -> used=50 balance=80
    # what expired meanwhile would have expired with the sender too
    q: TRANSFER card=A to=C amount=50              -> balance=30
    REVERSAL of=q later=732                        -> used=None balance=0
    INQUIRY card=C                                 -> balance=0
    # before it comes
    REVERSAL card=A stan=900                       -> exception=ORIGINAL_NOT_FOUND
    TRANSFER card=A to=B amount=1 stan=900         -> reason=ALREADY_REVERSED
"""

CERTIFICATES = """
    EARN card=A amount=100000                      -> balance=1000
    EXCHANGE card=A amount=50                      -> reason=AMOUNT_NOT_ALLOWED kept=False
    EXCHANGE card=A amount=250                     -> reason=AMOUNT_NOT_ALLOWED kept=False
    EXCHANGE card=A amount=1100                    -> reason=NOT_SUFFICIENT_POINTS kept=True
    EXCHANGE card=Z amount=100                     -> reason=CARD_UNKNOWN
    EXCHANGE phone=A amount=100                    -> reason=NOT_PERMITTED
    c: EXCHANGE card=A amount=500                  -> value=500 balance=500 left=500 gets=CERT:500:2026-09-02
    EXCHANGE again=c                               -> known=000007
    # whoever brings it pays with it, as often as something is left
    p: PAY_CERTIFICATE card=B amount=200 cert=c ticket=7 -> value=200 pay=0 left=300 used=None balance=0
    EARN card=B amount=1000 ticket=7 tender=200    -> earned=8 pay=1000
    PAY_CERTIFICATE card=B amount=301 cert=c       -> reason=NOT_SUFFICIENT_POINTS kept=True
    PAY_CERTIFICATE card=B amount=301 cert=c can=P -> partial=True amount=300 value=300 pay=1 left=0
    PAY_CERTIFICATE card=B amount=1 cert=c can=P   -> reason=CERTIFICATE_USED
    PAY_CERTIFICATE card=B amount=1 cert=NONE      -> reason=CERTIFICATE_UNKNOWN
    PAY_CERTIFICATE card=B amount=1                -> reason=CERTIFICATE_UNKNOWN
    PAY_CERTIFICATE card=Z amount=1 cert=c         -> reason=CARD_UNKNOWN
    PAY_CERTIFICATE phone=B amount=1 cert=c        -> reason=NOT_PERMITTED
    # it lives through its last day
    d: EXCHANGE card=A amount=100 unit=points      -> gets=CERT:100:2026-09-02 balance=400
    PAY_CERTIFICATE card=A amount=1 cert=d later=184 -> left=99
    PAY_CERTIFICATE card=A amount=1 cert=d later=1 -> reason=CERTIFICATE_LAPSED
"""

CERTIFICATES_UNDONE = """
    EARN card=A amount=100000                      -> balance=1000
    c: EXCHANGE card=A amount=500                  -> balance=500
    v: VOID of=c                                   -> used=500 value=500 left=0 balance=1000
    PAY_CERTIFICATE card=A amount=1 cert=c         -> reason=CERTIFICATE_USED
    REVERSAL of=v                                  -> left=500 balance=500
    p: PAY_CERTIFICATE card=A amount=200 cert=c    -> left=300
    VOID of=c                                      -> reason=NOT_ALLOWED_NOW
    w: VOID of=p                                   -> value=200 left=500 used=None
    q: PAY_CERTIFICATE card=B amount=400 cert=c    -> left=100
    # the payment stands after all, and the certificate has only a half of it left
    REVERSAL of=w                                  -> left=0 exception=CERTIFICATE_USED
    REVERSAL of=p                                  -> left=200
    REVERSAL of=q final=150                        -> value=250 left=450
    # of the exchange comes back what nobody spent
    REVERSAL of=c                                  -> used=450 left=0 exception=CERTIFICATE_USED balance=950
    d: EXCHANGE card=A amount=300                  -> balance=650
    REVERSAL of=d final=100                        -> used=200 value=200 left=100 balance=850
    PAY_CERTIFICATE card=A amount=100 cert=d       -> left=0
    # what lapsed does not come back
    e: EXCHANGE card=A amount=300                  -> balance=550
    REVERSAL of=e later=200                        -> used=None left=300 exception=CERTIFICATE_LAPSED
    # before it comes
    REVERSAL card=A stan=900                       -> exception=ORIGINAL_NOT_FOUND
    EXCHANGE card=A amount=100 stan=900            -> reason=ALREADY_REVERSED
"""

CERTIFICATE_AND_REFUND = """
    EARN card=A amount=100000                      -> balance=1000
    c: EXCHANGE card=A amount=500                  -> balance=500
    PAY_CERTIFICATE card=A amount=500 cert=c ticket=7 -> left=0
    s: EARN card=A amount=1000 ticket=7 lines=a*600,b*400 -> earned=5 balance=505
    # money is handed out for it, and what is kept was paid with the certificate first
    REFUND card=A amount=400 of=s lines=b*400      -> used=None pay=400 earned=-4 balance=501
    VOID of=s                                      -> reason=NOT_ALLOWED_NOW
    REVERSAL of=s                                  -> earned=-1 pay=100 balance=500
"""

PRIZES = """
    EARN card=A amount=60000                       -> balance=600
    REDEEM card=A amount=250 prize=MUG unit=points -> used=250 pay=0 gets=PRIZ:250:2026-04-01 balance=350
    # at the price of the catalogue, in points or in their value, and nothing else
    REDEEM card=A amount=249 prize=MUG unit=points -> reason=AMOUNT_NOT_ALLOWED kept=False
    m: REDEEM card=A amount=250 prize=MUG ticket=7 -> used=250 pay=0 balance=100
    REDEEM card=A amount=250 prize=MUG can=P       -> reason=NOT_SUFFICIENT_POINTS
    REDEEM card=A amount=10 prize=CUP              -> reason=PRIZE_UNKNOWN
    REDEEM card=Z amount=10 prize=CUP              -> reason=CARD_UNKNOWN
    # a prize pays nothing of the ticket
    s: EARN card=A amount=1000 ticket=7            -> earned=10 pay=1000 balance=110
    REFUND card=A amount=1000 of=s                 -> used=None pay=1000 balance=100
    VOID of=m                                      -> used=250 balance=350
    # one that was handed out already
    REDEEM* card=B amount=250 prize=MUG            -> used=0 exception=NOT_SUFFICIENT_POINTS balance=0
    REDEEM* card=Z amount=250 prize=MUG            -> exception=CARD_UNKNOWN
"""

HELD_PRIZES = """
    EARN card=A amount=60000                       -> balance=600
    HOLD card=A amount=249 prize=MUG pays=1        -> reason=AMOUNT_NOT_ALLOWED kept=False
    HOLD card=A amount=10 prize=CUP pays=1         -> reason=PRIZE_UNKNOWN
    h: HOLD card=A amount=250 prize=MUG pays=1     -> used=250 value=250 pay=0 balance=350 held=250 gets=
    # all of it or nothing
    COMPLETE card=A amount=100 of=h prize=MUG pays=1 -> reason=AMOUNT_NOT_ALLOWED
    c: COMPLETE card=A amount=250 of=h pays=1      -> used=250 gets=PRIZ:250:2026-04-01 balance=350 held=0
    VOID of=c                                      -> used=250 balance=600
    h: HOLD card=A amount=250 prize=MUG pays=1 ticket=7 -> held=250
    COMPLETE card=A amount=0 of=h pays=1           -> used=0 gets= balance=600 held=0
    h: HOLD card=A amount=250 prize=MUG pays=1 unit=points -> held=250
    REVERSAL of=h                                  -> used=250 balance=600
    h: HOLD card=A amount=250 prize=MUG pays=1     -> balance=350
    HOLD card=A amount=250 prize=MUG pays=1 can=P  -> balance=100
    HOLD card=A amount=250 prize=MUG pays=1 can=P  -> reason=NOT_SUFFICIENT_POINTS
    # a prize pays nothing of the ticket
    COMPLETE* card=A amount=250 of=h pays=1 ticket=8 later=8 -> gets=PRIZ:250:2026-04-09 exception=HOLD_OVER
    EARN card=A amount=1000 ticket=8               -> earned=10
    HOLD card=E amount=250 prize=MUG pays=1        -> reason=CARD_BLOCKED
"""

STORIES = {
    name: text
    for name, text in list(globals().items())
    if name.isupper() and isinstance(text, str) and name not in ("INSTRUMENTS", "MAIN")
}


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str) -> None:
    """Each line comes out as written, whether every line is a batch of its own or all are one."""
    story = play(STORIES[name], parse_programme({MAIN: starter_text() + INSTRUMENTS}))
    assert sum(story.sums().values()) == 0


def test_less_than_a_point_of_a_certificate_is_spent_too() -> None:
    """A point is worth two cents, and one cent was paid: the certificate is not whole, and a point stays."""
    text = starter_text().replace('value = "0.01"', 'value = "0.02"')
    play(
        """
            EARN card=A amount=10000                   -> balance=100
            c: EXCHANGE card=A amount=20               -> used=10 balance=90
            p: PAY_CERTIFICATE card=A amount=1 cert=c  -> value=1 left=10
            VOID of=c                                  -> reason=NOT_ALLOWED_NOW
            REVERSAL of=c                              -> used=9 left=1 exception=CERTIFICATE_USED
            PAY_CERTIFICATE card=A amount=2 cert=c     -> value=2 left=0
        """,
        parse_programme({MAIN: text}),
    )
