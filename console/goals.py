"""What campaigns and goals have reached, brought and cost: asked of the books, beside a running switch."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import rich_click as click

from console.deployment import open_deployment
from console.options import config_option, json_option, print_json, print_rows, progress_bar
from console.programmes import part_named, programme_option
from loyalty.amount import format_minor
from loyalty.errors import LoyaltyError
from rules.advice import percent
from rules.conditions import Period
from rules.goal import Goal, Metric, elapsed_bp, reached_bp, standing_of
from rules.goalwords import describe_measured
from rules.programme import Programme
from rules.reading import did_you_mean
from switch.attainment import Attainment, Subject
from switch.brought import worth
from switch.enactment import paused_campaigns
from switch.purchases import Purchases
from switch.recall import Recall
from switch.spending import Spending, discounts_of, spending_of

Told = dict[str, Any]  # as JSON has it: money in minor units, parts in basis points


@click.command(epilog="Example: puntual rules goals summer --config shop/puntual.toml")
@click.argument("names", nargs=-1, metavar="[ID]...")
@programme_option
@config_option
@json_option
def goals(names: tuple[str, ...], programme: str, config: Path, *, as_json: bool) -> None:
    """How far goals are reached, and what campaigns have brought and cost until now.

    Of all campaigns and goals of the programme, or of those with these IDs. What was refunded, voided or
    reversed since is taken off.
    """
    deployment = open_deployment(config)
    its = part_named(deployment.programme, programme)
    _refuse_unknown(its, names)
    now = deployment.now.astimezone(its.terms.zone).replace(tzinfo=None)
    with deployment.books() as books, progress_bar("Measuring") as progress:
        measured = Attainment(Purchases(books), its, frozenset(names))
        measured.measure(progress)
        paused = paused_campaigns(Recall(books))
        campaigns = [
            _campaign(
                subject,
                its,
                now,
                {
                    "budget": _budget(spending_of(books, campaign, deployment.today)),
                    "budget_discounts": _budget(discounts_of(books, campaign, deployment.today)),
                },
                is_paused=subject.name in paused,
            )
            for subject in measured.campaigns.values()
            if (campaign := subject.campaign) is not None
        ]
        others = [_goal_of_all(subject, now) for subject in measured.goals]
    if as_json:
        erased, through = measured.erased, measured.through
        print_json({"through": through, "campaigns": campaigns, "goals": others, "erased": erased})
        return
    _show(campaigns, others, its.terms.currency)
    if measured.erased:
        click.echo(f"\nof {measured.erased} sales only points are told: what their rules saw was erased")


def _refuse_unknown(programme: Programme, names: Sequence[str]) -> None:
    known = [each.id for each in programme.campaigns] + [each.id for each in programme.goals]
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or "write a campaign, or [[goal]] into programme.toml"
            raise LoyaltyError("is neither a campaign nor a goal", where=name, hint=hint)


# As JSON has it


def _campaign(
    subject: Subject, programme: Programme, now: datetime, budgets: Told, *, is_paused: bool
) -> Told:
    """A campaign: its goal, its *budgets*, what it brought and cost."""
    campaign, sums = subject.campaign, subject.sums
    assert campaign is not None
    points_minor = worth(sums.points_given, programme.redemption.value)
    return {
        "campaign": campaign.id,
        "text": campaign.text,
        "state": "paused" if is_paused else campaign.state.value,
        "nature": campaign.nature.value,
        "category": campaign.category,
        "strategy": None if campaign.strategy is None else campaign.strategy.value,
        **_time(subject.period, now),
        "goal": None if subject.goal is None else _goal(subject, subject.goal, now),
        **budgets,
        "sales": sums.sales,
        "members": len(sums.members),
        "spend": sums.spend_minor,
        "points": {
            "given": sums.points,
            "back": sums.points - sums.points_kept,
            "corrected": sums.corrected,
            "stand": sums.points_given,
        },
        "cost": {
            "points": points_minor,
            "discounts": sums.off_minor,
            "gifts": sums.gifts_minor,
            "whole": points_minor + sums.off_minor + sums.gifts_minor,
        },
        "arms": _arms(subject),
    }


def _goal_of_all(subject: Subject, now: datetime) -> Told:
    """A goal of the programme or of a segment."""
    goal = subject.goal
    assert goal is not None
    told = {"goal": goal.id, "segment": goal.segment or None, **_time(subject.period, now)}
    return {**told, **_goal(subject, goal, now), "arms": _arms(subject)}


def _time(period: Period, now: datetime) -> Told:
    return {
        "from": None if period.start is None else period.start.isoformat(),
        "before": None if period.end is None else period.end.isoformat(),
        "elapsed_bp": elapsed_bp(period, now),
    }


def _goal(subject: Subject, goal: Goal, now: datetime) -> Told:
    actual, target = subject.actual, goal.target
    told: Told = {"text": goal.text or None, "metric": None, "target": None}
    if goal.metric is not None:
        told |= {"metric": goal.metric.value, "target": target}
    if actual is None:
        return {**told, "actual": None, "reached_bp": None, "standing": None}
    grows = goal.metric is not Metric.AVERAGE_SPEND
    standing = standing_of(actual, target, elapsed_bp(subject.period, now), grows=grows)
    return {**told, "actual": actual, "reached_bp": reached_bp(actual, target), "standing": standing.value}


def _budget(spending: Spending | None) -> Told | None:
    if spending is None:
        return None
    return {
        "planned": spending.planned,
        "loaded": spending.loaded,
        "reserved": spending.reserved,
        "spent": spending.spent,
        "left": spending.left,
        "daily": spending.daily,
        "today": spending.today,
        "runs_out_on": spending.runs_out_on,
    }


def _arms(subject: Subject) -> list[Told]:
    return [
        {
            "arm": name,
            "share_bp": share_bp,
            "members": len(subject.by_arm[name].members),
            "sales": subject.by_arm[name].sales,
            "spend": subject.by_arm[name].spend_minor,
        }
        for name, share_bp in subject.shares.items()
    ]


# As people read it


def _show(campaigns: Sequence[Told], goals: Sequence[Told], currency: str) -> None:
    if not campaigns and not goals:
        click.echo("the programme has no campaigns and no goals")
    tables = (
        ("Goals of campaigns", _goals_shown("campaign", campaigns, currency)),
        ("What campaigns brought and cost", _brought_shown(campaigns, currency)),
        ("Their budgets, in points", _budgets_shown(campaigns)),
        ("Their budgets for what is taken off prices", _discounts_shown(campaigns, currency)),
        ("All sales in their time, by arm", _arms_shown("campaign", campaigns, currency)),
        ("Goals of the programme", _goals_shown("goal", goals, currency)),
        ("All sales in their time, with those of who is held out", _arms_shown("goal", goals, currency)),
    )
    is_first = True
    for title, found in tables:
        rows = list(found)
        if rows:
            click.echo(f"{title}:" if is_first else f"\n{title}:")
            print_rows(rows, as_json=False, nothing="")
            is_first = False


def _goals_shown(of: str, told: Sequence[Told], currency: str) -> Iterator[Told]:
    for each in told:
        goal = each["goal"] if of == "campaign" else each
        row: Told = {of: each[of]}
        row |= {"state": each["state"]} if of == "campaign" else {"segment": each["segment"]}
        row |= {
            "from": _day(each["from"]),
            "before": _day(each["before"]),
            "time over": _part(each["elapsed_bp"]),
        }
        yield row | _measured(goal, currency)


def _measured(goal: Told | None, currency: str) -> Told:
    """The goal itself; a campaign may have none, or one of words."""
    if goal is None or goal["metric"] is None:
        words = "none" if goal is None else "words alone"
        return {"measured by": words, "target": "", "actual": "", "reached": "", "stands": ""}
    metric = Metric(goal["metric"])
    target, actual = (
        None if each is None else describe_measured(metric, each, currency)
        for each in (goal["target"], goal["actual"])
    )
    return {
        "measured by": goal["metric"].replace("_", " "),
        "target": target,
        "actual": "not measurable" if actual is None else actual,
        "reached": _part(goal["reached_bp"]),
        "stands": goal["standing"],
    }


def _brought_shown(campaigns: Sequence[Told], currency: str) -> Iterator[Told]:
    for each in campaigns:
        points, cost = each["points"], each["cost"]
        yield {
            "campaign": each["campaign"],
            "sales": each["sales"],
            "members": each["members"],
            "spend": format_minor(each["spend"], currency),
            "points given": points["given"],
            "taken back": points["back"],
            "set right": points["corrected"],
            "points now": points["stand"],
            **{
                f"cost of {what}": format_minor(cost[what], currency)
                for what in ("points", "discounts", "gifts")
            },
            "cost": format_minor(cost["whole"], currency),
        }


def _budgets_shown(campaigns: Sequence[Told]) -> Iterator[Mapping[str, object]]:
    for each in campaigns:
        budget = each["budget"]
        if budget is not None:
            row = {"campaign": each["campaign"], **budget, "runs_out_on": _runs_out(budget)}
            yield row | {"today": budget["today"] if budget["daily"] is not None else None}


def _discounts_shown(campaigns: Sequence[Told], currency: str) -> Iterator[Mapping[str, object]]:
    for each in campaigns:
        budget = each["budget_discounts"]
        if budget is not None:
            amounts = {name: budget[name] for name in ("planned", "reserved", "spent", "left", "daily")}
            amounts["today"] = budget["today"] if budget["daily"] is not None else None
            row = {
                name: None if minor is None else format_minor(minor, currency)
                for name, minor in amounts.items()
            }
            yield {"campaign": each["campaign"], **row, "runs_out_on": _runs_out(budget)}


def _runs_out(budget: Told) -> str:
    day: date | None = budget["runs_out_on"]
    if day is None:
        return "lasts" if budget["spent"] > 0 else ""
    return f"{day}" if budget["left"] > 0 else f"used up on {day}"


def _arms_shown(of: str, told: Sequence[Told], currency: str) -> Iterator[Told]:
    for each in told:
        for arm in each["arms"]:
            row = {of: each[of], "arm": arm["arm"], "share": _part(arm["share_bp"])}
            yield row | {
                "members": arm["members"],
                "sales": arm["sales"],
                "spend": format_minor(arm["spend"], currency),
            }


def _day(moment: str | None) -> str:
    return "" if moment is None else moment.removesuffix("T00:00:00")


def _part(share_bp: int | None) -> str:
    if share_bp is None:
        return ""
    return f"{percent(share_bp)}%" if share_bp >= 0 else f"-{percent(-share_bp)}%"
