"""Stamps, certificates of rules, purses, prizes, tiers of rules: given, told, and undone with their sale."""

import pytest

from loyalty.decision import Approved
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from switch.outcome import Outcome
from tests.switch.story import Story, play, starter_text

RULES = """
[[stamp_card]]
id = "coffee"
text = "Coffee"
size = 3

[[stamp_card]]
id = "visits"
text = "Visits"
size = 2
coupon = "treat"

[[coupon]]
id = "treat"
text = "A treat"
value = "1.00"

[[pool]]
id = "mugs"
text = "A mug"
stock = 2
cost = "4.00"
last = "10 days"

[certificates]
last = "30 days"

[[rule]]
id = "collect"
text = "A stamp for each coffee"
lines = { product = ["c", "d", "e"] }
then = { stamp_per_unit = "coffee" }

[[rule]]
id = "free-coffee"
text = "A coffee for three stamps"
lines = { product = ["c", "d", "e"] }
then = { free_for_stamps = "coffee" }

[[rule]]
id = "visit"
text = "A stamp for each visit at the bar"
when = { partner = "BAR" }
then = { stamp = "visits" }

[[rule]]
id = "treated"
text = "50 for the treat"
when = { coupon = "treat" }
then = { points = 50 }

[[rule]]
id = "paper"
text = "A certificate of 5.00 from 50.00"
when = { amount = { from = "50.00" } }
then = { certificate = "5.00" }

[[rule]]
id = "cash-back"
text = "Five percent of wine into the purse"
lines = { product = "w" }
then = { cash_back = "1/20" }

[[rule]]
id = "bonus-money"
text = "1.00 into the purse at the tap"
when = { partner = "TAP" }
then = { money = "1.00" }

[[rule]]
id = "mug"
text = "A mug at the fair"
when = { partner = "FAIR" }
then = { giveaway = "mugs" }
cap = { count = 1, per = "lifetime" }

[[rule]]
id = "tenth"
text = "100 for each third visit at the fair"
when = { partner = "FAIR", counter = { "visits.lifetime" = { every = 3 } } }
then = { points = 100 }
"""

STAMPS = """
    EARN card=A amount=200 lines=c*200                -> earned=2 says=Coffee:1/3
    s: EARN card=A amount=200 lines=c*200             -> says=Coffee:2/3
    # each its own card, and a quote shows what it would be
    EARN card=B amount=200 lines=c*200                -> says=Coffee:1/3
    QUOTE card=A amount=200 lines=c*200               -> says=Coffee:3/3
    REVERSAL of=s                                     -> says=Coffee:1/3
    EARN card=A amount=200 lines=c*200 can=D          -> off=0 says=Coffee:2/3
    EARN card=A amount=200 lines=c*200                -> says=Coffee:3/3
    # the fourth is free where the till can take it off, the cheapest one, and brings no stamp itself
    EARN card=A amount=200 lines=c*200                -> off=0 says=Coffee:4/3
    f: EARN card=A amount=500 lines=d*300,c*200 can=D -> off=200 lines=2:200 pay=300 says=Coffee:2/3
    r: REVERSAL of=f                                  -> earned=-3 says=Coffee:4/3
    g: EARN card=A amount=500 lines=d*300,c*200 can=D -> off=200 says=Coffee:2/3
    # the one that was paid for comes back: its stamp too; the free one was had
    REFUND card=A amount=300 of=g lines=d*300         -> pay=300 says=Coffee:1/3
    QUOTE card=A amount=200 lines=c*200               -> says=Coffee:2/3
"""

HELD_STAMPS = """
    EARN card=A amount=900 lines=c*300,d*300,e*300 -> says=Coffee:3/3
    h: HOLD card=A amount=200 lines=c*200 can=D       -> off=200
    QUOTE card=A amount=200 lines=c*200 can=D         -> off=0 says=Coffee:1/3
    REVERSAL of=h                                     -> says=Coffee:3/3
    i: HOLD card=A amount=500 lines=c*200,b*300 can=D -> off=200
    c: COMPLETE card=A amount=500 of=i                       -> off=200 earned=3
    QUOTE card=A amount=200 lines=c*200               -> says=Coffee:1/3
    VOID of=c                                         -> says=Coffee:3/3
    QUOTE card=A amount=200 lines=c*200               -> says=Coffee:4/3
"""

