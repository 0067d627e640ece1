"""What a sale counted of its member goes back with what is returned of it."""

import pytest

from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from tests.switch.story import play, starter_text

PRODUCTS = "product,cost\ngood,1.00\nbad,9.00\n"


def asked(low: str, below: str) -> Programme:
    """100 points where the profit of the month lies in the range."""
    rule = '[[rule]]\nid = "r"\ntext = "R"\nthen = { points = 100 }\n'
    rule += f'when.counter = {{ "profit.month" = {{ from = "{low}", below = "{below}" }} }}\n'
    return parse_programme({MAIN: starter_text() + rule, "products.csv": PRODUCTS})


@pytest.mark.parametrize(
    ("returned", "low", "below"),
    [
        ("amount=600 lines=bad*600", "2.00", "2.01"),
        ("amount=900 lines=good*300,bad*600", "0.00", "0.01"),
        ("amount=900", "0.00", "0.01"),
    ],
)
def test_a_loss_that_is_returned_was_none(returned: str, low: str, below: str) -> None:
    """3.00 were brought by goods of 1.00, and 6.00 by goods of 9.00: a loss of 1.00 until these come back."""
    story = f"""
        a: EARN card=A amount=900 lines=good*300,bad*600
        REFUND of=a {returned}
        QUOTE card=A amount=100                            -> earned=101
    """
    play(story, asked(low, below))
