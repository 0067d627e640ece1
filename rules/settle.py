"""Adds up what the rules that hold bring, in integers: exact points are a numerator and a denominator.

It gives what ``rules.interpret`` gives in fractions, to the last step.
"""

from collections.abc import Iterable, Sequence
from math import gcd

from loyalty.amount import Rate
from rules.award import POINTS_MAX, Award, Step, Verdict, rounded
from rules.effects import (
    BasePoints,
    FixedPoints,
    Lane,
    Multiply,
    PointsPerAmount,
    PointsPerLine,
    PointsPerUnit,
)
from rules.programme import BASE_RULE, BaseRate, Programme, RoundingLevel
from rules.rule import Pick
from rules.table import Hit, Lines

Exact = tuple[int, int]


class Share:
    """What one rule brings before rounding; *amounts* line by line, where lines are rounded."""

    __slots__ = ("amounts", "base_minor", "denominator", "hit", "lane", "numerator", "rule_id")

    def __init__(
        self, rule_id: str, hit: Hit | None, base_minor: int, exact: Exact, amounts: Sequence[Exact] = ()
    ) -> None:
        self.rule_id = rule_id
        self.hit = hit
        self.lane = Lane.BASE if hit is None else hit.row.lane
        self.base_minor = base_minor
        numerator, denominator = exact
        if numerator < 0 and self.lane is not Lane.BASE:
            # A bonus is never less than nothing; the base may be, where lines are returned.
            numerator, denominator, amounts = 0, 1, ()
        common = gcd(numerator, denominator)
        self.numerator, self.denominator = numerator // common, denominator // common
        self.amounts = amounts


def settle(programme: Programme, lines: Lines, hits: list[Hit], near: str | None) -> Award:
    """The award of *hits*, which are in order of evaluation."""
    by_line = programme.base.level is RoundingLevel.LINE
    default = programme.base.rate
    takers = [hit for hit in hits if hit.row.lane is Lane.BASE]
    if takers or by_line:
        owners = _owners(takers, lines)
        rates = [_rate_of(owner, default) for owner in owners]
        shares = _base_shares(takers, owners, rates, lines, by_line=by_line)
    else:
        rates = None
        base = sum([part for _, part in lines])
        shares = [Share(BASE_RULE, None, base, (default.numerator * base, default.denominator))]
    for hit in hits:
        if hit.row.lane is not Lane.BASE:
            shares.append(_share(hit, lines, rates, default, by_line=by_line))
    lost = _losers(shares) if len(shares) > 2 else ()
    return _add_up(programme.base, shares, lost, near)


def _owners(takers: list[Hit], lines: Lines) -> list[Hit | None]:
    """By line: the first base rule that is about it."""
    owners: list[Hit | None] = [None] * len(lines)
    for hit in reversed(takers):
        for at in _own(hit, lines):
            owners[at] = hit
    return owners


def _own(hit: Hit, lines: Lines) -> Iterable[int]:
    return range(len(lines)) if hit.own is None else hit.own


def _rate_of(owner: Hit | None, default: Rate) -> Rate:
    if owner is None:
        return default
    assert isinstance(owner.row.effect, BasePoints)
    return owner.row.effect.rate


def _base_shares(
    takers: list[Hit], owners: list[Hit | None], rates: list[Rate], lines: Lines, *, by_line: bool
) -> list[Share]:
    shares = []
    for taker in (*takers, None):
        own = [at for at, owner in enumerate(owners) if owner is taker]
        base = sum([lines[at][1] for at in own])
        amounts = [(rates[at].numerator * lines[at][1], rates[at].denominator) for at in own]
        name = BASE_RULE if taker is None else taker.row.rule.id
        shares.append(Share(name, taker, base, _sum(amounts), amounts if by_line else ()))
    return shares


def _share(hit: Hit, lines: Lines, rates: list[Rate] | None, default: Rate, *, by_line: bool) -> Share:
    own = _own(hit, lines)
    base = hit.base_minor if hit.own is not None else sum([part for _, part in lines])
    effect = hit.row.effect
    amounts: list[Exact] | None = None
    match effect:
        case FixedPoints(points):
            exact = points, 1
            amounts = [exact]
        case PointsPerAmount(rate):
            exact = rate.numerator * base, rate.denominator
            if by_line:
                amounts = [(rate.numerator * lines[at][1], rate.denominator) for at in own]
        case PointsPerLine(points):
            amounts = [(points if lines[at][1] >= 0 else -points, 1) for at in own]
            exact = _sum(amounts)
        case PointsPerUnit(points):
            units = [(lines[at][0].quantity_milli // 1000, lines[at][1]) for at in own]
            amounts = [(points * unit if part >= 0 else -points * unit, 1) for unit, part in units]
            exact = _sum(amounts)
        case Multiply(factor):
            more = factor.numerator - factor.denominator
            if rates is None:
                exact = more * default.numerator * base, factor.denominator * default.denominator
            else:
                amounts = [
                    (more * rates[at].numerator * lines[at][1], factor.denominator * rates[at].denominator)
                    for at in own
                ]
                exact = _sum(amounts)
        case BasePoints():
            raise AssertionError("base rates are shared out line by line")
    return Share(hit.row.rule.id, hit, base, exact, amounts if by_line and amounts is not None else ())


def _sum(amounts: Iterable[Exact]) -> Exact:
    numerator, denominator = 0, 1
    for more, parts in amounts:
        numerator, denominator = _plus(numerator, denominator, more, parts)
    return numerator, denominator


def _plus(numerator: int, denominator: int, more: int, parts: int) -> Exact:
    if parts == denominator:
        return numerator + more, denominator
    common = gcd(denominator, parts)
    return numerator * (parts // common) + more * (denominator // common), denominator // common * parts


def _losers(shares: list[Share]) -> set[int]:
    """Positions of the rules whose group picked another one."""
    lost: set[int] = set()
    best: dict[int, int] = {}
    for at, share in enumerate(shares):
        if share.hit is None or share.hit.row.rule.pick is Pick.ALL:
            continue
        rule = share.hit.row.rule
        holder = best.setdefault(rule.group, at)
        if holder == at:
            continue
        held = shares[holder]
        more = share.numerator * held.denominator > held.numerator * share.denominator
        if rule.pick is Pick.BEST and more:
            lost.add(holder)
            best[rule.group] = at
        else:
            lost.add(at)
    return lost


def _add_up(base: BaseRate, shares: list[Share], lost: set[int] | tuple[()], near: str | None) -> Award:
    rounding, level = base.rounding, base.level
    steps = []
    parts = []
    numerator, denominator, total = 0, 1, 0
    for at, share in enumerate(shares):
        verdict = Verdict.APPLIED
        if at in lost:
            points, verdict = 0, Verdict.LOST
        elif level is RoundingLevel.TRANSACTION:
            # Each rule brings what the rounded sum grows by, so that the parts add up.
            numerator, denominator = _plus(numerator, denominator, share.numerator, share.denominator)
            points = rounded(numerator, denominator, rounding) - total
        elif level is RoundingLevel.RULE:
            points = rounded(share.numerator, share.denominator, rounding)
        else:
            points = sum([rounded(each, whole, rounding) for each, whole in share.amounts])
            if share.lane is not Lane.BASE and points < 0:
                points = 0
        points = min(points, POINTS_MAX - total)
        total += points
        if points:
            parts.append((share.rule_id, points))
        steps.append(
            Step(share.rule_id, verdict, share.base_minor, share.numerator, share.denominator, points)
        )
    if total <= 0:
        return Award(0, (), near, (), tuple(steps))
    return Award(total, tuple(parts), near, (), tuple(steps))
