"""Tells in words what a rule asks, what a sale earned and why, and why a rule did not apply.

Everything is computed again by the plain interpreter, from the facts that were kept and the programme of the
time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from loyalty.amount import Rate, format_minor
from rules.award import Award, Step, Verdict
from rules.bound import bound_by
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
    holds,
)
from rules.effects import (
    EXTRA_LANES,
    POINT_LANES,
    PRICE_LANES,
    BasePoints,
    Decline,
    Effect,
    FixedPoints,
    FreeUnits,
    IssueCoupon,
    Lane,
    Message,
    MoneyOff,
    Multiply,
    PointsPerAmount,
    PointsPerLine,
    PointsPerUnit,
    Redeem,
    ShareOff,
    UnitPrice,
)
from rules.experiment import HOLDOUT, withheld
from rules.facts import Facts
from rules.interpret import interpret, lines_hold, selected, shortfall
from rules.programme import BASE_RULE, Programme
from rules.redeem import redemption_in
from rules.redemption import Redemption
from rules.rule import Rule

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_AMOUNT_NAMES: Final = {"amount": "the earn base", "ticket": "the ticket"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing that a rule asks, and whether the sale had it."""

    holds: bool
    asks: str
    found: str


def tell(programme: Programme, facts: Facts) -> list[str]:
    """What the sale earned and how, a line a step."""
    award = interpret(programme, facts)
    if "earn" in programme.stopped:
        return ["earning was paused"]
    texts = {rule.id: rule.text for rule in programme.rules} | {BASE_RULE: "the programme's base rate"}
    currency = programme.terms.currency
    lines = [
        f"{each.promotion}: {each.text}: {format_minor(each.amount_minor, currency)} off line {each.line}"
        for each in award.discounts
    ]
    lines.append(_base_line(programme, facts.after(award.discounts)))
    if facts.arms:
        lines.append(f"the member is in {_or(facts.arms)}".replace(" or ", " and "))
    bound = bound_by(programme, facts, award)
    lines += [
        _step_line(step, texts[step.rule_id], programme, bound.get(step.rule_id, "")) for step in award.steps
    ]
    lines.append(_sum_line(award, programme))
    if award.near_miss is not None:
        lines.append(f"near: {award.near_miss}")
    return lines


def why_not(programme: Programme, facts: Facts, rule_id: str) -> list[Answer]:
    """All that the rule asks, in order, each with what the sale had.

    The last answer tells what became of a rule whose conditions hold.

    Raises:
        KeyError: There is no such rule in force.
    """
    rule = {rule.id: rule for rule in programme.rules}[rule_id]
    award = interpret(programme, facts)
    if rule.lane > Lane.BASKET:
        facts = facts.after(award.discounts)  # what is taken off is not earned on
    elif facts.lines is not None and rule.lane is not Lane.REDEEM:
        facts = facts.gross()
    _, lines = facts.earning()
    currency = programme.terms.currency
    answers = [
        Answer(holds(each, facts), describe(each, currency), found(each, facts, currency))
        for each in rule.when
    ]
    if rule.lines is not None:
        base = sum(lines[at][1] for at in selected(rule, lines))
        what = f"{len(selected(rule, lines))} such lines, {format_minor(base, currency)}"
        answers.append(Answer(lines_hold(rule, lines), describe_lines(rule.lines, currency), what))
    if all(answer.holds for answer in answers):
        answers.append(_picked(rule, programme, award, facts))
    else:
        short = shortfall(rule, facts, lines)
        if short is not None:
            missing = f"{format_minor(short, currency)} was missing"
            answers.append(Answer(holds=False, asks="a little more", found=missing))
    return answers


