"""Warns of goals that nobody can measure, or that cannot be reached."""

from collections.abc import Iterator

from rules.advice import Advice
from rules.conditions import Period
from rules.effects import POINT_LANES
from rules.experimentset import CONTROL
from rules.goal import COMPARING, OF_COSTS, Goal, Metric
from rules.programme import Programme
from rules.rule import Campaign


def vague_goals(programme: Programme) -> Iterator[Advice]:
    """What is wrong with the goals of *programme* and of its campaigns, in order."""
    for its in programme.goals:
        assert its.period is not None
        yield from _unmeasurable(f"goal {its.id}", its, its.period, programme, has_control=False)
    for campaign in programme.campaigns:
        where = f"campaign {campaign.id}"
        if (goal := campaign.goal) is None:
            yield Advice(where, "has no goal", 'write goal = { metric = "members", target = 1000 }')
        elif goal.metric is None:
            hint = 'write goal = { metric = "members", target = 1000, text = "…" }'
            yield Advice(where, "has a goal without a target, so nobody can tell how it stands", hint)
        else:
            has_control = any(name == CONTROL for name, _ in campaign.arms)
            period = next((each for each in campaign.when if isinstance(each, Period)), Period(None, None))
            yield from _unmeasurable(where, goal, period, programme, has_control=has_control)
            yield from _pointless(where, goal, campaign, programme)


def _unmeasurable(
    where: str, goal: Goal, period: Period, programme: Programme, *, has_control: bool
) -> Iterator[Advice]:
    assert goal.metric is not None
    told = f"has the goal {goal.metric.value}, which cannot be measured"
    if goal.metric in COMPARING and not (has_control or programme.holdout_bp):
        hint = "write an arm control into experiment, or holdout_bp under [programme]"
        yield Advice(where, f"{told}: all members get it, so there is nobody to compare with", hint)
    if goal.metric in OF_COSTS and not any(programme.costs.values()):
        yield Advice(where, f"{told}: products.csv has no costs", "give it the column cost")
    if goal.metric is Metric.RETENTION and period.start is None:
        yield Advice(where, f"{told}: its period has no beginning, so nobody came before", "write from")


def _pointless(where: str, goal: Goal, campaign: Campaign, programme: Programme) -> Iterator[Advice]:
    if goal.metric is not Metric.POINTS:
        return
    gives = any(rule.lane in POINT_LANES for rule in programme.rules if rule.campaign == campaign.id)
    if campaign.counts and not gives:
        yield Advice(where, "is to give points, and none of its rules does", "take another metric")
    if campaign.budget_points is not None and goal.target > campaign.budget_points:
        what = f"is to give {goal.target} points, and its budget has {campaign.budget_points}"
        yield Advice(where, what, "lower the target, or raise budget_points")
