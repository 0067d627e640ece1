"""What time brings: points become available, expire, and come back too late."""

import pytest

from ledger.account import AccountKind, PostingReason, kind_of
from rules.parse import MAIN, parse_programme
from tests.switch.story import Story, play, starter_text

WAIT = ('available_after = "0 days"', 'available_after = "14 days"')
GRACE = ('shortfall = "debt"', 'shortfall = "debt"\ngrace = "30 days"')
SHORT = ('last = "2 years"', 'last = "20 days"')

PENDING = """
    s: EARN card=A amount=1000                     -> earned=10 balance=0 pending=10
    REDEEM card=A amount=1                         -> reason=NOT_SUFFICIENT_POINTS
    # what is returned meanwhile leaves no trace in what can be spent
    REFUND card=A amount=400 of=s                  -> earned=-4 balance=0 pending=6
    t: EARN card=A amount=2000                     -> earned=20 pending=26
    INQUIRY card=A later=13                        -> balance=0 pending=26
    INQUIRY card=A later=1                         -> balance=26 pending=0 redeemable=26
    REDEEM card=A amount=25                        -> used=25 balance=1 pending=0
    # the rest of the first sale: one point is there, five are owed
    u: EARN card=A amount=500                      -> balance=1 pending=5
    REFUND card=A amount=600 of=s                  -> earned=-6 balance=-5 pending=5
    # pending points of another sale pay no debt; the next earning does at once
    EARN card=A amount=700                         -> earned=7 balance=0 pending=7
    r: REVERSAL of=u                               -> earned=-5 balance=0 pending=2
"""

PENDING_UNDONE = """
    s: EARN card=A amount=1000                     -> pending=10
    r: REFUND card=A amount=400 of=s               -> pending=6
    v: VOID of=r                                   -> earned=4 pending=10 balance=0
    w: VOID of=s                                   -> earned=-10 pending=0 balance=0
    REVERSAL of=w                                  -> earned=10 pending=10
    INQUIRY card=A later=14                        -> balance=10 pending=0
    REVERSAL of=s                                  -> earned=-10 balance=0
"""

TOO_LATE = """
    EARN card=A amount=10000                       -> balance=100
    x1: REDEEM card=A amount=60                    -> balance=40
    INQUIRY card=A later=21                        -> balance=0
    # what was spent in time comes back dead, and the rest expires with it
    REVERSAL of=x1                                 -> used=None value=None balance=0
"""

HALF_TOO_LATE = """
    EARN card=A amount=4000                        -> balance=40
    EARN card=A amount=6000 later=10               -> balance=100
    x1: REDEEM card=A amount=60                    -> used=60 value=60 balance=40
    # forty of them are dead, and what comes back is told with what it is worth
    INQUIRY card=A later=11                        -> balance=40
    REVERSAL of=x1                                 -> used=20 value=20 balance=60
"""

GRACIOUS = """
    EARN card=A amount=1000                        -> balance=10
    EARN card=A amount=10000 later=5               -> balance=110
    x1: REDEEM card=A amount=60                    -> balance=50
    INQUIRY card=A later=21                        -> balance=0
    y: REVERSAL of=x1                              -> used=60 balance=60
    REDEEM card=A amount=1 later=30                -> used=1 balance=59
    INQUIRY card=A later=1                         -> balance=0
"""


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        (PENDING, [WAIT]),
        (PENDING_UNDONE, [WAIT]),
        (TOO_LATE, [SHORT]),
        (HALF_TOO_LATE, [SHORT]),
        (GRACIOUS, [SHORT, GRACE]),
    ],
)
def test_story(text: str, changes: list[tuple[str, str]]) -> None:
    """Each line comes out as written, whatever batches they fall into."""
    story = play(text, parse_programme({MAIN: _text(changes)}))
    assert sum(story.sums().values()) == 0


def _text(changes: list[tuple[str, str]]) -> str:
    text = starter_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def test_points_of_grace_are_one_lot() -> None:
    """However many lots they came from: a decision has numbers for sixteen."""
    story = Story(parse_programme({MAIN: _text([SHORT, GRACE])}))
    for _ in range(30):
        story.play("EARN card=A amount=100 later=0")
    story.play("x1: REDEEM card=A amount=30 -> balance=0")
    story.play("REVERSAL of=x1 later=25 -> used=30 balance=30")
    undone = story.pending[-1]
    assert [lot.points for lot in undone.lots] == [30]
    assert {posting.lot for posting in undone.postings} == {undone.lots[0].lot}


def test_points_of_grace_are_whose_they_were() -> None:
    """A partner who bore points bears them still; what comes back from a hold at his till is not his."""
    partner = '\n[[partner]]\nid = "A"\ntext = "A"\nfunds = true\n'
    story = Story(parse_programme({MAIN: _text([SHORT, GRACE]) + partner}))
    story.play("""
        EARN card=A amount=100 ->
        EARN card=A amount=200 partner=A ->
        EARN card=A amount=400 ->
        x1: REDEEM card=A amount=7 -> balance=0
        REVERSAL of=x1 later=25 -> used=7 balance=7
    """)
    undone = story.pending[-1]
    assert sorted((lot.funder, lot.points, lot.value_minor) for lot in undone.lots) == [
        ("", 5, 5),
        ("A", 2, 2),
    ]
    story.play("""
        EARN card=B amount=300 ->
        x2: HOLD card=B amount=3 pays=1 ->
        EARN card=B amount=500 partner=A later=25 ->
    """)
    earned = story.pending[-1]
    assert sorted((lot.funder, lot.points) for lot in earned.lots) == [("", 3), ("A", 5)]


def test_what_is_due_is_posted_with_the_next_decision_and_only_then() -> None:
    """An inquiry tells it and posts nothing; a decline posts nothing either."""
    story = Story(parse_programme({MAIN: _text([WAIT])}))
    story.play("EARN card=A amount=1000")
    story.play("INQUIRY card=A later=14 -> balance=10")
    story.play("REDEEM card=A amount=11 -> reason=NOT_SUFFICIENT_POINTS")
    assert story.sums() == {"issue": -10, "pending.65": 10}
    story.play("REDEEM card=A amount=4")
    assert story.sums() == {"issue": -10, "available.65": 6, "redeemed": 4}
    matured, redeemed = story.pending[-1].postings
    assert matured.reason is PostingReason.MATURE
    assert kind_of(redeemed.debit) is AccountKind.AVAILABLE
