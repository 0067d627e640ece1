# ruff: noqa: E501  (a row of a story is a line)
"""Rules on what points pay: each field at both of its edges, and undoing goes by the same terms."""

from dataclasses import replace

import pytest

from loyalty.card import Identifier, IdentifierKind
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from tests.switch.story import NUMBERS, Story, new_card, play, starter_text, token_of


def terms(own: str = "", rules: str = "", *, tiers: str = "", more: str = "") -> Programme:
    """The starter with *own* lines in ``[redemption]``, and *rules*: an id, a condition, the terms."""
    text = starter_text().replace("tiers = []", f"tiers = [{tiers}]")
    text = text.replace('share = "1/1"', f'share = "1/1"\n{own}\n', 1)
    for row in filter(None, (row.strip() for row in rules.splitlines())):
        name, when, redeem = (part.strip() for part in row.split("|"))
        condition = f"when = {when}\n" if when else ""
        text += f'[[rule]]\nid = "{name}"\ntext = "R"\n{condition}then = {{ redeem = {redeem} }}\n'
    return parse_programme({MAIN: text + more})


AT_T2 = 'two | { terminal = "T2" } | '
FULL = "EARN card=A amount=100000 -> balance=1000\n"

CURRENCY = """
    REDEEM card=A amount=100          -> used=100 value=100 balance=900
    REDEEM card=A amount=100 unit=p   -> used=100 value=200 balance=800
"""
VALUE = """
    REDEEM card=A amount=100 at=T2       -> used=50 value=100 pay=0 balance=950
    REDEEM card=A amount=101 at=T2       -> reason=AMOUNT_NOT_ALLOWED
    REDEEM card=A amount=101             -> used=101 value=101 balance=849
    REDEEM card=A amount=10 unit=p at=T2 -> used=10 value=20 balance=839
    EARN card=A amount=1000 points=100 at=T2 -> used=100 value=200 pay=800 earned=8 balance=747
    EARN card=A amount=1000 points=100   -> used=100 value=100 pay=900 earned=9 balance=656
    QUOTE card=A amount=100 at=T2        -> redeemable=50
    QUOTE card=A amount=100              -> redeemable=100
    INQUIRY card=A at=T2                 -> redeemable=656
"""
STEP = """
    REDEEM card=A amount=100 at=T2 -> used=100
    REDEEM card=A amount=150 at=T2 -> reason=AMOUNT_NOT_ALLOWED kept=False
    REDEEM card=A amount=150       -> used=150 balance=750
    EARN card=A amount=1000 points=150 at=T2 -> reason=AMOUNT_NOT_ALLOWED
    EARN card=A amount=150 points=200 at=T2 can=P -> partial=True used=100 pay=50
    INQUIRY card=A at=T2           -> redeemable=600 balance=650
"""
MINIMUM = """
    REDEEM card=A amount=499 at=T2 -> reason=AMOUNT_NOT_ALLOWED
    REDEEM card=A amount=500 at=T2 -> used=500 balance=500
    EARN card=A amount=9900 points=499 at=T2 -> reason=AMOUNT_NOT_ALLOWED
    INQUIRY card=A at=T2           -> redeemable=500
    REDEEM card=A amount=1         -> used=1 balance=499
    INQUIRY card=A at=T2           -> redeemable=0
    INQUIRY card=A                 -> redeemable=499
    # what would be left of it under P is below the minimum
    REDEEM card=A amount=600 at=T2 can=P -> reason=NOT_SUFFICIENT_POINTS
    EARN card=A amount=100 points=0 at=T2 -> earned=1 balance=500
    EARN card=A amount=499 points=500 at=T2 can=P -> reason=ABOVE_LIMIT
    QUOTE card=A amount=499 at=T2  -> redeemable=0
    QUOTE card=A amount=500 at=T2  -> redeemable=500
    EARN card=A amount=500 points=500 at=T2 -> used=500 pay=0 earned=0
"""
SHARE = """
    EARN card=A amount=1000 points=500 at=T2 -> used=500 pay=500
    EARN card=A amount=1000 points=501 at=T2 -> reason=ABOVE_LIMIT
    EARN card=A amount=401 points=201 at=T2 can=P -> partial=True used=200 pay=201
    EARN card=A amount=100 points=100        -> used=100 pay=0
    QUOTE card=A amount=100 at=T2            -> redeemable=50
    REDEEM card=A amount=10 at=T2            -> reason=ABOVE_LIMIT
    REDEEM card=A amount=10 at=T2 can=P      -> partial=True amount=5 used=5 pay=5
"""
TICKET_FROM = """
    EARN card=A amount=1999 points=1 at=T2 -> reason=ABOVE_LIMIT
    EARN card=A amount=2000 points=1 at=T2 -> used=1
    EARN card=A amount=1999 points=1 at=T2 can=P -> reason=ABOVE_LIMIT
    QUOTE card=A amount=1999 at=T2         -> redeemable=0
    QUOTE card=A amount=1999               -> redeemable=1018
    QUOTE card=A amount=2000 at=T2         -> redeemable=1018
    REDEEM card=A amount=50 at=T2          -> reason=ABOVE_LIMIT
"""
COVERS = """
    EARN card=A amount=300 lines=a*100,x*200 points=100 at=T2 -> used=100 pay=200
    EARN card=A amount=300 lines=a*100,x*200 points=101 at=T2 -> reason=ABOVE_LIMIT
    EARN card=A amount=300 lines=a*100,x*200 points=200 at=T2 can=P -> used=100 partial=True
    EARN card=A amount=300 lines=a*100,x*200 points=101       -> used=101
    EARN card=A amount=200 lines=x*200 points=1 at=T2 can=P   -> reason=ABOVE_LIMIT
    QUOTE card=A amount=300 lines=a*100,x*200 at=T2           -> redeemable=100
    # what is returned on the ticket is not covered twice
    QUOTE card=A amount=150 lines=a*100,b*-50,x*100 at=T2     -> redeemable=50
    # a till without a basket has one nameless line, which nobody excepted
    QUOTE card=A amount=300 at=T2                             -> redeemable=300
    REDEEM card=A amount=300 lines=a*100,x*200 at=T2          -> reason=ABOVE_LIMIT
    REDEEM card=A amount=300 lines=a*100,x*200 at=T2 can=P    -> used=100 amount=100 pay=200
"""
ONLY = """
    EARN card=A amount=300 lines=a*100,x*200 points=100 at=T2 -> used=100
    EARN card=A amount=300 lines=a*100,x*200 points=101 at=T2 -> reason=ABOVE_LIMIT
    # without a basket nobody knows that it was bought
    EARN card=A amount=300 points=1 at=T2                     -> reason=ABOVE_LIMIT
"""
REFUSED = """
    EARN card=A amount=1000 points=1 at=T2 -> reason=NOT_HERE kept=True
    EARN card=A amount=1000 at=T2          -> earned=10 balance=1010
    REDEEM card=A amount=1 at=T2           -> reason=NOT_HERE kept=True
    REDEEM* card=A amount=1 at=T2          -> exception=NOT_HERE balance=1010
    REDEEM* card=E amount=1 at=T2          -> exception=NOT_HERE
    EXCHANGE card=A amount=10 at=T2        -> reason=NOT_HERE
    HOLD card=A amount=1 pays=1 at=T2      -> reason=NOT_HERE
    HOLD card=A amount=9 points=1 at=T2    -> reason=NOT_HERE
    QUOTE card=A amount=1000 points=1 at=T2 -> reason=NOT_HERE
    QUOTE card=A amount=1000 at=T2         -> redeemable=0 earned=10
    INQUIRY card=A at=T2                   -> redeemable=0 balance=1010
    TRANSFER card=A to=B amount=10 at=T2   -> used=10 balance=1000
    REDEEM card=A amount=1                 -> used=1
"""
CERTIFICATES = """
    EXCHANGE card=A amount=40 at=T2        -> reason=AMOUNT_NOT_ALLOWED
    EXCHANGE card=A amount=49 at=T2        -> reason=AMOUNT_NOT_ALLOWED
    EXCHANGE card=A amount=50 at=T2        -> used=50 balance=950
    EXCHANGE card=A amount=55 at=T2        -> reason=AMOUNT_NOT_ALLOWED
    EXCHANGE card=A amount=60 unit=p at=T2 -> used=60 balance=890
    EXCHANGE card=A amount=60              -> reason=AMOUNT_NOT_ALLOWED
    EXCHANGE card=A amount=199             -> reason=AMOUNT_NOT_ALLOWED
    EXCHANGE card=A amount=200             -> used=200 balance=690
    REDEEM card=A amount=7 at=T2           -> used=7 balance=683
"""
PROOF = """
    REDEEM card=A amount=99 at=T2          -> used=99
    REDEEM card=A amount=100 at=T2         -> reason=PROOF_MISSING_OR_WRONG
    REDEEM card=A amount=100               -> used=100
    EARN card=A amount=9900 points=100 at=T2 -> reason=PROOF_MISSING_OR_WRONG
    EARN card=A amount=9900 points=99 at=T2 -> used=99
    give A code=1234
    REDEEM card=A amount=100 at=T2 code=1234 -> used=100 proof=code:used
"""


