"""Adds up what the rules that hold bring, in integers: exact points are a numerator and a denominator.

It gives what ``rules.interpret`` gives in fractions, to the last step. Shares are plain tuples and the loops
are written out, because this runs for every sale.
"""

from collections.abc import Iterable
from math import gcd
from typing import Final

from loyalty.amount import Rate, Rounding
from rules.award import POINTS_MAX, Award, Step, Verdict, rounded
from rules.cap import Cap, Room
from rules.facts import Facts
from rules.multiples import Exact, Share, largest_first, multiplied, plus, together
from rules.programme import BASE_RULE, BaseRate, Multipliers, Programme, RoundingLevel
from rules.rows import Hit, Kind, Lines, Row, Sale
from rules.rule import Pick

# Members of enums cost a look into their class each time; these are asked for every rule of every sale.
_BASE: Final = Kind.BASE
_FIXED: Final = Kind.FIXED
_PER_AMOUNT: Final = Kind.PER_AMOUNT
_MULTIPLY: Final = Kind.MULTIPLY
_ALL: Final = Pick.ALL
_DOWN: Final = Rounding.DOWN
_LINE: Final = RoundingLevel.LINE
_RULE: Final = RoundingLevel.RULE
_TRANSACTION: Final = RoundingLevel.TRANSACTION
_SUM: Final = Multipliers.SUM
_APPLIED: Final = Verdict.APPLIED
_LOST: Final = Verdict.LOST
_CAPPED: Final = Verdict.CAPPED


def settle(programme: Programme, sale: Sale, hits: list[Hit], near: str | None) -> Award:
    """The award of *hits*, which are in order of evaluation."""
    base = programme.base
    if base.level is _TRANSACTION and base.rounding is _DOWN and not programme.limits:
        award = _settle_plain(base.rate, sale.base_minor, hits, near)
        if award is not None:
            return award
    by_line = base.level is _LINE
    rate = base.rate
    rates: list[Rate] | None = None
    shares: list[Share]
    if by_line or (hits and hits[0][1].kind is _BASE):
        takers = [hit for hit in hits if hit[1].kind is _BASE]
        owners = _owners(takers, sale.lines)
        rates = [rate if owner is None else _rate_of(owner) for owner in owners]
        shares = _base_shares(takers, owners, rates, sale.lines, by_line=by_line)
        hits = hits[len(takers) :]
    else:
        shares = [(None, sale.base_minor, rate.numerator * sale.base_minor, rate.denominator, ())]
    picks = False
    for hit in hits:
        _, row, _, base_minor = hit
        kind = row.kind
        if kind is _FIXED:
            amounts = ((row.numerator, 1),) if by_line else ()
            shares.append((row, base_minor, row.numerator, 1, amounts))
        elif rates is None and kind is _PER_AMOUNT:
            shares.append((row, base_minor, row.numerator * max(base_minor, 0), row.denominator, ()))
        elif rates is None and kind is _MULTIPLY:
            points = row.numerator * rate.numerator * max(base_minor, 0)
            shares.append((row, base_minor, points, row.denominator * rate.denominator, ()))
        else:
            shares.append(_share_by_line(row, hit, sale.lines, rates, rate))
        if row.pick is not _ALL:
            picks = True
    lost = _losers(shares) if picks else ()
    if base.multipliers is not _SUM and hits and hits[-1][1].kind is _MULTIPLY:
        bases = _bases(sale, hits, rates, rate)
        return _multiply_up(programme, sale, shares, hits, bases, lost, near)
    return _add_up(base, shares, lost, near, sale.facts, programme.limits)


def _bases(sale: Sale, hits: list[Hit], rates: list[Rate] | None, default: Rate) -> list[Exact]:
    """Base points by line; of all lines as one where each multiplier is about all of them."""
    if rates is None and not any(own for _, row, own, _ in hits if row.kind is _MULTIPLY):
        return [(default.numerator * sale.base_minor, default.denominator)]
    lines = sale.lines
    every = [default] * len(lines) if rates is None else rates
    return [(rate.numerator * part, rate.denominator) for rate, (_, part) in zip(every, lines, strict=True)]