def _picked(rule: Rule, programme: Programme, award: Award, facts: Facts) -> Answer:
    """What became of *rule*, whose conditions hold."""
    currency = programme.terms.currency
    if rule.campaign in programme.paused:
        return Answer(holds=False, asks="a campaign that counts", found=f"{rule.campaign} was paused")
    verdict = withheld(rule, facts.arms)
    if verdict is Verdict.HELD_OUT:
        return Answer(holds=False, asks="a member who is not held out", found=HOLDOUT)
    if verdict is Verdict.OTHER_ARM:
        own = ", ".join(sorted(facts.arms)) or "no arm"
        return Answer(holds=False, asks=f"a member in {_or(rule.arms)}", found=own)
    if rule.lane in POINT_LANES and "earn" in programme.stopped:
        return Answer(holds=False, asks="that sales earn", found="earning was paused")
    if rule.lane is Lane.REDEEM:
        decided = redemption_in(programme, facts).rule
        found = "it decided" if decided == rule.id else f"{decided} comes before it"
        return Answer(decided == rule.id, "being the first of its lane", found)
    if rule.lane in EXTRA_LANES:
        return Answer(holds=True, asks="nothing more", found="it was given, or another of its group")
    if rule.lane in PRICE_LANES:
        if not facts.may_be_discounted:
            return Answer(holds=False, asks="a till that takes discounts off lines", found="it cannot")
        off = sum(each.amount_minor for each in award.discounts if each.promotion == rule.id)
        return Answer(
            off > 0, "being picked, and something to take it off", f"{format_minor(off, currency)} off"
        )
    step = next(step for step in award.steps if step.rule_id == rule.id)
    if step.verdict is Verdict.CAPPED:
        bound = bound_by(programme, facts, award)[rule.id]
        return Answer(step.points > 0, "room in its limits and budget", f"it gave {step.points}: {bound}")
    applied = step.verdict is Verdict.APPLIED
    what = f"it gave {step.points}" if applied else "another rule of its group was picked"
    return Answer(applied, "being picked", what)


def _base_line(programme: Programme, facts: Facts) -> str:
    currency = programme.terms.currency
    base = facts.earning_base()
    ticket = format_minor(facts.ticket_minor, currency)
    line = f"earn base {format_minor(base, currency)} of a ticket of {ticket}"
    if base != facts.base_minor:
        line += f" ({format_minor(facts.base_minor - base, currency)} of it carries no points)"
    return f"{line}, {facts.local_at:%a %Y-%m-%d %H:%M:%S} at the terminal"


def _step_line(step: Step, text: str, programme: Programme, bound: str) -> str:
    exact = f"{step.numerator}/{step.denominator}".removesuffix("/1")
    base = format_minor(step.base_minor, programme.terms.currency)
    if step.verdict is Verdict.LOST:
        return f"{step.rule_id}: {text}: would bring {exact}, but another rule of its group was picked"
    if step.verdict is Verdict.HELD_OUT:
        return f"{step.rule_id}: {text}: holds on {base}, but the member is held out"
    if step.verdict is Verdict.OTHER_ARM:
        return f"{step.rule_id}: {text}: holds on {base}, but is for another arm"
    limited = f", because {bound}" if step.verdict is Verdict.CAPPED else ""
    return f"{step.rule_id}: {text}: on {base} exactly {exact}, so {step.points:+d}{limited}"


def _sum_line(award: Award, programme: Programme) -> str:
    rounding, level = programme.base.rounding.value, programme.base.level.value
    return f"= {award.points}, rounded {rounding.replace('_', ' ')} on each {level}"


def describe(condition: Condition, currency: str) -> str:  # noqa: C901, PLR0912  (one case a kind)
    """What *condition* asks, in words."""
    match condition:
        case OneOf(attribute, values):
            return f"{attribute} is {_or(values)}"
        case SomeOf(attribute, values):
            return f"{attribute} has {_or(values)}"
        case AmountWithin(attribute, low, high):
            return f"{_AMOUNT_NAMES[attribute]} is {_money_range(low, high, currency)}"
        case CounterWithin(name, low, high):
            return f"counter {name} is {_range(low, high)}"
        case Window(days, start_s, end_s):
            return _window(days, start_s, end_s)
        case Period(start, end):
            parts = [f"from {start}" if start else "", f"before {end}" if end else ""]
            return "it is " + " and ".join(part for part in parts if part)
        case OnDays(names, _):
            return f"it is a day of {_or(names)}"
        case AgeWithin(low, high):
            return f"the age is {_range(low, high)}"
        case JoinedWithin(low, high):
            return f"days since joining are {_range(low, high)}"
        case BirthdayWithin(before, after):
            return f"it is {before} days before to {after} days after the birthday"
        case AllOf(conditions):
            return "(" + " and ".join(describe(each, currency) for each in conditions) + ")"
        case AnyOf(conditions):
            return "(" + " or ".join(describe(each, currency) for each in conditions) + ")"
        case Not(inner):
            return f"not {describe(inner, currency)}"


