"""The doors to the rules: what a sale costs less, and what it earns.

Prices are settled before points are used, and points are earned on what is left; so the switch asks for the
price first, takes it off (``Facts.after``), works out what is left to pay, and asks what that earns. For a
sale that was not priced yet ``evaluate`` does both.
"""

from dataclasses import replace

from msgspec import structs

from loyalty.decision import Discount
from rules.award import Award, Step, Verdict
from rules.experiment import Choosy, counts, dropped
from rules.facts import Facts
from rules.margin import first_too_thin
from rules.multiples import raises
from rules.price import discounts
from rules.programme import Multipliers, Programme
from rules.promise import can_be_promised
from rules.rows import Hit, Kind, Row, Sale, sale_of
from rules.rule import Pick
from rules.settle import settle
from rules.words import few_more, near_miss, with_tier

__all__ = ["Award", "evaluate", "price"]


def price(programme: Programme, facts: Facts) -> tuple[Discount, ...]:
    """What is taken off the lines, by the ticket alone: nothing that is used or paid matters.

    Nothing where the till does not take discounts.
    """
    if not programme.prices.size or not facts.may_be_discounted:
        return ()
    found = programme.prices.search(sale_of(facts.gross()), None)
    rules = [row.rule for _, row, _, _ in found.hits]
    if programme.withholds:
        rules = [rule for rule in rules if counts(rule, programme, facts.arms)]
    return discounts(rules, facts, programme.costs)


def _near_tier(programme: Programme, facts: Facts, hits: list[Hit]) -> str | None:
    """The first rule beside *hits* that the next tier would bring."""
    ranks = {hit[0] for hit in hits}
    tier = programme.tier_above(facts.tier)
    if tier is None:
        return None
    raised = sale_of(replace(facts, tier=tier))
    for rank, row, _, _ in programme.table.search(raised, 0).hits:
        if rank in ranks or row.kind is Kind.BASE or not counts(row.rule, programme, facts.arms):
            continue
        if (
            programme.base.multipliers is Multipliers.MAX
            and row.kind is Kind.MULTIPLY
            and (not raises(row, hits, raised.lines))
        ):
            continue
        if _may_tell(programme, facts, row, hits):
            return with_tier(tier, row.rule, programme.terms.language)
    return None


def _may_tell(programme: Programme, facts: Facts, row: Row, hits: list[Hit]) -> bool:
    """Whether *row* would bring something beside *hits*, as far as that has to be asked."""
    if row.pick is Pick.ALL and not row.caps and not programme.limits:
        return True
    return can_be_promised(programme, facts, row.rule, [hit[1].rule for hit in hits])


def evaluate(programme: Programme, facts: Facts) -> Award:
    """What the sale earns under *programme*, and what is taken off its prices.

    The same facts always bring the same award.
    """
    given: tuple[Discount, ...] = ()
    if programme.prices.size:
        given = price(programme, facts)
        facts = facts.after(given) if given else facts
    sale = sale_of(facts)
    within = programme.near_miss_within_minor
    withheld: tuple[Step, ...] = ()
    if programme.withholds:
        if "earn" in programme.stopped:
            return Award(0, discounts=given)
        choosy = Choosy(programme=programme, arms=facts.arms)
        finding = programme.table.search(sale, within, choosy)
        withheld = choosy.choose(sale)
    else:
        finding = programme.table.search(sale, within)
    near: str | None = None
    nearest, few = finding.near, finding.few
    if (
        nearest is not None
        and (within is None or finding.short_minor <= within)
        and _may_tell(programme, facts, nearest, finding.hits)
    ):
        near = near_miss(finding.short_minor, programme.terms.currency, nearest.more)
    elif few is not None and _may_tell(programme, facts, few[2], finding.hits):
        missing, _, row, what = few
        near = few_more(missing, what, row.rule, programme.terms.language)
    elif programme.near_miss_tiers:
        near = _near_tier(programme, facts, finding.hits)
    award = settle(programme, sale, finding.hits, near)
    if programme.floored:
        award = _above_floors(programme, sale, finding.hits, near, award)
    if withheld:
        award = structs.replace(award, steps=award.steps + withheld)
    return structs.replace(award, discounts=given) if given else award


def _above_floors(programme: Programme, sale: Sale, hits: list[Hit], near: str | None, award: Award) -> Award:
    """*award* without the rules that leave too little of the price, one after the other."""
    refused: list[Step] = []
    while (thin := first_too_thin(programme, award, sale.facts)) is not None:
        refused += [
            dropped(hit[1].rule_id, Verdict.MARGIN, hit[3]) for hit in hits if hit[1].rule_id == thin.id
        ]
        hits = [hit for hit in hits if hit[1].rule_id != thin.id]
        award = settle(programme, sale, hits, near)
    return structs.replace(award, steps=(*award.steps, *refused)) if refused else award
