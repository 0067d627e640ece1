"""What is paused gives nothing and pays nothing, in whatever way it would."""

from datetime import UTC, datetime

import pytest

from rules.amend import amended
from rules.explain import why_not
from rules.facts import Facts
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from switch.programmes import Programmes
from tests.switch.story import Story, starter_text

TEXT = (
    starter_text()
    + """
[[prize]]
code = "MUG"
text = "A mug"
points = 50

[[coupon]]
id = "treat"
text = "Treat"

[[stamp_card]]
id = "visits"
text = "Visits"
size = 9

[[pool]]
id = "mugs"
text = "A mug"
stock = 9

[[rule]]
id = "r"
text = "R"
then = { THEN }

[[rule]]
id = "word"
text = "A word"
then = { message = "Hello" }
"""
)
GIFTS = {
    "money": '"1.00"',
    "cash_back": '"1/10"',
    "certificate": '"1.00"',
    "coupon": '"treat"',
    "giveaway": '"mugs"',
    "stamp": '"visits"',
    "tier_points": "5",
    "points": "5",
}


def paused(what: str, effect: str = "points") -> Story:
    """A story in which A has 1,000 points, and something is paused since."""
    whole = parse_programme({MAIN: TEXT.replace("THEN", f"{effect} = {GIFTS[effect]}")})
    story = Story(whole)
    story.play("EARN card=A amount=100000\nh: HOLD card=A amount=50 pays=1 -> used=50")
    story.commit()
    since = story.now
    stopped = amended(whole, paused=frozenset(), stopped=frozenset({what}))
    story.programmes = Programmes(((datetime.min.replace(tzinfo=UTC), whole), (since, stopped)))
    return story


def now(story: Story) -> Programme:
    return story.programmes.current


@pytest.mark.parametrize("effect", GIFTS)
def test_nothing_is_given_while_earning_is_paused(effect: str) -> None:
    """Not by any effect: a wrong rule that gives money is stopped as one that gives points is."""
    story = paused("earn", effect)
    before = dict(story.store.tallies)
    story.play("s: EARN card=A amount=2000 lines=x*2000 can=D -> earned=0 gets= says=Hello")
    story.commit()
    gained = {place: total for place, total in story.store.tallies.items() if total != before.get(place, 0)}
    assert not [place for place in gained if not place[0].startswith("visits")]
    facts = story.store.outcomes[max(story.store.outcomes)].facts
    assert facts is not None
    assert why_not(now(story), Facts.from_json(facts), "r")[-1].found == "earning was paused"


@pytest.mark.parametrize(
    "asked",
    [
        "REDEEM card=A amount=50",
        "REDEEM card=A amount=50 prize=MUG",
        "HOLD card=A amount=50 pays=1",
        "HOLD card=A amount=50 pays=1 prize=MUG",
        "EXCHANGE card=A amount=50",
        "EARN card=A amount=2000 points=50",
        "HOLD card=A amount=2000 points=50",
        "QUOTE card=A amount=2000 points=50",
    ],
)
def test_points_buy_nothing_while_redeeming_is_paused(asked: str) -> None:
    story = paused("redeem")
    story.play(f"{asked} -> reason=REDEMPTION_PAUSED")
    story.play("INQUIRY card=A -> redeemable=0")
    story.play("COMPLETE card=A amount=50 of=h pays=1 -> used=50")  # that was promised


def test_what_an_advice_tells_of_is_remembered() -> None:
    story = paused("redeem")
    story.play("REDEEM* card=A amount=50 prize=MUG -> exception=REDEMPTION_PAUSED used=None")
