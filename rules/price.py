"""What rules take off the price, line by line.

Rules are worked through in order, each on what the earlier ones left; a line never costs less than nothing.
Lines that are reduced already (flag ``D``) and returned lines are left alone. An amount that is taken off
several lines is spread over them in proportion to what they cost (largest remainder), so the parts add up.
Where goods are returned on the same ticket, no more is taken off than it comes to: nobody pays less than
nothing.
"""

from collections.abc import Sequence
from typing import Final

from loyalty.decision import Discount
from loyalty.transaction import BasketLine
from rules.effects import FreeUnits, MoneyOff, ShareOff, UnitPrice
from rules.facts import DISCOUNTED, Facts, allocate
from rules.rule import Pick, Rule

WHOLE_UNITS: Final = "U"
UNITS_MAX: Final = 1000  # of a line; more are no pieces that somebody counts

Parts = list[tuple[int, int]]  # position of a line, and what is taken off it


def discounts(rules: Sequence[Rule], facts: Facts) -> tuple[Discount, ...]:
    """What *rules*, which hold and are in order, take off the lines."""
    assert facts.lines is not None
    left = [line.amount_minor for line in facts.lines]
    room_minor = max(facts.ticket_minor, 0)
    given = []
    for rule in _picked(rules, facts.lines, left):
        for at, part in _off(rule, facts.lines, left):
            off = min(part, room_minor)
            if off:
                room_minor -= off
                left[at] -= off
                given.append(Discount(at + 1, off, rule.id, rule.text))
    return tuple(given)


def _picked(rules: Sequence[Rule], lines: Sequence[BasketLine], full: list[int]) -> list[Rule]:
    """The rules that count: in a group the first, or the one that takes most off the full price."""
    best: dict[int, tuple[Rule, int]] = {}
    for rule in rules:
        if rule.pick is Pick.ALL:
            continue
        off = sum(part for _, part in _off(rule, lines, full))
        holder = best.setdefault(rule.group, (rule, off))
        if rule.pick is Pick.BEST and off > holder[1]:
            best[rule.group] = rule, off
    return [rule for rule in rules if rule.pick is Pick.ALL or best[rule.group][0] is rule]


def _off(rule: Rule, lines: Sequence[BasketLine], left: list[int]) -> Parts:
    own = [
        at
        for at, line in enumerate(lines)
        if left[at] > 0 and DISCOUNTED not in line.flags and (rule.lines is None or rule.lines.covers(line))
    ]
    if not own:
        return []
    total = sum(left[at] for at in own)
    match rule.effect:
        case UnitPrice(price_minor):
            prices = [-(-price_minor * lines[at].quantity_milli // 1000) for at in own]
            parts = [max(left[at] - price, 0) for at, price in zip(own, prices, strict=True)]
        case ShareOff(share):
            parts = allocate(share.of(total), [left[at] for at in own])
        case FreeUnits(of):
            parts = _free(of, [(lines[at], left[at]) for at in own])
        case MoneyOff(amount_minor):
            parts = allocate(min(amount_minor, total), [left[at] for at in own])
        case _:
            raise AssertionError("points are no prices")
    return [(at, part) for at, part in zip(own, parts, strict=True) if part]


def _free(of: int, lines: Sequence[tuple[BasketLine, int]]) -> list[int]:
    """What is taken off each line when of each *of* units of all of them the cheapest is free."""
    units = sorted(
        (price, at)
        for at, (line, amount) in enumerate(lines)
        if line.unit == WHOLE_UNITS
        and line.quantity_milli % 1000 == 0
        and 0 < line.quantity_milli // 1000 <= UNITS_MAX
        for price in allocate(amount, [1] * (line.quantity_milli // 1000))
    )
    parts = [0] * len(lines)
    for price, at in units[: len(units) // of]:
        parts[at] += price
    return parts
