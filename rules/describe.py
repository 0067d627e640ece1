"""Says in words what conditions ask and what effects give."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from typing import Final

from loyalty.amount import Rate, format_minor
from rules.cap import Cap, Per, Scope, Unit
from rules.conditions import (
    AMOUNT_ATTRIBUTES,
    DAY_S,
    SET_ATTRIBUTES,
    TEXT_ATTRIBUTES,
    AgeWithin,
    AllOf,
    AmountWithin,
    AnyOf,
    BirthdayWithin,
    Condition,
    CounterWithin,
    HoldingWithin,
    JoinedWithin,
    LineFilter,
    Not,
    OnDays,
    OneOf,
    Period,
    SomeOf,
    Window,
    age_of,
    days_since_joining,
)
from rules.counters import AMOUNTS
from rules.effects import (
    BasePoints,
    CashBack,
    Decline,
    Effect,
    FixedPoints,
    FreeForStamps,
    FreeUnits,
    GiveAway,
    GiveStamps,
    IssueCertificate,
    IssueCoupon,
    IssueMoney,
    Message,
    MoneyOff,
    MoveTier,
    Multiply,
    PointsPerAmount,
    PointsPerLine,
    PointsPerUnit,
    Redeem,
    ShareOff,
    TierPoints,
    TierPointsPerAmount,
    UnitPrice,
)
from rules.facts import Facts
from rules.holdings import in_words
from rules.mcc import told_in_ranges
from rules.programme import Programme
from rules.redemption import Redemption
from rules.rule import Rule
from rules.span import Span
from rules.tiers import Qualification, TierWindow

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NAMED: Final = 5  # names of a list where a decision is explained; who wants all looks at the programme
_AMOUNT_NAMES: Final = {"amount": "the earn base", "ticket": "the ticket"}


def describe(condition: Condition, currency: str, most: int = NAMED) -> str:  # noqa: C901, PLR0912  (one case a kind)
    """What *condition* asks, in words, with *most* names of a list."""
    match condition:
        case OneOf("mcc", values):
            return f"mcc is {any_of(told_in_ranges(values), most)}"
        case OneOf(attribute, values):
            return f"{attribute} is {any_of(values, most)}"
        case SomeOf("traits", values):
            name = next(iter(values), "a trait").partition(":")[0]
            return f"{name} is {any_of([_trait(each) for each in values], most)}"
        case SomeOf(attribute, values):
            return f"{attribute} has {any_of(values, most)}"
        case AmountWithin(attribute, low, high):
            return f"{_AMOUNT_NAMES[attribute]} is {_money_range(low, high, currency)}"
        case CounterWithin(name, low, high, every):
            each = f"each {_ordinal(every)} in {name}" if every else ""
            within = _money_range(low, high, currency) if _is_money(name) else _range(low, high)
            ranged = f"counter {name} is {within}" if low is not None or high is not None else ""
            return " and ".join(part for part in (ranged, each) if part)
        case Window(days, start_s, end_s):
            return _window(days, start_s, end_s)
        case Period(start, end):
            parts = [f"from {_moment(start)}" if start else "", f"before {_moment(end)}" if end else ""]
            return "it is " + " and ".join(part for part in parts if part)
        case OnDays(names, _):
            return f"it is a day of {any_of(names, most)}"
        case AgeWithin(low, high):
            return f"the age is {_range(low, high)}"
        case JoinedWithin(low, high):
            return f"days since joining are {_range(low, high)}"
        case HoldingWithin(name, low, high):
            return f"{in_words(name)} is {_range(low, high)}"
        case BirthdayWithin(before, after):
            return f"it is {before} days before to {after} days after the birthday"
        case AllOf(conditions):
            return "(" + " and ".join(describe(each, currency, most) for each in conditions) + ")"
        case AnyOf(conditions):
            return "(" + " or ".join(describe(each, currency, most) for each in conditions) + ")"
        case Not(inner):
            return f"not {describe(inner, currency, most)}"


def found(condition: Condition, facts: Facts, currency: str) -> str:  # noqa: C901  (one case a kind)
    """What the sale had where *condition* asks."""
    match condition:
        case OneOf(attribute, _):
            return TEXT_ATTRIBUTES[attribute](facts) or "none"
        case SomeOf("traits", values):
            own = {value.partition(":")[0] for value in values}
            has = [_trait(each) or "none" for each in sorted(facts.traits) if each.partition(":")[0] in own]
            return ", ".join(has) or "unknown"
        case SomeOf(attribute, _):
            return ", ".join(sorted(SET_ATTRIBUTES[attribute](facts))) or "none"
        case AmountWithin(attribute, _, _):
            return format_minor(AMOUNT_ATTRIBUTES[attribute](facts), currency)
        case CounterWithin(name):
            value = dict(facts.counters).get(name, 0)
            return format_minor(value, currency) if _is_money(name) else str(value)
        case AgeWithin():
            return _or_unknown(age_of(facts))
        case JoinedWithin():
            return _or_unknown(days_since_joining(facts))
        case HoldingWithin(name):
            return _or_unknown(dict(facts.holdings).get(name))
        case Window() | Period() | OnDays():
            return f"{facts.local_at:%a %Y-%m-%d %H:%M:%S}"
        case BirthdayWithin():
            return "unknown" if facts.birthday is None else f"{facts.birthday:%d %B}"
        case AllOf(conditions) | AnyOf(conditions):
            return ", ".join(found(each, facts, currency) for each in conditions)
        case Not(inner):
            return found(inner, facts, currency)


def describe_lines(lines: LineFilter, currency: str, most: int = NAMED) -> str:
    """Which lines a rule is about, in words."""
    parts = []
    if lines.products is not None:
        parts.append(f"product {any_of(lines.products, most)}")
    if lines.categories is not None:
        parts.append(f"category {any_of(lines.categories, most)}")
    if lines.except_products:
        parts.append(f"not product {any_of(lines.except_products, most)}")
    if lines.except_categories:
        parts.append(f"not category {any_of(lines.except_categories, most)}")
    named = lines.products is not None or lines.categories is not None
    text = f"lines{' of' if named else ''} {', '.join(parts)}" if parts else "lines"
    if lines.low is not None or lines.high is not None:
        text += f", together {_money_range(lines.low, lines.high, currency)}"
    if lines.count is not None:
        text += f", {_range(*lines.count)} of them"
    if lines.units is not None:
        text += f", {_range(*lines.units)} units of them"
    return text


def _trait(text: str) -> str:
    return text.partition(":")[2]


def describe_effect(effect: Effect, currency: str, most: int = NAMED) -> str:  # noqa: C901, PLR0912  (one case a kind)
    """What *effect* gives, in words."""
    match effect:
        case BasePoints(rate):
            return f"base rate {_per(rate, currency)}"
        case PointsPerAmount(rate):
            return f"plus {_per(rate, currency)}"
        case FixedPoints(points):
            return f"plus {points}"
        case PointsPerLine(points):
            return f"plus {points} a line"
        case PointsPerUnit(points):
            return f"plus {points} a unit"
        case Multiply(factor):
            return f"{describe_fraction(factor)} times the base"
        case ShareOff(share):
            return f"{_part(share)} off the price"
        case UnitPrice(price_minor):
            return f"{format_minor(price_minor, currency)} a unit"
        case MoneyOff(amount_minor):
            return f"{format_minor(amount_minor, currency)} off"
        case FreeUnits(of):
            return f"of each {of} units the cheapest is free"
        case Decline(name):
            return f"declines: {name}"
        case FreeForStamps(card):
            return f"one is free for {card.size} stamps of {card.id}"
        case IssueCoupon(coupon):
            return f"the coupon {coupon}"
        case IssueCertificate(value_minor):
            return f"a certificate of {format_minor(value_minor, currency)}"
        case IssueMoney(amount_minor):
            return f"{format_minor(amount_minor, currency)} into the purse"
        case CashBack(share):
            return f"{describe_fraction(share)} of it into the purse"
        case GiveAway(pool):
            return f"a prize of {pool.id}, of which there are {pool.stock}"
        case GiveStamps(card, per_unit):
            return f"a stamp{' a unit' if per_unit else ''} of {card.id}, full at {card.size}"
        case TierPoints(points):
            return f"{points} points for tiers"
        case TierPointsPerAmount(rate):
            return f"{_per(rate, currency)} for tiers"
        case MoveTier(tier, lasts):
            return f"the tier {tier} for {describe_span(lasts)}"
        case Message(text):
            return f"tells: {text}"
        case Redeem(redemption):
            return describe_redemption(redemption, currency, most)


def tell_redemption(programme: Programme, redemption: Redemption) -> str:
    """Whose terms *redemption* are, and what they say."""
    texts = {rule.id: rule.text for rule in programme.rules}
    whose = f"{redemption.rule}: {texts[redemption.rule]}" if redemption.rule else "the programme's own terms"
    return f"points pay by {whose}: {describe_redemption(redemption, programme.terms.currency)}"


def describe_redemption(redemption: Redemption, currency: str, most: int = NAMED) -> str:
    """What points pay, in words."""
    if redemption.refused:
        return f"points pay nothing: {redemption.refused}"
    pays = _pays(redemption.value, currency)
    parts = [f"{pays}, in steps of {redemption.step}"]
    if redemption.minimum:
        parts.append(f"from {redemption.minimum} points on")
    parts.append(f"up to {_part(redemption.share)} of the ticket")
    if redemption.ticket_from_minor:
        parts.append(f"of tickets from {format_minor(redemption.ticket_from_minor, currency)} on")
    if redemption.covers is not None:
        parts.append(f"on {describe_lines(redemption.covers, currency, most)}")
    if redemption.is_discount:
        parts.append("as a discount where the till takes it")
    if redemption.proof_from_minor is not None:
        parts.append(f"with a code or PIN from {format_minor(redemption.proof_from_minor, currency)} on")
    if redemption.certificate_minimum:
        parts.append(f"certificates of {redemption.certificate_minimum} points and more")
    if redemption.certificate_step:
        parts.append(f"certificates in steps of {redemption.certificate_step} points")
    return ", ".join(parts)


def describe_rule(rule: Rule, currency: str, most: int = NAMED) -> str:
    """When *rule* applies, in words; empty when always."""
    parts = [describe(each, currency, most) for each in rule.when]
    if rule.arms:
        parts.append(f"the member is in {any_of(rule.arms, most)}")
    if rule.lines is not None:
        parts.append(describe_lines(rule.lines, currency, most))
    return "; ".join(parts)


def _pays(value: Rate, currency: str) -> str:
    """``a point pays 0.01``, ``2 points pay 0.03``."""
    points = "a point pays" if value.denominator == 1 else f"{value.denominator} points pay"
    return f"{points} {format_minor(value.numerator, currency)}"


def any_of(values: Iterable[str], most: int = NAMED) -> str:
    """*values* in a row, the last behind an ``or``; *most* of many."""
    names = sorted(values)
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} or {len(names) - most + 1} more"
    return " or ".join(names)


def _or_unknown(number: int | None) -> str:
    return "unknown" if number is None else str(number)


def describe_span(span: Span) -> str:
    """``1 year``, ``14 days``."""
    unit = span.unit.value
    return f"{span.count} {unit.removesuffix('s') if span.count == 1 else unit}"


def describe_caps(caps: Iterable[Cap], currency: str) -> str:
    """Limits in words: ``at most 30 points a day for each member; …``; empty without any."""
    return "; ".join(_cap(each, currency) for each in caps)


def _cap(cap: Cap, currency: str) -> str:
    match cap.unit:
        case Unit.POINTS:
            limit = f"{cap.limit} points"
        case Unit.COUNT:
            limit = "once" if cap.limit == 1 else f"{cap.limit} times"
        case Unit.COST:
            limit = f"worth {format_minor(cap.limit, currency)}"
    match cap.per:
        case Per.LIFETIME:
            span = "for ever"
        case Per.ROLLING:
            span = f"in {cap.days} days"
        case _:
            span = f"a {cap.per.value}"
    return (
        f"at most {limit} {span}, {'all together' if cap.scope is Scope.ALL else f'each {cap.scope.value}'}"
    )


def describe_qualification(asked: Qualification, tiers: Sequence[str], currency: str) -> str:
    """What each tier asks, over which time, and how it is lost."""
    money = asked.metric in AMOUNTS
    asks = [
        f"{tier} from {format_minor(least, currency) if money else least}"
        for tier, least in zip(tiers[1:], asked.asks[1:], strict=True)
    ]
    over = f"the last {asked.days} days" if asked.days else f"a {asked.window.value}"
    if asked.window is TierWindow.ANNIVERSARY:
        over = "a year of membership"
    down = "one tier down" if asked.one_step else "down to what is reached"
    by = f"by {asked.metric.replace('_', ' ')} in {over}"
    return f"{by}: {', '.join(asks)}; {down} after {asked.grace_days} days"


def _part(share: Rate) -> str:
    return "all" if share.numerator == share.denominator else describe_fraction(share)


def _is_money(counter: str) -> bool:
    return counter.partition(".")[0] in AMOUNTS


def _ordinal(number: int) -> str:
    """``2nd``, ``3rd``, ``11th``."""
    ending = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _range(low: object | None, high: object | None) -> str:
    if high is None:
        return f"{low} or more"
    return f"below {high}" if low is None else f"from {low} to below {high}"


def _money_range(low: int | None, high: int | None, currency: str) -> str:
    return _range(
        None if low is None else format_minor(low, currency),
        None if high is None else format_minor(high, currency),
    )


def _window(days: frozenset[int], start_s: int, end_s: int) -> str:
    named = "every day" if len(days) == 7 else ", ".join(DAYS[day] for day in sorted(days))
    if (start_s, end_s) == (0, DAY_S):
        return f"it is {named}"
    return f"it is {named} {_clock(start_s)} to before {_clock(end_s)}"


def _clock(second: int) -> str:
    seconds = f":{second % 60:02}" if second % 60 else ""
    return f"{second // 3600:02}:{second // 60 % 60:02}{seconds}"


def _moment(moment: datetime) -> str:
    """*moment* as programmes write it: a day stands for its first second."""
    return f"{moment:%Y-%m-%d}" if moment.time() == time.min else f"{moment:%Y-%m-%d %H:%M:%S}"


def describe_fraction(rate: Rate) -> str:
    """``2``, ``3/2``."""
    return f"{rate.numerator}/{rate.denominator}".removesuffix("/1")


def _per(rate: Rate, currency: str) -> str:
    return f"{rate.numerator} for each {format_minor(rate.denominator, currency)}"