def found(condition: Condition, facts: Facts, currency: str) -> str:  # noqa: C901  (one case a kind)
    """What the sale had where *condition* asks."""
    match condition:
        case OneOf(attribute, _):
            return TEXT_ATTRIBUTES[attribute](facts) or "none"
        case SomeOf(attribute, _):
            return ", ".join(sorted(SET_ATTRIBUTES[attribute](facts))) or "none"
        case AmountWithin(attribute, _, _):
            return format_minor(AMOUNT_ATTRIBUTES[attribute](facts), currency)
        case CounterWithin(name, _, _):
            return str(dict(facts.counters).get(name, 0))
        case AgeWithin():
            return _or_unknown(age_of(facts))
        case JoinedWithin():
            return _or_unknown(days_since_joining(facts))
        case Window() | Period() | OnDays():
            return f"{facts.local_at:%a %Y-%m-%d %H:%M:%S}"
        case BirthdayWithin():
            return "unknown" if facts.birthday is None else f"{facts.birthday:%d %B}"
        case AllOf(conditions) | AnyOf(conditions):
            return ", ".join(found(each, facts, currency) for each in conditions)
        case Not(inner):
            return found(inner, facts, currency)


def describe_lines(lines: LineFilter, currency: str) -> str:
    """Which lines a rule is about, in words."""
    parts = []
    if lines.products is not None:
        parts.append(f"product {_or(lines.products)}")
    if lines.categories is not None:
        parts.append(f"category {_or(lines.categories)}")
    if lines.except_products:
        parts.append(f"not product {_or(lines.except_products)}")
    if lines.except_categories:
        parts.append(f"not category {_or(lines.except_categories)}")
    text = "lines of " + ", ".join(parts) if parts else "lines"
    if lines.low is not None or lines.high is not None:
        text += f", together {_money_range(lines.low, lines.high, currency)}"
    return text


def describe_effect(effect: Effect, currency: str) -> str:  # noqa: C901, PLR0912  (one case a kind)
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
            return f"{_fraction(factor)} times the base"
        case ShareOff(share):
            return f"{_fraction(share)} off the price"
        case UnitPrice(price_minor):
            return f"{format_minor(price_minor, currency)} a unit"
        case MoneyOff(amount_minor):
            return f"{format_minor(amount_minor, currency)} off"
        case FreeUnits(of):
            return f"of each {of} units the cheapest is free"
        case Decline(name):
            return f"declines the sale: {name}"
        case IssueCoupon(coupon):
            return f"the coupon {coupon}"
        case Message(text):
            return f"tells: {text}"
        case Redeem(redemption):
            return describe_redemption(redemption, currency)


def tell_redemption(programme: Programme, redemption: Redemption) -> str:
    """Whose terms *redemption* are, and what they say."""
    texts = {rule.id: rule.text for rule in programme.rules}
    whose = f"{redemption.rule}: {texts[redemption.rule]}" if redemption.rule else "the programme's own terms"
    return f"points pay by {whose}: {describe_redemption(redemption, programme.terms.currency)}"


def describe_redemption(redemption: Redemption, currency: str) -> str:
    """What points pay, in words."""
    if redemption.refused:
        return f"points pay nothing: {redemption.refused}"
    parts = [f"a point pays {_fraction(redemption.value)} minor units, in steps of {redemption.step}"]
    if redemption.minimum:
        parts.append(f"from {redemption.minimum} points on")
    parts.append(f"up to {_fraction(redemption.share)} of the ticket")
    if redemption.ticket_from_minor:
        parts.append(f"of tickets from {format_minor(redemption.ticket_from_minor, currency)} on")
    if redemption.covers is not None:
        parts.append(f"on {describe_lines(redemption.covers, currency)}")
    if redemption.is_discount:
        parts.append("as a discount where the till takes it")
    if redemption.proof_from_minor is not None:
        parts.append(f"with a code or PIN from {format_minor(redemption.proof_from_minor, currency)} on")
    return ", ".join(parts)


def describe_rule(rule: Rule, currency: str) -> str:
    """When *rule* applies, in words; empty when always."""
    parts = [describe(each, currency) for each in rule.when]
    if rule.lines is not None:
        parts.append(describe_lines(rule.lines, currency))
    return "; ".join(parts)


def _or(values: Iterable[str]) -> str:
    names = sorted(values)
    if len(names) > 5:
        return f"{', '.join(names[:4])} or {len(names) - 4} more"
    return " or ".join(names)


def _or_unknown(number: int | None) -> str:
    return "unknown" if number is None else str(number)


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


def _fraction(rate: Rate) -> str:
    return f"{rate.numerator}/{rate.denominator}".removesuffix("/1")


def _per(rate: Rate, currency: str) -> str:
    return f"{rate.numerator} for each {format_minor(rate.denominator, currency)}"
