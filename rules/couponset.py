"""Reads the coupons of a file."""

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from rules.conditionset import read_period
from rules.coupon import Coupon, coupons_of
from rules.effects import GiveStamps, IssueCoupon
from rules.reading import Section, did_you_mean
from rules.rule import Campaign, Rule
from rules.span import Span, SpanUnit

CODE: Final = re.compile(r"[A-Za-z0-9-]{4,24}", re.ASCII)
USES_MAX: Final = 10**9
_LASTS: Final = Span(1, SpanUnit.YEARS)


def read_coupons(document: Section, campaign: Campaign | None) -> list[tuple[Coupon, Section]]:
    """The coupons of a file, each with where it stands."""
    found = []
    for section in document.sections("coupon"):
        codes = section.names("codes") if "codes" in section else frozenset()
        for code in sorted(codes):
            if not CODE.fullmatch(code):
                section.wrong(f"cannot hold {code}", "codes", "write 4 to 24 letters, digits and -")
        coupon = Coupon(
            id=section.name("id"),
            text=section.text("text"),
            codes=codes,
            uses=_uses(section, "uses", 1),
            uses_per_member=_uses(section, "uses_per_member", None),
            period=next(iter(read_period(section)), None),
            lasts=section.span("lasts", _LASTS),
            value_minor=section.money("value") if "value" in section else 0,
            campaign="" if campaign is None else campaign.id,
        )
        section.close()
        found.append((coupon, section))
    return found


def _uses(section: Section, key: str, default: int | None) -> int | None:
    if key not in section:
        return default
    if section.take(key) == "any":
        return None
    return section.whole(key, low=1, high=USES_MAX)


def settle_coupons(
    found: Sequence[tuple[Coupon, Section]],
    rules: Iterable[tuple[Rule, Section]],
    counting: AbstractSet[str],
) -> Mapping[str, Coupon]:
    """The coupons that count, by id; what is named twice or not known is noted.

    Args:
        found: As they were read.
        rules: All of the programme.
        counting: Campaigns that count; the programme's own is the empty one.
    """
    by_id: dict[str, Coupon] = {}
    codes: dict[str, str] = {}
    for coupon, section in found:
        if coupon.id in by_id:
            section.wrong(f"two coupons have the id {coupon.id}", "id", "give each its own")
        by_id[coupon.id] = coupon
        for code in sorted(coupon.codes):
            other = codes.setdefault(code, coupon.id)
            if other != coupon.id:
                section.wrong(f"{code} is a code of {other} too", "codes", "let each code stand for one")
    for rule, section in rules:
        named = set(coupons_of(rule))
        match rule.effect:
            case IssueCoupon(issued):
                named.add(issued)
            case GiveStamps(card, _) if card.coupon:
                named.add(card.coupon)
            case _:
                pass
        for name in sorted(named - by_id.keys()):
            hint = did_you_mean(name, by_id) or 'declare it: [[coupon]] with id, text and codes = ["…"]'
            section.refuse(f"names the coupon {name}, which is not declared", hint=hint)  # nobody has one
    return {name: coupon for name, coupon in by_id.items() if coupon.campaign in counting}
