"""Rules go by the clock on the wall of the shop, also where that is put forward or back."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from loyalty.transaction import Transaction
from rules.parse import MAIN, parse_programme
from switch.outcome import Outcome
from tests.switch.story import Story, starter_text

MADRID, CANARIES, TOKYO = (ZoneInfo(name) for name in ("Europe/Madrid", "Atlantic/Canary", "Asia/Tokyo"))
DECLARED = """
[[calendar]]
id = "feasts"
days = [2026-12-25]
[[day_part]]
id = "night"
from = "22:00"
before = "06:00"
"""
RULE = '[[rule]]\nid = "r"\ntext = "R"\nwhen = {{ {} }}\nthen = {{ points = 5 }}\n'


def earned(when: str, moment: str, zone: ZoneInfo = MADRID) -> int:
    """What a sale of nothing else earns at this moment (UTC) at a terminal in *zone*."""
    text = starter_text() + DECLARED + RULE.format(when)
    story = Story(parse_programme({MAIN: text}))
    sale = story.transaction(["EARN", "card=A", "amount=1"])
    assert isinstance(sale, Transaction)
    at = datetime.fromisoformat(f"{moment}+00:00")
    outcome = story.decide(replace(sale, as_of=at, terminal=replace(sale.terminal, zone=zone)))
    assert isinstance(outcome, Outcome)
    assert outcome.record is not None
    return outcome.record.earned


@pytest.mark.parametrize(
    ("when", "moment", "zone", "points"),
    [
        # The hour from two to three comes twice in October, and not at all in March.
        ('time = { from = "02:00", before = "03:00" }', "2026-10-24T23:59:59", MADRID, 0),
        ('time = { from = "02:00", before = "03:00" }', "2026-10-25T00:00:00", MADRID, 5),
        ('time = { from = "02:00", before = "03:00" }', "2026-10-25T00:59:59", MADRID, 5),
        ('time = { from = "02:00", before = "03:00" }', "2026-10-25T01:00:00", MADRID, 5),
        ('time = { from = "02:00", before = "03:00" }', "2026-10-25T01:59:59", MADRID, 5),
        ('time = { from = "02:00", before = "03:00" }', "2026-10-25T02:00:00", MADRID, 0),
        ('time = { from = "02:00", before = "03:00" }', "2026-03-29T00:59:59", MADRID, 0),
        ('time = { from = "02:00", before = "03:00" }', "2026-03-29T01:00:00", MADRID, 0),
        ('time = { from = "03:00" }', "2026-03-29T01:00:00", MADRID, 5),
        ('time = { from = "03:00" }', "2026-03-29T00:59:59", MADRID, 0),
        # A night that lasts an hour longer, or shorter, belongs to the day on which it began.
        ('weekday = "sat", time = { from = "22:00", before = "04:00" }', "2026-10-25T02:59:59", MADRID, 5),
        ('weekday = "sat", time = { from = "22:00", before = "04:00" }', "2026-10-25T03:00:00", MADRID, 0),
        ('weekday = "sat", time = { from = "22:00", before = "04:00" }', "2026-03-29T01:59:59", MADRID, 5),
        ('weekday = "sat", time = { from = "22:00", before = "04:00" }', "2026-03-29T02:00:00", MADRID, 0),
        # Days end where the terminal stands: an hour later on the islands, and long ago in Tokyo.
        ('weekday = "sun"', "2026-06-06T21:59:59", MADRID, 0),
        ('weekday = "sun"', "2026-06-06T22:00:00", MADRID, 5),
        ('weekday = "sun"', "2026-06-06T22:59:59", CANARIES, 0),
        ('weekday = "sun"', "2026-06-06T23:00:00", CANARIES, 5),
        ('weekday = "sun"', "2026-06-06T15:00:00", TOKYO, 5),
        ("period = { from = 2026-12-31, before = 2027-01-01 }", "2026-12-30T23:00:00", MADRID, 5),
        ("period = { from = 2026-12-31, before = 2027-01-01 }", "2026-12-31T22:59:59", MADRID, 5),
        ("period = { from = 2026-12-31, before = 2027-01-01 }", "2026-12-31T23:00:00", MADRID, 0),
        ("period = { from = 2026-12-31, before = 2027-01-01 }", "2026-12-31T23:59:59", CANARIES, 5),
        ("period = { from = 2026-12-31, before = 2027-01-01 }", "2026-12-31T15:00:00", TOKYO, 0),
    ],
)
def test_times_are_those_on_the_wall(when: str, moment: str, zone: ZoneInfo, points: int) -> None:
    assert earned(when, moment, zone) == points


@pytest.mark.parametrize(
    ("when", "moment", "points"),
    [
        ('calendar = "feasts"', "2026-12-24T22:59:59", 0),
        ('calendar = "feasts"', "2026-12-24T23:00:00", 5),
        ('calendar = "feasts"', "2026-12-25T22:59:59", 5),
        ('calendar = "feasts"', "2026-12-25T23:00:00", 0),
        ('day_part = "night"', "2026-12-24T20:59:59", 0),
        ('day_part = "night"', "2026-12-24T21:00:00", 5),
        ('day_part = "night"', "2026-12-25T04:59:59", 5),
        ('day_part = "night"', "2026-12-25T05:00:00", 0),
    ],
)
def test_what_is_declared_goes_by_the_wall_too(when: str, moment: str, points: int) -> None:
    assert earned(when, moment) == points
