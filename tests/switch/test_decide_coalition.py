"""Partners of a coalition: who bears what is earned, who gets what is spent, and how undoing mirrors it."""

from rules.parse import MAIN, parse_programme
from switch.funding import partner_account
from tests.switch.story import Story, play, starter_text

PARTNERS = """
[certificates]
step = 1

[[partner]]
id = "FUEL"
text = "Fuel Company"
funds = true
reimbursed = true

[[partner]]
id = "SHOES"
text = "Shoes"
reimbursed = true
"""


def positions(text: str) -> dict[str, int]:
    """What each partner is owed after *text*, and that the books are otherwise as without partners."""
    plain = play(text.replace("partner=", "was="))
    story = play(text, parse_programme({MAIN: starter_text() + PARTNERS}))
    for letter in "ABC":
        assert story.balance(letter) == plain.balance(letter)
    assert sum(story.sums().values()) == 0
    return {partner: _sum(story, partner) for partner in ("FUEL", "SHOES")}


def _sum(story: Story, partner: str) -> int:
    its = partner_account(partner)
    return sum(
        posting.points * ((posting.credit == its) - (posting.debit == its))
        for outcome in story.store.outcomes.values()
        for posting in outcome.postings
    )


def test_who_funds_owes_and_who_takes_points_is_owed() -> None:
    assert positions("""
        EARN card=A amount=10000 partner=FUEL            -> earned=100
        EARN card=A amount=5000                          -> earned=50
        EARN card=A amount=5000 partner=SHOES            -> earned=50
        REDEEM card=A amount=30 partner=SHOES            -> used=30
        REDEEM card=A amount=20                          -> used=20
        EARN card=A amount=1000 points=10 partner=FUEL   -> used=10 earned=9
    """) == {"FUEL": -100 - 9 + 10, "SHOES": 30}


def test_lots_that_come_again_have_the_funder_of_those_before() -> None:
    """A refund is undone when what it took would have expired: the points are the partner's as before."""
    story = play(
        """
        s: EARN card=A amount=10000 partner=FUEL         -> earned=100
        r: REFUND card=A amount=4000 of=s                -> earned=-40
        REVERSAL of=r later=800                          -> earned=40
        """,
        parse_programme({MAIN: starter_text() + PARTNERS}),
    )
    lots = [lot for outcome in story.store.outcomes.values() for lot in outcome.lots]
    assert [(lot.points, lot.funder) for lot in lots] == [(100, "FUEL"), (40, "FUEL")]


def test_what_is_undone_is_undone_with_the_partner_wherever_that_happens() -> None:
    assert positions("""
        s: EARN card=A amount=10000 partner=FUEL         -> earned=100
        REFUND card=A amount=4000 of=s at=T2             -> earned=-40
        EARN card=A amount=50000                         -> balance=560
        r: REDEEM card=A amount=200 ticket=7 partner=SHOES -> used=200
        t: EARN card=A amount=1000 ticket=7 partner=SHOES -> earned=8
        u: REFUND of=t amount=100                        -> used=100 earned=-1
        REVERSAL of=r final=150                          -> used=None
    """) == {"FUEL": -60, "SHOES": 100}


def test_nothing_is_left_when_everything_is_undone() -> None:
    assert positions("""
        s: EARN card=A amount=10000 partner=FUEL         -> earned=100
        v: VOID of=s                                     -> earned=-100
        w: REVERSAL of=v                                 -> earned=100
        r: REDEEM card=A amount=30 partner=SHOES         -> used=30
        q: VOID of=r                                     -> used=30
        REVERSAL of=q                                    -> balance=70
        REVERSAL of=r                                    -> used=30
        c: EXCHANGE card=A amount=50 partner=SHOES       -> used=50
        p: PAY_CERTIFICATE card=B amount=20 cert=c partner=SHOES -> value=20
        VOID of=p                                        -> value=20
        REVERSAL of=c                                    -> used=50
        f: REFUND card=A amount=1000 partner=FUEL        -> earned=-10
        VOID of=f                                        -> earned=10
        REVERSAL of=s                                    -> earned=-100 balance=0
    """) == {"FUEL": 0, "SHOES": 0}


