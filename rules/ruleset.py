"""Reads groups, campaigns, rules and their conditions."""

import re
from typing import Final

from loyalty.amount import Rate
from rules.cap import Cap
from rules.caps import read_budget, read_caps
from rules.conditions import (
    AMOUNT_ATTRIBUTES,
    DAY_S,
    SET_ATTRIBUTES,
    TEXT_ATTRIBUTES,
    AllOf,
    AmountWithin,
    AnyOf,
    BirthdayWithin,
    Condition,
    CounterWithin,
    LineFilter,
    Not,
    OneOf,
    Period,
    SomeOf,
    Window,
)
from rules.counters import AMOUNTS, counter_named, known_counters
from rules.effects import EXTRA_LANES, POINT_LANES, Lane
from rules.effectset import read_effect
from rules.programme import BASE_RULE
from rules.reading import NAME, Section, did_you_mean
from rules.rule import Campaign, CampaignState, Group, Pick, Rule

WEEKDAYS: Final = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}
EVERY_DAY: Final = frozenset(WEEKDAYS.values())
CHANNELS: Final = ("POSD", "ECOM", "MOBL", "IVRS", "SMSX")
TENDERS: Final = ("CASH", "CARD", "PNTS", "CERT", "OTHR")
CARD_STATUSES: Final = ("issued", "active", "blocked", "lost", "stolen", "replaced")
PRIORITY_MAX: Final = 1_000_000
DEPTH_MAX: Final = 8  # of conditions inside conditions
_MCC: Final = re.compile(r"[0-9]{4}", re.ASCII)  # ISO 18245
_ACQUIRER: Final = re.compile(r"[0-9]{11}", re.ASCII)
SHAPES: Final = {
    "mcc": (_MCC, "four digits"),
    "acquirer": (_ACQUIRER, "eleven digits, zeros in front"),
}
CLOSED: Final = {
    "channel": CHANNELS,
    "tender": TENDERS,
    "card_status": CARD_STATUSES,
}


def read_groups(main: Section) -> tuple[Group, ...]:
    """The groups, in the order of the file, which is their order of evaluation."""
    groups: list[Group] = []
    for section in main.sections("group"):
        group = Group(section.name("id"), section.choice("pick", {each.value: each for each in Pick}))
        section.close()
        if any(other.id == group.id for other in groups):
            section.wrong(f"two groups have the id {group.id}", "id", "give each its own")
        groups.append(group)
    return tuple(groups)


def read_campaign(document: Section, tiers: tuple[str, ...], value: Rate) -> Campaign:
    """The campaign of a file of ``campaigns/``; *value* is that of a point, in minor units."""
    section = document.section("campaign")
    if section is None:
        document.wrong("is missing", "campaign", "begin the file with [campaign]")
        section = Section({}, document.at("campaign"), [])
    when: list[Condition] = [*read_period(section)]
    if not when and section.written:
        section.wrong("is missing", "period", "write period = { from = 2026-06-01, before = 2026-09-01 }")
    audience = section.section("audience")
    if audience is not None:
        when += _conditions(audience, tiers, 0)
    name = section.name("id")
    budget, caps = read_budget(section, name)
    own = read_caps(section, f"campaign:{name}", value)
    if {cap.counter for cap in own} & {cap.counter for cap in caps}:
        section.wrong("limits what budget_daily limits already", "cap", "keep the smaller one")
    campaign = Campaign(
        id=name,
        text=section.text("text"),
        nature=section.choice("nature", {"points": "points"}),
        category=section.text("category"),
        state=section.choice("state", {each.value: each for each in CampaignState}),
        when=tuple(when),
        goal=section.text("goal", ""),
        budget_points=budget,
        caps=(*own, *caps),
        funding=_funding(section),
    )
    section.close()
    return campaign


