"""Whether a customer may be told what a little more would bring: not where it would bring him nothing."""

from collections.abc import Iterable

from rules.cap import Per
from rules.effects import FixedPoints, Multiply, PointsPerAmount, PointsPerLine, PointsPerUnit
from rules.facts import Facts
from rules.programme import Programme
from rules.rule import Pick, Rule


def can_be_promised(programme: Programme, facts: Facts, rule: Rule, held: Iterable[Rule]) -> bool:
    """Whether *rule* would give something if it held, too, beside those that are *held*.

    It would not where a limit or a budget is used up, or leaves less than the points that are told, or where
    its group would pick one of them.
    """
    if rule.caps or programme.limits:
        used = dict(facts.counters)
        wanted = rule.effect.points if isinstance(rule.effect, FixedPoints) else 1
        for caps, points in ((rule.caps, wanted), (programme.limits, 1)):
            for cap in caps:
                left = cap.limit - (0 if cap.per is Per.TRANSACTION else used.get(cap.counter, 0))
                if cap.leaves(points, left) < points:
                    return False
    if rule.pick is Pick.ALL:
        return True
    rivals = [each for each in held if each.group == rule.group]
    match rule.pick:
        case Pick.FIRST:
            before = [rival for rival in rivals if rival.order < rule.order]
        case Pick.BEST:
            before = [rival for rival in rivals if _gives_as_much(rival, rule)]
        case _:
            before = rivals  # the one that gives least would be picked
    return len(before) < rule.take


def _gives_as_much(one: Rule, other: Rule) -> bool:
    """Whether *one* gives as much as *other* of any sale, as far as one can see from the two alone."""
    if one.lines is not None and one.lines != other.lines:
        return False
    match one.effect, other.effect:
        case Multiply(factor), Multiply(than):
            return factor.numerator * than.denominator >= than.numerator * factor.denominator
        case PointsPerAmount(rate), PointsPerAmount(than):
            return rate.numerator * than.denominator >= than.numerator * rate.denominator
        case (FixedPoints(points), FixedPoints(than_points)) | (
            (PointsPerLine(points), PointsPerLine(than_points))
            | (PointsPerUnit(points), PointsPerUnit(than_points))
        ):
            return points >= than_points
        case _:
            return False
