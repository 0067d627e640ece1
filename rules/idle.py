"""What a programme says in vain: rules that never apply, and things that nobody uses."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Final

from rules.advice import Advice
from rules.conditions import AllOf, AnyOf, Condition, LineFilter, Not, OneOf
from rules.effects import (
    EXTRA_LANES,
    FreeForStamps,
    GiveStamps,
    IssueCoupon,
    Lane,
    Multiply,
    TierPoints,
    TierPointsPerAmount,
)
from rules.overlap import covers, excludes, implies
from rules.programme import Multipliers, Programme
from rules.reading import did_you_mean
from rules.rule import Pick, Rule

_ANY: Final = frozenset({""})  # of what a rule asks nothing: no text is empty where one is asked
PIVOTS_MAX: Final = 400  # earlier rules of a group that a rule is held against


def idle_things(programme: Programme) -> Iterator[Advice]:
    """All of them, rules first."""
    yield from _dead_rules(programme.rules)
    yield from _shadowed_rules(programme.rules)
    yield from _outdone_multipliers(programme)
    yield from _idle_coupons(programme)
    yield from _idle_stamps(programme)
    yield from _idle_tiers(programme)
    yield from _empty_campaigns(programme)
    yield from _unknown_funders(programme)


def _dead_rules(rules: Sequence[Rule]) -> Iterator[Advice]:
    for rule in rules:
        if any(excludes(one, other) for at, one in enumerate(rule.when) for other in rule.when[at + 1 :]):
            yield Advice(
                f"rule {rule.id}",
                "asks for things that exclude each other, so it never applies",
                "look at its conditions and at its campaign's period and audience",
            )
        elif rule.lines is not None and _is_of_nothing(rule.lines):
            what = "leaves out all lines that it is about, so it never applies"
            yield Advice(f"rule {rule.id}", what, "look at its lines")


def _is_of_nothing(lines: LineFilter) -> bool:
    products, categories = lines.products, lines.categories
    no_products = products is not None and products <= lines.except_products
    return no_products or (categories is not None and categories <= lines.except_categories)


def _shadowed_rules(rules: Sequence[Rule]) -> Iterator[Advice]:
    """A rule that comes after one that asks for less, where only the first counts."""
    before: dict[tuple[Lane, int], list[tuple[Rule, dict[str, frozenset[str]]]]] = {}
    for rule in rules:
        if rule.lane not in (Lane.BASE, Lane.REDEEM) and (rule.pick is not Pick.FIRST or rule.take > 1):
            continue
        earlier = before.setdefault((rule.lane, rule.group), [])
        texts = _texts(rule)
        is_simple = not any(isinstance(each, AllOf | AnyOf) for each in rule.when)
        for other, asked in earlier[:PIVOTS_MAX]:
            if is_simple and not all(texts.get(name, _ANY) <= values for name, values in asked.items()):
                continue  # nearly always, and soon seen
            if _applies_wherever(other, rule):
                yield Advice(
                    f"rule {rule.id}",
                    f"is never reached: {other.id} comes first and asks for less",
                    "give it a higher priority",
                )
                break
        if not _may_pass(rule):
            earlier.append((rule, texts))


def _texts(rule: Rule) -> dict[str, frozenset[str]]:
    """What *rule* asks of each text, as its own conditions say."""
    return {each.attribute: each.values for each in rule.when if isinstance(each, OneOf)}


def _outdone_multipliers(programme: Programme) -> Iterator[Advice]:
    """Where the largest multiplier counts: one that never is, as another asks for less and gives as much."""
    if programme.base.multipliers is not Multipliers.MAX:
        return
    sure: list[tuple[Rule, Fraction]] = []  # nothing takes away from them what they would give
    for rule in programme.rules:
        if isinstance(rule.effect, Multiply):
            factor = Fraction(rule.effect.factor.numerator, rule.effect.factor.denominator)
            bound = rule.caps or rule.arms or rule.margin_floor_bp is not None or rule.pick is not Pick.ALL
            if not bound and len(sure) < PIVOTS_MAX:
                sure.append((rule, factor))
    for rule in programme.rules:
        if not isinstance(rule.effect, Multiply):
            continue
        factor = Fraction(rule.effect.factor.numerator, rule.effect.factor.denominator)
        for other, its in sure:
            larger = its > factor or (its == factor and other.order < rule.order)
            if larger and _applies_wherever(other, rule):
                yield Advice(
                    f"rule {rule.id}",
                    f"never counts: {other.id} asks for less and multiplies by as much or more",
                    'take it away, or write multipliers = "product"',
                )
                break


def _applies_wherever(wide: Rule, narrow: Rule) -> bool:
    """Whether *wide* applies to each sale, and is about each line, of *narrow*."""
    if wide.arms and not (narrow.arms and narrow.arms <= wide.arms):
        return False
    return covers(wide.lines, narrow.lines) and all(
        any(implies(one, other) for one in narrow.when) for other in wide.when
    )


def _may_pass(rule: Rule) -> bool:
    """Whether the next of the group is taken where *rule* holds and has nothing to give."""
    return rule.margin_floor_bp is not None or rule.lane in EXTRA_LANES


def _idle_coupons(programme: Programme) -> Iterator[Advice]:
    """Coupons that nobody can have, and those that are good for nothing."""
    cards = programme.declared.stamp_cards.values()
    issued = {rule.effect.coupon for rule in programme.rules if isinstance(rule.effect, IssueCoupon)}
    issued |= {card.coupon for card in cards if card.coupon}
    had = issued | set(programme.coupon_codes.values())
    asked = {coupon for some in programme.needs_coupons.values() for coupon in some}
    for name in sorted(programme.coupons):
        if name not in had:
            yield Advice(f"coupon {name}", "has no codes, and no rule gives it", "write codes, or a rule")
        if name not in asked:
            yield Advice(f"coupon {name}", "is good for nothing: no rule asks for it", "write a rule")


def _idle_stamps(programme: Programme) -> Iterator[Advice]:
    given = {rule.effect.card.id for rule in programme.rules if isinstance(rule.effect, GiveStamps)}
    taken = {rule.effect.card.id for rule in programme.rules if isinstance(rule.effect, FreeForStamps)}
    for card in programme.declared.stamp_cards.values():
        if card.id not in given:
            what = "is never filled: no rule gives stamps for it"
            yield Advice(f"stamp_card {card.id}", what, "write a rule")
        if not card.coupon and card.id not in taken:
            hint = "write its coupon, or a rule with free_for_stamps"
            yield Advice(f"stamp_card {card.id}", "is good for nothing when it is full", hint)


def _idle_tiers(programme: Programme) -> Iterator[Advice]:
    named = {tier for rule in programme.rules for tier in _tiers_in(rule.when)}
    named |= {tier for prize in programme.prizes for tier in prize.tier_points}
    for tier in programme.tiers[1:]:
        if tier not in named:
            yield Advice(f"tier {tier}", "brings nothing: no rule names it", "reward who is loyal")
    qualification = programme.qualification
    if qualification is not None and qualification.metric == "tier_points":
        gives = (TierPoints, TierPointsPerAmount)
        if not any(isinstance(rule.effect, gives) for rule in programme.rules):
            what = "is tier_points, and no rule gives any: nobody comes into a tier"
            yield Advice("qualification.metric", what, "write a rule with tier_points_per_amount")


def _tiers_in(conditions: Iterable[Condition]) -> Iterator[str]:
    for condition in conditions:
        match condition:
            case OneOf("tier", values):
                yield from values
            case AllOf(parts) | AnyOf(parts):
                yield from _tiers_in(parts)
            case Not(inner):
                yield from _tiers_in((inner,))
            case _:
                pass


def _empty_campaigns(programme: Programme) -> Iterator[Advice]:
    having = {rule.campaign for rule in programme.rules}
    having |= {coupon.campaign for coupon in programme.coupons.values()}
    for campaign in programme.campaigns:
        if campaign.counts and campaign.id not in having:
            yield Advice(f"campaign {campaign.id}", "has no rules, so it does nothing", "write a rule")


def _unknown_funders(programme: Programme) -> Iterator[Advice]:
    """Who bears a part of a campaign under nearly the name of a partner: the programme would bear it."""
    partners = {partner.id for partner in programme.partners}
    for campaign in programme.campaigns:
        for name, _ in campaign.funding:
            hint = "" if name in partners else did_you_mean(name, partners)
            if hint.startswith("did you mean"):
                yield Advice(
                    f"campaign {campaign.id}",
                    f"is paid for by {name}, who is no partner, so the programme pays his part",
                    hint,
                )