def _funding(section: Section) -> tuple[tuple[str, int], ...]:
    parts: list[tuple[str, int]] = []
    for part in section.sections("funding"):
        parts.append((part.name("partner"), part.whole("basis_points", low=1, high=10_000)))
        part.close()
    if parts and sum(share for _, share in parts) != 10_000:
        section.wrong("does not sum to 10,000 basis points", "funding", "divide the whole cost")
    return tuple(parts)


def read_rules(
    document: Section,
    campaign: Campaign | None,
    tiers: tuple[str, ...],
    groups: tuple[Group, ...],
    value: Rate,
) -> list[tuple[Rule, Section]]:
    """The rules of a file, each with where it stands.

    *value* is that of a point, in minor units.
    """
    by_name = {group.id: (number, group.pick) for number, group in enumerate(groups, 1)}
    rules = []
    for section in document.sections("rule"):
        effect = read_effect(section)
        group_number, pick = 0, Pick.ALL
        if "group" in section:
            group = section.name("group")
            group_number, pick = by_name.get(group, (0, Pick.ALL))
            if group not in by_name:
                section.wrong(f"{group} is not a group", "group", did_you_mean(group, by_name))
        when_section = section.section("when")
        when = () if when_section is None else tuple(_conditions(when_section, tiers, 0))
        rule = Rule(
            id=section.name("id"),
            text=section.text("text"),
            effect=effect,
            priority=section.whole("priority", 0, -PRIORITY_MAX, PRIORITY_MAX),
            group=group_number,
            pick=pick,
            campaign="" if campaign is None else campaign.id,
            when=when if campaign is None else (*campaign.when, *when),
            lines=_lines(section.section("lines")),
            caps=_caps(section, campaign, value),
        )
        section.close()
        if rule.lane not in POINT_LANES and "cap" in section:
            section.wrong("limits points, and this rule gives none", "cap")
        if rule.id == BASE_RULE:
            section.wrong(f"{BASE_RULE} is the programme's own rate", "id", "take another id")
        if rule.lane in EXTRA_LANES and rule.pick is Pick.BEST:
            section.wrong("is of a group that takes the best, and this rule gives no amount", "group")
        if group_number and rule.lane is Lane.BASE:
            section.wrong(
                "base rates need no group: each line takes the first", "group", "order them by priority"
            )
        rules.append((rule, section))
    return rules


def _caps(section: Section, campaign: Campaign | None, value: Rate) -> tuple[Cap, ...]:
    name = f"rule:{section.name('id')}" if "cap" in section else ""
    own = read_caps(section, name, value)
    return own if campaign is None else (*own, *campaign.caps)


def _lines(section: Section | None) -> LineFilter | None:
    if section is None:
        return None
    low, high = _amounts(section, "amount")
    lines = LineFilter(
        products=section.names("product") if "product" in section else None,
        categories=section.names("category") if "category" in section else None,
        except_products=section.names("except_product") if "except_product" in section else frozenset(),
        except_categories=section.names("except_category") if "except_category" in section else frozenset(),
        low=low,
        high=high,
    )
    if not section.written:
        section.wrong("is empty", hint="name products or categories, or leave it out")
    section.close()
    return lines


def _conditions(section: Section, tiers: tuple[str, ...], depth: int) -> list[Condition]:
    """The conditions of a table; all of them must hold."""
    found: list[Condition] = []
    if depth > DEPTH_MAX:
        section.wrong(f"is nested more than {DEPTH_MAX} deep")
        return found
    found += _attributes(section, tiers)
    found += _windows(section)
    found += read_period(section)
    found += _birthday(section)
    found += _counters(section)
    for each in section.sections("all"):
        found += _conditions(each, tiers, depth + 1)
    choices = section.sections("any")
    if choices:
        found.append(AnyOf(tuple(_one(_conditions(each, tiers, depth + 1)) for each in choices)))
    for each in section.sections("not"):
        inner = _conditions(each, tiers, depth + 1)
        if inner:
            found.append(Not(_one(inner)))
    section.close()
    if not section.written:
        section.wrong("is empty", hint="write a condition, or leave it out")
    return found


