"""Rules count how often other rules gave a member something, so a campaign may have steps."""

import pytest

from loyalty.errors import Problems
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from tests.switch.story import play, starter_text


def steps(first: str, lines: str = "") -> Programme:
    """A first step, and a second one for who had the first twice and not the second."""
    once = 'when.counter = { "given.one.lifetime" = { from = 2 }, "given.two.lifetime" = { below = 1 } }'
    rules = f"""
    [[rule]]
    id = "one"
    text = "One"
    when = {{ amount = {{ from = "10.00" }} }}
    {lines}
    then = {{ {first} }}
    [[rule]]
    id = "two"
    text = "Two"
    {once}
    then = {{ points = 100 }}
    """
    pool = '[[pool]]\nid = "mugs"\ntext = "A mug"\nstock = 2\n'
    return parse_programme({MAIN: starter_text() + rules + pool})


STORY = """
    EARN card=A amount=1000 {0}    -> earned={1}
    EARN card=A amount=999 {0}     -> earned=9
    s: EARN card=A amount=1000 {0} -> earned={1}
    EARN card=B amount=1000 {0}    -> earned={1}
    VOID of=s                      -> reason=None
    EARN card=A amount=100         -> earned=1
    EARN card=A amount=1000 {0}    -> earned={1}
    EARN card=A amount=100         -> earned=101
    EARN card=A amount=100         -> earned=1
"""


def test_steps_build_on_points() -> None:
    """Each member has his own count; what is voided was not given."""
    play(STORY.format("", 50), steps("points = 40"))


def test_steps_build_on_discounts() -> None:
    """Where the till took nothing off, nothing was given."""
    made = steps('discount = "1/10"')
    play(STORY.format("lines=a*1000 can=D", 9).replace("999 lines=a*1000", "999 lines=a*999"), made)
    play("EARN card=A amount=1000 -> earned=10\n" * 3, made)


def test_steps_build_on_what_is_given_beside_points() -> None:
    """A message counts; a prize only while there is one."""
    play(STORY.format("", 10), steps('message = "Well done"'))
    story = "EARN card=B amount=1000 -> earned=10\n" * 2 + "EARN card=A amount=1000 -> earned=10\n" * 4
    play(story, steps('giveaway = "mugs"'))


def test_a_part_that_is_kept_counts_as_long_as_it_would_bring_something() -> None:
    story = """
        EARN card=A amount=1000                       -> earned=50
        s: EARN card=A amount=1500 lines=a*1000,b*500 -> earned=55
        f: REFUND of=s amount=500 lines=b*500         -> earned=-5
        EARN card=A amount=100                        -> earned=101
    """
    play(story, steps("points = 40"))
    again = (
        story.replace("500 lines=b*500  ", "1000 lines=a*1000").replace("-5\n", "-50\n").replace("101", "1")
    )
    play(again, steps("points = 40"))


def test_the_rule_must_be_there() -> None:
    text = starter_text() + '[[rule]]\nid = "r"\ntext = "R"\nthen = { points = 1 }\n'
    wrong = 'when.counter = { "given.rr.month" = { from = 1 } }\n'
    with pytest.raises(Problems, match="counts what the rule rr gave, which is not there"):
        parse_programme({MAIN: text + wrong})
    with pytest.raises(Problems, match="is not a counter"):
        parse_programme({MAIN: text + wrong.replace("given.rr.month", "given.month")})
    for idle in ('decline = "NO_WAY"', 'redeem = { share = "1/2" }'):
        rule = f'[[rule]]\nid = "rr"\ntext = "R"\nthen = {{ {idle} }}\n'
        with pytest.raises(Problems, match="counts what the rule rr gave, which only says what may be"):
            parse_programme({MAIN: text + wrong + rule})
