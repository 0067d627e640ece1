"""The worst that can come together: what of a ticket comes back at most, and by which rules.

The share that comes back falls with the ticket, except where a rule begins to apply. So it is enough to look
at the smallest ticket and at every amount from which some rule applies: for each of these *representative
baskets* the combination of compatible rules is sought that gives most. Lines are the worst there are: each
costs the least that the programme's author says, and all of them are what a rule is about.

What is found is never too little for a ticket on which nothing is returned: lines count in full for every
rule, points at the terms under which they pay most, limits as if nobody had used them yet, cards of stamps as
if they were full. Where the search is given up, the bound of what was not looked at is told instead.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from loyalty.amount import Rounding
from rules.cap import Cap, Unit
from rules.combining import MICRO, SEARCHES, Given, Search, bits
from rules.conditions import AllOf, AmountWithin, AnyOf, Condition, Not
from rules.coupon import Coupon
from rules.effects import (
    PRICE_LANES,
    BasePoints,
    CashBack,
    FixedPoints,
    FreeForStamps,
    FreeUnits,
    GiveAway,
    GiveStamps,
    IssueCertificate,
    IssueCoupon,
    IssueMoney,
    Lane,
    MoneyOff,
    Multiply,
    PointsPerAmount,
    PointsPerLine,
    PointsPerUnit,
    Redeem,
    ShareOff,
    UnitPrice,
)
from rules.overlap import compatible
from rules.programme import BASE_RULE, Programme, RoundingLevel
from rules.rule import Pick, Rule

TYPICAL_MINOR: Final = (2_000, 5_000, 10_000)  # tickets that are looked at besides
WHOLE_BP: Final = 10_000
_WORTHLESS: Final = frozenset({Lane.GUARD, Lane.REDEEM, Lane.MESSAGE})


@dataclass(frozen=True, slots=True)
class Stack:
    """What may come together on one basket.

    Attributes:
        ticket_minor: Of the basket.
        worth_minor: What comes back at most, as points, off the price and beside it; rounded up.
        parts: The rules that give most together, each with what it adds, the base among them; the largest
            first.
        is_exact: The search came to its end; else *worth_minor* is a bound for what it left out, too.
    """

    ticket_minor: int
    worth_minor: int
    parts: tuple[tuple[str, int], ...]
    is_exact: bool

    @property
    def share_bp(self) -> int:
        """Of the ticket, in basis points, rounded up."""
        return -(-self.worth_minor * WHOLE_BP // self.ticket_minor)


class Stacking:
    """Looks for the worst stack among *rules* of *programme*; all of them when ``None``."""

    def __init__(self, programme: Programme, rules: Sequence[Rule] | None = None) -> None:
        self._programme = programme
        self._value = value_of_point(programme)
        considered = programme.rules if rules is None else rules
        self.rules = [rule for rule in considered if rule.lane not in _WORTHLESS]
        self.goes_with = _compatibility(self.rules)

    def baskets(self) -> list[int]:
        """The tickets to look at, in minor units."""
        least = self._programme.restraint.line_from_minor
        edges = {least, *(each for each in TYPICAL_MINOR if each >= least)}
        for rule in self.rules:
            edges |= {edge for edge in _edges(rule) if edge > least}
        return sorted(edges)

    def worst(self) -> Stack:
        """The stack that gives back the largest share of its ticket; of equals that of the smallest."""
        return max((self.on(ticket) for ticket in self.baskets()), key=lambda stack: stack.share_bp)

    def on(self, ticket_minor: int) -> Stack:
        """The worst stack on a ticket of so much."""
        rate = self._programme.base.rate
        base = self._micro(Fraction(rate.numerator * ticket_minor, rate.denominator) * self._value)
        limits = [self._micro(_most(cap) * self._value) for cap in self._programme.limits]
        gives = [self._gives(rule, ticket_minor) for rule in self.rules]
        kind = SEARCHES[self._programme.base.multipliers]
        hidden = self._rounding(ticket_minor)
        rounding = 0 if self._programme.base.rounding is Rounding.DOWN else hidden
        search = kind(
            self.goes_with, gives, ticket_minor * MICRO, base, min(limits, default=None), rounding, hidden
        )
        search.look(0, sum(1 << at for at, given in enumerate(gives) if given is not None))
        worth = max(search.best, search.left_out)
        return Stack(
            ticket_minor,
            -(-worth // MICRO),
            tuple(self._parts(search)),
            is_exact=search.left_out <= search.best,
        )

    def _rounding(self, ticket_minor: int) -> int:
        """What rounding may add to what each rule brings, or take from it, in millionths of a minor unit."""
        by_line = self._programme.base.level is RoundingLevel.LINE
        lines = Fraction(ticket_minor, self._programme.restraint.line_from_minor) if by_line else Fraction(1)
        return self._micro(lines * self._value)

    def _parts(self, search: "Search") -> Iterator[tuple[str, int]]:
        """What each rule of the best stack adds to those before it."""
        taken, before = 0, search.worth(0)
        parts = [(BASE_RULE, before)]
        for at in bits(search.chosen):
            taken |= 1 << at
            after = search.worth(taken)
            parts.append((self.rules[at].id, after - before))
            before = after
        for name, worth in sorted(parts, key=lambda part: -part[1]):
            if worth > 0:
                yield name, -(-worth // MICRO)

    @staticmethod
    def _micro(amount: Fraction) -> int:
        return -(-amount.numerator * MICRO // amount.denominator)

    def _gives(self, rule: Rule, ticket_minor: int) -> Given | None:
        """What *rule* gives on a ticket of so much; ``None`` when nothing, or nothing that has a price."""
        if not _admits(rule, ticket_minor):
            return None
        lines = Fraction(ticket_minor, self._programme.restraint.line_from_minor)
        caps = () if rule.lane in PRICE_LANES else rule.caps
        left = [self._micro(_most(cap) * self._value) for cap in caps if cap.unit is not Unit.COUNT]
        most = min(left, default=None)
        match rule.effect:
            case BasePoints(rate):
                points = Fraction(rate.numerator * ticket_minor, rate.denominator)
                return Given(base=self._micro(points * self._value))
            case Multiply(factor):
                more = Fraction(factor.numerator, factor.denominator) - 1
                return Given(factor=self._micro(more), most=most)
            case PointsPerAmount(rate):
                points = Fraction(rate.numerator * ticket_minor, rate.denominator)
            case FixedPoints(fixed):
                points = Fraction(fixed)
            case PointsPerLine(each) | PointsPerUnit(each):
                points = each * lines
            case _:
                minor = self._money_at_once(rule, ticket_minor)
                if rule.lane in PRICE_LANES:
                    limits = [Fraction(cap.limit) for cap in rule.caps if cap.unit is Unit.COST]
                    off = min(minor, *limits) if limits else minor
                    return Given(off=self._micro(off)) if off else None
                return Given(minor=self._micro(minor)) if minor else None
        return Given(points=self._micro(points * self._value), most=most)

    def _money_at_once(self, rule: Rule, ticket_minor: int) -> Fraction:
        """What *rule* gives in money on one ticket, though other sales brought the stamps that pay for it."""
        match rule.effect:
            case FreeForStamps():
                return Fraction(ticket_minor)
            case GiveStamps(card, per_unit) if card.coupon:
                units = -(-ticket_minor // self._programme.restraint.line_from_minor) if per_unit else 1
                coupon = self._programme.coupons.get(card.coupon)
                value_minor = 0 if coupon is None else coupon.value_minor
                return Fraction(-(-units // card.size) * value_minor)
            case _:
                return money_in(rule, ticket_minor, self._programme.coupons)


def value_of_point(programme: Programme) -> Fraction:
    """Minor units that a point pays where it pays most: it is spent on another day than it is earned."""
    terms = [rule.effect.redemption for rule in programme.rules if isinstance(rule.effect, Redeem)]
    values = [each.value for each in (programme.redemption, *terms) if not each.refused]
    return max((Fraction(each.numerator, each.denominator) for each in values), default=Fraction(0))


def _compatibility(rules: Sequence[Rule]) -> list[int]:
    masks = [0] * len(rules)
    for at, one in enumerate(rules):
        for number in range(at + 1, len(rules)):
            other = rules[number]
            if not _is_one_of(one, other) and _meet(one, other):
                masks[at] |= 1 << number
                masks[number] |= 1 << at
    return masks


def _meet(one: Rule, other: Rule) -> bool:
    """Whether both may apply. Prices see the ticket before they are lowered, points see it afterwards."""
    if (one.lane in PRICE_LANES) is (other.lane in PRICE_LANES):
        return compatible(one, other)
    one, other = (
        replace(rule, when=tuple([each for each in rule.when if not _asks_amount(each)]))
        for rule in (one, other)
    )
    return compatible(one, other)


def _asks_amount(condition: Condition) -> bool:
    match condition:
        case AmountWithin():
            return True
        case AllOf(parts) | AnyOf(parts):
            return any(_asks_amount(each) for each in parts)
        case Not(inner):
            return _asks_amount(inner)
        case _:
            return False


def _is_one_of(one: Rule, other: Rule) -> bool:
    """Whether only one of the two can count: of a group that picks one, or of base rates, for each line."""
    if one.lane is not other.lane:
        return False
    picks_one = one.pick is not Pick.ALL and one.take == 1
    return one.lane is Lane.BASE or (picks_one and one.group == other.group)


def _edges(rule: Rule) -> Iterator[int]:
    """Amounts from which *rule* applies."""
    for each in rule.when:
        if isinstance(each, AmountWithin) and each.low:
            yield each.low
    if rule.lines is not None and rule.lines.low:
        yield rule.lines.low


def _admits(rule: Rule, ticket_minor: int) -> bool:
    """Whether *rule* may apply to a ticket of so much; what points are given for may be less."""
    for each in rule.when:
        if isinstance(each, AmountWithin):
            if each.low is not None and ticket_minor < each.low:
                return False
            is_above = each.high is not None and ticket_minor >= each.high
            if is_above and each.attribute == "ticket" and rule.lane in PRICE_LANES:
                return False
    return rule.lines is None or rule.lines.low is None or ticket_minor >= rule.lines.low


def _most(cap: Cap) -> Fraction:
    """Points that a limit leaves to a sale that is the first of all."""
    match cap.unit:
        case Unit.POINTS:
            return Fraction(cap.limit)
        case Unit.COST:
            return Fraction(cap.limit * cap.value.denominator, cap.value.numerator)
        case Unit.COUNT:
            return Fraction(10**15)  # a count does not limit what one sale brings


def money_in(rule: Rule, ticket_minor: int, coupons: Mapping[str, Coupon]) -> Fraction:
    """What *rule* gives in money on a ticket of so much, off the price or beside it; 0 if nobody can say.

    What stamps pay for counts by the part of a card that each of them fills.
    """
    match rule.effect:
        case ShareOff(share) | CashBack(share):
            return Fraction(share.numerator * ticket_minor, share.denominator)
        case MoneyOff(amount_minor):
            return Fraction(min(amount_minor, ticket_minor))
        case FreeUnits(of):
            return Fraction(ticket_minor, of)
        case FreeForStamps(card):
            return Fraction(ticket_minor, card.size)
        case UnitPrice():
            return Fraction(0)  # what it cost before is not known here
        case IssueCertificate(value_minor):
            return Fraction(value_minor)
        case IssueMoney(amount_minor):
            return Fraction(amount_minor)
        case IssueCoupon(coupon):
            known = coupons.get(coupon)
            return Fraction(0 if known is None else known.value_minor)
        case GiveAway(pool):
            return Fraction(pool.cost_minor)
        case _:
            return Fraction(0)
