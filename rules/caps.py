"""Reads limits and budgets."""

import re
from typing import Final

from loyalty.amount import Rate
from rules.cap import BUDGET, OF_CAMPAIGN, OFF, Cap, Per, Scope, Unit
from rules.counters import DAYS_MAX
from rules.reading import Section

_DAYS: Final = re.compile(r"([0-9]{1,4}) days?", re.ASCII)  # of a rolling span


def read_caps(section: Section, subject: str, value: Rate, key: str = "cap") -> tuple[Cap, ...]:
    """The limits of a table. *value* is that of a point, in minor units."""
    caps: list[Cap] = []
    for table in section.sections(key):
        unit, limit = _limit(table)
        per, days = _per(table)
        scope = table.choice("scope", {each.value: each for each in Scope}, Scope.MEMBER)
        table.close()
        if unit is Unit.COST and value.numerator == 0 and not subject.startswith(OFF):
            table.wrong("is a limit on cost, and a point is worth nothing", "cost")
        cap = Cap(subject, limit, scope, per, unit, days, value if unit is Unit.COST else Rate(0))
        if any(other.counter == cap.counter for other in caps):
            table.wrong("limits the same twice", "per", "keep the smaller one")
        caps.append(cap)
    return tuple(caps)


def _limit(table: Section) -> tuple[Unit, int]:
    """What a limit is measured in, and how much."""
    units = [unit for unit in Unit if unit.value in table]
    if len(units) != 1:
        table.wrong("must say one of points, count and cost", hint="write points = 100")
        return Unit.POINTS, 1
    if units[0] is not Unit.COST:
        return units[0], table.whole(units[0].value, low=1)
    return Unit.COST, table.some_money("cost")


def _per(table: Section) -> tuple[Per, int]:
    """A span of time, and the days of a rolling one: ``per = "30 days"``."""
    match = _DAYS.fullmatch(value) if isinstance(value := table.take("per"), str) else None
    if match is None:
        spans = {each.value: each for each in Per if each is not Per.ROLLING}
        return table.choice("per", spans), 0
    days = int(match[1])
    if not 1 <= days <= DAYS_MAX:
        table.wrong(f"is not from 1 to {DAYS_MAX} days", "per")
        days = 1
    return Per.ROLLING, days


def read_budget(section: Section, name: str) -> tuple[int | None, tuple[Cap, ...]]:
    """The budget of the campaign *name*, and the limits that it and its daily pace set."""
    total = section.whole("budget_points", low=1) if "budget_points" in section else None
    caps = []
    if total is not None:
        caps.append(Cap(f"{BUDGET}{name}", total, Scope.ALL, Per.LIFETIME))
    if "budget_daily" in section:
        daily = section.whole("budget_daily", low=1)
        caps.append(Cap(f"{OF_CAMPAIGN}{name}", daily, Scope.ALL, Per.DAY))
        if total is None or daily > total:
            section.wrong("paces no budget", "budget_daily", "write a larger budget_points")
    return total, tuple(caps)


def read_discount_limits(section: Section, name: str) -> tuple[Cap, ...]:
    """What limits what the campaign *name* takes off prices, its budget for that among it."""
    caps = list(read_caps(section, f"{OFF}{OF_CAMPAIGN}{name}", Rate(0), "discount_cap"))
    if any(cap.unit is Unit.POINTS for cap in caps):
        section.wrong(
            "limits points, and it is about what is taken off", "discount_cap", "write cost, or count"
        )
    total = section.some_money("budget_discounts") if "budget_discounts" in section else None
    if total is not None:
        caps.append(Cap(f"{OFF}{BUDGET}{name}", total, Scope.ALL, Per.LIFETIME, Unit.COST))
    if "budget_discounts_daily" in section:
        daily = section.some_money("budget_discounts_daily")
        pace = Cap(f"{OFF}{OF_CAMPAIGN}{name}", daily, Scope.ALL, Per.DAY, Unit.COST)
        if total is None or daily > total:
            hint = "write a larger budget_discounts"
            section.wrong("paces no budget", "budget_discounts_daily", hint)
        if any(cap.counter == pace.counter for cap in caps):
            hint = "keep the smaller one"
            section.wrong("limits what budget_discounts_daily limits already", "discount_cap", hint)
        caps.append(pace)
    return tuple(caps)