def test_certificates_are_smaller_for_some() -> None:
    """Minimum and step, each at its edge; elsewhere the programme's own hold."""
    own = "[certificates]\nminimum = 200\nstep = 100\n"
    rule = AT_T2 + "{ certificates = { minimum = 50, step = 10 } }"
    play(FULL + CERTIFICATES, terms(rules=rule, more=own))
    gold = 'gold | { tier = "gold" } | { certificates = { minimum = 100 } }'
    story = Story(terms(rules=gold, tiers='"base", "gold"', more=own))
    card = replace(new_card("Z"), tier="gold")
    story.store.add(card, "CPAN", token_of(Identifier(IdentifierKind.CARD, NUMBERS["Z"])))
    story.play("""
        EARN card=A amount=100000  -> balance=1000
        EARN card=Z amount=100000  -> balance=1000
        EXCHANGE card=Z amount=100 -> used=100
        EXCHANGE card=A amount=100 -> reason=AMOUNT_NOT_ALLOWED
        EXCHANGE card=Z amount=150 -> reason=AMOUNT_NOT_ALLOWED
        EXCHANGE card=A amount=200 -> used=200
    """)


def test_points_may_pay_otherwise_where_points_are_asked_for() -> None:
    """A till that writes points in DE 4 shows them by the unit's code in DE 49."""
    made = terms(rules='points | { currency = "999" } | { value = "0.02" }')
    play(FULL + CURRENCY, made)
    play(FULL + CURRENCY.replace("value=200", "value=100"), terms())


