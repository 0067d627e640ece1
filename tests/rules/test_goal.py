"""What is to be reached can be read, and is measured in whole numbers."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.errors import Problems
from rules.conditions import Period
from rules.goal import (
    Goal,
    Metric,
    Standing,
    elapsed_bp,
    more_than,
    reached_bp,
    standing_of,
    time_before,
)
from rules.goalwords import describe_goal
from rules.lint import lint
from rules.parse import parse_programme, restore_programme
from tests.rules.sales import STARTER, programme

START, END = datetime(2026, 6, 1), datetime(2026, 6, 11)  # noqa: DTZ001  (terminals' own clocks)
CAMPAIGN = """[campaign]
id = "c"
text = "C"
nature = "points"
category = "seasonal"
state = "active"
period = {{ from = 2026-06-01, before = 2026-09-01 }}
budget_points = 10
{}
[[rule]]
id = "r"
text = "R"
when = {{ amount = {{ from = "50.00" }} }}
then = {{ {} }}
"""
OF_ALL = """[[goal]]
id = "g"
text = "G"
metric = "{}"
target = {}
period = {{ from = 2026-06-01 }}
"""


def campaign_with(goal: str, then: str = "points = 1", head: dict[str, str] | None = None) -> list[str]:
    """What is told of a campaign with this goal."""
    made = programme(head=head, c=CAMPAIGN.format(goal, then))
    return [str(each).partition(" (")[0] for each in lint(made) if each.where == "campaign c"]


def test_a_goal_is_a_number_or_words() -> None:
    """Money is written as money; words of former days mean what they meant."""
    spend = 'goal = { metric = "spend", target = "40000.50", text = "Much" }'
    (campaign,) = programme(c=CAMPAIGN.format(spend, "points = 1")).campaigns
    assert campaign.goal == Goal(text="Much", metric=Metric.SPEND, target=4_000_050)
    worded = programme(c=CAMPAIGN.format('goal = "more than last summer"', "points = 1"))
    assert worded.campaigns[0].goal == Goal(text="more than last summer")
    assert restore_programme(worded.text) == worded
    assert programme(c=CAMPAIGN.format("", "points = 1")).campaigns[0].goal is None


@pytest.mark.parametrize(
    ("goal", "target", "told"),
    [
        ('metric = "frequency", target = "2.5"', 250, "frequency 2.50"),
        ('metric = "frequency", target = "5/4"', 125, "frequency 1.25"),
        ('metric = "frequency", target = 2', 200, "frequency 2.00"),
        ('metric = "retention", target = 6250', 6250, "retention 62.5%"),
        ('metric = "average_spend", target = "12.50"', 1250, "average spend 12.50"),
    ],
)
def test_units_of_goals(goal: str, target: int, told: str) -> None:
    """Hundredths, basis points, minor units; as they are told to people."""
    (campaign,) = programme(c=CAMPAIGN.format(f"goal = {{ {goal} }}", "points = 1")).campaigns
    assert campaign.goal is not None
    assert (campaign.goal.target, describe_goal(campaign.goal, "978")) == (target, told)


@pytest.mark.parametrize(
    ("goal", "wrong"),
    [
        ('{ metric = "visits", target = 1 }', "goal.metric: cannot be visits"),
        ('{ metric = "sales", target = 0 }', "goal.target: is not from 1 to"),
        ('{ metric = "sales", target = -5 }', "goal.target: is not from 1 to"),
        ('{ metric = "sales", target = "5.00" }', "goal.target: is a text, not a whole number"),
        ('{ metric = "spend", target = "0.00" }', "goal.target: must be above zero"),
        ('{ metric = "spend", target = 1.5 }', "goal.target: is a decimal number"),
        ('{ metric = "sales" }', "goal.target: is missing"),
        ('{ metric = "frequency", target = 2.5 }', "goal.target: is a decimal number"),
        ('{ metric = "frequency", target = "0.001" }', "goal.target: is not above zero in hundredths"),
        ('{ metric = "frequency", target = 0 }', "goal.target: is not above zero in hundredths"),
        ('{ metric = "retention", target = 10001 }', "goal.target: is not from 1 to 10000"),
        ('{ metric = "average_spend", target = "0.00" }', "goal.target: must be above zero"),
        ("{ target = 5 }", "goal.metric: is missing"),
        ('{ metric = "sales", target = 5, away_days = 5 }', "goal.away_days: is of the metric reactivated"),
        ('{ metric = "reactivated", target = 5, away_days = 0 }', "goal.away_days: is not from 1 to 3660"),
        ('{ metric = "sales", target = 5, by = 2027-01-01 }', "goal.by: is not known here"),
        ("7", "goal: is a whole number, not a text"),
    ],
)
def test_what_is_no_goal(goal: str, wrong: str) -> None:
    """Each mistake is told where it stands."""
    with pytest.raises(Problems) as told:
        programme(c=CAMPAIGN.format(f"goal = {goal}", "points = 1"))
    assert wrong in str(told.value)


def test_goals_of_a_programme_have_ids_and_times() -> None:
    """Without them nobody can ask for one, or say how much of its time is over."""
    twice = OF_ALL.format("sales", 5) * 2
    for goals, wrong in (
        (twice, "two goals have the id g"),
        (OF_ALL.format("sales", 5).replace("period", "preiod"), "goal[1].period: is missing"),
    ):
        with pytest.raises(Problems) as told:
            parse_programme({"programme.toml": STARTER + goals})
        assert wrong in str(told.value)


def test_goals_that_nobody_can_tell_the_state_of() -> None:
    """Words alone, costs and controls that are not there, points beyond the budget."""
    assert campaign_with("") == ["campaign c: has no goal"]
    assert campaign_with('goal = "more"') == [
        "campaign c: has a goal without a target, so nobody can tell how it stands"
    ]
    more = 'goal = { metric = "incremental_sales", target = 9 }'
    unmeasured = "campaign c: has the goal incremental_sales, which cannot be measured: all members get it"
    assert campaign_with(more) == [f"{unmeasured}, so there is nobody to compare with"]
    assert campaign_with(more + "\nexperiment = { arms = { A = 9000, control = 1000 } }") == []
    assert campaign_with(more, head={"[[cards]]": "holdout_bp = 500\n[[cards]]"}) == []
    without_control = more + "\nexperiment = { arms = { A = 9000, B = 1000 } }"
    assert campaign_with(without_control) == [f"{unmeasured}, so there is nobody to compare with"]
    profit = 'goal = { metric = "profit", target = "9.00" }'
    assert campaign_with(profit) == [
        "campaign c: has the goal profit, which cannot be measured: products.csv has no costs"
    ]
    points = 'goal = { metric = "points", target = 10 }'
    assert campaign_with(points) == []
    assert campaign_with(points.replace("10", "11")) == [
        "campaign c: is to give 11 points, and its budget has 10"
    ]
    assert "campaign c: is to give points, and none of its rules does" in campaign_with(
        points, 'message = "M"'
    )
    assert [each.where for each in lint(programme(OF_ALL.format("profit", '"9.00"')))] == ["goal g"]


def test_before_what_has_no_beginning_nobody_came() -> None:
    kept = OF_ALL.format("retention", 5000)
    assert lint(programme(kept)) == []
    (told,) = lint(programme(kept.replace("from = 2026-06-01", "before = 2026-06-01")))
    assert "cannot be measured: its period has no beginning" in str(told)


@pytest.mark.parametrize(
    ("start", "end", "first"),
    [
        (START, END, datetime(2026, 5, 22)),  # noqa: DTZ001  (terminals' own clocks)
        (START, None, datetime(2026, 3, 3)),  # noqa: DTZ001  (the same)
        (START, datetime(2226, 6, 1), datetime(1970, 1, 1)),  # noqa: DTZ001  (the same)
    ],
)
def test_the_time_before_is_as_long(start: datetime, end: datetime | None, first: datetime) -> None:
    """Or ninety days, where there is no end."""
    assert time_before(Period(start, end)) == Period(first, start)
    assert time_before(Period(None, end)) is None


@pytest.mark.parametrize(
    ("actual", "elapsed", "standing"),
    [
        (0, 0, Standing.NOT_BEGUN),
        (9, 100, Standing.BEHIND),
        (10, 100, Standing.AHEAD),
        (10, None, Standing.AHEAD),
        (9, None, Standing.BEHIND),
        (10, 10_000, Standing.REACHED),
        (9, 10_000, Standing.MISSED),
    ],
)
def test_an_average_does_not_grow_with_time(actual: int, elapsed: int | None, standing: Standing) -> None:
    """So it is reached at the end, not before, and one tenth of it is not much after a tenth of the time."""
    assert standing_of(actual, 10, elapsed, grows=False) is standing


def test_costs_are_kept_for_a_goal_of_profit() -> None:
    """Nothing else of this programme asks what goods cost."""
    sources = {"programme.toml": STARTER, "products.csv": "product,cost\nP,0.60\n"}
    assert parse_programme(sources).costs == {}
    sources["programme.toml"] += OF_ALL.format("profit", '"9.00"')
    made = parse_programme(sources)
    assert made.costs == {"P": 60}
    assert lint(made) == []


@pytest.mark.parametrize(
    ("start", "end", "now", "elapsed"),
    [
        (START, END, START - timedelta(seconds=1), 0),
        (START, END, START, 0),
        (START, END, START + timedelta(days=5), 5000),
        (START, END, END - timedelta(seconds=1), 9999),
        (START, END, END, 10_000),
        (START, None, START + timedelta(days=5), None),
        (START, None, START - timedelta(days=5), 0),
        (None, END, START, None),
        (None, END, END, 10_000),
    ],
)
def test_the_part_of_the_time_that_is_over(
    start: datetime | None, end: datetime | None, now: datetime, elapsed: int | None
) -> None:
    """Nothing of what has not begun, all of what is over, nobody knows of what has no end."""
    assert elapsed_bp(Period(start, end), now) == elapsed


@pytest.mark.parametrize(
    ("actual", "elapsed", "standing"),
    [
        (100, 0, Standing.REACHED),
        (100, 10_000, Standing.REACHED),
        (99, 10_000, Standing.MISSED),
        (99, None, Standing.OPEN),
        (50, 5000, Standing.AHEAD),
        (49, 5000, Standing.BEHIND),
        (0, 0, Standing.NOT_BEGUN),
        (-1, 5000, Standing.BEHIND),
    ],
)
def test_how_a_goal_stands(actual: int, elapsed: int | None, standing: Standing) -> None:
    """Of a target of 100, by the part of the time that is over."""
    assert standing_of(actual, 100, elapsed) is standing


def test_parts_of_a_target_are_rounded_down() -> None:
    """Nobody is told that he reached what he did not."""
    assert [reached_bp(actual, 3) for actual in (2, 3, -1)] == [6666, 10_000, -3334]


def test_what_is_more_than_the_control_did() -> None:
    """900 of 1,000 members bought for 5,000, 100 for 500: these would have been 4,500 of 900."""
    assert more_than(5000, 9000, 500, 1000) == 500
    assert more_than(5000, 9000, 501, 1000) == 491
    assert more_than(10, 7000, 5, 3000) == -2  # 10 - 11 2/3


@given(one=st.integers(0, 10**9), part=st.integers(1, 9999))
def test_who_does_as_the_control_does_brings_nothing(one: int, part: int) -> None:
    """Whatever the shares are."""
    assert more_than(one * part, part, one * (10_000 - part), 10_000 - part) == 0
