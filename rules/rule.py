"""Rules, the groups in which they compete, and the campaigns that they serve."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from rules.cap import BUDGET, OFF, Cap
from rules.conditions import Condition, LineFilter
from rules.effects import Effect, Lane, lane_of
from rules.goal import Goal


class Pick(enum.Enum):
    """Which rules of a group count: all that hold, the first in order, the one that gives most or least."""

    ALL = "all"
    FIRST = "first"
    BEST = "best"
    BEST_MARGIN = "best_margin"  # of those that give something the one that gives least


class Nature(enum.Enum):
    """What a campaign gives."""

    POINTS = "points"
    DISCOUNTS = "discounts"
    COUPONS = "coupons"
    CERTIFICATES = "certificates"
    MONEY = "money"
    PRIZES = "prizes"
    STAMPS = "stamps"
    TIERS = "tiers"
    MESSAGES = "messages"
    MIXED = "mixed"  # several of them


class Strategy(enum.Enum):
    """What a campaign is to do for the trade."""

    LOYALTY = "loyalty"  # keep the best
    RETENTION = "retention"  # keep the most profitable
    UPGRADING = "upgrading"
    CROSS_SELLING = "cross_selling"


class CampaignState(enum.Enum):
    """Where a campaign stands in its life. Scheduled and active ones count, inside their period."""

    DRAFT = "draft"
    CHECKED = "checked"
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Group:
    """Rules of one lane that compete; *take* of them count."""

    id: str
    pick: Pick
    take: int = 1

    def in_words(self) -> str:
        """``the one that gives most counts``."""
        match self.pick:
            case Pick.ALL:
                return "all that hold count"
            case Pick.FIRST:
                return (
                    "the first that holds counts"
                    if self.take == 1
                    else f"the first {self.take} that hold count"
                )
            case Pick.BEST | Pick.BEST_MARGIN:
                what = "most" if self.pick is Pick.BEST else "least"
                if self.take == 1:
                    return f"the one that gives {what} counts"
                return f"the {self.take} that give {what} count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What a set of rules is for.

    Attributes:
        strategy: What it is to do, as the author says.
        category: What kind of campaign it is, in the author's words.
        goal: What it is to reach; ``None`` when nobody said.
        budget_points: Points that it may give out at most, or ``None``.
        caps: Limits on what its rules give together; its budget is the one of everybody's lifetime.
        discount_caps: Limits on what its rules take off prices together, the budget for that among them.
        arms: Of its experiment, by name, each with its share of the members in basis points; empty without
            one.
        funding: Partner and basis points of the cost it bears; empty when the programme bears all.
        when: Its period and audience; they bind each of its rules.
    """

    id: str
    text: str
    nature: Nature
    category: str
    state: CampaignState
    when: tuple[Condition, ...]
    goal: Goal | None = None
    budget_points: int | None = None
    caps: tuple[Cap, ...] = ()
    discount_caps: tuple[Cap, ...] = ()
    funding: tuple[tuple[str, int], ...] = ()
    strategy: Strategy | None = None
    arms: tuple[tuple[str, int], ...] = ()

    @property
    def counts(self) -> bool:
        """Whether its rules are in force inside its period."""
        return self.state in (CampaignState.SCHEDULED, CampaignState.ACTIVE)

    @property
    def discount_budget(self) -> Cap | None:
        """What it may take off prices at most; ``None`` when nobody said."""
        return next((cap for cap in self.discount_caps if cap.subject.startswith(f"{OFF}{BUDGET}")), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When *when* holds and the basket has *lines*, *effect* is given.

    Attributes:
        text: What it is, in a sentence for people.
        group: Position of its group among the programme's groups, from 1; 0 without one.
        pick: How its group chooses, and *take*: how many.
        when: All must hold; the campaign's period and audience are among them.
        lines: Which lines it is about; ``None`` for the whole sale.
        caps: Limits on its points; the campaign's budget is among them.
        margin_floor_bp: It gives nothing where what is paid for its lines would leave less than this part of
            itself above their cost; ``None``: whatever they leave.
        arms: Of its campaign's experiment that it is for, as ``summer/A``; empty without an experiment.
    """

    id: str
    text: str
    effect: Effect
    priority: int = 0
    group: int = 0
    pick: Pick = Pick.ALL
    take: int = 1
    campaign: str = ""
    when: tuple[Condition, ...] = ()
    lines: LineFilter | None = None
    caps: tuple[Cap, ...] = ()
    margin_floor_bp: int | None = None
    arms: frozenset[str] = frozenset()

    @property
    def lane(self) -> Lane:
        """Where it lies."""
        return lane_of(self.effect)

    @property
    def order(self) -> tuple[int, int, int, str]:
        """Its place in the one total order."""
        return int(self.lane), self.group, -self.priority, self.id


_Amount = TypeVar("_Amount", int, Fraction)


def ranked(group: Sequence[tuple[Rule, _Amount]]) -> list[tuple[Rule, _Amount]]:
    """The rules of a group that chooses, each with what it gives, in the order in which they are picked."""
    match group[0][0].pick:
        case Pick.BEST:
            return sorted(group, key=lambda each: -each[1])
        case Pick.BEST_MARGIN:
            return sorted(group, key=lambda each: (each[1] <= 0, max(0, each[1])))
        case _:
            return list(group)