@pytest.mark.parametrize(
    ("redeem", "story"),
    [
        ('{ value = "0.02" }', VALUE),
        ("{ step = 100 }", STEP),
        ("{ minimum = 500 }", MINIMUM),
        ('{ share = "1/2" }', SHARE),
        ('{ ticket_from = "20.00" }', TICKET_FROM),
        ('{ covers = { except_product = "x" } }', COVERS),
        ('{ covers = { product = "a" } }', ONLY),
        ('{ refuse = "NOT_HERE" }', REFUSED),
        ('{ proof_from = "1.00" }', PROOF),
    ],
)
def test_a_rule_says_what_points_pay(redeem: str, story: str) -> None:
    """At terminal T2, and nowhere else; with and without a till that takes a part."""
    play(FULL + story, terms(rules=AT_T2 + redeem))


@pytest.mark.parametrize(
    ("own", "story"),
    [
        ("minimum = 500", MINIMUM),
        ('ticket_from = "20.00"', TICKET_FROM),
        ('covers = { except_product = "x" }', COVERS),
    ],
)
def test_so_does_the_programme_itself(own: str, story: str) -> None:
    """What a rule may say of some, ``[redemption]`` says of all; a rule of T1 takes it back there."""
    back = 'one | { terminal = "T1" } | { minimum = 0, ticket_from = 0, covers = { except_product = "q" } }'
    play(FULL + story, terms(own, back))


def test_the_first_rule_that_holds_decides() -> None:
    """By priority, then by name; what it does not say is as the programme has it."""
    rules = """
        b | { terminal = "T2" } | { share = "1/2" }
        a | { ticket = { from = "10.00" } } | { share = "1/4" }
    """
    story = """
        EARN card=A amount=1000 points=250 at=T2 -> used=250
        EARN card=A amount=1000 points=251 at=T2 -> reason=ABOVE_LIMIT
        EARN card=A amount=998 points=499 at=T2  -> used=499
        EARN card=A amount=998 points=500 at=T2  -> reason=ABOVE_LIMIT
    """
    play(FULL + story, terms(rules=rules))


