"""The past, played again: the same code with the same counters comes to the same points."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import NamedTuple, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.card import CardId
from members.profile import Profile
from messages.link import TransactionReceived
from messages.message import Message
from rules.backtest import Backtest
from rules.facts import Facts
from rules.parse import MAIN, parse_programme
from rules.replay import Past, Replay
from switch.shadow import Shadow
from switch.work import Work
from tests.switch.story import NOON, Story, new_card, starter_text

RULES = """
[[cap]]
points = 900
per = "week"

[[rule]]
id = "day"
text = "So much a day"
then = { points = 40 }
cap = [{ points = 90, per = "day" }, { count = 3, per = "month", scope = "terminal" }]

[[rule]]
id = "rolling"
text = "So much in three days, for all"
then = { multiply = 3 }
cap = { cost = "1.50", per = "3 days", scope = "all" }

[[rule]]
id = "often"
text = "From the third visit of a month"
when.counter = { "visits.month" = { from = 2 }, "spend.30d" = { from = "5.00" } }
then = { points = 7 }

[[rule]]
id = "back"
text = "Who was away"
when.counter = { "days_since.visit" = { from = 3 } }
then = { points = 11 }

[[rule]]
id = "poor"
text = "Who has little"
when = { balance = { below = 60 }, expiring = { days = 3650, below = 50 }, not = { card_type = "rfid" } }
then = { points = 5 }

[[stamp_card]]
id = "visits"
text = "Visits"
size = 3
coupon = "third"

[[coupon]]
id = "third"
text = "Third"

[[pool]]
id = "mugs"
text = "A mug"
stock = 4
cost = "2.00"

[[rule]]
id = "stamp"
text = "A stamp a visit"
then = { stamp = "visits" }

[[rule]]
id = "nearly"
text = "Points for a card that is nearly full"
when.counter = { "stamps.visits" = { from = 2 } }
then = { points = 17 }

[[rule]]
id = "mug"
text = "A mug, one for each member"
then = { giveaway = "mugs" }
cap = { count = 1, per = "lifetime" }

[[rule]]
id = "money"
text = "A certificate, two a week"
when = { amount = { from = "4.00" } }
then = { certificate = "1.00" }
cap = { cost = "2.00", per = "week", scope = "all" }

[[rule]]
id = "row"
text = "Days in a row"
when.counter = { "streak.day" = { from = 1 } }
then = { points = 13 }
"""
CAMPAIGN = """
[campaign]
id = "spring"
text = "Spring"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-01-01 }
budget_points = 200
budget_daily = 60
experiment = { arms = { A = 5000, B = 5000 } }

[[rule]]
id = "a"
text = "A"
arm = "A"
then = { points = 25 }

