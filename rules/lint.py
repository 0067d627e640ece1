"""Warns of what loads but is hardly meant: rules that can never apply, campaigns without an aim, give-aways.

Among the classic errors of loyalty programmes are to reward the disloyal, to give the shop away, and to
promise what cannot be kept.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from loyalty.amount import format_minor
from rules.conditions import (
    AllOf,
    AmountWithin,
    AnyOf,
    Condition,
    CounterWithin,
    LineFilter,
    Not,
    OneOf,
    Period,
    Window,
)
from rules.effects import (
    BasePoints,
    FixedPoints,
    Lane,
    MoneyOff,
    Multiply,
    PointsPerAmount,
    Redeem,
    ShareOff,
)
from rules.programme import Programme
from rules.redemption import Redemption
from rules.rule import Pick, Rule

GIVE_AWAY: Final = Fraction(1, 4)  # of the ticket; more needs a second look
PIVOTS_MAX: Final = 400  # rules up to which every pair is looked at
_Range = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Advice:
    """Something that an author should look at again."""

    where: str
    what: str
    hint: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} ({self.hint})"


def lint(programme: Programme) -> list[Advice]:
    """All warnings, in the order of the rules."""
    return [
        *_dead_rules(programme.rules),
        *_shadowed_rules(programme.rules),
        *_aimless_campaigns(programme),
        *_give_away(programme),
        *_promises(programme),
        *_idle_redemptions(programme),
    ]


def excludes(first: Condition, second: Condition) -> bool:  # noqa: C901  (one case a pair)
    """Whether no sale can have both, as far as one can see from the two alone."""
    match first, second:
        case OneOf(one, some), OneOf(other, more) if one == other:
            return some.isdisjoint(more)
        case AmountWithin(one, low, high), AmountWithin(other, low2, high2) if one == other:
            return _apart((low, high), (low2, high2))
        case CounterWithin(one, low, high), CounterWithin(other, low2, high2) if one == other:
            return _apart((low, high), (low2, high2))
        case Period(start, end), Period(start2, end2):
            return (end is not None and start2 is not None and start2 >= end) or (
                end2 is not None and start is not None and start >= end2
            )
        case Window(days, from_s, to_s), Window(days2, from2_s, to2_s) if from_s < to_s and from2_s < to2_s:
            return days.isdisjoint(days2) or _apart((from_s, to_s), (from2_s, to2_s))
        case Not(inner), other:
            return inner == other
        case other, Not(inner):
            return inner == other
        case AllOf(parts), other:
            return any(excludes(part, other) for part in parts)
        case other, AllOf(parts):
            return any(excludes(part, other) for part in parts)
        case AnyOf(parts), other:
            return all(excludes(part, other) for part in parts)
        case other, AnyOf(parts):
            return all(excludes(part, other) for part in parts)
        case _:
            return False


def compatible(first: Rule, second: Rule) -> bool:
    """Whether both may apply to one sale, as far as one can see."""
    return not any(excludes(one, other) for one in first.when for other in second.when)


def _apart(one: _Range, other: _Range) -> bool:
    (low, high), (low2, high2) = one, other
    return (high is not None and low2 is not None and low2 >= high) or (
        high2 is not None and low is not None and low >= high2
    )


def _dead_rules(rules: Sequence[Rule]) -> Iterator[Advice]:
    for rule in rules:
        if any(excludes(one, other) for at, one in enumerate(rule.when) for other in rule.when[at + 1 :]):
            yield Advice(
                f"rule {rule.id}",
                "asks for things that exclude each other, so it never applies",
                "look at its conditions and at its campaign's period and audience",
            )


def _shadowed_rules(rules: Sequence[Rule]) -> Iterator[Advice]:
    """A rule that comes after one that asks for less, where only the first counts."""
    before: dict[tuple[Lane, int], list[Rule]] = {}
    for rule in rules:
        if rule.lane not in (Lane.BASE, Lane.REDEEM) and rule.pick is not Pick.FIRST:
            continue
        earlier = before.setdefault((rule.lane, rule.group), [])
        for other in earlier[:PIVOTS_MAX]:
            if set(other.when) <= set(rule.when) and _covers(other.lines, rule.lines):
                yield Advice(
                    f"rule {rule.id}",
                    f"is never reached: {other.id} comes first and asks for less",
                    "give it a higher priority",
                )
                break
        earlier.append(rule)


def _covers(wide: LineFilter | None, narrow: LineFilter | None) -> bool:
    return wide is None or wide == narrow


def _aimless_campaigns(programme: Programme) -> Iterator[Advice]:
    for campaign in programme.campaigns:
        where = f"campaign {campaign.id}"
        if campaign.budget_points is None:
            yield Advice(where, "has no budget", "write budget_points")
        if not campaign.goal:
            yield Advice(where, "has no goal", "write what it is to reach")


def _give_away(programme: Programme) -> Iterator[Advice]:
    """What a ticket may bring at most, if all that can come together does."""
    rules = programme.rules
    if len(rules) > PIVOTS_MAX:
        yield Advice(
            "rules",
            f"are more than {PIVOTS_MAX}, so what they give together was not looked at",
            "test it by a backtest",
        )
        return
    worst, which = _worth(programme, []), "base"
    for pivot in rules:
        together = [rule for rule in rules if compatible(pivot, rule)]
        worth = _worth(programme, together)
        if worth > worst:
            worst, which = worth, pivot.id
    if worst > GIVE_AWAY:
        percent = int(worst * 100)
        yield Advice(
            f"rule {which}",
            f"and what may come with it give up to {percent} percent of a ticket back",
            "put them into a group, or ask for a larger amount",
        )


def _worth(programme: Programme, rules: Sequence[Rule]) -> Fraction:
    """What comes back of a minor unit, as points and off the price, if all *rules* apply; an upper bound."""
    default = programme.base.rate
    base = Fraction(default.numerator, default.denominator)
    sums: dict[Lane, Fraction] = defaultdict(Fraction)
    best: dict[tuple[Lane, int], Fraction] = defaultdict(Fraction)
    for rule in rules:
        gives = _gives(rule)
        if rule.lane is Lane.BASE:
            base = max(base, gives)
        elif rule.pick is Pick.ALL:
            sums[rule.lane] += gives
        else:
            best[rule.lane, rule.group] = max(best[rule.lane, rule.group], gives)
    for (lane, _), gives in best.items():
        sums[lane] += gives
    points = base * (1 + sums[Lane.MULTIPLY]) + sums[Lane.BONUS]
    # Points are spent on another day, where they are worth most.
    value = max(Fraction(each.value.numerator, each.value.denominator) for _, each in _redemptions(programme))
    return points * value + sums[Lane.ITEM] + sums[Lane.BASKET]


def _gives(rule: Rule) -> Fraction:
    """What *rule* gives for a minor unit: points, a part more of the base, or a part of the price."""
    match rule.effect:
        case BasePoints(rate) | PointsPerAmount(rate) | ShareOff(rate):
            return Fraction(rate.numerator, rate.denominator)
        case Multiply(factor):
            return Fraction(factor.numerator, factor.denominator) - 1
        case FixedPoints(points):
            return Fraction(points, max(_least(rule), 100))
        case MoneyOff(amount_minor):
            return Fraction(amount_minor, max(_least(rule), amount_minor))
        case _:
            return Fraction(0)  # by line and by unit: what a line costs is not known here


def _least(rule: Rule) -> int:
    """The smallest amount at which *rule* applies, in minor units."""
    lows = [each.low or 0 for each in rule.when if isinstance(each, AmountWithin)]
    if rule.lines is not None:
        lows.append(rule.lines.low or 0)
    return max(lows, default=0)


def _promises(programme: Programme) -> Iterator[Advice]:
    if programme.validity.last is None:
        yield Advice(
            "points.last", "lets points live for ever, so what is owed never ends", "let them expire"
        )
    if programme.tiers:
        named = {
            tier
            for rule in programme.rules
            for each in rule.when
            if isinstance(each, OneOf) and each.attribute == "tier"
            for tier in each.values
        }
        for tier in programme.tiers[1:]:
            if tier not in named:
                yield Advice(f"tier {tier}", "brings nothing: no rule names it", "reward who is loyal")
    shares = [each.share for _, each in _redemptions(programme) if not each.refused]
    pays_all = any(share.numerator == share.denominator for share in shares)
    if programme.refund.shortfall.value == "absorb" and pays_all:
        price = format_minor(100, programme.terms.currency)
        yield Advice(
            "refund.shortfall",
            f"forgets points that were spent: {price} can be bought, earned on and returned for ever",
            "take debt",
        )


def _redemptions(programme: Programme) -> Iterator[tuple[Rule | None, Redemption]]:
    """The programme's own terms and those of its rules."""
    yield None, programme.redemption
    for rule in programme.rules:
        if isinstance(rule.effect, Redeem):
            yield rule, rule.effect.redemption