NTH = """
    EARN card=A amount=100 partner=FAIR                      -> earned=1 says=A_mug
    s: EARN card=A amount=100 partner=FAIR                   -> earned=1 says= gets=
    v: VOID of=s                                             -> says=
    EARN card=A amount=100 partner=FAIR                      -> earned=1
    EARN card=A amount=100 partner=FAIR                      -> earned=101
    EARN card=A amount=100 partner=FAIR                      -> earned=1
"""

PRIZES = """
    a: EARN card=A amount=100 partner=FAIR                   -> gets=PRIZ:0:2026-03-12 says=A_mug
    EARN card=A amount=100 partner=FAIR                      -> gets=
    b: EARN card=B amount=100 partner=FAIR                   -> gets=PRIZ:0:2026-03-12
    EARN card=C amount=100 partner=FAIR                      -> gets=
    # one that comes back can be given again
    r: REFUND card=B amount=100 of=b                         ->
    c: EARN card=C amount=100 partner=FAIR                   -> gets=PRIZ:0:2026-03-12
    EARN card=B amount=100 partner=FAIR                      -> gets=
    REVERSAL of=a                                            ->
    EARN card=A amount=100 partner=FAIR                      -> gets=PRIZ:0:2026-03-12
    EARN* card=Z amount=100 partner=FAIR                     -> gets=
"""


@pytest.fixture
def programme() -> Programme:
    return parse_programme({MAIN: starter_text() + RULES})


@pytest.mark.parametrize("story", [STAMPS, HELD_STAMPS, NTH, PRIZES])
def test_what_is_told(story: str, programme: Programme) -> None:
    """Whether every line is a batch of its own or all are one."""
    assert sum(play(story, programme).sums().values()) == 0


def given(story: Story, words: str) -> Approved:
    """What is answered to a line."""
    name, _, rest = words.rpartition(":")
    transaction = story.transaction(rest.split())
    if name:
        story.asked[name] = transaction
    outcome = story.decide(transaction)
    assert isinstance(outcome, Outcome)
    assert isinstance(outcome.decision, Approved)
    return outcome.decision


def test_a_full_card_becomes_a_coupon(programme: Programme) -> None:
    """It begins anew, and the coupon is withdrawn with the sale that filled it."""
    story = Story(programme)
    story.play("EARN card=A amount=100 partner=BAR -> gets= says=Visits:1/2")
    (coupon,) = given(story, "s:EARN card=A amount=100 partner=BAR").instruments
    story.commit()
    story.play(
        f"""
        QUOTE card=A amount=100 coupon={coupon.code}   -> earned=51
        v: VOID of=s                                   -> says=Visits:1/2
        QUOTE card=A amount=100 coupon={coupon.code}   -> earned=1 refused=COUPON_UNKNOWN:{coupon.code}
        EARN card=A amount=100 partner=BAR             -> says=Visits:0/2
        """
    )
    story.play("REVERSAL of=v -> says=Visits:-1/2")  # two coupons for three visits


@pytest.mark.parametrize("batched", [False, True])
def test_a_certificate_of_a_rule_pays_and_is_taken_back(programme: Programme, *, batched: bool) -> None:
    """Unused it is worthless again; what was spent is owed in points, until the sale stands again."""
    story = Story(programme)
    (paper,) = given(story, "s:EARN card=A amount=6000").instruments
    assert (paper.kind, paper.value, str(paper.last_day)) == ("CERT", 500, "2026-04-01")
    lines = f"""
        v: VOID of=s                                                     -> earned=-60 balance=0
        PAY_CERTIFICATE card=A amount=100 cert={paper.code}              -> reason=CERTIFICATE_USED
        REVERSAL of=v                                                    -> balance=60
        p: PAY_CERTIFICATE card=B amount=200 cert={paper.code}           -> left=300
        w: VOID of=s                                                     -> earned=-60 balance=-200
        PAY_CERTIFICATE card=A amount=1 cert={paper.code}                -> reason=CERTIFICATE_USED
        REVERSAL of=w                                                    -> balance=60
        PAY_CERTIFICATE card=B amount=300 cert={paper.code}              -> left=0
        # what is kept would not have brought it
        r: REFUND card=A amount=5000 of=s                                -> earned=-50 balance=10
        REVERSAL of=s                                                    -> earned=-10 balance=-500
    """
    for line in lines.strip().splitlines():
        story.play(line)
        if batched:
            story.commit()
    assert sum(story.sums().values()) == 0
    assert "certificates" not in story.sums()


