"""Holds what a candidate would have given against what sales earned, or would earn under another programme.

It assumes that everybody would have bought the same: what customers do because of a rule is not in it.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from loyalty.amount import format_minor
from rules.award import Award, Verdict
from rules.cap import BUDGET, OFF
from rules.facts import Facts
from rules.programme import Programme
from rules.replay import Rated

TOP: Final = 20  # members who gain most are told one by one: that is where abuse shows first


def money_of(rated: Rated) -> int:
    """What a sale brings in money, in minor units: off its prices and beside them, points apart."""
    off = sum(each.amount_minor for each in rated.award.discounts)
    return off + sum(minor for _, minor in rated.given.costs)


@dataclass(slots=True)
class Backtest:
    """What *candidate* would have given instead.

    Attributes:
        sales: How many were rated.
        current_points, candidate_points: What they brought, and would have brought.
        current_minor, candidate_minor: What was given in money: off prices, in certificates, into purses,
            as prizes; and what would have been.
        by_rule: Points of each rule of the candidate.
        declined: Sales that a rule of the candidate would have declined.
        capped: Sales in which a limit or a budget cut a rule of the candidate.
        by_tier: Difference by tier.
        by_segment: Difference by segment; a member may be in several.
        by_member: Difference by member.
        exhausted_on: By campaign of the candidate: the day on which its budget was used up; that for what it
            takes off prices has ``discounts`` behind the campaign.
    """

    candidate: Programme
    sales: int = 0
    current_points: int = 0
    candidate_points: int = 0
    current_minor: int = 0
    candidate_minor: int = 0
    by_rule: Counter[str] = field(default_factory=Counter)
    declined: Counter[str] = field(default_factory=Counter)
    capped: Counter[str] = field(default_factory=Counter)
    by_tier: Counter[str] = field(default_factory=Counter)
    by_segment: Counter[str] = field(default_factory=Counter)
    by_member: Counter[Hashable] = field(default_factory=Counter)
    exhausted_on: dict[str, date] = field(default_factory=dict)
    _budgets: dict[str, tuple[str, int]] = field(default_factory=dict)  # by counter: campaign and plan
    _off: dict[str, tuple[str, int]] = field(default_factory=dict)  # by rule: those of what it takes off
    _by_campaign: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._budgets = {
            cap.counter: (campaign.id, cap.limit)
            for campaign in self.candidate.campaigns
            for cap in campaign.caps
            if cap.subject.startswith(BUDGET)
        }
        self._off = {
            rule.id: (f"{rule.campaign} discounts", cap.limit)
            for rule in self.candidate.rules
            for cap in rule.caps
            if cap.subject.startswith(f"{OFF}{BUDGET}")
        }

    def add(
        self,
        member: Hashable,
        facts: Facts,
        day: date,
        points: int,
        award: Award,
        *,
        now_minor: int = 0,
        then_minor: int = 0,
        counted: Iterable[tuple[str, int]] = (),
    ) -> None:
        """Take in one sale that brings *points* and *now_minor*, and would bring *award* and *then_minor*.

        They come in order, oldest first. What it would give beside points took *counted* of limits.
        """
        self.sales += 1
        self.current_minor += now_minor
        self.candidate_minor += then_minor
        self.current_points += points
        self.candidate_points += award.points
        for step in award.steps:
            if step.verdict is Verdict.CAPPED:
                self.capped[step.rule_id] += 1
        for rule, part in award.parts:
            self.by_rule[rule] += part
        for name, by in (*award.counted, *counted):
            if name in self._budgets:
                self._spend(*self._budgets[name], by, day)
        for each in award.discounts if self._off else ():
            if each.promotion in self._off:
                self._spend(*self._off[each.promotion], each.amount_minor, day)
        difference = award.points - points
        if difference:
            self.by_tier[facts.tier] += difference
            for segment in facts.segments:
                self.by_segment[segment] += difference
            self.by_member[member] += difference

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
        """What it costs more (or less, negative): value of the points, rounded down, and money."""
        value = self.candidate.redemption.value
        points = self.candidate_points - self.current_points
        more_minor = self.candidate_minor - self.current_minor
        return points * value.numerator // value.denominator + more_minor

    def most_winning(self) -> list[tuple[Hashable, int]]:
        """The members who would gain most, and how much."""
        return [(member, points) for member, points in self.by_member.most_common(TOP) if points > 0]

    def _spend(self, campaign: str, budget: int, points: int, day: date) -> None:
        self._by_campaign[campaign] += points
        if self._by_campaign[campaign] >= budget:
            self.exhausted_on.setdefault(campaign, day)

    def report(self, *, has_money: bool = True) -> dict[str, object]:
        """The figures, by name; those that are told one by one in tables of their own.

        Without *has_money* nobody told what was given in money.
        """
        currency = self.candidate.terms.currency
        figures: dict[str, object] = {
            "sales": self.sales,
            "points_now": self.current_points,
            "points_then": self.candidate_points,
            "money_now": format_minor(self.current_minor, currency),
            "money_then": format_minor(self.candidate_minor, currency),
            "costs_more": format_minor(self.cost_minor, currency),
            "members_who_win": self.winners,
            "members_who_lose": self.losers,
        }
        if not has_money:
            del figures["money_now"], figures["money_then"]
        return figures | {
            "points_then_by_rule": dict(self.by_rule.most_common()),
            "sales_declined_by_rule": dict(self.declined.most_common()),
            "sales_limited_by_rule": dict(self.capped.most_common()),
            "difference_by_tier": {tier or "none": points for tier, points in sorted(self.by_tier.items())},
            "difference_by_segment": dict(sorted(self.by_segment.items())),
            "budget_used_up_on": {name: f"{day}" for name, day in sorted(self.exhausted_on.items())},
        }