def test_by_tier() -> None:
    """Gold points pay more, gold members get prizes for fewer, and certificates that are worth more."""
    prize = '[[prize]]\ncode = "MUG"\ntext = "M"\npoints = 500\ntier_points = { gold = 400 }\n'
    made = terms(rules='gold | { tier = "gold" } | { value = "0.02" }', tiers='"silver", "gold"', more=prize)
    story = Story(made)
    gold = replace(new_card("Z"), tier="gold")
    story.store.add(gold, "CPAN", token_of(Identifier(IdentifierKind.CARD, NUMBERS["Z"])))
    story.play("""
        EARN card=A amount=100000               -> balance=1000 tier=silver
        EARN card=Z amount=100000               -> balance=1000 tier=gold
        INQUIRY card=Z                          -> redeemable=1000
        REDEEM card=A amount=100                -> used=100
        REDEEM card=Z amount=100                -> used=50 value=100 balance=950
        REDEEM card=A amount=400 unit=p prize=MUG -> reason=AMOUNT_NOT_ALLOWED
        REDEEM card=A amount=500 unit=p prize=MUG -> used=500 balance=400
        REDEEM card=Z amount=500 unit=p prize=MUG -> reason=AMOUNT_NOT_ALLOWED
        z: REDEEM card=Z amount=400 unit=p prize=MUG -> used=400 balance=550
        VOID of=z                               -> used=400 balance=950
        EXCHANGE card=A amount=100 unit=p       -> value=100 used=100
        c: EXCHANGE card=Z amount=100 unit=p    -> value=200 used=100 balance=850
        PAY_CERTIFICATE card=A amount=200 cert=c -> value=200 left=0
        d: EXCHANGE card=Z amount=200           -> value=200 used=100 balance=750
        REVERSAL of=d final=100                 -> used=50 balance=800
    """)


def test_what_is_undone_goes_by_the_terms_of_the_decision() -> None:
    """Points come back at the value at which they paid, and a hold is completed at the one of its promise."""
    story = """
        r: REDEEM card=A amount=100 at=T2              -> used=50 balance=950
        REVERSAL of=r final=40 at=T2                   -> used=30 balance=980
        t: REDEEM card=A amount=200 at=T2 ticket=7     -> used=100 balance=880
        s: EARN card=A amount=1000 at=T2 ticket=7      -> earned=8 balance=888
        REFUND of=s amount=50 at=T2                    -> used=25 value=50 pay=0
        REFUND of=s amount=950 at=T2                   -> used=75 value=150 pay=800
        p: EARN card=A amount=1000 points=100 at=T2    -> value=200 pay=800 earned=8 balance=888
        REFUND of=p amount=100                         -> used=50 value=100 pay=0
        f: REFUND of=p amount=900                      -> used=50 value=100 pay=800
        v: REVERSAL of=f final=50                      -> earned=6 balance=961
        h: HOLD card=A amount=100 pays=1 at=T2         -> used=50 held=50
        COMPLETE of=h amount=60 pays=1 at=T1           -> used=30 value=60 held=0
        k: HOLD card=A amount=1000 points=100 at=T2    -> used=100 value=200 pay=800
        COMPLETE of=k amount=1000 at=T1                -> used=100 value=200 pay=800
        m: HOLD card=A amount=100 pays=1 at=T2         -> used=50
        REVERSAL of=m final=60 at=T2                   -> used=20
    """
    play(FULL + story, terms(rules=AT_T2 + '{ value = "0.02" }'))


def test_a_repeat_gets_its_answer_when_the_terms_are_others() -> None:
    """What was right when it was decided is not found wrong later, and nothing else passes as it."""
    story = """
        EARN card=A amount=100000    -> balance=1000
        r: REDEEM card=A amount=100  -> used=100
        EARN card=A amount=100       -> balance=901
        REDEEM card=A amount=100     -> reason=AMOUNT_NOT_ALLOWED kept=False
        REDEEM again=r               -> known=000002
        REDEEM again=r amount=101    -> reason=AMOUNT_NOT_ALLOWED
        REDEEM again=r amount=300    -> reason=KEY_CONFLICT
    """
    play(story, terms(rules='often | { counter = { "visits.day" = { from = 2 } } } | { step = 300 }'))


