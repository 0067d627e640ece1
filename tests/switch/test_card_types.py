"""Rules ask for the type of the card and for DE 25; what a sale had is kept with it."""

from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

from loyalty.card import CardId
from rules.evaluate import evaluate
from rules.facts import Facts
from rules.parse import MAIN, parse_programme
from rules.replay import Past
from switch.block import Enrolment
from switch.database import open_for_reading
from switch.outcome import CardChange, Outcome
from switch.past import People
from tests.switch.books import NOON, card, commit, open_store, token
from tests.switch.story import Story, starter_text

DOUBLE = '[[rule]]\nid = "r"\ntext = "R"\nwhen = {{ {} }}\nthen = {{ multiply = 2 }}\n'
HALF = """
[[rule]]
id = "half"
text = "Corporate cards pay half of a ticket"
when = { card_type = "corporate" }
then = { redeem = { share = "1/2" } }
"""


def story(when: str, more: str = "", **types: str) -> Story:
    """With a rule that doubles *when*, and cards of these *types*."""
    made = Story(parse_programme({MAIN: starter_text() + DOUBLE.format(when) + more}))
    for letter, kind in types.items():
        retype(made, letter, kind)
    return made


def retype(made: Story, letter: str, kind: str) -> None:
    known = made.worksheet.card(CardId(ord(letter)))
    assert known is not None
    made.worksheet.change_card(CardChange(card=known, type=kind))


def test_rules_see_the_type_of_the_card() -> None:
    """Of the one that was swiped, not of the family's; a sale without a card has none."""
    made = story('card_type = ["corporate", "virtual"]', A="corporate", B="gift", H="virtual")
    made.play(
        """
        EARN card=A amount=100 -> earned=2
        EARN card=B amount=100 -> earned=1
        EARN card=C amount=100 -> earned=1
        EARN card=H amount=100 -> earned=2 balance=4
        EARN phone=A amount=100 -> earned=2
        EARN* amount=100 -> earned=0
        """
    )
    kept = [Facts.from_json(each.facts or "").traits for each in made.pending]
    assert kept[:3] == [{"card_type:corporate"}, {"card_type:gift"}, {"card_type:"}]
    assert kept[5] == frozenset()


def test_who_does_not_ask_keeps_nothing_of_it() -> None:
    made = story("amount = { from = '1.00' }", A="corporate")
    made.play("EARN card=A amount=100 -> earned=2")
    assert "corporate" not in (made.pending[0].facts or "")


def test_a_sale_is_returned_as_it_was() -> None:
    """Whatever became of the card since: its type when it was swiped is kept."""
    made = story('card_type = "corporate"', A="corporate")
    made.play("s: EARN card=A amount=1000 lines=x*600,y*400 -> earned=20 balance=20")
    retype(made, "A", "gift")
    made.play(
        """
        EARN card=A amount=100 -> earned=1 balance=21
        REFUND card=A amount=600 of=s lines=x*600 -> earned=-12 balance=9
        REFUND card=A amount=400 of=s lines=y*400 -> earned=-8 balance=1
        """
    )
    sold: Outcome = made.pending[0]
    facts = Facts.from_json(sold.facts or "")
    assert evaluate(made.programmes.current, facts).points == 20


def test_what_points_pay_may_depend_on_it() -> None:
    made = story('card_type = "none-is"', HALF, A="corporate")
    made.play(
        """
        EARN card=A amount=20000 -> earned=200
        EARN card=B amount=20000 -> earned=200
        EARN card=A amount=100 points=51 -> reason=ABOVE_LIMIT
        EARN card=A amount=100 points=50 -> pay=50
        EARN card=B amount=100 points=100 -> pay=0
        """
    )


def test_rules_see_the_condition_at_the_point_of_service() -> None:
    """Two digits as they were sent; of other versions of the standard nothing is known."""
    made = story('pos_condition = ["01", "08"]')
    points = []
    for sent in ("01", "08", "00", "", "1003"):
        read = replace(made.transaction(["EARN", "card=A", "amount=100"]), pos_condition=sent)
        outcome = made.decide(read)
        assert isinstance(outcome, Outcome)
        assert outcome.record is not None
        points.append(outcome.record.earned)
    assert points == [2, 2, 1, 1, 1]
    kept = [Facts.from_json(each.facts or "").traits for each in made.pending]
    assert kept[0] == {"pos_condition:01"}
    assert kept[3:] == [frozenset(), frozenset()]


def test_a_completion_was_read_as_its_hold() -> None:
    """Where it does not say how itself: a pump tells it with the card, and not when the tank is full."""
    for held, later, earned in (("08", "", 2), ("08", "06", 1), ("06", "08", 2), ("", "", 1)):
        made = story('pos_condition = "08"')
        asked = made.transaction(["HOLD", "card=A", "amount=100"])
        made.asked["h"] = asked
        made.decide(replace(asked, pos_condition=held))
        completed = made.transaction(["COMPLETE", "card=A", "amount=100", "of=h"])
        outcome = made.decide(replace(completed, pos_condition=later))
        assert isinstance(outcome, Outcome)
        assert outcome.record is not None
        assert (held, later, outcome.record.earned) == (held, later, earned)


async def test_the_past_is_told_what_nobody_asked(tmp_path: Path) -> None:
    """The type that the card has today, where the sale does not tell the one that it had."""
    store = await open_store(tmp_path)
    enrolled = card(1, type="gift")
    await commit(store, enrolments=(Enrolment(card=enrolled, token=token(1), joined_on=date(2026, 1, 1)),))
    await commit(store, card_changes=(CardChange(card=enrolled, type="corporate"),))
    await store.close()
    with closing(open_for_reading(tmp_path / "puntual.db")) as database:
        people = People(database)
        found = []
        for kept in (frozenset[str](), frozenset({"card_type:rfid"}), frozenset({"card_type:"})):
            facts = Facts(
                operation="EARN",
                base_minor=1,
                ticket_minor=1,
                local_at=NOON.replace(tzinfo=None),
                traits=kept,
            )
            people.tell(Past(facts, NOON.date(), 1, 1))
            found.append(sorted(each for each in facts.traits if each.startswith("card_type")))
    assert found == [["card_type:corporate"], ["card_type:rfid"], ["card_type:"]]