def _idle_redemptions(programme: Programme) -> Iterator[Advice]:
    """Terms under which points can never pay anything, though nobody said that they should not."""
    currency = programme.terms.currency
    for rule, terms in _redemptions(programme):
        if terms.refused:
            continue
        where = "redemption" if rule is None else f"rule {rule.id}"
        least_minor = terms.value.of(max(terms.minimum, terms.step))
        if terms.share.numerator == 0:
            yield Advice(where, "lets points pay no part of a ticket", "write a share, or refuse")
            continue
        conditions = () if rule is None else rule.when
        tickets = [
            each for each in conditions if isinstance(each, AmountWithin) and each.attribute == "ticket"
        ]
        most_minor = min([each.high for each in tickets if each.high is not None], default=0) - 1
        if most_minor < 0:
            continue
        if most_minor < terms.ticket_from_minor:
            told = format_minor(terms.ticket_from_minor, currency)
            yield Advice(where, f"asks for a ticket from {told} that it excludes", "lower ticket_from")
        elif terms.share.of(most_minor) < least_minor:
            told = f"{format_minor(least_minor, currency)} at least, its share of a ticket is"
            told += f" {format_minor(terms.share.of(most_minor), currency)} at most"
            yield Advice(where, f"never lets points pay: they pay {told}", "lower minimum or step")
