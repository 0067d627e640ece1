"""A programme as tables of words: all that it says, for people who did not write it.

Very long lists of names are cut; the canonical text has all of them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from loyalty.amount import format_minor
from loyalty.card import CardRange
from rules.bundle import FOLDER
from rules.cap import BUDGET, OFF
from rules.coupon import Coupon
from rules.describe import (
    any_of,
    describe,
    describe_caps,
    describe_effect,
    describe_qualification,
    describe_redemption,
    describe_rule,
    describe_span,
)
from rules.goal import Goal
from rules.goalwords import describe_goal
from rules.mcc import told_in_ranges
from rules.parse import restore_programme
from rules.programme import Multipliers, Programme
from rules.rule import Campaign, CampaignState, Rule

_MULTIPLIERS: Final = {
    Multipliers.PRODUCT: "on one line multiply what came before",
    Multipliers.MAX: "on one line: the largest counts",
}
_NAMED: Final = 200  # of a list


@dataclass(frozen=True, slots=True)
class Listing:
    """A table of words.

    Attributes:
        columns: Empty where each row is a name and what is said of it.
        rows: A cell may have several lines.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def outline(whole: Programme, part: str = "") -> list[Listing]:
    """The tables of the programme *part* of *whole*; those that would be empty are left out."""
    programme = whole.part(part)
    assert programme is not None
    names = programme.declared
    listings = [
        _listing("Terms", (), _terms(programme)),
        _listing("What rules check allows", (), _guards(programme)),
        _listing("Groups of rules", ("group", "of its rules"), _groups(programme)),
        _listing("Rules, in order of evaluation", _RULE, _rules(programme, _all_rules(whole, part))),
        _listing("Campaigns", ("campaign", "state", "counts", "limits", "paid by"), _campaigns(programme)),
        _listing("Goals", ("goal", "to be reached", "when"), _goals(programme)),
        _listing("Coupons", ("coupon", "codes", "can be used"), _coupons(programme)),
        _listing("Cards of stamps", ("card", "full at", "then"), _stamp_cards(programme)),
        _listing("Pools of prizes", ("pool", "prizes", "cost of one", "kept for"), _pools(programme)),
        _listing("Prizes that points buy", ("prize", "points", "kept for"), _prizes(programme)),
        _listing("Partners", ("partner", "his account"), _partners(programme)),
        _listing("Calendars", ("calendar", "days"), _calendars(names.calendars)),
        _listing("Parts of the day", ("part", "time"), _day_parts(names.day_parts)),
        _listing("Sets of products", ("set", "products"), _product_sets(names.product_sets)),
        _listing("Families of merchants", ("family", "categories"), _families(names.mcc_families)),
        _listing("Segments", ("segment", "members of whom"), _segments(programme)),
    ]
    return [each for each in listings if each.rows]


