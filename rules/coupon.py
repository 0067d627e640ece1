"""Coupons: what a code stands for, how often it may be used, and until when."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rules.conditions import AllOf, AnyOf, Condition, Not, Period, SomeOf
from rules.rule import Rule
from rules.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A kind of coupon. Rules ask for it by its id, whatever the code on it.

    Attributes:
        codes: Those that anybody may use; the others are issued to somebody.
        uses: How often a code may be used; ``None``: no limit.
        uses_per_member: How often a member may use a code; ``None``: no limit.
        period: When it may be used.
        lasts: How long an issued one may be used.
        value_minor: What it is worth, as tag 058 and the receipt tell it.
        campaign: That it belongs to; empty for the programme's own.
    """

    id: str
    text: str
    codes: frozenset[str] = frozenset()
    uses: int | None = 1
    uses_per_member: int | None = None
    period: Period | None = None
    lasts: Span
    value_minor: int = 0
    campaign: str = ""


def coupons_of(rule: Rule) -> frozenset[str]:
    """The coupons that *rule* asks for."""
    return frozenset(_asked(rule.when))


def _asked(conditions: Iterable[Condition]) -> Iterator[str]:
    for condition in conditions:
        match condition:
            case SomeOf("coupon", values):
                yield from values
            case AllOf(parts) | AnyOf(parts):
                yield from _asked(parts)
            case Not(inner):
                yield from _asked((inner,))
            case _:
                pass
