"""Reads what points pay: ``[redemption]`` of the programme, and ``redeem`` of a rule.

What a rule does not say is as in ``[redemption]``.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from loyalty.amount import Rate
from rules.conditions import LineFilter
from rules.conditionset import read_lines
from rules.effects import Effect, Redeem
from rules.names import Names
from rules.programme import CertificateTerms
from rules.reading import Section
from rules.redemption import Redemption
from rules.rule import Rule

KINDS: Final[Mapping[str, bool]] = {"tender": False, "discount": True}
NAME_OF_REFUSAL: Final = re.compile(r"[A-Z][A-Z0-9_]{2,39}", re.ASCII)


def read_redemption(section: Section, names: Names, own: Redemption | None = None) -> Redemption:
    """The terms of *section*; of a rule when the programme's *own* are given, for what it does not say."""
    if own is not None and "refuse" in section:
        refused = section.text("refuse", pattern=NAME_OF_REFUSAL)
        if len(section.written) > 1:
            section.wrong("lets points pay nothing, so it needs no terms", "refuse", "leave the others out")
            return own
        section.close()
        return replace(own, refused=refused)
    value = _value(section) if own is None or "value" in section else own.value
    certificate_minimum, certificate_step = _certificates(section) if own is not None else (0, 0)
    found = Redemption(
        value=value,
        step=section.whole("step", None if own is None else own.step, low=1),
        share=section.fraction("share", None if own is None else own.share),
        proof_from_minor=_proof_from(section, own),
        minimum=section.whole("minimum", 0 if own is None else own.minimum),
        ticket_from_minor=section.money("ticket_from", 0 if own is None else own.ticket_from_minor),
        covers=_covers(section, names, own),
        is_discount=section.choice("as", KINDS, False if own is None else own.is_discount),
        certificate_minimum=certificate_minimum,
        certificate_step=certificate_step,
    )
    if own is not None and not section.written:
        section.wrong("is empty", hint="say what is different: redeem = { value = ... }")
    section.close()
    _check(found, section)
    return found


def named_by(rule_id: str, effect: Effect) -> Effect:
    """*effect* of the rule *rule_id*; terms of a redemption know whose they are."""
    return Redeem(replace(effect.redemption, rule=rule_id)) if isinstance(effect, Redeem) else effect


def check_certificates(rules: list[tuple[Rule, Section]], own: CertificateTerms) -> None:
    """Note rules under which a certificate would be worth a part of a minor unit, or of no whole steps."""
    for rule, section in rules:
        if not isinstance(rule.effect, Redeem):
            continue
        redemption = rule.effect.redemption
        minimum, step = own.asked(redemption)
        if step * redemption.value.numerator % redemption.value.denominator:
            hint = "the step of certificates times the value must be whole"
            section.wrong("makes certificates worth a part of a minor unit", "then.redeem.value", hint)
        if minimum % step:
            what = f"has a least of {minimum} points, which is not a whole number of steps of {step}"
            section.wrong(what, "then.redeem.certificates", "write both: certificates = { minimum, step }")


def _value(section: Section) -> Rate:
    raw = section.take("value")
    exact = isinstance(raw, str) and "/" in raw
    return section.fraction("value") if exact else Rate(section.some_money("value"))


def _certificates(section: Section) -> tuple[int, int]:
    """Minimum and step of certificates that a rule sets; 0 where it does not."""
    table = section.section("certificates")
    if table is None:
        return 0, 0
    minimum, step = (table.whole(key, low=1) if key in table else 0 for key in ("minimum", "step"))
    if not table.written:
        table.wrong("is empty", hint="write minimum, step, or both")
    table.close()
    return minimum, step


def _proof_from(section: Section, own: Redemption | None) -> int | None:
    if "proof_from" not in section:
        return None if own is None else own.proof_from_minor
    return section.money("proof_from")


def _covers(section: Section, names: Names, own: Redemption | None) -> LineFilter | None:
    if "covers" not in section:
        return None if own is None else own.covers
    covers = section.section("covers")
    lines = read_lines(covers, names)
    for key in ("amount", "lines", "units"):
        if covers is not None and key in covers:
            covers.wrong("limits what a rule gives on; here write ticket_from or share", key)
    return lines


def _check(found: Redemption, section: Section) -> None:
    value = found.value
    if value.numerator == 0:
        section.wrong("must be above zero", "value")
    elif found.step * value.numerator % value.denominator != 0:
        section.wrong("of points is worth a part of a minor unit", "step", "make it a whole number of them")
    if found.share.numerator > found.share.denominator:
        section.wrong("is more than the whole ticket", "share", 'write "1/1" at most')
    if found.minimum % found.step:
        section.wrong("is not a whole number of steps", "minimum")