def test_a_part_of_a_basket_may_not_bring_the_certificate(programme: Programme) -> None:
    """With the lines told, what is kept is rated again; a lapsed one is nobody's any more."""
    story = Story(programme)
    (paper,) = given(story, "s:EARN card=A amount=6000 lines=a*2000,b*4000").instruments
    story.play(
        f"""
        r: REFUND card=A amount=2000 of=s lines=a*2000                   -> earned=-20 balance=40
        PAY_CERTIFICATE card=A amount=100 cert={paper.code}              -> reason=CERTIFICATE_USED
        REVERSAL of=r                                                    -> balance=60
        PAY_CERTIFICATE card=A amount=100 cert={paper.code}              -> left=400
        REVERSAL of=s later=40                                           -> earned=-60 balance=0
        """
    )


def test_a_purse_is_filled_and_pays(programme: Programme) -> None:
    """It is always the same, takes from several sales, and gives back what each brought."""
    story = Story(programme)
    (purse,) = given(story, "s:EARN card=A amount=4000 lines=w*4000").instruments
    assert (purse.kind, purse.value) == ("CERT", 200)
    story.commit()
    both = given(story, "t:EARN card=A amount=2000 lines=w*2000 partner=TAP").instruments
    assert [(each.code, each.value) for each in both] == [(purse.code, 300), (purse.code, 400)]
    story.play(
        f"""
        PAY_CERTIFICATE card=A amount=150 cert={purse.code}   -> left=250
        # half of the wine comes back, and half of what it brought
        REFUND card=A amount=2000 of=s lines=w*2000           -> balance=40
        PAY_CERTIFICATE card=A amount=1 cert={purse.code}     -> left=149
        # the purse has too little: the rest is owed
        v: VOID of=t                                          -> earned=-20 balance=-31
        PAY_CERTIFICATE card=A amount=1 cert={purse.code}     -> reason=CERTIFICATE_USED
        REVERSAL of=v                                         -> balance=40
        PAY_CERTIFICATE card=A amount=149 cert={purse.code}   -> left=0
        """
    )
    assert sum(story.sums().values()) == 0


TIERS = """
[[rule]]
id = "vip"
text = "Gold for a month for 100.00 at once"
when = { amount = { from = "100.00" } }
then = { tier = { to = "gold", last = "30 days" } }

[[rule]]
id = "vip-silver"
text = "Silver for 50.00 at once"
when = { amount = { from = "50.00" } }
then = { tier = { to = "silver", last = "60 days" } }

[[rule]]
id = "gold"
text = "Double for gold"
when = { tier = "gold" }
then = { multiply = 2 }

[[rule]]
id = "steps"
text = "Points for tiers, that pay nothing"
when = { partner = "GYM" }
then = { tier_points = 60 }

[[rule]]
id = "euros"
text = "One for each euro"
when = { partner = "SPA" }
then = { tier_points_per_amount = { points = 1, per = "1.00" } }
"""

