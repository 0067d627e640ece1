"""What rules give beside points and prices, and whether a sale may be at all.

Guards see the ticket as it was rung up; all others see what is left to pay, like points do. They lie in a
table of their own, so a programme without them never looks. What they give follows from the facts alone, so
what a kept part of a sale would have brought can be worked out again.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeVar

from loyalty.transaction import BasketLine
from rules.cap import BUDGET, Cap, Per, Unit
from rules.conditions import holds, within
from rules.effects import (
    EXTRA_LANES,
    CashBack,
    GiveAway,
    GiveStamps,
    IssueCertificate,
    IssueCoupon,
    IssueMoney,
    Lane,
    Message,
    MoveTier,
    TierPoints,
    TierPointsPerAmount,
)
from rules.experiment import counts
from rules.facts import Facts
from rules.programme import Programme
from rules.rows import Sale, sale_of
from rules.rule import Pick, Rule
from rules.span import Span
from rules.stock import FREE, FREE_WITHIN, StampCard

T = TypeVar("T")

EARNED_LANES: Final = frozenset({Lane.ISSUE, Lane.COUNTER})  # what they give is earned, as points are
TIER_POINTS: Final = "tier_points/member"  # measure
CERTIFICATE: Final = "CERT"
MONEY: Final = "MONY"
PRIZE: Final = "PRIZ"

Own = Sequence[tuple[BasketLine, int]]  # the lines that a rule is about, each with its base


class Gift(NamedTuple):
    """What a rule hands out: a certificate, money for the purse, or a prize.

    Attributes:
        name: What a prize is.
        lasts: Of a prize.
    """

    kind: str
    rule: str
    value_minor: int
    name: str = ""
    lasts: Span | None = None


class Extras(NamedTuple):
    """What rules give beside points and prices.

    Attributes:
        coupons: Kinds of the coupons that the member gets, in order.
        messages: What the receipt tells, in order.
        rules: Those that gave any of it.
        gifts: In order.
        tiers: That the member is moved to, and for how long.
        stamps: Of each card that changes: its text, the stamps on it now, and its size.
        counted: By how much measures and the counters of limits grow.
        costs: What each rule costs, in minor units, zeros left out.
    """

    coupons: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    gifts: tuple[Gift, ...] = ()
    tiers: tuple[tuple[str, Span], ...] = ()
    stamps: tuple[tuple[str, int, int], ...] = ()
    counted: tuple[tuple[str, int], ...] = ()
    costs: tuple[tuple[str, int], ...] = ()


NOTHING: Final = Extras()


def declined_by(programme: Programme, facts: Facts) -> Rule | None:
    """The first rule that declines; *facts* are those of the whole ticket, nothing paid yet."""
    if not programme.guards:
        return None
    for rule, _ in _found(programme, facts):
        if rule.lane is Lane.GUARD:
            return rule
    return None


def extras(programme: Programme, facts: Facts, counted: tuple[tuple[str, int], ...] = ()) -> Extras:
    """What the sale brings beside points and prices.

    Args:
        programme: In force.
        facts: Those on which it earns.
        counted: What its points took of limits already (``Award.counted``).
    """
    if not programme.has_extras:
        return NOTHING
    return _Giving(programme, facts, counted).all_of(_found(programme, facts))


def _found(programme: Programme, facts: Facts) -> list[tuple[Rule, Own]]:
    """The rules that hold, in order, each with its lines."""
    sale = sale_of(facts)
    hits = programme.extras.search(sale, None).hits
    return [
        (row.rule, sale.lines if own is None else [sale.lines[at] for at in own])
        for _, row, own, _ in hits
        if counts(row.rule, programme, facts.arms)
    ]


class _Giving:
    """What rules give, while it is added up."""

    def __init__(self, programme: Programme, facts: Facts, counted: Iterable[tuple[str, int]]) -> None:
        self._programme = programme
        self._facts = facts
        self._before = dict(facts.counters)
        self._by_points = dict(counted)
        self._counted: dict[str, int] = {}
        self._coupons: list[str] = []
        self._messages: list[str] = []
        self._gifts: list[Gift] = []
        self._tiers: list[tuple[str, Span]] = []
        self._stamps: dict[StampCard, int] = {}
        self._costs: list[tuple[str, int]] = []
        self._rules: list[str] = []

    def all_of(self, found: Iterable[tuple[Rule, Own]]) -> Extras:
        """What *found* give: in a group the first that can, as many as it takes."""
        groups: Counter[tuple[Lane, int]] = Counter()
        if "earn" in self._programme.stopped:
            found = [(rule, own) for rule, own in found if rule.lane not in EARNED_LANES]
        for rule, own in found:
            group = rule.lane, rule.group
            if rule.lane is Lane.GUARD or (rule.pick is not Pick.ALL and groups[group] >= rule.take):
                continue
            if self._give(rule, own):
                self._rules.append(rule.id)
                groups[group] += 1
        stamps = self._fill_cards()
        return Extras(
            tuple(self._coupons),
            tuple(self._messages),
            tuple(self._rules),
            tuple(self._gifts),
            tuple(self._tiers),
            stamps,
            tuple(sorted((name, by) for name, by in self._counted.items() if by)),
            tuple(self._costs),
        )

    def _give(self, rule: Rule, own: Own) -> bool:
        """Give what *rule* gives; whether that was anything. A spent budget gives nothing at all."""
        if any(cap.subject.startswith(BUDGET) and self._is_spent(cap) for cap in rule.caps):
            return False
        if rule.lane is Lane.COUNTER:
            return self._count_up(rule, own)
        match rule.effect:
            case IssueCoupon(coupon):
                return self._may(rule) and _put(self._coupons, coupon)
            case Message(text):
                return _put(self._messages, text)
            case IssueCertificate(value_minor):
                return self._hand_out(rule, Gift(CERTIFICATE, rule.id, value_minor))
            case IssueMoney(amount_minor):
                return self._hand_out(rule, Gift(MONEY, rule.id, amount_minor))
            case CashBack(share):
                minor = share.of(max(sum(base for _, base in own), 0))
                return minor > 0 and self._hand_out(rule, Gift(MONEY, rule.id, minor))
            case GiveAway(pool):
                given = self._before.get(pool.counter, 0) + self._counted.get(pool.measure, 0)
                gift = Gift(PRIZE, rule.id, pool.cost_minor, pool.text, pool.lasts)
                if given >= pool.stock or not self._hand_out(rule, gift, points=0):
                    return False
                return self._count(pool.measure, 1)
            case _:
                raise AssertionError("prices and points are no extras")

    def _count_up(self, rule: Rule, own: Own) -> bool:
        """The same for what is only counted."""
        match rule.effect:
            case GiveStamps(card, per_unit):
                stamps = self._units(card, own) if per_unit else 1
                if stamps <= 0 or not self._may(rule):
                    return False
                self._stamps[card] = self._stamps.get(card, 0) + stamps
                return True
            case TierPoints(points):
                return self._may(rule) and self._count(TIER_POINTS, points)
            case TierPointsPerAmount(rate):
                points = rate.of(max(sum(base for _, base in own), 0))
                return points > 0 and self._may(rule) and self._count(TIER_POINTS, points)
            case MoveTier(tier, lasts):
                return self._may(rule) and _put(self._tiers, (tier, lasts))
            case _:
                raise AssertionError("it lies in another lane")

    def _hand_out(self, rule: Rule, gift: Gift, points: int | None = None) -> bool:
        """Give *gift*, if limits leave all of it; it takes *points* of them, else what its value is."""
        if points is None:
            points = points_worth(self._programme, gift.value_minor)
        if not self._may(rule, points, gift.value_minor):
            return False
        if gift.value_minor:
            self._costs.append((rule.id, gift.value_minor))
        return _put(self._gifts, gift)

    def _is_spent(self, budget: Cap) -> bool:
        """Whether nothing was left of *budget* before the sale."""
        return self._before.get(budget.counter, 0) >= budget.limit

    def _may(self, rule: Rule, points: int = 0, cost_minor: int = 0) -> bool:
        """Whether the limits leave so much; it is taken. Nothing is given by halves."""
        needs: dict[str, int] = {}
        for cap in rule.caps:
            name = cap.counter
            need = {Unit.POINTS: points, Unit.COUNT: 1, Unit.COST: cost_minor}[cap.unit]
            given = self._by_points.get(name, 0) + self._counted.get(name, 0)
            if cap.unit is Unit.COUNT and given:
                continue  # a sale counts once
            before = 0 if cap.per is Per.TRANSACTION else self._before.get(name, 0)
            if need and need > cap.limit - before - given:
                return False
            needs[name] = need
        for name, need in needs.items():
            self._count(name, need)
        return True

    def _count(self, name: str, by: int) -> bool:
        self._counted[name] = self._counted.get(name, 0) + by
        return True

    def _units(self, card: StampCard, own: Own) -> int:
        """Full units of these lines that were paid for, returned ones taken off."""
        units = 0
        for line, _ in own:
            if line.amount_minor:
                full = line.quantity_milli // 1000
                units += full if line.amount_minor > 0 else -full
        within_lines = (
            self._before.get(FREE_WITHIN + rule.id, 0)
            for rule, of in self._programme.free_for_stamps
            if of == card
        )
        return units - sum(within_lines)

    def _fill_cards(self) -> tuple[tuple[str, int, int], ...]:
        """Turn full cards into coupons; what is on each card that changes."""
        changed = dict(self._stamps)
        for rule, card in self._programme.free_for_stamps:
            free = min(self._before.get(FREE + rule.id, 0), self._still_free(rule))
            if free:
                self._count(card.used, free * card.size)
                changed.setdefault(card, 0)
        told = []
        for card, stamps in changed.items():
            has = self._before.get(card.counter, 0) + stamps - self._counted.get(card.used, 0)
            if stamps:
                self._count(card.measure, stamps)
            if card.coupon and has >= card.size:
                self._coupons += [card.coupon] * (has // card.size)
                self._count(card.used, has // card.size * card.size)
                has %= card.size
            told.append((card.text, has, card.size))
        return tuple(told)

    def _still_free(self, rule: Rule) -> int:
        """Units that stamps paid for by *rule* and that are there, whatever their line costs."""
        free = self._before.get(FREE_WITHIN + rule.id, 0)
        for line in self._facts.lines or ():
            if line.amount_minor == 0 and (rule.lines is None or rule.lines.covers(line)):
                free += line.quantity_milli // 1000
        return free


def points_worth(programme: Programme, minor: int) -> int:
    """The points that *minor* units of money are worth; a part of one counts as a whole one."""
    value = programme.redemption.value
    return -(-minor * value.denominator // value.numerator)


def _put(into: list[T], what: T) -> bool:
    into.append(what)
    return True


def interpreted(
    programme: Programme, facts: Facts, counted: tuple[tuple[str, int], ...] = ()
) -> tuple[str | None, Extras]:
    """What both functions give, rule by rule: who declines, and what else is given. It says what is right."""
    sale = sale_of(facts)
    found = [
        (rule, _own(rule, sale))
        for rule in programme.rules
        if rule.lane in EXTRA_LANES
        and counts(rule, programme, facts.arms)
        and all(holds(condition, facts) for condition in rule.when)
        and _has_lines(rule, sale)
    ]
    guards = [rule.id for rule, _ in found if rule.lane is Lane.GUARD]
    return (guards[0] if guards else None), _Giving(programme, facts, counted).all_of(found)


def _own(rule: Rule, sale: Sale) -> Own:
    return [each for each in sale.lines if rule.lines is None or rule.lines.covers(each[0])]


def _has_lines(rule: Rule, sale: Sale) -> bool:
    if rule.lines is None:
        return True
    own = _own(rule, sale)
    total = sum(base for _, base in own)
    enough = rule.lines.enough([line for line, _ in own])
    return bool(own) and within(total, rule.lines.low, rule.lines.high) and enough
