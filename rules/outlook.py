"""What the books tell of a programme's promises: what is owed or may still be given, what brings a loss."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from loyalty.amount import format_minor
from rules.advice import Advice, percent
from rules.asked import named_in, values_in
from rules.effects import GiveAway
from rules.programme import Programme
from rules.reading import did_you_mean
from rules.stacking import WHOLE_BP, value_of_point

_BAND: Final = re.compile("[rfmp][1-5]")
STOCK_LEFT_BP: Final = 1_000  # of a pool; with less left a promise may end before its campaign does


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What was sold, given and promised so far.

    Attributes:
        outstanding: Points that members have, less what they owe.
        owed_by: Points that partners owe the programme, by partner.
        given_of: Prizes that were given, by pool.
        spent_of: Points that budgets gave, by campaign.
        sold: Of products that were sold lately: money, in minor units, and quantity, in thousandths.
        card_types: That cards have, where rules ask for types and there are cards.
        segments: That members are in, where rules ask for segments and members are in any.
        card_categories: That members' cards are of, likewise.
    """

    outstanding: int = 0
    owed_by: Mapping[str, int] = field(default_factory=dict)
    given_of: Mapping[str, int] = field(default_factory=dict)
    spent_of: Mapping[str, int] = field(default_factory=dict)
    sold: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    card_types: frozenset[str] | None = None
    segments: frozenset[str] | None = None
    card_categories: frozenset[str] | None = None


def broken_promises(programme: Programme, costs: Mapping[str, int], outlook: Outlook) -> Iterator[Advice]:
    """Promises that cannot be kept as things stand, and products that earn at a loss."""
    yield from _liability(programme, outlook)
    yield from _partners(programme, outlook)
    yield from _pools(programme, outlook)
    yield from _losses(programme, costs, outlook)
    yield from _strange_types(programme, outlook)
    yield from _strange_members(programme, outlook)


def _liability(programme: Programme, outlook: Outlook) -> Iterator[Advice]:
    reserve_minor = programme.restraint.reserve_minor
    if reserve_minor is None:
        return
    planned = sum(
        max(points - outlook.spent_of.get(campaign, 0), 0) for campaign, points in programme.budgets.values()
    )
    value = value_of_point(programme)
    owed_minor, planned_minor = (int(max(points, 0) * value) for points in (outlook.outstanding, planned))
    if owed_minor + planned_minor > reserve_minor:
        reserve, owed, may = (
            format_minor(minor, programme.terms.currency)
            for minor in (reserve_minor, owed_minor, planned_minor)
        )
        yield Advice(
            "guards.reserve",
            f"is {reserve}; points worth {owed} are outstanding, and budgets may give {may} more",
            "set more aside, plan smaller budgets, or let points expire sooner",
        )


def _partners(programme: Programme, outlook: Outlook) -> Iterator[Advice]:
    limit = programme.restraint.partner_owes_max
    for partner in programme.partners:
        owed = outlook.owed_by.get(partner.id, 0)
        if limit is not None and owed > limit:
            yield Advice(
                f"partner {partner.id}",
                f"owes {owed} points, and {limit} are allowed: members have what nobody has paid for",
                "settle with him: puntual ledger settle",
            )


def _pools(programme: Programme, outlook: Outlook) -> Iterator[Advice]:
    pools = {rule.effect.pool for rule in programme.rules if isinstance(rule.effect, GiveAway)}
    for pool in sorted(pools, key=lambda pool: pool.id):
        left = pool.stock - outlook.given_of.get(pool.id, 0)
        if left * WHOLE_BP < pool.stock * STOCK_LEFT_BP:
            yield Advice(
                f"pool {pool.id}",
                f"has {max(left, 0)} of {pool.stock} left: the next who are promised one get nothing",
                "buy more, or end the rules that promise it",
            )


def _losses(programme: Programme, costs: Mapping[str, int], outlook: Outlook) -> Iterator[Advice]:
    """Products that are sold below what they cost once the points on them are paid."""
    rate = programme.base.rate
    given = min(Fraction(rate.numerator, rate.denominator) * value_of_point(programme), Fraction(1))
    worst: tuple[int, str] | None = None
    count = 0
    for product, (amount_minor, quantity_milli) in sorted(outlook.sold.items()):
        cost_minor = Fraction(costs.get(product, 0) * quantity_milli, 1000)
        if not cost_minor or amount_minor <= 0:
            continue
        margin_bp = int((amount_minor * (1 - given) - cost_minor) * WHOLE_BP / amount_minor)
        if margin_bp < 0:
            count += 1
            worst = min(worst or (margin_bp, product), (margin_bp, product))
    if worst is not None:
        margin_bp, product = worst
        yield Advice(
            "earn.rate",
            f"gives points on {count} products that bring a loss once they are paid for: {product} brings"
            f" -{percent(-margin_bp)} percent of its price",
            "take them out: base = 0 on these products, or a higher price",
        )


def _strange_types(programme: Programme, outlook: Outlook) -> Iterator[Advice]:
    """Types of cards that rules ask for and no card has: names of the operator's own, and soon misspelt."""
    known = outlook.card_types
    if known is None:
        return
    for rule in programme.rules:
        for name in sorted(values_in(rule.when, "card_type") - known):
            what = f"asks for cards of the type {name}, and there are none"
            hint = did_you_mean(name, known) or "give cards this type: puntual cards import"
            yield Advice(f"rule {rule.id}", what, hint)


def _strange_members(programme: Programme, outlook: Outlook) -> Iterator[Advice]:
    """Segments and categories of cards that rules ask for and no member has; bands of him come and go."""
    for attribute, known, what in (
        ("segment", outlook.segments, "members of the segment"),
        ("card_category", outlook.card_categories, "cards of the category"),
    ):
        if known is None:
            continue
        for rule in programme.rules:
            for name in sorted(named_in(rule.when, attribute) - known):
                if attribute != "segment" or not _BAND.fullmatch(name):
                    hint = did_you_mean(name, known) or "tell who has it: puntual members import"
                    yield Advice(f"rule {rule.id}", f"asks for {what} {name}, and there are none", hint)