TIERED = """
    EARN card=A amount=1000                 -> tier=basic
    s: EARN card=A amount=10000             -> earned=100 tier=gold
    EARN card=A amount=1000                 -> earned=20 tier=gold
    t: EARN card=A amount=10000             -> earned=200 tier=gold
    # two reasons for it: one is enough
    v: VOID of=t                            -> tier=gold
    INQUIRY card=A                          -> tier=gold
    w: VOID of=s                            -> tier=basic
    INQUIRY card=A                          -> tier=basic
    REVERSAL of=w                           -> tier=gold
    INQUIRY card=A later=30                 -> tier=gold
    INQUIRY card=A later=1                  -> tier=silver
    INQUIRY card=A later=29                 -> tier=silver
    INQUIRY card=A later=1                  -> tier=basic
"""

BY_POINTS = """
    EARN card=A amount=100 partner=GYM      -> earned=1 tier=basic
    g: EARN card=A amount=100 partner=GYM   -> earned=1 tier=silver
    VOID of=g                               ->
    EARN card=A amount=4100 partner=SPA     -> earned=41 tier=silver
    EARN card=A amount=100 later=2          -> tier=silver
"""


@pytest.mark.parametrize("story", [TIERED, BY_POINTS])
def test_tiers_of_rules(story: str) -> None:
    text = starter_text().replace("tiers = []", 'tiers = ["basic", "silver", "gold"]') + TIERS
    if story is BY_POINTS:
        text += """
[qualification]
metric = "tier_points"
window = "30 days"
downgrade = "all"
from = { silver = 100, gold = 1000 }
"""
    play(story, parse_programme({MAIN: text}))


def test_limits_bind_on_gifts() -> None:
    """Nothing is given by halves, and what a campaign's points took of its budget is not there any more."""
    campaign = """
[campaign]
id = "spring"
text = "Spring"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-01-01 }
budget_points = 1250

[[rule]]
id = "more"
text = "200 points"
then = { points = 200 }

[[rule]]
id = "paper"
text = "3.00"
then = { certificate = "3.00" }
cap = { cost = "6.00", per = "day", scope = "all" }
"""
    programme = parse_programme({MAIN: starter_text(), "campaigns/spring.toml": campaign})
    story = play(
        """
        a: EARN card=A amount=100           -> earned=201 gets=CERT:300:2027-03-02
        b: EARN card=B amount=100           -> earned=201 gets=CERT:300:2027-03-02
        EARN card=A amount=100              -> earned=201 gets=
        VOID of=a                           -> earned=-201
        EARN card=A amount=100              -> earned=201 gets=CERT:300:2027-03-02
        EARN card=A amount=100              -> earned=51 gets=
        """,
        programme,
    )
    assert not [name for name in story.sums() if name.startswith("budget")]  # all of it is given


FIRST = """
    REDEEM card=D amount=1                          -> reason=CARD_NOT_ACTIVE
    QUOTE card=D amount=1000                        -> earned=60
    s: EARN card=D amount=1000                      -> earned=60 balance=60
    t: EARN card=D amount=1000                      -> earned=10
    REDEEM card=D amount=10                         -> balance=60
    # as long as one purchase stands it is active
    VOID of=s                                       ->
    REDEEM card=D amount=5                          -> reason=NOT_SUFFICIENT_POINTS
    v: VOID of=t                                    ->
    REDEEM card=D amount=1                          -> reason=CARD_NOT_ACTIVE
    REVERSAL of=v                                   ->
    INQUIRY card=D                                  -> balance=0
    REVERSAL of=t                                   ->
    INQUIRY card=D                                  -> reason=CARD_NOT_ACTIVE
    EARN* card=D amount=1000                        -> earned=60
    INQUIRY card=D                                  -> balance=50
    # others are as they were
    u: EARN card=A amount=1000                      -> earned=10
    VOID of=u                                       ->
    INQUIRY card=A                                  -> balance=0
    EARN card=E amount=1000                         -> reason=CARD_BLOCKED
"""


def test_the_first_purchase_activates_a_card() -> None:
    """Where the programme says so; and the rules can tell that it is the first."""
    rule = """
[[rule]]
id = "first"
text = "50 for the first purchase"
when = { card_status = "issued" }
then = { points = 50 }
"""
    text = starter_text().replace("tiers = []", 'activation = "first_purchase"') + rule
    play(FIRST, parse_programme({MAIN: text}))