def _attributes(section: Section, tiers: tuple[str, ...]) -> list[Condition]:
    texts = [OneOf(key, _known(section, key, tiers)) for key in TEXT_ATTRIBUTES if key in section]
    sets = [SomeOf(key, _known(section, key, tiers)) for key in SET_ATTRIBUTES if key in section]
    amounts = [AmountWithin(key, *_amounts(section, key)) for key in AMOUNT_ATTRIBUTES if key in section]
    return [*texts, *sets, *amounts]


def _one(conditions: list[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else AllOf(tuple(conditions))


def _known(section: Section, key: str, tiers: tuple[str, ...]) -> frozenset[str]:
    names = section.names(key, tiers if key == "tier" else CLOSED.get(key))
    pattern, shape = SHAPES.get(key, (None, ""))
    for name in sorted(names):
        if pattern is not None and not pattern.fullmatch(name):
            section.wrong(f"cannot hold {name}", key, f"write {shape}")
    return names


def _amounts(section: Section, key: str) -> tuple[int | None, int | None]:
    table = section.section(key)
    if table is None:
        return None, None
    low = table.money("from") if "from" in table else None
    high = table.money("below") if "below" in table else None
    table.close()
    _check_range(table, low, high, "below")
    return low, high


def _check_range(table: Section, low: int | None, high: int | None, key: str) -> None:
    if not table.written:
        table.wrong("is an empty range", hint=f"write from, {key}, or both")
    elif low is not None and high is not None and low >= high:
        table.wrong("ends before it begins, so it would never hold", key, "put it above from")


def _windows(section: Section) -> list[Condition]:
    days = EVERY_DAY
    if "weekday" in section:
        days = frozenset(WEEKDAYS[name] for name in section.names("weekday", WEEKDAYS))
    windows = []
    for table in section.sections("time"):
        start, end = table.clock("from"), table.clock("before")
        table.close()
        start, end = start or 0, DAY_S if end is None else end
        if start == end:
            table.wrong("is an empty time", "before", "for the whole day leave it out")
        windows.append(Window(days, start, end))
    if not windows:
        return [Window(days, 0, DAY_S)] if "weekday" in section else []
    return [windows[0] if len(windows) == 1 else AnyOf(tuple(windows))]


def read_period(section: Section) -> list[Period]:
    """The ``period`` of a table, if it has one."""
    table = section.section("period")
    if table is None:
        return []
    start, end = table.moment("from"), table.moment("before")
    table.close()
    if not table.written:
        table.wrong("is an empty period", hint="write from, before, or both")
    if start is not None and end is not None and start >= end:
        table.wrong("ends before it begins, so it would never hold", "before", "put it after from")
    return [Period(start, end)]


def _birthday(section: Section) -> list[Condition]:
    table = section.section("birthday")
    if table is None:
        return []
    before = table.whole("days_before", 0, 0, 180)
    after = table.whole("days_after", 0, 0, 180)
    table.close()
    return [BirthdayWithin(before, after)]


def _counters(section: Section) -> list[Condition]:
    table = section.section("counter")
    if table is None:
        return []
    found: list[Condition] = []
    for name in table.written:
        limits = table.section(name)
        if limits is None:
            continue
        if not NAME.fullmatch(name) or counter_named(name) is None:
            hint = (
                did_you_mean(name, known_counters()) or "write visits.month, product.2000017.30d, streak.week"
            )
            table.wrong("is not a counter", name, hint)
        read = limits.money if name.partition(".")[0] in AMOUNTS else limits.whole
        low = read("from") if "from" in limits else None
        high = read("below") if "below" in limits else None
        limits.close()
        _check_range(limits, low, high, "below")
        found.append(CounterWithin(name, low, high))
    return found