[[rule]]
id = "b"
text = "B"
arm = "B"
then = { points = 35 }
"""
MADE = parse_programme({MAIN: starter_text() + RULES, "campaigns/spring.toml": CAMPAIGN})


class Asked(NamedTuple):
    """A sale to come."""

    card: str
    amount: int
    later: int
    at: str


asked = st.builds(
    Asked,
    st.sampled_from("ABC"),
    st.integers(1, 900),
    st.sampled_from([0, 0, 0, 1, 2, 4]),
    st.sampled_from(("T1", "T2")),
)


@settings(max_examples=40)
@given(st.lists(asked, min_size=1, max_size=25))
def test_what_was_decided_is_rated_the_same_again(sales: list[Asked]) -> None:
    """Limits over every span, budgets, counters of every kind and arms, all from nothing on."""
    story = Story(MADE)
    for each in sales:
        story.play(f"EARN card={each.card} amount={each.amount} later={each.later} at={each.at}")
    replay = Replay(MADE)
    for outcome in story.pending:
        record = outcome.record
        assert record is not None
        assert outcome.facts is not None
        kept = Facts.from_json(outcome.facts)
        again = Facts.from_json(outcome.facts)
        rated = replay.rate(Past(again, record.business_date, record.member_id, record.card_id))
        assert rated.award.points == record.earned
        assert (again.counters, again.arms) == (kept.counters, kept.arms)


def test_a_candidate_is_bound_by_its_own_budget() -> None:
    """It gives no more than it plans, and the day on which that ended is told; so is who gains."""
    story = Story()
    for card in "ABCABC":
        story.play(f"EARN card={card} amount=100 later=1")
    text = CAMPAIGN.partition("experiment")[0] + '[[rule]]\nid = "x"\ntext = "X"\nthen = { points = 50 }\n'
    candidate = parse_programme({MAIN: starter_text(), "campaigns/spring.toml": text})
    now, then, test = Replay(MADE), Replay(candidate), Backtest(candidate)
    for outcome in story.pending:
        assert outcome.record is not None
        assert outcome.facts is not None
        past = Past(
            Facts.from_json(outcome.facts), outcome.record.business_date, outcome.record.member_id, None
        )
        now.rate(past)
        test.add(past.member, past.facts, past.day, outcome.record.earned, then.rate(past).award)
    assert (test.current_points, test.candidate_points) == (6, 206)
    assert test.by_rule == {"base": 6, "x": 200}
    assert test.exhausted_on == {"spring": NOON.date() + timedelta(days=4)}
    assert test.capped == {"x": 2}
    assert test.most_winning() == [(65, 100), (66, 50), (67, 50)]
    assert (test.winners, test.losers, test.cost_minor) == (3, 0, 200)
    assert test.report()["budget_used_up_on"] == {"spring": f"{test.exhausted_on['spring']}"}


def test_what_a_candidate_would_decline_brings_nothing() -> None:
    """By the whole ticket as it was rung up; the counters do not move."""
    story = Story()
    for amount in (499, 500, 499):
        story.play(f"EARN card=A amount={amount} lines=a*{amount - 100},b*100/N")
    rules = """
    [[rule]]
    id = "large"
    text = "No large ones"
    when = { amount = { from = "5.00" } }
    then = { decline = "TOO_LARGE" }
    [[rule]]
    id = "second"
    text = "Second"
    when.counter = { "visits.lifetime" = { from = 1, below = 2 } }
    then = { points = 50 }
    """
    then = Replay(parse_programme({MAIN: starter_text() + rules}))
    rated = []
    for outcome in story.pending:
        assert outcome.record is not None
        facts = Facts.from_json(outcome.facts or "")
        rated.append(then.rate(Past(facts, outcome.record.business_date, outcome.record.member_id, None)))
    assert [(each.award.points, each.declined_by) for each in rated] == [(3, None), (0, "large"), (53, None)]


def test_a_shadow_asks_what_nobody_asked_before() -> None:
    """What is known of the member, how his card was read, and of which kind his lines are."""
    story = Story()
    story.play("EARN card=A amount=300 lines=x*300\nEARN card=B amount=300 lines=x*300")
    story.play("EARN amount=300 phone=C")
    works = []
    for outcome, mode in zip(story.pending, ("071", "051", "051"), strict=True):
        read = replace(story.transaction(["EARN", "card=A", "amount=300"]), entry_mode=mode)
        read.pos_condition = "08" if mode == "071" else ""
        event = TransactionReceived(transaction=read, message=Message("0200", {}))
        works.append(cast(Work, SimpleNamespace(outcome=outcome, event=event)))
    cards = {CardId(ord(each)): replace(new_card(each), type="rfid" * (each == "A")) for each in "ABC"}
    vip = Profile(segments=frozenset({"vip"}), birthday=date(1980, 3, 2), category="blue")
    for asks, points in (
        ('when = { segment = "vip" }', 109),
        ('when = { card_category = "blue", age = { from = 46 } }', 109),
        ('when = { entry_mode = "contactless" }', 109),
        ('when = { pos_condition = "08" }', 109),
        ('when = { card_type = "rfid" }', 109),
        ('when = { role = "parent" }', 309),
        ('when = { kind = "person" }', 309),
        ('lines = { category = "FRUIT" }', 209),
    ):
        rule = f'[[rule]]\nid = "r"\ntext = "R"\n{asks}\nthen = {{ points = 100 }}\n'
        products = "product,category\nx,FRUIT\n"
        shadow = Shadow(lambda member: vip if member == ord("A") else Profile(), cards.get)
        shadow.cast(parse_programme({MAIN: starter_text() + rule, "products.csv": products}))
        shadow.see(works)
        assert (asks, shadow.told()["points_then"]) == (asks, points)


def test_a_shadow_tells_what_it_would_decline() -> None:
    """A rule on sales does, one on transfers does not; what is declined earns nothing."""
    story = Story()
    story.play("EARN card=A amount=300\nEARN card=A amount=700")
    works = [cast(Work, SimpleNamespace(outcome=outcome, event=None)) for outcome in story.pending]
    rule = """
    [[rule]]
    id = "large"
    text = "No large ones"
    when = { operation = "EARN", amount = { from = "5.00" } }
    then = { decline = "TOO_LARGE" }
    """
    for text, points, declined in ((rule, 3, {"large": 1}), (rule.replace("EARN", "TRANSFER"), 10, {})):
        shadow = Shadow()
        shadow.cast(parse_programme({MAIN: starter_text() + text}))
        shadow.see(works)
        told = shadow.told()
        assert (told["points_now"], told["points_then"]) == (10, points)
        assert told["sales_declined_by_rule"] == declined
