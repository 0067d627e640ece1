"""Goals in words: what is to be reached, and what was."""

from loyalty.amount import format_minor
from rules.advice import percent
from rules.goal import IN_MONEY, Goal, Metric, format_hundredths


def describe_measured(metric: Metric, value: int, currency: str) -> str | int:
    """What a goal is to reach, or has reached: a number of something as such, else text with its unit."""
    if metric in IN_MONEY:
        return format_minor(value, currency)
    if metric is Metric.FREQUENCY:
        return format_hundredths(value)
    return f"{percent(value)}%" if metric is Metric.RETENTION else value


def describe_goal(goal: Goal, currency: str) -> str:
    """What is to be reached of what, and by whom; a goal of words alone has nothing to tell here."""
    if goal.metric is None:
        return ""
    target = describe_measured(goal.metric, goal.target, currency)
    target = target if isinstance(target, str) else f"{target:,}"
    away = f", away for {goal.away_days} days before" if goal.metric is Metric.REACTIVATED else ""
    members = f", members of {goal.segment}" if goal.segment else ""
    return f"{goal.metric.value.replace('_', ' ')} {target}{away}{members}"
