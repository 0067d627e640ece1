"""What each rule costs in a sale, and who bears it.

Points cost what they pay, certificates and money their value, prizes what the pool says, discounts what they
take off. A campaign's cost is shared out among those who fund it, by largest remainder; whoever is no partner
is the programme. What is not of a campaign is the programme's, or that of the terminal's partner who funds.
"""

from collections import Counter
from typing import NamedTuple

from rules.award import Award
from rules.extras import Extras
from rules.facts import Facts, allocate
from rules.programme import Programme


class Cost(NamedTuple):
    """What a rule costs, in minor units, and the parts of those who bear it; the programme is empty."""

    rule: str
    cost_minor: int
    funders: tuple[tuple[str, int], ...]


def costs(programme: Programme, facts: Facts, award: Award, given: Extras) -> list[Cost]:
    """The costs of a sale in order of evaluation, zeros left out."""
    value = programme.redemption.value
    by_rule: Counter[str] = Counter()
    for discount in award.discounts:
        by_rule[discount.promotion] += discount.amount_minor
    for rule, points in award.parts:
        by_rule[rule] += value.of(points)
    for rule, minor in given.costs:
        by_rule[rule] += minor
    return [
        Cost(rule, minor, _borne(programme, facts, rule, minor)) for rule, minor in by_rule.items() if minor
    ]


def _borne(programme: Programme, facts: Facts, rule_id: str, minor: int) -> tuple[tuple[str, int], ...]:
    names = {partner.id for partner in programme.partners}
    campaign_of = {rule.id: rule.campaign for rule in programme.rules if rule.campaign}
    campaigns = {campaign.id: campaign for campaign in programme.campaigns}
    campaign = campaigns.get(campaign_of.get(rule_id, ""))
    if campaign is not None and campaign.funding and minor > 0:
        parts = allocate(minor, [share for _, share in campaign.funding])
        shares: Counter[str] = Counter()
        for (name, _), part in zip(campaign.funding, parts, strict=True):
            shares[name if name in names else ""] += part
        return tuple((name, part) for name, part in shares.items() if part)
    partner = programme.partner(facts.partner)
    funds = partner is not None and partner.funds and (campaign is None or campaign.budget_points is None)
    return ((facts.partner if funds else "", minor),)
