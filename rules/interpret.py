"""The plain way to evaluate: every rule, one after the other, in exact fractions.

It says what is right. The compiled table is held against it, and ``explain`` tells its steps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from msgspec import structs

from loyalty.amount import Rate
from loyalty.transaction import BasketLine
from rules.award import POINTS_MAX, Award, Step, Verdict, rounded
from rules.cap import Room
from rules.conditions import AMOUNT_ATTRIBUTES, AmountWithin, holds, within
from rules.effects import (
    POINT_LANES,
    PRICE_LANES,
    BasePoints,
    FixedPoints,
    Lane,
    Multiply,
    PointsPerAmount,
    PointsPerLine,
    PointsPerUnit,
)
from rules.experiment import counts, dropped, withheld
from rules.facts import Facts
from rules.margin import first_too_thin
from rules.multiples import MULTIPLIERS_MAX
from rules.price import discounts
from rules.programme import BASE_RULE, Multipliers, Programme, RoundingLevel
from rules.promise import can_be_promised
from rules.rule import Pick, Rule, ranked
from rules.words import few_more, more_than, near_miss, with_tier

Lines = Sequence[tuple[BasketLine, int]]


class Share:
    """What one rule brings: an exact number of points for each line that it is about."""

    def __init__(self, rule_id: str, lane: Lane, base_minor: int, amounts: list[Fraction]) -> None:
        self.rule_id = rule_id
        self.lane = lane
        self.base_minor = base_minor
        # A bonus is never less than nothing; the base may be, where lines are returned.
        nothing = lane is not Lane.BASE and sum(amounts) < 0
        self.amounts = [] if nothing else amounts
        self.exact = sum(self.amounts, Fraction(0))


class Multiples:
    """How many times its base points each line has, while one multiplier comes after the other.

    Attributes:
        rise: By line that the last one is about: what it adds to that.
    """

    def __init__(self, combined: Multipliers, lines: Lines, base_points: list[Fraction]) -> None:
        self._combined = combined
        self._lines = lines
        self._base_points = base_points
        self._multiple = [Fraction(1)] * len(lines)
        self._raised = 0
        self.rise: dict[int, Fraction] = {}

    def share(self, rule: Rule, alone: Share) -> Share:
        """What *rule*, which would bring the share *alone* without others, brings beside those before it."""
        self.rise = {}
        if self._combined is Multipliers.SUM or not isinstance(rule.effect, Multiply):
            return alone
        factor = _of(rule.effect.factor)
        rise = {at: self._rise(factor, self._multiple[at]) for at in selected(rule, self._lines)}
        amounts = [self._base_points[at] * by for at, by in rise.items()]
        if sum(amounts) >= 0 and any(rise.values()) and self._raised < MULTIPLIERS_MAX:
            self.rise = rise
            self._raised += 1
            return Share(rule.id, rule.lane, alone.base_minor, amounts)
        return Share(rule.id, rule.lane, alone.base_minor, [])

    def _rise(self, factor: Fraction, multiple: Fraction) -> Fraction:
        if self._combined is Multipliers.PRODUCT:
            return (factor - 1) * multiple
        return max(factor - multiple, Fraction(0))

    def give(self, share: Share, points: int | None) -> None:
        """The last one gave *points* of its *share*, as limits left no more; ``None``: they left all."""
        part = Fraction(1)
        if points is not None:
            part = min(points / share.exact, part) if share.exact else Fraction(0)
        for at, by in self.rise.items():
            self._multiple[at] += by * part


def interpret(programme: Programme, facts: Facts) -> Award:
    """What the sale earns under *programme*."""
    if facts.may_be_discounted:
        gross = facts.gross()
        _, lines = gross.earning()
        prices = [
            rule for rule in programme.rules if rule.lane in PRICE_LANES and applies(rule, gross, lines)
        ]
        prices = [rule for rule in prices if counts(rule, programme, facts.arms)]
        given = discounts(prices, facts, programme.costs)
        return structs.replace(earned(programme, facts.after(given)), discounts=given)
    return earned(programme, facts)


def earned(programme: Programme, facts: Facts) -> Award:
    """The points of a sale whose prices are settled."""
    if "earn" in programme.stopped:
        return Award(0)
    _, lines = facts.earning()
    rules = [
        rule for rule in programme.rules if rule.lane in POINT_LANES and rule.campaign not in programme.paused
    ]
    found = [rule for rule in rules if applies(rule, facts, lines)]
    hits = [rule for rule in found if withheld(rule, facts.arms) is None]
    refused: list[Step] = []
    near = _nearest(programme, facts, lines, hits)
    award = _earned_by(programme, facts, lines, hits, near)
    while (thin := first_too_thin(programme, award, facts)) is not None:
        hits.remove(thin)
        base = sum(lines[at][1] for at in selected(thin, lines))
        refused.append(dropped(thin.id, Verdict.MARGIN, base))
        award = _earned_by(programme, facts, lines, hits, near)
    return structs.replace(award, steps=(*award.steps, *refused, *_withheld(found, facts, lines)))


def _earned_by(programme: Programme, facts: Facts, lines: Lines, hits: list[Rule], near: str | None) -> Award:
    """What *hits* bring."""
    rates = [_base_rule(hits, line) for line, _ in lines]
    base_points = [_of(_rate(programme, rule)) * base for rule, (_, base) in zip(rates, lines, strict=True)]
    shares: list[tuple[Rule | None, Share]] = []
    for rule in hits:
        if rule.lane is Lane.BASE:
            own = [at for at, taken in enumerate(rates) if taken is rule]
            bases = sum(lines[at][1] for at in own)
            shares.append((rule, Share(rule.id, Lane.BASE, bases, [base_points[at] for at in own])))
    rest = [at for at, taken in enumerate(rates) if taken is None]
    bases = sum(lines[at][1] for at in rest)
    shares.append((None, Share(BASE_RULE, Lane.BASE, bases, [base_points[at] for at in rest])))
    shares += [(rule, _share(rule, lines, base_points)) for rule in hits if rule.lane is not Lane.BASE]
    lost = _losers(shares)
    if programme.base.multipliers is Multipliers.MAX:
        shares.sort(key=lambda each: _falling(each[0]))
    multiples = Multiples(programme.base.multipliers, lines, base_points)
    return _add_up(programme, facts, shares, lost, near, multiples)


def _falling(rule: Rule | None) -> tuple[bool, Fraction]:
    """A key by which multipliers come last, the largest first."""
    if rule is None or not isinstance(rule.effect, Multiply):
        return False, Fraction(0)
    return True, -_of(rule.effect.factor)


def _withheld(rules: list[Rule], facts: Facts, lines: Lines) -> Iterator[Step]:
    """What is told of those *rules*, all of which hold, that the member does not get."""
    for rule in rules:
        verdict = withheld(rule, facts.arms)
        if verdict is not None:
            yield dropped(rule.id, verdict, sum(lines[at][1] for at in selected(rule, lines)))


def selected(rule: Rule, lines: Lines) -> list[int]:
    """Positions of the lines that *rule* is about."""
    return [at for at, (line, _) in enumerate(lines) if rule.lines is None or rule.lines.covers(line)]


def applies(rule: Rule, facts: Facts, lines: Lines) -> bool:
    """Whether all conditions of *rule* hold and the basket has its lines."""
    return all(holds(condition, facts) for condition in rule.when) and lines_hold(rule, lines)


def lines_hold(rule: Rule, lines: Lines) -> bool:
    """Whether the basket has what *rule* is about, and as much of it as it wants."""
    if rule.lines is None:
        return True
    own = selected(rule, lines)
    return (
        bool(own)
        and within(sum(lines[at][1] for at in own), rule.lines.low, rule.lines.high)
        and (rule.lines.enough([lines[at][0] for at in own]))
    )


def _of(rate: Rate) -> Fraction:
    return Fraction(rate.numerator, rate.denominator)


def _base_rule(hits: list[Rule], line: BasketLine) -> Rule | None:
    for rule in hits:
        if rule.lane is Lane.BASE and (rule.lines is None or rule.lines.covers(line)):
            return rule
    return None


def _rate(programme: Programme, rule: Rule | None) -> Rate:
    if rule is None:
        return programme.base.rate
    assert isinstance(rule.effect, BasePoints)
    return rule.effect.rate


def _share(rule: Rule, lines: Lines, base_points: list[Fraction]) -> Share:
    own = selected(rule, lines)
    base = sum(lines[at][1] for at in own)
    match rule.effect:
        case FixedPoints(points):
            amounts = [Fraction(points)]
        case PointsPerAmount(rate):
            amounts = [_of(rate) * lines[at][1] for at in own]
        case PointsPerLine(points):
            amounts = [Fraction(points if lines[at][1] >= 0 else -points) for at in own]
        case PointsPerUnit(points):
            amounts = [
                Fraction(points * units if lines[at][1] >= 0 else -points * units)
                for at in own
                for units in (lines[at][0].quantity_milli // 1000,)
            ]
        case Multiply(factor):
            amounts = [(_of(factor) - 1) * base_points[at] for at in own]
        case _:
            raise AssertionError("base rates are shared out line by line, and prices are no points")
    return Share(rule.id, rule.lane, base, amounts)


def _losers(shares: list[tuple[Rule | None, Share]]) -> set[str]:
    """Rules whose group picked others."""
    groups: dict[int, list[tuple[Rule, Fraction]]] = {}
    for rule, share in shares:
        if rule is not None and rule.pick is not Pick.ALL:
            groups.setdefault(rule.group, []).append((rule, share.exact))
    return {rule.id for group in groups.values() for rule, _ in ranked(group)[group[0][0].take :]}


def _add_up(
    programme: Programme,
    facts: Facts,
    shares: list[tuple[Rule | None, Share]],
    lost: set[str],
    near: str | None,
    multiples: Multiples,
) -> Award:
    rounding, level = programme.base.rounding, programme.base.level
    steps = []
    exact = Fraction(0)
    summed = total = 0
    room = Room(facts.counters)
    for rule, alone in shares:
        is_lost = alone.rule_id in lost
        share = alone if rule is None or is_lost else multiples.share(rule, alone)
        if is_lost:
            points = 0
        elif level is RoundingLevel.TRANSACTION:
            # Each rule brings what the rounded sum grows by, so that the parts add up.
            exact += share.exact
            before, summed = summed, rounded(exact.numerator, exact.denominator, rounding)
            points = summed - before
        elif level is RoundingLevel.RULE:
            points = rounded(share.exact.numerator, share.exact.denominator, rounding)
        else:
            points = sum(rounded(each.numerator, each.denominator, rounding) for each in share.amounts)
            points = points if share.lane is Lane.BASE else max(points, 0)
        verdict = Verdict.LOST if is_lost else Verdict.APPLIED
        caps = programme.limits if rule is None else rule.caps + programme.limits
        if caps and points > 0:
            wanted, points = points, room.take(caps, points)
            verdict = Verdict.CAPPED if points < wanted else verdict
        if not is_lost:
            multiples.give(share, points if verdict is Verdict.CAPPED else None)
        points = min(points, POINTS_MAX - total)
        total += points
        fraction = share.exact
        steps.append(
            Step(share.rule_id, verdict, share.base_minor, fraction.numerator, fraction.denominator, points)
        )
    parts = tuple((step.rule_id, step.points) for step in steps if step.points)
    if total <= 0:
        return Award(0, (), near, (), tuple(steps))
    return Award(total, parts, near, (), tuple(steps), room.given())


def _nearest(programme: Programme, facts: Facts, lines: Lines, hits: list[Rule]) -> str | None:
    """The rule that lacks nothing but money, and least of it."""
    best: tuple[int, Rule] | None = None
    rules = [rule for rule in programme.rules if _would_count(rule, programme, facts, lines, hits)]
    for rule in rules:
        short = shortfall(rule, facts, lines)
        if short is not None and (best is None or short < best[0]):
            best = (short, rule)
    limit = programme.near_miss_within_minor
    is_near = best is not None and (limit is None or best[0] <= limit)
    if best is None or not is_near or not can_be_promised(programme, facts, best[1], hits):
        return _nearest_otherwise(programme, facts, lines, rules, hits)
    more = more_than(best[1], programme.terms.language)
    return near_miss(best[0], programme.terms.currency, more)


def _would_count(rule: Rule, programme: Programme, facts: Facts, lines: Lines, hits: list[Rule]) -> bool:
    """Whether *rule* would bring points if it held; not beside *hits* that multiply all its lines as much."""
    if rule.lane is Lane.BASE or rule.lane not in POINT_LANES or not counts(rule, programme, facts.arms):
        return False
    if programme.base.multipliers is not Multipliers.MAX or not isinstance(rule.effect, Multiply):
        return True
    factor = _of(rule.effect.factor)
    larger = [hit for hit in hits if isinstance(hit.effect, Multiply) and _of(hit.effect.factor) >= factor]
    multiplied = {at for hit in larger for at in selected(hit, lines)}
    own = set(selected(rule, lines))
    return not own or not own <= multiplied


def _nearest_otherwise(
    programme: Programme, facts: Facts, lines: Lines, rules: list[Rule], hits: list[Rule]
) -> str | None:
    """The rule that lacks nothing but lines or units, and fewest of them; else the first of the next tier."""
    few: tuple[int, str, Rule] | None = None
    above = programme.tier_above(facts.tier) if programme.near_miss_tiers else None
    raised = facts if above is None else replace(facts, tier=above)
    with_it: Rule | None = None
    for rule in rules:
        missing = quantity_short(rule, facts, lines)
        if missing is not None and (few is None or missing[0] < few[0]):
            few = (*missing, rule)
        if with_it is None and not applies(rule, facts, lines) and applies(rule, raised, lines):
            with_it = rule if can_be_promised(programme, facts, rule, hits) else None
    if few is not None and can_be_promised(programme, facts, few[2], hits):
        return few_more(*few, programme.terms.language)
    if with_it is None or above is None:
        return None
    return with_tier(above, with_it, programme.terms.language)


def quantity_short(rule: Rule, facts: Facts, lines: Lines) -> tuple[int, str] | None:
    """How many more lines or units would make *rule* apply; ``None`` when that is not all it lacks."""
    if rule.lines is None or not all(holds(condition, facts) for condition in rule.when):
        return None
    own = selected(rule, lines)
    if not own or not within(sum(lines[at][1] for at in own), rule.lines.low, rule.lines.high):
        return None
    return rule.lines.too_few([lines[at][0] for at in own])


def shortfall(rule: Rule, facts: Facts, lines: Lines) -> int | None:
    """How much more would make *rule* apply; ``None`` when it applies, or when money is not all it lacks."""
    missing = None if lines_hold(rule, lines) else _line_shortfall(rule, lines)
    failed = int(not lines_hold(rule, lines))
    for condition in rule.when:
        if holds(condition, facts):
            continue
        failed += 1
        if failed > 1 or not isinstance(condition, AmountWithin):
            return None
        value = AMOUNT_ATTRIBUTES[condition.attribute](facts)
        if condition.low is not None and value < condition.low:
            missing = condition.low - value
    return missing


def _line_shortfall(rule: Rule, lines: Lines) -> int | None:
    assert rule.lines is not None
    own = selected(rule, lines)
    base = sum(lines[at][1] for at in own)
    if not rule.lines.enough([lines[at][0] for at in own]):
        return None
    if own and rule.lines.low is not None and base < rule.lines.low:
        return rule.lines.low - base
    return None
