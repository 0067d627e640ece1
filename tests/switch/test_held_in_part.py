"""A hold that is reversed in part keeps of limits and budgets what its sale may take still, and no more."""

from collections import Counter

import pytest

from rules.parse import MAIN, parse_programme
from switch.tallies import changes_of
from tests.switch.story import Story, starter_text
from tests.switch.test_inverse import state

RULES = """
[[rule]]
id = "tenth"
text = "A tenth off a"
lines = { product = "a" }
then = { discount = "1/10" }
cap = [{ cost = "2.00", per = "day" }, { count = 1, per = "day" }]

[[rule]]
id = "few"
text = "A point for each 0.50 of b"
lines = { product = "b" }
then = { points_per_amount = { points = 1, per = "0.50" } }
cap = { points = 20, per = "month", scope = "all" }
"""
CAMPAIGN = """
[campaign]
id = "c"
text = "C"
nature = "points"
category = "x"
state = "active"
period = { from = 2026-01-01 }
budget_points = 25

[[rule]]
id = "double"
text = "Double"
then = { multiply = 2 }
"""
PROGRAMME = parse_programme({MAIN: starter_text() + RULES, "campaigns/c.toml": CAMPAIGN})
HELD = "h: HOLD card=A amount=2000 lines=a*1000,b*1000 can=D -> off=100 pay=1900\n"
PLACES = "off:tenth/member#cost", "off:tenth/member#count", "rule:few/all", "budget:c/all"


def counts(story: Story) -> tuple[int, ...]:
    sums: Counter[str] = Counter()
    for outcome in (*story.store.outcomes.values(), *story.pending):
        for place, change, _ in changes_of(outcome.sides):
            sums[place[0]] += change
    return tuple(sums[name] for name in PLACES)


@pytest.mark.parametrize("together", [True, False])
def test_what_is_not_needed_is_there_for_others(*, together: bool) -> None:
    """Whether the reversal is in the same batch or not; the completion then takes what it needs."""
    story = Story(PROGRAMME)
    before = state(story)
    for line, expected in (
        (HELD, (100, 1, 20, 19)),
        ("REVERSAL of=h final=1000 -> reason=None", (50, 1, 10, 10)),
        ("e: EARN card=B amount=1600 lines=x*1600 -> earned=31", (50, 1, 10, 25)),
        ("c: COMPLETE card=A amount=800 of=h -> off=40 pay=760 earned=23", (40, 1, 8, 23)),
        ("VOID of=c -> reason=None", (0, 0, 0, 15)),
        ("VOID of=e -> reason=None", (0, 0, 0, 0)),
    ):
        story.play(line)
        if not together:
            story.commit()
        assert counts(story) == expected, line
    assert state(story) == before


def test_a_hold_that_is_over_gives_back_what_it_kept_still() -> None:
    """No more than that: the rest is given back already."""
    story = Story(PROGRAMME)
    before = state(story)
    story.play(HELD + "REVERSAL of=h final=1000 -> reason=None")
    story.play("e: EARN card=A amount=10 later=8 -> earned=0")
    assert story.free_kept() == 1
    story.play("VOID of=e -> reason=None")
    assert state(story) == before


def test_to_its_whole_amount_it_keeps_all() -> None:
    story = Story(PROGRAMME)
    story.play(HELD + "REVERSAL of=h final=2000 -> reason=None")
    assert counts(story) == (100, 1, 20, 19)
