"""Members in arms of experiments, and those who are held out, at the heart of the switch."""

from rules.experiment import drawn
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from tests.switch.story import Story, starter_text

CAPPED = """
[[rule]]
id = "more"
text = "40 points, 50 a day for everybody together"
then = { points = 40 }
cap = { points = 50, per = "day", scope = "all" }
"""
CAMPAIGN = """
[campaign]
id = "spring"
text = "Spring"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2026-01-01 }
experiment = { arms = { A = 5000, B = 5000 } }

[[rule]]
id = "a"
text = "7 points"
arm = "A"
then = { points = 7 }

[[rule]]
id = "b"
text = "9 points"
arm = "B"
then = { points = 9 }
"""


def made(share_bp: int) -> Programme:
    text = starter_text().replace('language = "en"', f'holdout_bp = {share_bp}\nlanguage = "en"')
    return parse_programme({MAIN: text + CAPPED, "campaigns/spring.toml": CAMPAIGN})


def test_members_who_are_held_out_cost_nothing_to_others() -> None:
    """Their sales use up nothing of a limit; refunds know why they earned so little."""
    held, *others = sorted("ABC", key=lambda letter: drawn(ord(letter), ""))
    arms = {letter: "A" if drawn(ord(letter), "spring") < 5000 else "B" for letter in others}
    first, second = (7 if arms[letter] == "A" else 9 for letter in others)
    story = Story(made(drawn(ord(held), "") + 1))
    story.play(f"""
        x: EARN card={held} amount=300 -> earned=3
        EARN card={others[0]} amount=100 -> earned={41 + first}
        EARN card={held} amount=100 -> earned=1
        EARN card={others[1]} amount=100 -> earned={11 + second}
        REFUND of=x card={held} amount=200 -> earned=-2
    """)
    rules = [outcome.record.rules for outcome in story.pending if outcome.record is not None]
    assert rules[0] == "base +3; holdout"
    letter = "a" if arms[others[0]] == "A" else "b"
    assert rules[1] == f"base +1; {letter} +{first}; more +40; spring/{arms[others[0]]}"