def test_a_certificate_is_paid_for_where_it_is_spent() -> None:
    assert positions("""
        EARN card=A amount=10000                         -> earned=100
        c: EXCHANGE card=A amount=100 partner=SHOES      -> used=100
        PAY_CERTIFICATE card=B amount=20 cert=c partner=FUEL -> left=80
        p: PAY_CERTIFICATE card=B amount=30 cert=c partner=SHOES -> left=50
        REVERSAL of=p final=10                           -> left=70
    """) == {"FUEL": 20, "SHOES": 10}


def test_lots_name_who_bears_them() -> None:
    story = play(
        """
        EARN card=A amount=10000 partner=FUEL            -> earned=100
        EARN card=A amount=5000 partner=SHOES            -> earned=50
        TRANSFER card=A to=B amount=120                  -> used=120
        """,
        parse_programme({MAIN: starter_text() + PARTNERS}),
    )
    lots = [lot for outcome in story.store.outcomes.values() for lot in outcome.lots]
    assert [(lot.funder, lot.points) for lot in lots] == [("FUEL", 100), ("", 50), ("FUEL", 100), ("", 20)]


CAMPAIGN = """
[campaign]
id = "summer"
text = "Summer"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-01-01 }
funding = [
  { partner = "SHOES", basis_points = 6667 },
  { partner = "FUEL", basis_points = 2222 },
  { partner = "US", basis_points = 1111 },
]

[[rule]]
id = "summer"
text = "100 more"
when = { amount = { from = "10.00" } }
then = { points = 100 }

[[rule]]
id = "paper"
text = "A certificate"
when = { amount = { from = "50.00" } }
then = { certificate = "1.00" }
"""


def funded(text: str) -> tuple[Story, dict[str, int]]:
    sources = {MAIN: starter_text() + PARTNERS, "campaigns/summer.toml": CAMPAIGN}
    story = play(text, parse_programme(sources))
    assert sum(story.sums().values()) == 0
    return story, {partner: _sum(story, partner) for partner in ("FUEL", "SHOES")}


def test_a_campaign_is_borne_in_parts() -> None:
    """By largest remainder: 67, 22 and 11 of 100; the terminal's partner bears the rest where he does."""
    _, borne = funded("EARN card=A amount=1000 -> earned=110")
    assert borne == {"FUEL": -22, "SHOES": -67}
    story, borne = funded("s: EARN card=A amount=1000 partner=FUEL -> earned=110")
    assert borne == {"FUEL": -32, "SHOES": -67}
    lots = [(lot.funder, lot.points) for outcome in story.store.outcomes.values() for lot in outcome.lots]
    assert sorted(lots) == [("FUEL", 21), ("FUEL", 22), ("SHOES", 67)]


def test_what_a_campaign_gave_is_taken_back_from_those_who_bore_it() -> None:
    """By lines, by amount, as a whole; and given again with what undid it undone."""
    sale = "s: EARN card=A amount=2000 lines=a*1500,b*500 -> earned=120"
    assert funded(f"{sale}\nREFUND card=A of=s amount=500 lines=b*500 -> earned=-5")[1]["SHOES"] == -67
    assert funded(f"{sale}\nREFUND card=A of=s amount=1500 lines=a*1500 -> earned=-115")[1]["SHOES"] == 0
    half = f"{sale.replace(' lines=a*1500,b*500', '')}\nr: REFUND card=A of=s amount=1000 -> earned=-60"
    assert funded(half)[1] == {"FUEL": -11, "SHOES": -33}
    assert funded(f"{half}\nREVERSAL of=r ->")[1] == {"FUEL": -22, "SHOES": -67}
    story, borne = funded(f"{sale}\nv: VOID of=s ->\nREVERSAL of=v -> balance=120\nINQUIRY card=A ->")
    assert borne == {"FUEL": -22, "SHOES": -67}
    assert len([lot for outcome in story.store.outcomes.values() for lot in outcome.lots]) == 3
    whole = "s: EARN card=A amount=5000 -> earned=150\nVOID of=s ->"
    assert funded(whole)[1] == {"FUEL": 0, "SHOES": 0}
    assert funded("EARN card=A amount=5000 -> earned=150")[1] == {"FUEL": -44, "SHOES": -134}
