"""What was paid from a purse is in it again when the payment is undone, whatever is in it by then."""

import pytest

from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from switch.certificates import code_for
from tests.switch.story import Story, starter_text, token_of
from tests.switch.test_decide_properties import check_books

RULE = """
[[rule]]
id = "tenth"
text = "A tenth into the purse"
then = { cash_back = "1/10" }
"""


@pytest.fixture(scope="module")
def programme() -> Programme:
    return parse_programme({MAIN: starter_text() + RULE})


@pytest.mark.parametrize("undoing", ["VOID of=p", "REVERSAL of=p", "REVERSAL* of=p"])
@pytest.mark.parametrize("paid", [1, 150, 200])
def test_a_payment_from_a_purse_is_undone(programme: Programme, undoing: str, paid: int) -> None:
    story = Story(programme)
    purse = code_for("purse of 65", token_of)
    story.play(f"""
        EARN card=A amount=2000
        p: PAY_CERTIFICATE card=A amount={paid} cert={purse}  -> left={200 - paid}
        u: {undoing}                                          -> left=200
        EARN card=A amount=1000
        PAY_CERTIFICATE card=A amount=300 cert={purse}        -> left=0
    """)
    check_books(story)


def test_a_payment_from_a_purse_is_undone_in_part(programme: Programme) -> None:
    story = Story(programme)
    purse = code_for("purse of 65", token_of)
    story.play(f"""
        EARN card=A amount=2000
        p: PAY_CERTIFICATE card=A amount=150 cert={purse}     -> left=50
        REVERSAL of=p final=40                                -> left=160
        PAY_CERTIFICATE card=A amount=161 cert={purse}        -> reason=NOT_SUFFICIENT_POINTS
    """)
    check_books(story)


def test_what_came_into_a_purse_is_taken_out_in_parts() -> None:
    """To the point: what is in it from other sales is worth what it was."""
    story = Story(parse_programme({MAIN: starter_text().replace('value = "0.01"', 'value = "0.05"') + RULE}))
    story.play("EARN card=A amount=1030\ns: EARN card=A amount=220 lines=a*110,b*110")
    story.play("REFUND card=A amount=110 of=s lines=a*110\nREFUND card=A amount=110 of=s lines=b*110")
    check_books(story)
    purse = story.worksheet.certificate(code_for("purse of 65", token_of))
    assert purse is not None
    assert (purse.left_minor, purse.left) == (103, 21)
