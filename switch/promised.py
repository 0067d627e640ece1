"""A held sale at another amount than was promised: its lines, and what is taken off them, in proportion."""

from collections import Counter
from dataclasses import replace

from loyalty.transaction import BasketLine
from rules.facts import Facts, allocate


def at_price(promised: Facts, price_minor: int, discount_minor: int, base_minor: int) -> Facts:
    """What rules see of what was *promised* when it costs *price_minor*, *discount_minor* taken off."""
    return replace(
        promised,
        lines=None if promised.lines is None else scaled(promised.lines, price_minor),
        ticket_minor=price_minor,
        base_minor=base_minor,
        off=taken_off(promised, None, discount_minor),
    )


def taken_off(
    promised: Facts, lines: tuple[BasketLine, ...] | None, discount_minor: int
) -> tuple[tuple[int, int, str], ...]:
    """What is taken off what was *promised*, *discount_minor* in all: the lines of the hold, or *lines*.

    Another basket is reduced in proportion, so each of its lines has its part of what each rule takes off.
    """
    if not promised.off or not discount_minor:
        return ()
    parts = allocate(discount_minor, [minor for _, minor, _ in promised.off])
    off = [(number, part, rule) for (number, _, rule), part in zip(promised.off, parts, strict=True)]
    if lines is not None:
        by_rule: Counter[str] = Counter()
        for _, part, rule in off:
            by_rule[rule] += part
        weights = [max(line.amount_minor, 0) for line in lines]
        off = [
            (number, part, rule)
            for rule, whole in by_rule.items()
            for number, part in enumerate(allocate(whole, weights), 1)
        ]
    return tuple([each for each in off if each[1]])


def scaled(lines: tuple[BasketLine, ...], total_minor: int) -> tuple[BasketLine, ...]:
    """*lines* in proportion, so that they add up to *total_minor*; quantities too."""
    before_minor = sum(line.amount_minor for line in lines)
    if before_minor in (0, total_minor):
        return lines
    found = []
    seen_minor = given_minor = 0
    for line in lines:
        seen_minor += line.amount_minor
        amount_minor = seen_minor * total_minor // before_minor - given_minor
        given_minor += amount_minor
        quantity_milli = line.quantity_milli * total_minor // before_minor
        found.append(replace(line, amount_minor=amount_minor, quantity_milli=quantity_milli))
    return tuple(found)
