"""What rules take off the price, line by line.

Rules are worked through in order, each on what the earlier ones left; a line never costs less than nothing.
Lines that are reduced already (flag ``D``) and returned lines are left alone. An amount that is taken off
several lines is spread over them in proportion to what they cost (largest remainder), so the parts add up.
Where goods are returned on the same ticket, no more is taken off than it comes to: nobody pays less than
nothing.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from loyalty.decision import Discount
from loyalty.transaction import BasketLine
from rules.cap import Cap, Unit
from rules.effects import FreeForStamps, FreeUnits, MoneyOff, ShareOff, UnitPrice
from rules.facts import DISCOUNTED, Facts, allocate
from rules.margin import too_thin
from rules.rule import Pick, Rule, ranked

WHOLE_UNITS: Final = "U"
UNITS_MAX: Final = 1000  # of a line; more are no pieces that somebody counts

_NO_COSTS: Final[Mapping[str, int]] = MappingProxyType({})

Parts = list[tuple[int, int, int]]  # position of a line, what is taken off it, units that stamps paid for


class Goods(NamedTuple):
    """The basket, what is on the member's cards of stamps, and what a unit of each product costs.

    Attributes:
        used: What was taken of limits, by counter: before, and by earlier rules of this sale.
    """

    lines: Sequence[BasketLine]
    stamps: Mapping[str, int]
    costs: Mapping[str, int]
    used: dict[str, int]


def discounts(
    rules: Sequence[Rule], facts: Facts, costs: Mapping[str, int] = _NO_COSTS
) -> tuple[Discount, ...]:
    """What *rules*, which hold and are in order, take off the lines.

    Rules with a floor take nothing off where less would be left above the *costs* of a unit, by product.
    """
    assert facts.lines is not None
    left = [line.amount_minor for line in facts.lines]
    room_minor = max(facts.ticket_minor, 0)
    stamps = _stamps(rules, facts)
    given = []
    used = dict(facts.counters) if any(rule.caps for rule in rules) else {}
    goods = Goods(facts.lines, stamps, costs, used)
    for rule in _picked(rules, goods, left):
        before_minor = room_minor
        for at, part, units in _off(rule, goods, left):
            off = min(part, room_minor)
            if off:
                room_minor -= off
                left[at] -= off
                given.append(Discount(at + 1, off, rule.id, rule.text, units))
                if units:
                    assert isinstance(rule.effect, FreeForStamps)
                    stamps[rule.effect.card.id] -= units * rule.effect.card.size
        for cap in rule.caps:
            if (
                cap.unit is Unit.COST
            ):  # a sale counts once, however many rules of a campaign take something off
                used[cap.counter] = _used(cap, used) + before_minor - room_minor
    return tuple(given)


def _used(cap: Cap, used: Mapping[str, int]) -> int:
    return used.get(cap.counter, 0)


def _stamps(rules: Sequence[Rule], facts: Facts) -> dict[str, int]:
    """What is on the member's cards of stamps that *rules* take."""
    cards = [rule.effect.card for rule in rules if isinstance(rule.effect, FreeForStamps)]
    counters = dict(facts.counters) if cards else {}
    return {card.id: counters.get(card.counter, 0) for card in cards}


def _picked(rules: Sequence[Rule], goods: Goods, full: list[int]) -> list[Rule]:
    """The rules that count: in a group the first, or what takes most, or least, off the full price."""
    groups: dict[int, list[tuple[Rule, int]]] = {}
    for rule in rules:
        if rule.pick is Pick.ALL:
            continue
        off = sum(part for _, part, _ in _off(rule, goods, full))
        if rule.margin_floor_bp is None or off:
            groups.setdefault(rule.group, []).append((rule, off))
    chosen = {rule.id for group in groups.values() for rule, _ in ranked(group)[: group[0][0].take]}
    return [rule for rule in rules if rule.pick is Pick.ALL or rule.id in chosen]


def _off(rule: Rule, goods: Goods, left: list[int]) -> Parts:
    lines = goods.lines
    own = [
        at
        for at, line in enumerate(lines)
        if left[at] > 0 and DISCOUNTED not in line.flags and (rule.lines is None or rule.lines.covers(line))
    ]
    if not own:
        return []
    total = sum(left[at] for at in own)
    units = [0] * len(own)
    match rule.effect:
        case UnitPrice(price_minor):
            prices = [-(-price_minor * lines[at].quantity_milli // 1000) for at in own]
            parts = [max(left[at] - price, 0) for at, price in zip(own, prices, strict=True)]
        case ShareOff(share):
            parts = allocate(share.of(total), [left[at] for at in own])
        case FreeUnits(of):
            pieces = _pieces([(lines[at], left[at]) for at in own])
            parts, _ = _free(len(pieces) // of, pieces, len(own))
        case FreeForStamps(card):
            pieces = _pieces([(lines[at], left[at]) for at in own])
            parts, units = _free(max(goods.stamps[card.id], 0) // card.size, pieces, len(own))
        case MoneyOff(amount_minor):
            parts = allocate(min(amount_minor, total), [left[at] for at in own])
        case _:
            raise AssertionError("points are no prices")
    if rule.margin_floor_bp is not None:
        paid = [(lines[at], left[at] - part) for at, part in zip(own, parts, strict=True)]
        if too_thin(rule.margin_floor_bp, paid, goods.costs, 0):
            return []
    if rule.caps:
        parts = _limited(rule, parts, goods.used)
    return [(at, part, of) for at, part, of in zip(own, parts, units, strict=True) if part]


def _limited(rule: Rule, parts: list[int], used: Mapping[str, int]) -> list[int]:
    """What the limits of *rule* leave of *parts*; a unit that stamps pay for is free as a whole, or not."""
    room = total = sum(parts)
    for cap in rule.caps:
        left = cap.limit - _used(cap, used)
        if left <= 0:
            return [0] * len(parts)
        if cap.unit is Unit.COST:
            room = min(room, left)
    if room == total:
        return parts
    return [0] * len(parts) if isinstance(rule.effect, FreeForStamps) else allocate(room, parts)


def _pieces(lines: Sequence[tuple[BasketLine, int]]) -> list[tuple[int, int]]:
    """Price and line of each unit of the lines in whole units, the cheapest first."""
    return sorted(
        (price, at)
        for at, (line, amount) in enumerate(lines)
        if line.unit == WHOLE_UNITS
        and line.quantity_milli % 1000 == 0
        and 0 < line.quantity_milli // 1000 <= UNITS_MAX
        for price in allocate(amount, [1] * (line.quantity_milli // 1000))
    )


def _free(count: int, pieces: Sequence[tuple[int, int]], size: int) -> tuple[list[int], list[int]]:
    """What is taken off each of *size* lines when the *count* cheapest *pieces* are free, and the units."""
    parts, units = [0] * size, [0] * size
    for price, at in pieces[:count]:
        parts[at] += price
        units[at] += 1
    return parts, units
