"""Tells in words what a rule asks, what a sale earned and why, and why a rule did not apply.

Everything is computed again by the plain interpreter, from the facts that were kept and the programme of the
time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import structs

from loyalty.amount import format_minor
from loyalty.decision import Discount
from rules.award import Award, Step, Verdict
from rules.bound import bound_by
from rules.conditions import (
    holds,
)
from rules.cost import Cost, costs
from rules.describe import (
    any_of,
    describe,
    describe_effect,
    describe_fraction,
    describe_lines,
    found,
    tell_redemption,
)
from rules.effects import (
    EXTRA_LANES,
    POINT_LANES,
    PRICE_LANES,
    Decline,
    Lane,
    Multiply,
)
from rules.experiment import HOLDOUT, withheld
from rules.extras import EARNED_LANES, interpreted
from rules.facts import Facts
from rules.hindrance import OTHER_OF_GROUP, why_not_given, why_not_off
from rules.interpret import interpret, lines_hold, quantity_short, selected, shortfall
from rules.programme import BASE_RULE, Multipliers, Programme
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
    lines += [_off_line(programme, texts, *each) for each in facts.off]
    lines.append(_base_line(programme, facts.after(award.discounts)))
    if facts.arms:
        lines.append(f"the member is in {any_of(facts.arms)}".replace(" or ", " and "))
    bound = bound_by(programme, facts, award)
    by_id = {rule.id: rule for rule in programme.rules}
    for step in award.steps:
        rule = by_id.get(step.rule_id)
        exact = f"exactly {_exact(step)}" if rule is None else _beside(step, rule, programme, award)
        lines.append(_step_line(step, texts[step.rule_id], programme, exact, bound.get(step.rule_id, "")))
    lines.append(_sum_line(award, programme))
    if award.near_miss is not None:
        lines.append(f"near: {award.near_miss}")
    _, given = interpreted(programme, facts.after(award.discounts), award.counted)
    for rule_id in given.rules:
        told = f"{rule_id}: {texts[rule_id]}: {describe_effect(by_id[rule_id].effect, currency)}"
        lines.append(told)
    off = tuple([Discount(*each, texts[each[2]]) for each in facts.off if each[2] in by_id])
    paid = [each for each in off if by_id[each.promotion].lane in PRICE_LANES]  # not: points that came off
    award = structs.replace(award, discounts=(*award.discounts, *paid))
    lines += [_cost_line(each, currency) for each in costs(programme, facts, award, given)]
    lines += [f"on the card of stamps {text}: {has} of {size}" for text, has, size in given.stamps]
    return lines


def tell_decline(programme: Programme, facts: Facts, name: str, redemption: Redemption) -> list[str]:
    """Why what these *facts* tell of was declined under *name*: the rule, and what it asked.

    Where no rule declines, by whose terms points would have paid: *redemption*, by which it was decided.
    """
    facts = facts.as_rung_up()
    by_id = {rule.id: rule for rule in programme.rules}
    guard, _ = interpreted(programme, facts)
    if guard is not None:
        effect = by_id[guard].effect
        if isinstance(effect, Decline) and effect.name == name:
            told = describe_effect(effect, programme.terms.currency)
            return [f"{guard}: {by_id[guard].text}: {told}", *_reasons(programme, by_id[guard], facts)]
    reasons = _reasons(programme, by_id[redemption.rule], facts) if redemption.rule else []
    return [tell_redemption(programme, redemption), *reasons]


def _reasons(programme: Programme, rule: Rule, facts: Facts) -> list[str]:
    return [f"because {each.asks}: {each.found}" for each in _asked(programme, rule, facts)]


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
        facts = facts.as_priced()
    _, lines = facts.earning()
    currency = programme.terms.currency
    answers = _asked(programme, rule, facts)
    if all(answer.holds for answer in answers):
        answers.append(_picked(rule, programme, award, facts))
    else:
        short = shortfall(rule, facts, lines)
        few = quantity_short(rule, facts, lines)
        if few is not None:
            answers.append(Answer(holds=False, asks="a little more", found=f"{few[0]} {few[1]} were missing"))
        if short is not None:
            missing = f"{format_minor(short, currency)} was missing"
            answers.append(Answer(holds=False, asks="a little more", found=missing))
    return answers


def _asked(programme: Programme, rule: Rule, facts: Facts) -> list[Answer]:
    """What *rule* asks, in order."""
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
        return Answer(holds=False, asks=f"a member in {any_of(rule.arms)}", found=own)
    if rule.lane in POINT_LANES | EARNED_LANES and "earn" in programme.stopped:
        return Answer(holds=False, asks="that sales earn", found="earning was paused")
    if rule.lane is Lane.REDEEM:
        decided = redemption_in(programme, facts).rule
        found = "it decided" if decided == rule.id else f"{decided} comes before it"
        return Answer(decided == rule.id, "being the first of its lane", found)
    if rule.lane is Lane.GUARD:
        decided = interpreted(programme, facts)[0] or ""
        found = "it decided" if decided == rule.id else f"{decided} comes before it"
        return Answer(decided == rule.id, "being the first of its lane", found)
    if rule.lane in EXTRA_LANES:
        gave = rule.id in interpreted(programme, facts, award.counted)[1].rules
        what = "it was given" if gave else why_not_given(programme, facts, rule, award.counted)
        return Answer(gave, "being picked, and room in its limits and its stock", what)
    if rule.lane in PRICE_LANES:
        if not facts.may_be_discounted:
            return Answer(holds=False, asks="a till that takes discounts off lines", found="it cannot")
        given = interpret(programme, facts).discounts
        off = sum(each.amount_minor for each in given if each.promotion == rule.id)
        what = f"{format_minor(off, currency)} off" if off else why_not_off(programme, facts, rule, given)
        return Answer(off > 0, "being picked, something to take it off, and room in its limits", what)
    return _points_given(rule, programme, award, facts)


def _points_given(rule: Rule, programme: Programme, award: Award, facts: Facts) -> Answer:
    step = next(step for step in award.steps if step.rule_id == rule.id)
    if step.verdict is Verdict.CAPPED:
        bound = bound_by(programme, facts, award)[rule.id]
        return Answer(step.points > 0, "room in its limits and budget", f"it gave {step.points}: {bound}")
    if step.verdict is Verdict.MARGIN:
        what = "less would be left above the cost of its lines"
        return Answer(holds=False, asks=f"a margin of {rule.margin_floor_bp} basis points", found=what)
    applied = step.verdict is Verdict.APPLIED
    is_max = programme.base.multipliers is Multipliers.MAX and isinstance(rule.effect, Multiply)
    if is_max and applied and _is_outdone(step, programme, award):
        return Answer(holds=False, asks="being the largest multiplier", found="a larger one counts")
    what = f"it gave {step.points}" if applied else OTHER_OF_GROUP
    return Answer(applied, "being picked", what)


def _cost_line(cost: Cost, currency: str) -> str:
    """``tuesday costs 1.00: ORCHARDS 0.60, the programme 0.40``."""
    parts = [f"{name or 'the programme'} {format_minor(minor, currency)}" for name, minor in cost.funders]
    return f"{cost.rule} costs {format_minor(cost.cost_minor, currency)}: {', '.join(parts)}"


def _off_line(
    programme: Programme, texts: Mapping[str, str], line: int, amount_minor: int, promotion: str
) -> str:
    """What was taken off the price; points that come off it are called by their unit."""
    text = texts.get(promotion) or programme.terms.unit.capitalize()
    return f"{promotion}: {text}: {format_minor(amount_minor, programme.terms.currency)} off line {line}"


def _base_line(programme: Programme, facts: Facts) -> str:
    currency = programme.terms.currency
    base = facts.earning_base()
    ticket = format_minor(facts.ticket_minor, currency)
    line = f"earn base {format_minor(base, currency)} of a ticket of {ticket}"
    if base != facts.base_minor:
        line += f" ({format_minor(facts.base_minor - base, currency)} of it carries no points)"
    return f"{line}, {facts.local_at:%a %Y-%m-%d %H:%M:%S} at the terminal"


def _exact(step: Step) -> str:
    return f"{step.numerator}/{step.denominator}".removesuffix("/1")


def _beside(step: Step, rule: Rule, programme: Programme, award: Award) -> str:
    """What *rule* brings exactly, and how that comes where multipliers do not simply add up."""
    if isinstance(rule.effect, Multiply):
        match programme.base.multipliers:
            case Multipliers.PRODUCT:
                factor = describe_fraction(rule.effect.factor)
                return f"{factor} times what came before, exactly {_exact(step)} more"
            case Multipliers.MAX if _is_outdone(step, programme, award):
                return "exactly 0, because a larger multiplier counts"
            case _:
                pass
    return f"exactly {_exact(step)}"


def _is_outdone(step: Step, programme: Programme, award: Award) -> bool:
    """Whether the multiplier of *step* brings nothing beside those before it, which are larger."""
    multipliers = {rule.id for rule in programme.rules if isinstance(rule.effect, Multiply)}
    before = award.steps[: award.steps.index(step)]
    return step.numerator == 0 and any(each.rule_id in multipliers and each.numerator for each in before)


def _step_line(step: Step, text: str, programme: Programme, exact: str, bound: str) -> str:
    base = format_minor(step.base_minor, programme.terms.currency)
    if step.verdict is Verdict.LOST:
        return f"{step.rule_id}: {text}: would bring {_exact(step)}, but another rule of its group was picked"
    if step.verdict is Verdict.MARGIN:
        return f"{step.rule_id}: {text}: holds on {base}, but would leave less of it than its floor"
    if step.verdict is Verdict.HELD_OUT:
        return f"{step.rule_id}: {text}: holds on {base}, but the member is held out"
    if step.verdict is Verdict.OTHER_ARM:
        return f"{step.rule_id}: {text}: holds on {base}, but is for another arm"
    limited = f", because {bound}" if step.verdict is Verdict.CAPPED else ""
    return f"{step.rule_id}: {text}: on {base} {exact}, so {step.points:+d}{limited}"


def _sum_line(award: Award, programme: Programme) -> str:
    rounding, level = programme.base.rounding.value, programme.base.level.value
    return f"= {award.points}, rounded {rounding.replace('_', ' ')} on each {level}"
