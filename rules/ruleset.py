"""Reads groups, campaigns and rules."""

from typing import Final

from loyalty.amount import Rate
from rules.asked import counters_in, member_facts_in
from rules.cap import OF_CAMPAIGN, OFF, Cap, Unit
from rules.caps import read_budget, read_caps, read_discount_limits
from rules.conditions import OPERATION, Condition
from rules.conditionset import read_conditions, read_lines, read_period
from rules.counters import GIVEN
from rules.effects import (
    EXTRA_LANES,
    POINT_LANES,
    PRICE_LANES,
    REDEEM_LANES,
    Effect,
    GiveAway,
    GiveStamps,
    IssueCoupon,
    Lane,
    MoveTier,
    Redeem,
    TierPoints,
    TierPointsPerAmount,
    lane_of,
)
from rules.effectset import read_effect
from rules.experimentset import read_arms, read_experiment
from rules.goalset import read_campaign_goal
from rules.names import Names
from rules.programme import BASE_RULE
from rules.reading import Section, did_you_mean
from rules.redemption import Redemption
from rules.redemptionset import named_by
from rules.rule import Campaign, CampaignState, Group, Nature, Pick, Rule, Strategy

PRIORITY_MAX: Final = 1_000_000
TAKEN_MAX: Final = 100  # of a group
_ONLY_COUNTED: Final = (IssueCoupon, GiveStamps, TierPoints, TierPointsPerAmount, MoveTier)  # no money in it
UNLIMITED: Final = REDEEM_LANES | {Lane.GUARD, Lane.MESSAGE}  # lanes whose rules have no limits


def read_groups(main: Section) -> tuple[Group, ...]:
    """The groups, in the order of the file, which is their order of evaluation."""
    groups: list[Group] = []
    for section in main.sections("group"):
        group = Group(
            section.name("id"),
            section.choice("pick", {each.value: each for each in Pick}),
            section.whole("take", 1, low=1, high=TAKEN_MAX),
        )
        if group.pick is Pick.ALL and group.take > 1:
            section.refuse("is for groups that choose, and this one takes all", "take")
        section.close()
        if any(other.id == group.id for other in groups):
            section.wrong(f"two groups have the id {group.id}", "id", "give each its own")
        groups.append(group)
    return tuple(groups)


def read_campaign(document: Section, names: Names, value: Rate) -> Campaign:
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
        when += read_conditions(audience, names, 0)
    name = section.name("id")
    budget, caps = read_budget(section, name)
    own = read_caps(section, f"{OF_CAMPAIGN}{name}", value)
    if {cap.counter for cap in own} & {cap.counter for cap in caps}:
        section.wrong("limits what budget_daily limits already", "cap", "keep the smaller one")
    campaign = Campaign(
        id=name,
        text=section.text("text"),
        nature=section.choice("nature", {each.value: each for each in Nature}),
        strategy=section.choice("strategy", {each.value: each for each in Strategy})
        if "strategy" in section
        else None,
        category=section.text("category"),
        state=section.choice("state", {each.value: each for each in CampaignState}),
        when=tuple(when),
        goal=read_campaign_goal(section, names),
        budget_points=budget,
        caps=(*own, *caps),
        discount_caps=read_discount_limits(section, name),
        funding=_funding(section),
        arms=read_experiment(section),
    )
    section.close()
    return campaign


def _funding(section: Section) -> tuple[tuple[str, int], ...]:
    parts: list[tuple[str, int]] = []
    for part in section.sections("funding"):
        parts.append((part.name("partner"), part.whole("basis_points", low=1, high=10_000)))
        part.close()
    if len({name for name, _ in parts}) < len(parts):
        section.refuse("names somebody twice", "funding", "write what he bears together")
    if parts and sum(share for _, share in parts) != 10_000:
        section.wrong("does not sum to 10,000 basis points", "funding", "divide the whole cost")
    return tuple(parts)


