"""Points keep their age through everything that is done and undone with them, and debt is looked at first."""

import pytest

from tests.switch.story import play

LAST_TAKEN_FIRST_BACK = """
    EARN card=A amount=10000                  -> balance=100
    EARN card=A amount=5000 later=1           -> balance=150
    r: REDEEM card=A amount=120               -> balance=30
    REVERSAL of=r final=100                   -> used=20 balance=50
    INQUIRY card=A later=730                  -> balance=50
    INQUIRY card=A later=1                    -> balance=50   # the first 100 would be gone today
    INQUIRY card=A later=1                    -> balance=0
"""

OWED_AND_GIVEN_BACK = """
    s: EARN card=A amount=10000               -> balance=100
    r: REDEEM card=A amount=100               -> balance=0
    REVERSAL of=s                             -> earned=-100 balance=-100
    REVERSAL of=r                             -> used=100 balance=0
    # a hundred can be spent and a hundred are owed
    REDEEM card=A amount=1                    -> reason=NOT_SUFFICIENT_POINTS
    EARN card=A amount=10000 points=1         -> reason=NOT_SUFFICIENT_POINTS
    EARN card=A amount=10000                  -> earned=100 balance=100
    REDEEM card=A amount=100                  -> balance=0
"""

PAID_BY_THE_NEXT_EARNING = """
    s: EARN card=A amount=10000               -> balance=100
    REDEEM card=A amount=100                  -> balance=0
    REVERSAL of=s                             -> earned=-100 balance=-100
    EARN card=A amount=10000                  -> earned=100 balance=0
    INQUIRY card=A later=732                  -> balance=0    # nothing expired, nothing is owed
"""


@pytest.mark.parametrize("story", [LAST_TAKEN_FIRST_BACK, OWED_AND_GIVEN_BACK, PAID_BY_THE_NEXT_EARNING])
def test_stories(story: str) -> None:
    """Each line is a message, and what must come of it."""
    play(story)
