"""Rates sales again by a candidate programme, beside what they earned, or would earn under the one in force.

It assumes that everybody would have bought the same: what customers do because of a rule is not in it.
"""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field

from loyalty.amount import format_minor
from rules.evaluate import evaluate
from rules.facts import Facts
from rules.programme import Programme


@dataclass(slots=True)
class Backtest:
    """What *candidate* would have given instead.

    Attributes:
        sales: How many were rated.
        current_points, candidate_points: What they brought, and would have brought.
        by_rule: Points of each rule of the candidate.
        by_tier: Difference by tier.
        by_member: Difference by member.
        exhausted_on: By campaign of the candidate: the first day on which its points passed its budget.
    """

    candidate: Programme
    sales: int = 0
    current_points: int = 0
    candidate_points: int = 0
    by_rule: Counter[str] = field(default_factory=Counter)
    by_tier: Counter[str] = field(default_factory=Counter)
    by_member: Counter[Hashable] = field(default_factory=Counter)
    exhausted_on: dict[str, str] = field(default_factory=dict)
    _campaign_of: dict[str, str] = field(default_factory=dict)
    _budgets: dict[str, int] = field(default_factory=dict)
    _by_campaign: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._campaign_of = {rule.id: rule.campaign for rule in self.candidate.rules if rule.campaign}
        self._budgets = {
            campaign.id: campaign.budget_points
            for campaign in self.candidate.campaigns
            if campaign.budget_points is not None
        }

    def add(self, member: Hashable, facts: Facts, before: int) -> int:
        """Rate one sale that earns *before*, and give what it would earn; they come in order."""
        award = evaluate(self.candidate, facts)
        self.sales += 1
        self.current_points += before
        self.candidate_points += award.points
        for rule, points in award.parts:
            self.by_rule[rule] += points
            campaign = self._campaign_of.get(rule, "")
            if campaign:
                self._spend(campaign, points, facts)
        difference = award.points - before
        if difference:
            self.by_tier[facts.tier] += difference
            self.by_member[member] += difference
        return award.points

    @property
    def winners(self) -> int:
        """Members who would have more."""
        return sum(difference > 0 for difference in self.by_member.values())

    @property
    def losers(self) -> int:
        """Members who would have less."""
        return sum(difference < 0 for difference in self.by_member.values())

    @property
    def cost_minor(self) -> int:
        """Value of the points more (or less, negative), in minor units, rounded down."""
        value = self.candidate.redemption.value
        return (self.candidate_points - self.current_points) * value.numerator // value.denominator

    def _spend(self, campaign: str, points: int, facts: Facts) -> None:
        self._by_campaign[campaign] += points
        budget = self._budgets.get(campaign)
        if budget is not None and self._by_campaign[campaign] > budget and campaign not in self.exhausted_on:
            self.exhausted_on[campaign] = facts.local_at.date().isoformat()

    def report(self) -> dict[str, object]:
        """The figures, by name."""
        figures: dict[str, object] = {
            "sales": self.sales,
            "points_now": self.current_points,
            "points_then": self.candidate_points,
            "costs_more": format_minor(self.cost_minor, self.candidate.terms.currency),
            "members_who_win": self.winners,
            "members_who_lose": self.losers,
        }
        figures |= {f"rule {rule}": points for rule, points in self.by_rule.most_common()}
        figures |= {f"tier {tier or '-'}": points for tier, points in sorted(self.by_tier.items())}
        return figures | {f"budget of {name} ends": day for name, day in sorted(self.exhausted_on.items())}