def _multiply_up(
    programme: Programme,
    sale: Sale,
    shares: list[Share],
    hits: list[Hit],
    bases: list[Exact],
    lost: set[int] | tuple[()],
    near: str | None,
) -> Award:
    """The award where multipliers do not simply add up."""
    largest = programme.base.multipliers is Multipliers.MAX
    if largest:
        shares, hits, lost = largest_first(shares, hits, lost)
    left: dict[int, int] = {}
    each = multiplied(shares, hits, lost, bases, left, largest=largest)
    return _add_up(programme.base, each, lost, near, sale.facts, programme.limits, left)


def _settle_plain(rate: Rate, base_minor: int, hits: list[Hit], near: str | None) -> Award | None:
    """The award of most sales of most programmes: rounded down once, each rule on its own.

    It is what ``_add_up`` gives of the same shares. ``None`` where that has to be asked: another base rate,
    lines, groups, limits, more returned than bought, more points than an answer can tell.
    """
    if base_minor < 0:
        return None
    numerator, denominator = rate.numerator * base_minor, rate.denominator
    total = summed = numerator // denominator
    common = gcd(numerator, denominator)
    steps = [Step(BASE_RULE, _APPLIED, base_minor, numerator // common, denominator // common, total)]
    parts = [(BASE_RULE, total)] if total else []
    for _, row, _, own_minor in hits:
        if not row.is_plain:
            return None
        points = given = row.numerator
        whole = row.denominator
        kind = row.kind
        if kind is not _FIXED:  # whole points move nothing that is left over
            given = given * own_minor if own_minor > 0 else 0
            if kind is _MULTIPLY:
                given *= rate.numerator
                whole *= rate.denominator
            numerator, denominator = plus(numerator, denominator, given, whole)
            points = numerator // denominator - summed
            summed += points
            if (common := gcd(given, whole)) != 1:
                given //= common
                whole //= common
        total += points
        if points:
            parts.append((row.rule_id, points))
        steps.append(Step(row.rule_id, _APPLIED, own_minor, given, whole, points))
    if total > POINTS_MAX:
        return None
    return Award(total, tuple(parts), near, (), tuple(steps), ())


def _owners(takers: list[Hit], lines: Lines) -> list[Row | None]:
    """By line: the first base rule that is about it."""
    owners: list[Row | None] = [None] * len(lines)
    for _, row, own, _ in reversed(takers):
        for at in range(len(lines)) if own is None else own:
            owners[at] = row
    return owners


def _rate_of(row: Row) -> Rate:
    return Rate(row.numerator, row.denominator)


def _base_shares(
    takers: list[Hit], owners: list[Row | None], rates: list[Rate], lines: Lines, *, by_line: bool
) -> list[Share]:
    shares: list[Share] = []
    for taker in (*(row for _, row, _, _ in takers), None):
        own = [at for at, owner in enumerate(owners) if owner is taker]
        amounts = [(rates[at].numerator * lines[at][1], rates[at].denominator) for at in own]
        base = sum([lines[at][1] for at in own])
        shares.append((taker, base, *together(amounts), amounts if by_line else ()))
    return shares


def _share_by_line(row: Row, hit: Hit, lines: Lines, rates: list[Rate] | None, default: Rate) -> Share:
    """What *row* brings, worked out line by line."""
    own = range(len(lines)) if hit[2] is None else hit[2]
    amounts: list[Exact] = []
    for at in own:
        line, part = lines[at]
        rate = default if rates is None else rates[at]
        match row.kind:
            case Kind.PER_LINE:
                amounts.append((row.numerator if part >= 0 else -row.numerator, 1))
            case Kind.PER_UNIT:
                units = line.quantity_milli // 1000
                amounts.append((row.numerator * units if part >= 0 else -row.numerator * units, 1))
            case Kind.PER_AMOUNT:
                amounts.append((row.numerator * part, row.denominator))
            case _:
                assert row.kind is Kind.MULTIPLY
                amounts.append((row.numerator * rate.numerator * part, row.denominator * rate.denominator))
    numerator, denominator = together(amounts)
    if numerator < 0:  # a bonus is never less than nothing; the base may be, where lines are returned
        return row, hit[3], 0, 1, ()
    return row, hit[3], numerator, denominator, amounts


def _losers(shares: list[Share]) -> set[int]:
    """Positions of the rules whose group picked others."""
    lost: set[int] = set()
    picked: dict[int, list[int]] = {}  # by group, the best first
    for at, (row, *_) in enumerate(shares):
        if row is None or row.pick is _ALL:
            continue
        holders = picked.setdefault(row.rule.group, [])
        place = len(holders)
        while place and _comes_before(row.pick, shares[at], shares[holders[place - 1]]):
            place -= 1
        holders.insert(place, at)
        if len(holders) > row.rule.take:
            lost.add(holders.pop())
    return lost


def _comes_before(pick: Pick, later: Share, earlier: Share) -> bool:
    """Whether a group picks the *later* rule sooner than the *earlier* one."""
    gives, gave = later[2] * earlier[3], earlier[2] * later[3]
    if pick is Pick.BEST:
        return gives > gave
    return pick is Pick.BEST_MARGIN and gives > 0 and (gives < gave or gave <= 0)


def _add_up(  # noqa: C901, PLR0912, PLR0915  (the hot path)
    base: BaseRate,
    shares: Iterable[Share],
    lost: set[int] | tuple[()],
    near: str | None,
    facts: Facts,
    limits: tuple[Cap, ...],
    cut: dict[int, int] | None = None,
) -> Award:
    rounding, level = base.rounding, base.level
    down = rounding is _DOWN
    once, by_rule = level is _TRANSACTION, level is _RULE
    steps = []
    parts = []
    sum_numerator, sum_denominator, summed, total = 0, 1, 0, 0
    room: Room | None = None
    for at, (row, base_minor, numerator, denominator, amounts) in enumerate(shares):
        rule_id = BASE_RULE if row is None else row.rule_id
        if denominator != 1 and (common := gcd(numerator, denominator)) != 1:
            numerator //= common  # noqa: PLW2901  (reduced, for the step)
            denominator //= common  # noqa: PLW2901  (reduced, for the step)
        if lost and at in lost:
            steps.append(Step(rule_id, _LOST, base_minor, numerator, denominator, 0))
            continue
        if once:
            # Each rule brings what the rounded sum grows by, so that the parts add up.
            if not sum_numerator:
                sum_numerator, sum_denominator = numerator, denominator
            elif denominator == sum_denominator:
                sum_numerator += numerator
            elif denominator == 1:
                sum_numerator += numerator * sum_denominator
            else:
                sum_numerator, sum_denominator = plus(sum_numerator, sum_denominator, numerator, denominator)
            before = summed
            if down and sum_numerator >= 0:
                summed = sum_numerator // sum_denominator
            else:
                summed = rounded(sum_numerator, sum_denominator, rounding)
            points = summed - before
        elif by_rule:
            points = rounded(numerator, denominator, rounding)
        else:
            points = sum([rounded(each, whole, rounding) for each, whole in amounts])
            if points < 0 and row is not None and row.kind is not _BASE:
                points = 0
        verdict = _APPLIED
        caps = limits if row is None else (row.caps + limits if limits else row.caps)
        if caps and points > 0:
            room = room or Room(facts.counters)
            left = room.take(caps, points)
            if left < points:
                if cut is not None:
                    cut[at] = left
                points, verdict = left, _CAPPED
        if total + points > POINTS_MAX:
            points = POINTS_MAX - total
        total += points
        if points:
            parts.append((rule_id, points))
        steps.append(Step(rule_id, verdict, base_minor, numerator, denominator, points))
    counted = () if room is None else room.given()
    if total <= 0:
        total, parts, counted = 0, [], ()
    return Award(total, tuple(parts), near, (), tuple(steps), counted)
