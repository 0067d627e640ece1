"""What is taken off prices has limits too: in sales and in money, held exactly, given back with the sale."""

import pytest

from loyalty.errors import Problems
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from tests.switch.story import play, starter_text

TENTH = "lines=a*1000 can=D"


def limited(cap: str, gives: str = 'discount = "1/10"', more: str = "") -> Programme:
    rule = f'[[rule]]\nid = "off"\ntext = "Off"\nthen = {{ {gives} }}\ncap = {cap}\n{more}'
    return parse_programme({MAIN: starter_text() + rule})


def test_so_many_sales() -> None:
    """Each member on his own, until the span is over; a quote uses nothing up."""
    story = f"""
        QUOTE card=A amount=1000 {TENTH}        -> off=100
        EARN card=A amount=1000 {TENTH}         -> off=100 pay=900 earned=9
        EARN card=A amount=1000 {TENTH}         -> off=0 pay=1000 earned=10
        QUOTE card=A amount=1000 {TENTH}        -> off=0
        EARN card=B amount=1000 {TENTH}         -> off=100
        EARN card=A amount=1000 {TENTH} later=1 -> off=100
    """
    play(story, limited('{ count = 1, per = "day" }'))


def test_so_much_money() -> None:
    """The last of it is taken off in part, spread over the lines."""
    story = f"""
        EARN card=A amount=1000 {TENTH}               -> off=100
        EARN card=A amount=1500 lines=a*1000,b*500 can=D -> off=50 lines=1:33+2:17
        EARN card=B amount=1000 {TENTH}               -> off=0
    """
    play(story, limited('{ cost = "1.50", per = "month", scope = "all" }'))
    story = f"EARN card=A amount=1000 {TENTH} -> off=40\n" * 2
    play(story, limited('{ cost = "0.40", per = "transaction" }'))


def test_what_is_undone_may_be_taken_off_again() -> None:
    """A sale counts as long as something that was taken off is kept."""
    play(
        f"""
        s: EARN card=A amount=1000 {TENTH}            -> off=100
        EARN card=A amount=1000 {TENTH}               -> off=0
        v: VOID of=s                                  -> pay=900
        t: EARN card=A amount=1500 lines=a*1000,b*500 can=D -> off=150
        REFUND of=t amount=450 lines=b*450            -> pay=450
        EARN card=A amount=1000 {TENTH}               -> off=0
        f: REFUND of=t amount=900 lines=a*900         -> pay=900
        EARN card=A amount=1000 {TENTH}               -> off=100
        """,
        limited('{ count = 1, per = "lifetime" }'),
    )


HELD = f"""
    h: HOLD card=A amount=1000 {TENTH}         -> off=100 pay=900
    EARN card=A amount=1000 {TENTH}            -> off=0
"""


def test_a_hold_keeps_what_it_takes_off() -> None:
    """Until it is released; its completion takes it for good."""
    made = limited('{ count = 1, per = "lifetime" }')
    play(f"{HELD}VOID of=h\nEARN card=A amount=1000 {TENTH} -> off=100", made)
    play(
        f"""{HELD}
        c: COMPLETE card=A amount=1000 of=h        -> off=100
        EARN card=A amount=1000 {TENTH}            -> off=0
        VOID of=c                                  -> reason=None
        EARN card=A amount=1000 {TENTH}            -> off=100
        EARN card=A amount=1000 {TENTH}            -> off=0
        """,
        made,
    )


@pytest.mark.parametrize("is_free", [False, True])
def test_a_completion_behind_the_end_takes_it_again(*, is_free: bool) -> None:
    """It was promised and paid, whether its end was posted or not."""
    later = "EARN card=A amount=100 later=8 -> earned=1"
    story = play(HELD + later, limited('{ count = 1, per = "lifetime" }'))
    if is_free:
        assert story.free_kept() == 1
    story.play(
        f"""
        c: COMPLETE* card=A amount=1000 of=h       -> off=100
        EARN card=A amount=1000 {TENTH}            -> off=0
        REVERSAL of=c                              -> reason=None
        EARN card=A amount=1000 {TENTH}            -> off=100
        EARN card=A amount=1000 {TENTH}            -> off=0
        """
    )


def test_another_of_its_group_takes_the_place() -> None:
    """Where the limit leaves nothing of the best."""
    other = """
    group = "g"
    [[rule]]
    id = "less"
    text = "Less"
    group = "g"
    then = { discount = "1/20" }
    [[group]]
    id = "g"
    pick = "best"
    """
    story = (
        f"EARN card=A amount=1000 {TENTH} -> off=100\n" + f"EARN card=A amount=1000 {TENTH} -> off=50\n" * 2
    )
    play(story, limited('{ count = 1, per = "day" }', more=other))


def test_a_free_unit_is_free_as_a_whole() -> None:
    """Stamps that a limit on money does not let pay stay on the card."""
    stamps = """
    [[stamp_card]]
    id = "s"
    text = "S"
    size = 2
    [[rule]]
    id = "stamp"
    text = "Stamp"
    then = { stamp_per_unit = "s" }
    """
    cup = "EARN card=A amount=300 lines=a*300 can=D"
    story = f"{cup} -> off=0\n{cup} -> off=0\n{cup} -> off={{}}\n"
    play(story.format(300), limited('{ cost = "3.00", per = "day" }', 'free_for_stamps = "s"', stamps))
    play(story.format(0), limited('{ cost = "2.99", per = "day" }', 'free_for_stamps = "s"', stamps))


def test_a_limit_on_prices_is_not_in_points() -> None:
    with pytest.raises(Problems, match="limits points, and this rule takes money off"):
        limited('{ points = 5, per = "day" }')