def _listing(title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Listing:
    return Listing(title, columns, tuple(rows))


def _all_rules(whole: Programme, part: str) -> Sequence[Rule]:
    """The rules of *part* in order, those of campaigns that do not count for now among them."""
    programme = whole.part(part)
    assert programme is not None
    if all(campaign.counts for campaign in programme.campaigns):
        return programme.rules
    documents = json.loads(whole.text)
    files = documents[FOLDER][part] if part else documents
    for document in files.values():
        if isinstance(document, dict) and "campaign" in document:
            document["campaign"]["state"] = CampaignState.ACTIVE.value
    text = json.dumps(documents, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    counting = restore_programme(text).part(part)
    assert counting is not None
    return counting.rules


# Terms


def _terms(programme: Programme) -> Iterator[tuple[str, str]]:
    terms, currency = programme.terms, programme.terms.currency
    yield "currency", currency
    yield "points", f"called {terms.unit}, code {terms.unit_code}"
    yield "language", terms.language
    yield "time zone", f"{terms.zone}; a business day starts at {programme.day_starts:%H:%M}"
    yield "card numbers", "\n".join(_range(each) for each in programme.card_ranges)
    yield (
        "a card is active",
        "from its first purchase on" if programme.activates else "when a command says so",
    )
    yield from _earning(programme)
    yield "redemption", describe_redemption(programme.redemption, currency, _NAMED)
    yield "holds", f"are kept for {_duration(programme.hold_kept)}"
    certificates = programme.certificates
    steps = f"of {certificates.minimum} points and more, in steps of {certificates.step}"
    yield "certificates", f"{steps}, for {describe_span(certificates.last)}"
    family = programme.family
    limits = ((family.per_transaction, "a time"), (family.per_day, "a day"))
    told = ", ".join(f"{points} points {per}" for points, per in limits if points is not None)
    if told:
        yield "family", f"who uses another's points may use {told}"
    yield "tiers", ", ".join(programme.tiers) or "none"
    if programme.qualification is not None:
        yield "qualification", describe_qualification(programme.qualification, programme.tiers, currency)
    yield "refunds", _refunds(programme)
    if programme.holdout_bp:
        yield "held out", f"{_percent(programme.holdout_bp)} of the members get nothing beside the base"


def _earning(programme: Programme) -> Iterator[tuple[str, str]]:
    currency, base = programme.terms.currency, programme.base
    yield "earns", f"{base.rate.numerator} for each {format_minor(base.rate.denominator, currency)}"
    yield "rounding", f"{base.rounding.value} on each {base.level.value}".replace("_", " ")
    if base.multipliers is not Multipliers.SUM:
        yield "several multipliers", _MULTIPLIERS[base.multipliers]
    within = programme.near_miss_within_minor
    near = "whatever is missing" if within is None else f"up to {format_minor(within, currency)} away"
    tier = "; else what the next tier would bring" if programme.near_miss_tiers else ""
    yield "near misses", f"are told {near}{tier}"
    validity = programme.validity
    last = "for ever" if validity.last is None else describe_span(validity.last)
    yield "points last", f"{last}, and then to the end of the month" if validity.end_of_month else last
    if validity.wait.count:
        yield "usable after", describe_span(validity.wait)
    if programme.limits:
        yield "limits", describe_caps(programme.limits, currency)


def _refunds(programme: Programme) -> str:
    refund = programme.refund
    policy = (refund.points_back, refund.without_original, refund.shortfall)
    back, alone, short = (each.value.replace("_", " ") for each in policy)
    told = f"points back: {back}; without the original: {alone}; points spent already: {short}"
    if refund.grace is None:
        return f"{told}; points that had expired expire again"
    return f"{told}; points that had expired can be used for {describe_span(refund.grace)}"


def _guards(programme: Programme) -> Iterator[tuple[str, str]]:
    guards, currency = programme.restraint, programme.terms.currency
    most = guards.giveaway_max_bp
    allowed = "25 percent of it, else a warning" if most is None else f"{_percent(most)} of it"
    yield "a ticket brings back", allowed
    yield "off the price", f"{_percent(guards.discount_max_bp)} of what the rules give, else a warning"
    yield "cheapest line", format_minor(guards.line_from_minor, currency)
    if guards.reserve_minor is not None:
        yield "points are worth", f"{format_minor(guards.reserve_minor, currency)}, else a warning"
    if guards.partner_owes_max is not None:
        yield "a partner owes", f"{guards.partner_owes_max:,} points, else a warning"


def _range(cards: CardRange) -> str:
    return f"{cards.first} to {cards.last}, {'check digit by Luhn' if cards.luhn else 'no check digit'}"


def _duration(span: timedelta) -> str:
    minutes = span.days * 1440 + span.seconds // 60
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes % size == 0:
            return f"{minutes // size} {unit}{'' if minutes == size else 's'}"
    raise AssertionError("a minute divides all of them")


def _percent(basis_points: int) -> str:
    """Basis points as people say them: ``12.5 percent``."""
    whole, part = divmod(basis_points, 100)
    return f"{whole}{f'.{part:02}'.rstrip('0') if part else ''} percent"


# Rules and campaigns

_RULE: Final = ("lane", "rule", "when", "gives")


def _groups(programme: Programme) -> Iterator[tuple[str, ...]]:
    for group in programme.groups:
        yield group.id, group.in_words()


def _rules(programme: Programme, rules: Sequence[Rule]) -> Iterator[tuple[str, ...]]:
    currency = programme.terms.currency
    groups = ("", *(f"{group.id} ({group.pick.value})" for group in programme.groups))
    campaigns = {campaign.id: campaign for campaign in programme.campaigns}
    for rule in rules:
        campaign = campaigns.get(rule.campaign)
        lane = [rule.lane.name.lower(), groups[rule.group]]
        lane.append(f"priority {rule.priority}" if rule.priority else "")
        gives = [describe_effect(rule.effect, currency, _NAMED)]
        subjects = f"rule:{rule.id}", f"{OFF}{rule.id}"
        own = [cap for cap in rule.caps if cap.subject in subjects]  # others stand at their campaign
        gives.append(describe_caps(own, currency))
        if rule.margin_floor_bp is not None:
            gives.append(f"leaves a margin of {_percent(rule.margin_floor_bp)}")
        yield (
            _lines(lane),
            _lines([rule.id, rule.text]),
            _lines([_of_campaign(campaign), _own_conditions(rule, campaign, currency)]) or "always",
            "; ".join(filter(None, gives)),
        )


def _of_campaign(campaign: Campaign | None) -> str:
    if campaign is None:
        return ""
    return f"campaign {campaign.id}" if campaign.counts else f"campaign {campaign.id}, {campaign.state.value}"


def _own_conditions(rule: Rule, campaign: Campaign | None, currency: str) -> str:
    """What *rule* asks beside what its campaign does."""
    common = 0 if campaign is None else len(campaign.when)
    return describe_rule(replace(rule, when=rule.when[common:]), currency, _NAMED)


def _campaigns(programme: Programme) -> Iterator[tuple[str, ...]]:
    currency = programme.terms.currency
    for campaign in programme.campaigns:
        arms = ", ".join(f"{name} {_percent(share)}" for name, share in campaign.arms)
        yield (
            _lines([campaign.id, campaign.text, *_goal(campaign.goal, currency)]),
            _lines(
                [
                    campaign.state.value,
                    campaign.category,
                    f"gives {campaign.nature.value}",
                    f"for {campaign.strategy.value}" if campaign.strategy else "",
                ]
            ),
            _lines(
                [
                    *(describe(each, currency, _NAMED) for each in campaign.when),
                    f"arms: {arms}" if arms else "",
                ]
            ),
            _lines(_limits(campaign, currency)) or "none",
            _lines(f"{partner} {_percent(share)}" for partner, share in campaign.funding) or "the programme",
        )


def _limits(campaign: Campaign, currency: str) -> Iterator[str]:
    """What it may give: points, then what comes off prices."""
    for cap in (*campaign.caps, *campaign.discount_caps):
        off = " off prices" if cap.subject.startswith(OFF) else ""
        limit = format_minor(cap.limit, currency) if off else f"{cap.limit:,} points"
        yield (f"budget of {limit}" if BUDGET in cap.subject else describe_caps((cap,), currency)) + off


def _goal(goal: Goal | None, currency: str) -> Iterator[str]:
    """The goal of a campaign."""
    if goal is not None:
        yield f"goal: {goal.text}" if goal.text else ""
        yield f"goal: {describe_goal(goal, currency)}" if goal.metric else ""


def _goals(programme: Programme) -> Iterator[tuple[str, ...]]:
    currency = programme.terms.currency
    for goal in programme.goals:
        assert goal.period is not None
        when = describe(goal.period, currency).removeprefix("it is ")
        yield _lines([goal.id, goal.text]), describe_goal(goal, currency), when


# What is declared


def _coupons(programme: Programme) -> Iterator[tuple[str, ...]]:
    for coupon in programme.coupons.values():
        worth = format_minor(coupon.value_minor, programme.terms.currency)
        yield (
            _lines(
                [
                    coupon.id,
                    coupon.text,
                    f"worth {worth}" if coupon.value_minor else "",
                    f"campaign {coupon.campaign}" if coupon.campaign else "",
                ]
            ),
            _codes(coupon),
            _lines(_uses(coupon, programme.terms.currency)),
        )


def _codes(coupon: Coupon) -> str:
    codes = sorted(coupon.codes)
    more = f" and {len(codes) - _NAMED} more" if len(codes) > _NAMED else ""
    return ", ".join(codes[:_NAMED]) + more or "issued to members"


def _uses(coupon: Coupon, currency: str) -> Iterator[str]:
    for uses, whose in ((coupon.uses, "a code"), (coupon.uses_per_member, "a code by each member")):
        if uses is not None:
            yield f"{whose}: {'once' if uses == 1 else f'{uses} times'}"
    if coupon.uses is None and coupon.uses_per_member is None:
        yield "any number of times"
    if coupon.period is not None:
        yield describe(coupon.period, currency).removeprefix("it is ")
    if coupon.period is None or not coupon.codes:
        yield f"an issued one for {describe_span(coupon.lasts)}"


def _stamp_cards(programme: Programme) -> Iterator[tuple[str, ...]]:
    for card in programme.declared.stamp_cards.values():
        then = f"it becomes the coupon {card.coupon}" if card.coupon else "rules give something free"
        yield _lines([card.id, card.text]), str(card.size), then


def _pools(programme: Programme) -> Iterator[tuple[str, ...]]:
    for pool in programme.declared.pools.values():
        cost = format_minor(pool.cost_minor, programme.terms.currency)
        yield _lines([pool.id, pool.text]), f"{pool.stock:,}", cost, describe_span(pool.lasts)


def _prizes(programme: Programme) -> Iterator[tuple[str, ...]]:
    for prize in programme.prizes:
        tiers = (f"{tier}: {points:,}" for tier, points in sorted(prize.tier_points.items()))
        points = _lines([f"{prize.points:,}", *tiers])
        yield _lines([prize.code, prize.text]), points, describe_span(prize.last)


def _partners(programme: Programme) -> Iterator[tuple[str, ...]]:
    for partner in programme.partners:
        funds = "bears what is earned at his terminals" if partner.funds else ""
        gets = "gets what is spent at his terminals" if partner.reimbursed else ""
        yield _lines([partner.id, partner.text]), _lines([funds, gets]) or "nothing by itself"


def _calendars(calendars: Mapping[str, Iterable[date]]) -> Iterator[tuple[str, ...]]:
    for name, days in calendars.items():
        yield name, ", ".join(_stretches(sorted(days)))


def _stretches(days: Sequence[date]) -> Iterator[str]:
    """*days* with those that follow one another told together."""
    first = 0
    for at, day in enumerate(days):
        if at + 1 == len(days) or days[at + 1] != day + timedelta(days=1):
            yield f"{day}" if at == first else f"{days[first]} to {day}"
            first = at + 1


def _day_parts(parts: Mapping[str, tuple[int, int]]) -> Iterator[tuple[str, ...]]:
    for name, (start_s, end_s) in parts.items():
        night = " of the next day" if end_s <= start_s else ""
        yield name, f"{_clock(start_s)} to before {_clock(end_s)}{night}"


def _product_sets(sets: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, ...]]:
    for name, products in sets.items():
        yield name, any_of(products, _NAMED)


def _families(families: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, ...]]:
    for name, codes in families.items():
        yield name, ", ".join(told_in_ranges(codes))


def _segments(programme: Programme) -> Iterator[tuple[str, ...]]:
    for name, condition in programme.declared.segments.items():
        yield name, describe(condition, programme.terms.currency, _NAMED)


def _clock(second: int) -> str:
    seconds = f":{second % 60:02}" if second % 60 else ""
    return f"{second // 3600:02}:{second // 60 % 60:02}{seconds}"


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(filter(None, parts))
