"""A return that did not happen leaves a sale as the other returns alone would have left it."""

import pytest

from rules.parse import MAIN, parse_programme
from tests.switch.story import Story, starter_text
from tests.switch.test_decide_properties import check_books
from tests.switch.test_inverse import state

TEXT = (
    starter_text()
    + """
[[coupon]]
id = "treat"
text = "Treat"

[[stamp_card]]
id = "visits"
text = "Visits"
size = 9

[[rule]]
id = "visit"
text = "A stamp a visit"
then = { stamp = "visits" }

[[rule]]
id = "tea"
text = "A treat for tea"
lines = { product = "tea" }
then = { coupon = "treat" }

[[rule]]
id = "both"
text = "A certificate from 8.00, once"
when = { amount = { from = "8.00" } }
then = { certificate = "1.00" }
cap = { count = 1, per = "lifetime" }

[[rule]]
id = "again"
text = "A point from the second visit on"
when.counter = { "visits.lifetime" = { from = 1 } }
then = { points = 1 }
"""
)
SALE = "s: EARN card=A amount=1000 lines=tea*600,milk*400"
TEA, MILK = "REFUND card=A amount=600 of=s lines=tea*600", "REFUND card=A amount=400 of=s lines=milk*400"
MOST, REST = "REFUND card=A amount=600 of=s", "REFUND card=A amount=400 of=s"


def played(*lines: str) -> Story:
    story = Story(parse_programme({MAIN: TEXT}))
    story.play("\n".join([SALE, *lines]))
    check_books(story)
    return story


@pytest.mark.parametrize("undoing", ["REVERSAL of=a", "VOID of=a"])
@pytest.mark.parametrize(
    ("first", "second"), [(TEA, MILK), (MILK, TEA), (MOST, REST), (REST, MOST), (TEA, REST), (MOST, MILK)]
)
def test_returns_are_undone_in_any_order(first: str, second: str, undoing: str) -> None:
    """What was taken with the last of the goods comes again with some of them."""
    undone = played(f"a: {first}", f"b: {second}", undoing)
    assert state(undone) == state(played(f"b: {second}"))
    undone.play("REVERSAL of=b")
    check_books(undone)
    assert state(undone) == state(played())
    undone.play("REVERSAL of=s")
    assert state(undone) == {}