OFF = """
    s: EARN card=A amount=1000 lines=a*600,b*400 points=100 can=D -> used=100 value=None off=100 lines=1:60+2:40 pay=900 earned=9 balance=909
    # the goods are returned at what was paid in money, and the points come back in proportion
    REFUND of=s amount=540 lines=a*540 -> used=60 pay=540 earned=-6 balance=963
    REFUND of=s amount=361 -> reason=ABOVE_ORIGINAL
    REFUND of=s amount=360 lines=b*360 -> used=40 pay=360 earned=-3 balance=1000
    # where the till takes no discounts, or tells what has happened, they are a tender
    t: EARN card=A amount=1000 lines=a*600,b*400 points=100 -> used=100 value=100 off=0 pay=900
    VOID of=t -> balance=1000
    u: EARN card=A amount=1000 points=100 can=D -> value=100 off=0 pay=900
    VOID of=u -> balance=1000
    w: EARN* card=A amount=1000 lines=a*1000 points=100 can=D -> value=100 off=0 pay=900
    REVERSAL of=w -> balance=1000
    HOLD card=A amount=1000 lines=a*1000 points=100 can=D -> value=100 off=0 held=100
    QUOTE card=A amount=1000 lines=a*600,b*400 points=100 can=D -> used=100 value=None off=100 pay=900 earned=9 redeemable=900
    # not what they do not cover
    x: EARN card=A amount=1000 lines=a*600,x*400 points=100 can=D -> off=100 lines=1:100 pay=900
    y: VOID of=x -> used=100 pay=900 balance=900
    REVERSAL of=y -> balance=809
"""


def test_points_as_a_discount() -> None:
    """They come off the lines and are told as 056; 062 = DE 4 - 056 - 063 holds, and what is paid earns."""
    play(FULL + OFF, terms('as = "discount"\ncovers = { except_product = "x" }'))


def test_a_refund_of_discounted_points_is_undone_in_part() -> None:
    """What of the refund stands keeps its part of the points."""
    story = """
        s: EARN card=A amount=1000 lines=a*1000 points=500 can=D -> off=500 pay=500 earned=5 balance=505
        r: REFUND of=s amount=400       -> used=400 pay=400 earned=-4 balance=901
        REVERSAL of=r final=100         -> balance=604
        REVERSAL of=s                   -> used=400 pay=400
    """
    play(FULL + story, terms('as = "discount"'))


def test_what_a_child_holds_counts_for_his_day() -> None:
    """Reserved or used, once: many holds are no way around it; those of his parent do not count."""
    story = """
        EARN card=A amount=100000                -> balance=1000
        HOLD card=A amount=500 pays=1            -> held=500
        h: HOLD card=H amount=70 pays=1          -> used=70
        HOLD card=H amount=31 pays=1             -> reason=ABOVE_LIMIT
        HOLD card=H amount=31 pays=1 can=P       -> used=30
        REDEEM card=H amount=1                   -> reason=ABOVE_LIMIT
        TRANSFER card=H to=B amount=1            -> reason=ABOVE_LIMIT
        INQUIRY card=H                           -> redeemable=0
        COMPLETE card=H amount=50 pays=1 of=h    -> used=50
        REDEEM card=H amount=21                  -> reason=ABOVE_LIMIT
        REDEEM card=H amount=20                  -> used=20
        INQUIRY card=H later=8                   -> redeemable=100
    """
    play(story, terms(more="[family]\npoints_per_day = 100\n"))


def test_a_family_sees_what_it_may_use() -> None:
    """An inquiry and a quote tell no more than a redemption would take."""
    story = """
        EARN card=H amount=100000 -> balance=1000
        INQUIRY card=H            -> redeemable=300
        QUOTE card=H amount=5000  -> redeemable=300
        REDEEM card=H amount=301  -> reason=ABOVE_LIMIT
        INQUIRY card=A            -> redeemable=1000
    """
    play(story, terms(more="[family]\npoints_per_transaction = 300\n"))
