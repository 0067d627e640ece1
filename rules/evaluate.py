"""The one door: what a sale earns under a programme."""

from rules.award import Award
from rules.facts import Facts
from rules.price import discounts
from rules.programme import Programme
from rules.settle import settle
from rules.table import Sale
from rules.words import near_miss

__all__ = ["Award", "evaluate"]


def evaluate(programme: Programme, facts: Facts) -> Award:
    """What the sale earns under *programme*, and what is taken off its prices.

    The same facts always bring the same award.
    """
    if programme.prices.size and facts.may_be_discounted:
        found = programme.prices.search(Sale(facts.gross()), None)
        given = discounts([row.rule for _, row, _, _ in found.hits], facts)
        return _earned(programme, facts.after(given))._replace(discounts=given)
    return _earned(programme, facts)


def _earned(programme: Programme, facts: Facts) -> Award:
    sale = Sale(facts)
    within = programme.near_miss_within_minor
    finding = programme.table.search(sale, within)
    near = None
    if finding.near is not None and (within is None or finding.short_minor <= within):
        near = near_miss(finding.short_minor, programme.terms.currency, finding.near.more)
    return settle(programme, sale, finding.hits, near)
