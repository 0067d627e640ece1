"""A hold keeps what the gifts of its sale will take of budgets, limits and stock."""

import pytest

from rules.parse import MAIN, parse_programme
from tests.switch.story import play, starter_text
from tests.switch.test_decide_properties import check_books

CAMPAIGN = """
[campaign]
id = "c"
text = "C"
nature = "mixed"
category = "x"
state = "active"
period = { from = 2026-01-01 }
LIMIT

[[rule]]
id = "gift"
text = "A gift"
then = { THEN }
"""
POOL = """
[[pool]]
id = "mugs"
text = "A mug"
stock = 1
"""


@pytest.mark.parametrize(
    ("limit", "then", "gets"),
    [
        ("budget_points = 100", 'certificate = "0.60"', "CERT:60:2027-03-02"),
        ("budget_points = 100", 'money = "0.60"', "CERT:60:9999-12-31"),
        ('cap = { cost = "1.00", per = "day", scope = "all" }', 'certificate = "0.60"', "CERT:60:2027-03-02"),
        ('cap = { count = 1, per = "day", scope = "all" }', 'certificate = "0.60"', "CERT:60:2027-03-02"),
        ("", 'giveaway = "mugs"', "PRIZ:0:2026-04-01"),
    ],
)
def test_gifts_are_kept(limit: str, then: str, gets: str) -> None:
    """Who comes between gets none; the completion does, or the next when the hold is released."""
    text = CAMPAIGN.replace("LIMIT", limit).replace("THEN", then)
    story = play(
        f"""
        h: HOLD card=A amount=1000
        EARN card=B amount=1000                 -> gets=
        c: COMPLETE card=A amount=1000 of=h     -> gets={gets}
        EARN card=B amount=1000                 -> gets=
        REVERSAL of=c
        k: HOLD card=A amount=1000
        REVERSAL of=k
        EARN card=B amount=1000                 -> gets={gets}
        """,
        parse_programme({MAIN: starter_text() + POOL, "campaigns/c.toml": text}),
    )
    check_books(story)


def test_a_completion_of_another_day_counts_on_its_own_day() -> None:
    """What its hold had counted on the day before is not taken back again with a part of the sale."""
    limit = 'cap = { points = 60, per = "day" }'
    text = CAMPAIGN.replace("LIMIT", limit).replace("THEN", 'cash_back = "1/10"')
    story = play(
        """
        h: HOLD card=A amount=400
        c: COMPLETE card=A amount=400 of=h later=1
        REFUND card=A amount=131 of=c
        """,
        parse_programme({MAIN: starter_text() + POOL, "campaigns/c.toml": text}),
    )
    places = [("campaign:c/member", "65", day) for day in ("2026-03-02", "2026-03-03")]
    assert [story.store.tallies[place] for place in places] == [0, 26]
