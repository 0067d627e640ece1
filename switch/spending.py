"""What budgets of campaigns have given, reserve and have left, and when they will be used up."""

import sqlite3
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from rules.cap import BUDGET, OF_CAMPAIGN, Cap, Per
from rules.conditions import Period
from rules.rule import Campaign
from switch.counting import loaded_place

_TOTAL: Final = (
    "SELECT total FROM tally WHERE (measure, whose, stretch) = (?, '', ?)"
    " ORDER BY seq DESC, line DESC LIMIT 1"
)
# What holds keep: of those that nothing has ended, and whose part was not freed. Found hold by hold (crossed,
# and with a plus before what has an index): few are open, and a budget may have been drawn on by all sales.
_RESERVED: Final = (
    "SELECT coalesce(sum(change), 0) FROM open_hold CROSS JOIN tally ON tally.seq = open_hold.hold"
    " WHERE +measure = ? AND whose = '' AND stretch = '' AND (SELECT kept.total FROM tally AS kept"
    " WHERE (kept.measure, kept.whose, kept.stretch) = ('kept:' || open_hold.hold, '', '')"
    " ORDER BY kept.seq DESC, kept.line DESC LIMIT 1) > 0"
)
_DAY_OF: Final = (
    "SELECT business_date FROM tally JOIN decision USING (seq)"
    " WHERE (measure, whose, stretch) = (?, '', '') ORDER BY tally.seq {} LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Spending:
    """A budget, in points, or in minor units of what may be taken off prices.

    Attributes:
        planned: By the programme.
        loaded: By order, beside that.
        reserved: For open holds.
        spent: Less what came back.
        left: Of what was planned and loaded; below 0 when the plan was cut below what was spent.
        daily: May be given on one business day; ``None``: as much as there is.
        today: Given or reserved on the present one, where that matters.
        runs_out_on: The day on which nothing is left, at the pace so far; of one that is used up the day on
            which that happened. ``None`` when it lasts through the campaign's time, or nothing was spent.
    """

    planned: int
    loaded: int
    reserved: int
    spent: int
    left: int
    daily: int | None
    today: int
    runs_out_on: date | None


def spending_of(database: sqlite3.Connection, campaign: Campaign, today: date) -> Spending | None:
    """The budget of *campaign* for points; ``None`` when it has none."""
    budget = next((cap for cap in campaign.caps if cap.subject.startswith(BUDGET)), None)
    if budget is None:
        return None
    loaded = _total(database, loaded_place(campaign.id)[0])
    return _spending(database, campaign, budget, loaded, today)


def discounts_of(database: sqlite3.Connection, campaign: Campaign, today: date) -> Spending | None:
    """The budget of *campaign* for what it takes off prices; ``None`` when it has none."""
    budget = campaign.discount_budget
    return None if budget is None else _spending(database, campaign, budget, 0, today)


def _spending(
    database: sqlite3.Connection, campaign: Campaign, budget: Cap, loaded: int, today: date
) -> Spending:
    measure, planned = budget.measure, budget.limit
    # What counts by day all that it gives to all together, where that is limited.
    pace = replace(budget, subject=budget.subject.replace(BUDGET, OF_CAMPAIGN), per=Per.DAY)
    caps = (*campaign.caps, *campaign.discount_caps)
    daily = next((each.limit for each in caps if each.counter == pace.counter), None)
    total = _total(database, measure)
    reserved: int = database.execute(_RESERVED, (measure,)).fetchone()[0]
    left = planned + loaded - total
    days = [database.execute(_DAY_OF.format(order), (measure,)).fetchone() for order in ("ASC", "DESC")]
    runs_out_on = None
    if days[0] is not None:
        first, last = (date.fromisoformat(day) for (day,) in days)
        runs_out_on = last if left <= 0 else runs_out(left, total, first, today)
        if left > 0 and runs_out_on is not None and _is_over(campaign, runs_out_on):
            runs_out_on = None
    return Spending(
        planned=planned,
        loaded=loaded,
        reserved=reserved,
        spent=total - reserved,
        left=left,
        daily=daily,
        today=0 if daily is None else _total(database, pace.measure, today.isoformat()),
        runs_out_on=runs_out_on,
    )


def _total(database: sqlite3.Connection, measure: str, stretch: str = "") -> int:
    row = database.execute(_TOTAL, (measure, stretch)).fetchone()
    return 0 if row is None else row[0]


def _is_over(campaign: Campaign, day: date) -> bool:
    period = next((each for each in campaign.when if isinstance(each, Period)), None)
    return period is not None and period.end is not None and day >= period.end.date()


def runs_out(left: int, spent: int, since: date, today: date) -> date | None:
    """The day on which *left* is used up when as much is spent a day as from *since* through *today*."""
    days = (today - since).days + 1
    if spent <= 0 or days <= 0:
        return None
    try:
        return today + timedelta(days=-(-left * days // spent))
    except OverflowError:  # in thousands of years
        return None
