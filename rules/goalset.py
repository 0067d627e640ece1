"""Reads goals: of campaigns, and of a programme or a segment."""

from rules.conditionset import read_period
from rules.goal import (
    AWAY_DAYS,
    AWAY_MAX_DAYS,
    HUNDREDTHS,
    IN_MONEY,
    OF_COSTS,
    WHOLE_BP,
    Goal,
    Metric,
)
from rules.names import Names
from rules.reading import Section


def read_campaign_goal(campaign: Section, names: Names) -> Goal | None:
    """What a campaign is to reach: a table, or words alone; ``None`` when nothing is said."""
    if not isinstance(campaign.take("goal"), dict):
        text = campaign.text("goal", "")
        return Goal(text=text) if text else None
    section = campaign.section("goal")
    assert section is not None
    metric, target, away_days = _measured(section, names)
    goal = Goal(text=section.text("text", ""), metric=metric, target=target, away_days=away_days)
    section.close()
    return goal


def read_goals(main: Section, names: Names) -> tuple[Goal, ...]:
    """The goals of a programme, in the order of the file."""
    goals: list[Goal] = []
    for section in main.sections("goal"):
        metric, target, away_days = _measured(section, names)
        periods = read_period(section)
        if not periods:
            section.wrong("is missing", "period", "write period = { from = 2026-01-01, before = 2027-01-01 }")
        goal = Goal(
            id=section.name("id"),
            text=section.text("text"),
            metric=metric,
            target=target,
            away_days=away_days,
            period=periods[0] if periods else None,
            segment=section.name("segment", ""),
        )
        section.close()
        if goal.segment in names.segments:
            what = f"{goal.segment} is defined by conditions, and nobody is known to have been in it"
            section.wrong(what, "segment", "import one: puntual members import")
        if any(other.id == goal.id for other in goals):
            section.wrong(f"two goals have the id {goal.id}", "id", "give each its own")
        goals.append(goal)
    return tuple(goals)


def _measured(section: Section, names: Names) -> tuple[Metric, int, int]:
    """Metric, target, and for how long somebody was away."""
    metric = section.choice("metric", {each.value: each for each in Metric})
    names.asks_costs |= metric in OF_COSTS
    target = _target(section, metric)
    if "away_days" in section and metric is not Metric.REACTIVATED:
        section.wrong(f"is of the metric {Metric.REACTIVATED.value}", "away_days", "leave it out")
    return metric, target, section.whole("away_days", AWAY_DAYS, 1, AWAY_MAX_DAYS)


def _target(section: Section, metric: Metric) -> int:
    """How much is wanted, in the unit of *metric*."""
    if metric in IN_MONEY:
        return section.some_money("target")
    if metric is Metric.RETENTION:
        return section.whole("target", low=1, high=WHOLE_BP)
    if metric is not Metric.FREQUENCY:
        return section.whole("target", low=1)
    problems = len(section.problems)
    wanted = section.fraction("target")
    target, rest = divmod(wanted.numerator * HUNDREDTHS, wanted.denominator)
    if len(section.problems) == problems and (rest or not target):
        section.wrong("is not above zero in hundredths of a sale", "target", 'write "2.50"')
    return max(target, 1)
