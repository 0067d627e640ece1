"""Tiers: what they ask, in which span, and how one leaves them."""

from datetime import date, timedelta

import pytest

from loyalty.errors import Problems
from rules.counters import Place
from rules.parse import MAIN, parse_programme, restore_programme
from rules.tiers import Qualification, Standing, TierWindow
from tests.rules.sales import STARTER

DAY = date(2026, 6, 1)


class Kept:
    """Places in a dictionary."""

    def __init__(self) -> None:
        self.totals: dict[Place, int] = {}

    def tally(self, place: Place) -> int:
        return self.totals.get(place, 0)

    def last_tallied(self, measure: str, whose: str, day: str) -> str | None:
        days = (
            place[2]
            for place, total in self.totals.items()
            if place[:2] == (measure, whose) and len(place[2]) == 10 and total > 0 and place[2] < day
        )
        return max(days, default=None)

    def tallied_within(self, measure: str, whose: str, first: str, last: str) -> int:
        return sum(
            total
            for place, total in self.totals.items()
            if place[:2] == (measure, whose) and len(place[2]) == 10 and first <= place[2] <= last
        )


def asks(window: TierWindow, days: int = 0, *, one_step: bool = False, grace: int = 0) -> Qualification:
    return Qualification("points", window, days, (0, 100, 500), one_step, grace)


def bought(kept: Kept, qualification: Qualification, points: int, day: date, joined: date | None) -> None:
    """*points* on *day*, as a sale keeps them."""
    places = [(("points/member", "1", day.isoformat()), points)]
    places += qualification.places(points, "1", day, joined)
    for place, more in places:
        kept.totals[place] = kept.totals.get(place, 0) + more


@pytest.mark.parametrize(
    ("window", "days", "joined", "day", "value"),
    [
        (TierWindow.ROLLING, 30, None, DAY + timedelta(days=29), 60),
        (TierWindow.ROLLING, 30, None, DAY + timedelta(days=30), 0),
        (TierWindow.YEAR, 0, None, date(2026, 12, 31), 60),
        (TierWindow.YEAR, 0, None, date(2027, 12, 31), 60),  # of last year
        (TierWindow.YEAR, 0, None, date(2028, 1, 1), 0),
        (TierWindow.ANNIVERSARY, 0, date(2024, 6, 2), date(2026, 6, 1), 60),
        (TierWindow.ANNIVERSARY, 0, date(2024, 6, 2), date(2027, 6, 1), 60),
        (TierWindow.ANNIVERSARY, 0, date(2024, 6, 2), date(2027, 6, 2), 0),
        (TierWindow.ANNIVERSARY, 0, date(2024, 6, 1), date(2028, 5, 31), 60),
        (TierWindow.ANNIVERSARY, 0, date(2024, 2, 29), date(2028, 2, 28), 60),
        (TierWindow.ANNIVERSARY, 0, date(2024, 2, 29), date(2028, 2, 29), 0),
        (TierWindow.ANNIVERSARY, 0, None, date(2027, 12, 31), 60),
    ],
)
def test_windows(window: TierWindow, days: int, joined: date | None, day: date, value: int) -> None:
    """60 points on 1 June 2026, seen from both sides of each edge."""
    kept, qualification = Kept(), asks(window, days)
    bought(kept, qualification, 60, DAY, joined)
    assert qualification.value("1", day, joined, kept, 0) == value


def test_what_comes_now_counts_to_the_present_year() -> None:
    kept, qualification = Kept(), asks(TierWindow.YEAR)
    bought(kept, qualification, 60, date(2025, 6, 1), None)
    assert qualification.value("1", DAY, None, kept, 50) == 60
    bought(kept, qualification, 20, DAY, None)
    assert qualification.value("1", DAY, None, kept, 50) == 70


@pytest.mark.parametrize(
    ("tier", "value", "then"),
    [(0, 99, 0), (0, 100, 1), (0, 499, 1), (0, 500, 2), (1, 500, 2), (2, 500, 2)],
)
def test_a_tier_is_reached_at_once(tier: int, value: int, then: int) -> None:
    """Both edges of each."""
    now = Standing(tier, 0)
    assert asks(TierWindow.YEAR, grace=10).next_standing(now, value, DAY) == Standing(then, 0)


@pytest.mark.parametrize(
    ("one_step", "grace", "moves"),
    [
        (False, 0, {0: 0}),
        (False, 10, {0: 2, 9: 2, 10: 0}),
        (True, 10, {0: 2, 9: 2, 10: 1, 19: 1, 20: 0}),
        (True, 0, {0: 1, 1: 0}),
    ],
)
def test_a_tier_is_left_after_the_grace(one_step: bool, grace: int, moves: dict[int, int]) -> None:  # noqa: FBT001  (a table)
    """Looked at every day; the tier after so many days below it."""
    qualification = asks(TierWindow.YEAR, one_step=one_step, grace=grace)
    standing = Standing(2, 0)
    for after in range(max(moves) + 1):
        standing = qualification.next_standing(standing, 5, DAY + timedelta(days=after))
        if after in moves:
            assert standing.tier == moves[after], after
    assert standing.below_since == 0


def test_the_grace_ends_when_he_is_back() -> None:
    qualification = asks(TierWindow.YEAR, grace=10)
    below = qualification.next_standing(Standing(2, 0), 5, DAY)
    assert below == Standing(2, DAY.toordinal())
    assert qualification.next_standing(below, 500, DAY + timedelta(days=9)) == Standing(2, 0)


def programme(text: str, tiers: str = '"basic", "gold", "black"') -> str:
    return STARTER.replace("tiers = []", f"tiers = [{tiers}]") + f"[qualification]\n{text}\n"


GOOD = """metric = "spend"
window = "365 days"
downgrade = "one"
grace_days = 30
from = { gold = "500.00", black = "2000.00" }"""


def test_a_qualification_is_read() -> None:
    made = parse_programme({MAIN: programme(GOOD)})
    assert made.qualification == Qualification(
        "spend", TierWindow.ROLLING, 365, (0, 50_000, 200_000), one_step=True, grace_days=30
    )
    assert made.counting is not None
    assert restore_programme(made.text) == made


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"365 days"', '"400 days"', "qualification.window: is not from 1 to 366 days"),
        ('"365 days"', '"week"', "qualification.window: is no window"),
        ('"spend"', '"stamps"', "qualification.metric: cannot be stamps"),
        ('"500.00"', '"2000.00"', "qualification.from.black: asks no more than the tier below it"),
        ('black = "2000.00"', 'blak = "2000.00"', "qualification.from.black: is missing"),
        ('"one"', '"none"', "qualification.downgrade: cannot be none"),
    ],
)
def test_problems(old: str, new: str, problem: str) -> None:
    with pytest.raises(Problems) as caught:
        parse_programme({MAIN: programme(GOOD.replace(old, new))})
    assert any(problem in str(each) for each in caught.value.problems), caught.value.problems
    with pytest.raises(Problems):
        parse_programme({MAIN: programme(GOOD, '"gold"')})
