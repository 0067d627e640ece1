"""What several multipliers make of one line, where they do not simply add up.

Each line has a *multiple* of its base points, which begins at 1. The multipliers that count come one after
the other, and each raises it: to so many times as much (product), or up to its own factor (max, the largest
first). A rule brings what it raises the multiples of its lines by, so the parts add up to the award. Where a
limit leaves it less, the multiples rise by as much less, and the next goes on from what was really given.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cmp_to_key
from math import gcd
from typing import Final

from rules.rows import Hit, Kind, Lines, Row

Exact = tuple[int, int]
# What one rule brings before rounding: its row, base in minor units, exact points, and the same line by line
# where lines are rounded. Without a row it is the programme's own base rate.
Share = tuple[Row | None, int, int, int, Sequence[Exact]]

_MULTIPLY: Final = Kind.MULTIPLY
MULTIPLIERS_MAX: Final = 64  # that raise the multiples of one sale: a bound for the length of the numbers


def largest_first(
    shares: Sequence[Share], hits: Sequence[Hit], lost: Iterable[int]
) -> tuple[list[Share], list[Hit], set[int]]:
    """The same with the multipliers, which come last, by falling factor; equal ones stay in their order."""
    before = len(shares) - len(hits)
    key = cmp_to_key(_falling)
    order = sorted(range(len(hits)), key=lambda at: key(hits[at][1]))
    moved = [*range(before), *(before + at for at in order)]
    lost = set(lost)
    return (
        [shares[at] for at in moved],
        [hits[at] for at in order],
        {new for new, old in enumerate(moved) if old in lost},
    )


def _falling(one: Row, other: Row) -> int:
    """Below 0 where *one* comes before *other*, above where behind."""
    if one.kind is not _MULTIPLY or other.kind is not _MULTIPLY:
        return (one.kind is _MULTIPLY) - (other.kind is _MULTIPLY)
    return other.numerator * one.denominator - one.numerator * other.denominator


def multiplied(
    shares: Sequence[Share],
    hits: Sequence[Hit],
    lost: Iterable[int],
    bases: Sequence[Exact],
    left: Mapping[int, int],
    *,
    largest: bool,
) -> Iterator[Share]:
    """*shares*, those of multipliers as they are beside one another; each is made when it is asked for.

    Args:
        shares: In order.
        hits: Those whose shares are the last.
        lost: Positions of rules whose group picked another one; they multiply nothing.
        bases: Base points by line, or of all lines as one.
        left: By position of a share that limits cut, once it was asked for: the points that they left.
        largest: Of the multipliers on a line the largest counts; else each multiplies what the others made.
    """
    before = len(shares) - len(hits)
    multiples: list[Exact] = [(1, 1)] * len(bases)
    raised = 0
    for at, share in enumerate(shares):
        row, base_minor, *_ = share
        if row is None or row.kind is not _MULTIPLY or at in lost:
            yield share
            continue
        own = hits[at - before][2]
        lines = range(len(bases)) if own is None else own
        rises = [_rise(row, multiples[line], largest=largest) for line in lines]
        amounts = [
            (bases[line][0] * rise, bases[line][1] * parts)
            for line, (rise, parts) in zip(lines, rises, strict=True)
        ]
        numerator, denominator = together(amounts)
        # What would take points away brings nothing, and multiplies nothing.
        if numerator < 0 or raised == MULTIPLIERS_MAX or not any(rise for rise, _ in rises):
            yield row, base_minor, 0, 1, ()
            continue
        yield row, base_minor, numerator, denominator, amounts
        raised += 1
        given, whole = _part(left[at], numerator, denominator) if at in left else (1, 1)
        for line, (rise, parts) in zip(lines, rises, strict=True):
            multiple = plus(*multiples[line], rise * given, parts * whole)
            common = gcd(*multiple)
            multiples[line] = multiple[0] // common, multiple[1] // common


def _part(left: int, numerator: int, denominator: int) -> Exact:
    """Which part of what it brings exactly a rule gave, of which limits left so many points; at most all."""
    if not numerator:  # lines that cancel each other out were rounded one by one
        return 0, 1
    return min(left * denominator, numerator), numerator


def raises(row: Row, hits: Iterable[Hit], lines: Lines) -> bool:
    """Whether the multiplier *row* would be larger than *hits* on some of its lines, or has none yet."""
    left = {at for at, (line, _) in enumerate(lines) if row.lines is None or row.lines.covers(line)}
    if not left:
        return True
    for _, hit, own, _ in hits:
        if hit.kind is _MULTIPLY and (hit.numerator * row.denominator >= row.numerator * hit.denominator):
            left.difference_update(range(len(lines)) if own is None else own)
    return bool(left)


def _rise(row: Row, multiple: Exact, *, largest: bool) -> Exact:
    """By how much *row*, whose factor is 1 more than what it gives, raises a line's *multiple*."""
    numerator, denominator = multiple
    if not largest:
        return numerator * row.numerator, denominator * row.denominator
    above = (row.numerator + row.denominator) * denominator - numerator * row.denominator
    return max(above, 0), row.denominator * denominator


def together(amounts: Iterable[Exact]) -> Exact:
    """What *amounts* add up to."""
    numerator, denominator = 0, 1
    for more, parts in amounts:
        numerator, denominator = plus(numerator, denominator, more, parts)
    return numerator, denominator


def plus(numerator: int, denominator: int, more: int, parts: int) -> Exact:
    """*numerator* / *denominator* and *more* / *parts* together."""
    if parts == denominator:
        return numerator + more, denominator
    common = gcd(denominator, parts)
    return numerator * (parts // common) + more * (denominator // common), denominator // common * parts