def read_rules(
    document: Section,
    campaign: Campaign | None,
    names: Names,
    groups: tuple[Group, ...],
    redemption: Redemption,
) -> list[tuple[Rule, Section]]:
    """The rules of a file, each with where it stands; *redemption* is the programme's own."""
    by_name = {group.id: (number, group) for number, group in enumerate(groups, 1)}
    alone = Group("", Pick.ALL)
    rules = []
    for section in document.sections("rule"):
        rule_id, effect = section.name("id"), read_effect(section, names, redemption)
        group_number, group = 0, alone
        if "group" in section:
            name = section.name("group")
            group_number, group = by_name.get(name, (0, alone))
            if name not in by_name:
                section.wrong(f"{name} is not a group", "group", did_you_mean(name, by_name))
        when_section = section.section("when")
        when = () if when_section is None else tuple(read_conditions(when_section, names, 0))
        rule = Rule(
            id=rule_id,
            text=section.text("text"),
            effect=named_by(rule_id, effect),
            priority=section.whole("priority", 0, -PRIORITY_MAX, PRIORITY_MAX),
            group=group_number,
            pick=group.pick,
            take=group.take,
            campaign="" if campaign is None else campaign.id,
            when=when if campaign is None else (*campaign.when, *when),
            lines=read_lines(section.section("lines"), names),
            caps=_caps(section, effect, campaign, redemption.value),
            margin_floor_bp=_floor(section),
            arms=read_arms(section, campaign),
        )
        section.close()
        _check_floor(rule, section, names)
        if rule.lane in UNLIMITED and "cap" in section:
            section.wrong("limits points, and this rule gives none", "cap")
        if rule.id == BASE_RULE:
            section.wrong(f"{BASE_RULE} is the programme's own rate", "id", "take another id")
        if rule.lane in EXTRA_LANES and rule.pick in (Pick.BEST, Pick.BEST_MARGIN):
            section.wrong("is of a group that takes the best, and this rule gives no amount", "group")
        if group_number and rule.lane is Lane.BASE:
            section.wrong(
                "base rates need no group: each line takes the first", "group", "order them by priority"
            )
        if rule.lane is not Lane.GUARD and OPERATION in member_facts_in((rule,)):
            section.wrong("is asked by rules that decline only", f"when.{OPERATION}")
        if isinstance(rule.effect, Redeem):
            _check_redeeming(rule, section)
        rules.append((rule, section))
    return rules


def refuse_unknown_givers(rules: list[tuple[Rule, Section]]) -> None:
    """Note counters of what a rule gave that there is not, or that never gives anything."""
    known = {rule.id for rule, _ in rules}
    idle = {rule.id for rule, _ in rules if rule.lane in (Lane.GUARD, Lane.REDEEM)}
    for rule, section in rules:
        for name in counters_in(rule.when):
            kind, _, of = name.rpartition(".")[0].partition(".")
            if kind == GIVEN and of not in known:
                hint = did_you_mean(of, known)
                section.refuse(f"counts what the rule {of} gave, which is not there", "when.counter", hint)
            if kind == GIVEN and of in idle:
                section.refuse(f"counts what the rule {of} gave, which only says what may be", "when.counter")


def _check_redeeming(rule: Rule, section: Section) -> None:
    if rule.group:
        section.wrong("redemptions need no group: the first counts", "group", "order them by priority")
    if rule.lines is not None:
        hint = "write what points may pay as covers, and has_product or has_category as a condition"
        section.wrong("is about what a rule gives on, and this rule gives nothing", "lines", hint)


def _floor(section: Section) -> int | None:
    return section.whole("margin_floor_bp", high=9_999) if "margin_floor_bp" in section else None


def _check_floor(rule: Rule, section: Section, names: Names) -> None:
    if rule.margin_floor_bp is None:
        return
    names.asks_costs = True
    if names.products is None:
        section.wrong("asks what products cost, and there is no products.csv", "margin_floor_bp")
    if rule.lane not in POINT_LANES | PRICE_LANES or rule.lane is Lane.BASE:
        section.wrong("is for rules that give points or take off prices", "margin_floor_bp")


def _caps(section: Section, effect: Effect, campaign: Campaign | None, value: Rate) -> tuple[Cap, ...]:
    """The limits of a rule, those of its campaign among them."""
    is_price = lane_of(effect) in PRICE_LANES
    name = f"{OFF if is_price else 'rule:'}{section.name('id')}" if "cap" in section else ""
    own = read_caps(section, name, value)
    units = {cap.unit for cap in own}
    if is_price and Unit.POINTS in units:
        section.wrong("limits points, and this rule takes money off", "cap", "write count, or cost")
    if Unit.POINTS in units and isinstance(effect, (*_ONLY_COUNTED, GiveAway)):
        what = "count, or cost" if isinstance(effect, GiveAway) else "count"
        section.refuse("limits points, and this rule gives none", "cap", f"write {what}")
    if Unit.COST in units and isinstance(effect, _ONLY_COUNTED):
        section.refuse("limits money, and this rule gives none", "cap", "write count")
    if campaign is None:
        return own
    return (*own, *(campaign.discount_caps if is_price else campaign.caps))
