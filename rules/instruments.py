"""Reads what points become besides money off, and who has a part in them: partners, families."""

import re
from typing import Final

from rules.programme import CertificateTerms, FamilyLimits, Partner, Prize
from rules.reading import Section, did_you_mean
from rules.redemption import Redemption
from rules.span import Span, SpanUnit

_PRIZE_CODE: Final = re.compile(r"[0-9A-Za-z_.-]{1,40}")  # it stands in tags and on receipts
_A_YEAR: Final = Span(1, SpanUnit.YEARS)
_AT_ONCE: Final = Span(0, SpanUnit.DAYS)


def read_certificates(main: Section, redemption: Redemption) -> CertificateTerms:
    """The terms of certificates; by default they last a year and take the steps of a redemption."""
    section = main.section("certificates")
    if section is None:
        return CertificateTerms(_A_YEAR, redemption.step, redemption.step)
    step = section.whole("step", redemption.step, low=1)
    terms = CertificateTerms(
        last=section.span("last", _A_YEAR),
        minimum=section.whole("minimum", step, low=1),
        step=step,
    )
    section.close()
    if step * redemption.value.numerator % redemption.value.denominator:
        section.wrong("of points is worth a part of a minor unit", "step", "make it a whole number of them")
    if terms.minimum % step:
        section.wrong("is not a whole number of steps", "minimum")
    return terms


def read_prizes(main: Section, tiers: tuple[str, ...]) -> tuple[Prize, ...]:
    """The catalogue, in its order."""
    prizes: list[Prize] = []
    for section in main.sections("prize"):
        prize = Prize(
            code=section.text("code", pattern=_PRIZE_CODE),
            text=section.text("text"),
            points=section.whole("points", low=1),
            last=section.span("last", _AT_ONCE),
            tier_points=_by_tier(section, tiers),
        )
        section.close()
        if any(other.code == prize.code for other in prizes):
            section.wrong("is another prize's code", "code", "give each its own")
        prizes.append(prize)
    return tuple(prizes)


def _by_tier(section: Section, tiers: tuple[str, ...]) -> dict[str, int]:
    table = section.section("tier_points")
    if table is None:
        return {}
    for tier in table.written:
        if tier not in tiers:
            table.wrong("is not a tier", tier, did_you_mean(tier, tiers))
    found = {tier: table.whole(tier, low=1) for tier in table.written}
    if not found:
        table.wrong("is empty", hint="name a tier and what it pays, or leave it out")
    return found


def read_partners(main: Section) -> tuple[Partner, ...]:
    """The partners of a coalition."""
    partners: list[Partner] = []
    for section in main.sections("partner"):
        partner = Partner(
            id=section.name("id"),
            text=section.text("text"),
            funds=section.flag("funds", default=False),
            reimbursed=section.flag("reimbursed", default=False),
        )
        section.close()
        if any(other.id == partner.id for other in partners):
            section.wrong("is another partner's id", "id", "give each its own")
        partners.append(partner)
    return tuple(partners)


def read_family(main: Section) -> FamilyLimits:
    """What members may use of another's points."""
    section = main.section("family")
    if section is None:
        return FamilyLimits()
    per_transaction, per_day = (
        section.whole(key, low=1) if key in section else None
        for key in ("points_per_transaction", "points_per_day")
    )
    section.close()
    return FamilyLimits(per_transaction, per_day)
