"""TRANSFER: points go to another card, keep their age, and come back when it is undone."""

import json

import pytest

from tests.conformance import cards
from tests.conformance.conftest import Check
from tests.conformance.deployment import Deployment
from tests.conformance.scenario import Story
from tests.conformance.till import Link, Till

STORIES = {
    "money": """
        earn A 50000                       -> 00 balance=500
        transfer A 120 to=B                -> 00 used=120 value=120 balance=380 de38=* de54=*
        inquiry B -                        -> 00 balance=120
    """,
    "points": """
        earn A 50000                       -> 00
        transfer A 500 to=B de49=999       -> 00 used=500 balance=0
        redeem B 500                       -> 00 balance=0
    """,
    "more than there is": """
        earn A 10000                       -> 00
        transfer A 101 to=B                -> 51 reason=NOT_SUFFICIENT_POINTS de54=-
        transfer A 101 to=B 040=P          -> 51
    """,
    "nobody receives": """
        earn A 10000                       -> 00
        transfer A 10                      -> 14 reason=CARD_UNKNOWN
        transfer A 10 to=?                 -> 14
        transfer ? 10 to=A                 -> 14
        transfer A 10 to=A                 -> 57 reason=NOT_PERMITTED
        transfer A 0 to=B                  -> 13
        transfer A 10 to=B de49=840        -> 13
        inquiry A -                        -> 00 balance=100
    """,
    "again": """
        earn A 10000                       -> 00
        transfer A 10 to=B as=t            -> 00 balance=90
        again t as=u                       -> 00 same=t
        again t mti=0201                   -> 00 same=t
        again t de48=0120166390120000000004 -> 94
        inquiry A -                        -> 00 balance=90
    """,
    "undone": """
        earn A 10000                       -> 00
        transfer A 60 to=B as=t            -> 00 balance=40
        void - - of=t as=v                 -> 00 used=60 owed=0 balance=100
        inquiry B -                        -> 00 balance=0
        reverse - - of=v                   -> 00 balance=40
        inquiry B -                        -> 00 balance=60
        redeem B 50                        -> 00 balance=10
        reverse A 60 of=t final=20         -> 00 used=40 balance=80
        inquiry B -                        -> 00 balance=-30
        void - - of=t                      -> 12 reason=ALREADY_REVERSED
    """,
    "above the original": """
        earn A 10000                       -> 00
        transfer A 60 to=B as=t            -> 00
        reverse A 60 of=t final=61         -> 13 reason=ABOVE_ORIGINAL
    """,
    "reversed before it came": """
        earn A 10000                       -> 00
        later transfer A 60 to=B as=t      ->
        reverse A 60 of=t                  -> 00
        send t                             -> 12 reason=ALREADY_REVERSED
    """,
}  # fmt: skip


@pytest.mark.parametrize("text", STORIES.values(), ids=STORIES)
def test_transfer(check: Check, text: str) -> None:
    """Reading: without 012 there is no card that could receive, 14; a card of the same accounts is 57."""
    check(text)


DESTINATIONS = [
    (cards.BLOCKED, "62"),
    (cards.LOST, "41"),
    (cards.STOLEN, "43"),
    (cards.EXPIRED, "54"),
    (cards.ISSUED, "78"),
    (cards.OUTSIDE, "14"),
    (cards.WRONG_CHECK, "14"),
]


@pytest.mark.parametrize(("number", "code"), DESTINATIONS)
def test_a_destination_that_cannot_be_used(link: Link, till: Till, card: str, number: str, code: str) -> None:
    """Reading: step 9 holds for both cards, the one that gives first."""
    link.ask(till.message("earn", card=card, amount=10000))
    values = [("012", number)]
    assert link.ask(till.message("transfer", card=card, amount=10, values=values)).code == code
    assert link.ask(till.message("transfer", card=cards.EXPIRED, amount=10, values=values)).code == "54"


def test_a_family_has_nothing_to_transfer(link: Link, till: Till) -> None:
    values = [("012", cards.CHILD)]
    assert link.ask(till.message("transfer", card=cards.PARENT, amount=1, values=values)).code == "57"


def test_both_have_it_in_their_history(story: Story, deployment: Deployment) -> None:
    story.check("""
        earn A 10000                       -> 00
        transfer A 60 to=B as=t            -> 00
        reverse A 60 of=t final=50         -> 00
    """)
    told = {}
    for letter in "AB":
        number = story.card(letter)
        assert number is not None
        rows = json.loads(deployment.run("ledger", "history", number, "--json").stdout)
        told[letter] = [(row["operation"], row["balance"]) for row in rows]
    assert told["A"] == [("REVERSAL", 10), ("TRANSFER", -60), ("EARN", 100)]
    assert told["B"] == [("REVERSAL", -10), ("TRANSFER", 60)]
