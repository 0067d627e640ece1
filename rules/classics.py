"""The classic errors of loyalty programmes, each with the signal by which it shows in the rules themselves.

They were named by Nunes and Dreze (Harvard Business Review, 2006): to create a new commodity, to feed the
disloyal, to reward volume over profit, to give away the store, to promise what cannot be delivered. The
fourth is the matter of ``rules.stacking``; what only the books can tell of the others, of ``rules.outlook``.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final

from loyalty.amount import format_minor
from rules.advice import Advice, percent
from rules.cap import Per, Unit
from rules.conditions import (
    DAY_S,
    AllOf,
    AnyOf,
    Condition,
    CounterWithin,
    HoldingWithin,
    JoinedWithin,
    LineFilter,
    Window,
)
from rules.effects import PRICE_LANES, Lane, UnitPrice
from rules.programme import Programme
from rules.rule import Rule
from rules.stacking import Stacking, money_in

TICKET_LINES: Final = (
    10  # of the basket by which discounts are weighed; a rule on some lines sees one of them
)
LINE_MINOR: Final = 200
WELCOME_BP: Final = 2_500  # of the first ticket; a welcome that is worth more is worth signing up for alone
_WHOLE_BP: Final = 10_000
_WEEK_S: Final = 7 * DAY_S


def classic_errors(programme: Programme, costs: Mapping[str, int]) -> Iterator[Advice]:
    """What the rules tell of them, and the *costs* of a unit by product, where they are known."""
    yield from _commodity(programme)
    yield from _disloyal(programme)
    yield from _volume(programme, costs)


def _commodity(programme: Programme) -> Iterator[Advice]:
    """A price war: most of what is given is money off the price, which any shop can give."""
    ticket_minor = TICKET_LINES * LINE_MINOR
    rates = [rule for rule in programme.rules if rule.lane is Lane.BASE]
    off, other = Fraction(0), Fraction(Stacking(programme, rates).on(ticket_minor).worth_minor)
    for rule in programme.rules:
        often = how_often(rule)
        if rule.lane in PRICE_LANES:
            off += often * seen(rule.lines) * money_in(rule, ticket_minor, programme.coupons)
        elif rule.lane in (Lane.BONUS, Lane.MULTIPLY, Lane.ISSUE):
            alone = Stacking(programme, [rule]).on(ticket_minor).worth_minor
            other += often * seen(rule.lines) * (alone - _base(programme, ticket_minor))
    share = off / (off + other) if off else Fraction(0)
    share_bp = int(share * _WHOLE_BP)
    if share_bp > programme.restraint.discount_max_bp:
        allowed = percent(programme.restraint.discount_max_bp)
        yield Advice(
            "guards.discount_max_bp",
            f"{percent(share_bp)} percent of what the rules give is money off the price, {allowed} at most"
            " are meant: who comes for a price leaves for a price",
            "give points and privileges in place of it",
        )


def _base(programme: Programme, ticket_minor: int) -> int:
    return Stacking(programme, []).on(ticket_minor).worth_minor


def how_often(rule: Rule) -> Fraction:
    """The part of the week in which *rule* may hold, by its times alone."""
    part = Fraction(1)
    for condition in rule.when:
        part *= _open(condition)
    return part


def _open(condition: Condition) -> Fraction:
    match condition:
        case Window(days, start_s, end_s):
            return Fraction(len(days) * ((end_s - start_s) % DAY_S or DAY_S), _WEEK_S)
        case AnyOf(choices) if all(isinstance(each, Window) for each in choices):
            return min(sum((_open(each) for each in choices), Fraction(0)), Fraction(1))
        case _:
            return Fraction(1)


def seen(lines: LineFilter | None) -> Fraction:
    """The part of a basket that a rule on *lines* is about: one line, all but one, or all."""
    if lines is None:
        return Fraction(1)
    if lines.products is None and lines.categories is None:
        return Fraction(TICKET_LINES - 1, TICKET_LINES)
    return Fraction(1, TICKET_LINES)


def _disloyal(programme: Programme) -> Iterator[Advice]:
    """Sign up and burn: who comes once gets what pays the next ticket at once, and never comes back."""
    for rule in programme.rules:
        if not is_welcome(rule) or rule.lane not in (Lane.BONUS, Lane.ISSUE, Lane.BASKET):
            continue
        if rule.lane is Lane.BONUS and programme.validity.wait.count:
            continue  # points that wait cannot be burnt on the way out
        stacking = Stacking(programme, [rule])
        ticket_minor = worth_minor = 0
        for ticket_minor in stacking.baskets():
            worth_minor = stacking.on(ticket_minor).worth_minor - _base(programme, ticket_minor)
            if worth_minor > 0:
                break
        share_bp = worth_minor * _WHOLE_BP // ticket_minor
        if share_bp > WELCOME_BP:
            ticket, worth = (
                format_minor(minor, programme.terms.currency) for minor in (ticket_minor, worth_minor)
            )
            yield Advice(
                f"rule {rule.id}",
                f"welcomes newcomers with {worth} for a first ticket of {ticket}, to be spent at once:"
                " signing up pays, coming back does not",
                "let points wait (points.available_after), give it with a later visit, or ask for more",
            )


def is_welcome(rule: Rule) -> bool:
    """Whether *rule* is for those who have just come: it ends after some visits or days, or is given once."""
    if any(cap.unit is Unit.COUNT and cap.per is Per.LIFETIME for cap in rule.caps):
        return not any(_asks_loyalty(each) for each in rule.when)
    early = any(_is_early(each) for each in rule.when)
    return early and not any(_asks_loyalty(each) for each in rule.when)


def _is_early(condition: Condition) -> bool:
    match condition:
        case JoinedWithin(_, high) if high is not None:
            return True
        case CounterWithin(name, low, high) if name.endswith(".lifetime"):
            return high is not None and not low
        case AllOf(parts):
            return any(_is_early(each) for each in parts)
        case _:
            return False


def _asks_loyalty(condition: Condition) -> bool:
    """Whether only who was here before can have it."""
    match condition:
        case CounterWithin(_, low, _) | JoinedWithin(low, _) | HoldingWithin(_, low, _):
            return bool(low)
        case AllOf(parts):
            return any(_asks_loyalty(each) for each in parts)
        case _:
            return False


def _volume(programme: Programme, costs: Mapping[str, int]) -> Iterator[Advice]:
    """Volume over profit: prices below cost, and tiers by spending though costs are known."""
    currency = programme.terms.currency
    for rule in programme.rules:
        if not isinstance(rule.effect, UnitPrice) or rule.lines is None:
            continue
        price_minor = rule.effect.price_minor
        below = sorted(each for each in rule.lines.products or () if costs.get(each, 0) > price_minor)
        if below:
            price, cost = (format_minor(minor, currency) for minor in (price_minor, costs[below[0]]))
            more = f" ({len(below) - 1} more like it)" if len(below) > 1 else ""
            yield Advice(
                f"rule {rule.id}",
                f"sells {below[0]} at {price}, which costs {cost}{more}: the more of it, the larger the loss",
                "ask for other lines beside it, or take a higher price",
            )
    metric = None if programme.qualification is None else programme.qualification.metric
    if metric == "spend" and any(costs.values()):
        yield Advice(
            "qualification.metric",
            "is spend, though products.csv knows what products cost: who spends most may cost most",
            'take "profit"',
        )
