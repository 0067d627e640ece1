"""A programme as an immutable value: what a purchase earns and what points can pay."""

import calendar
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import lru_cache
from typing import Final

from loyalty.amount import Rate, Rounding
from loyalty.card import CardRange
from loyalty.terms import Terms
from rules.asked import member_facts_in
from rules.cap import Cap
from rules.compile import compile_rules
from rules.counters import Counting, counting_of
from rules.coupon import Coupon, coupons_of
from rules.effects import (
    EXTRA_LANES,
    POINT_LANES,
    PRICE_LANES,
    REDEEM_LANES,
    FreeForStamps,
    Lane,
    MoveTier,
    Redeem,
)
from rules.goal import Goal
from rules.names import Declared
from rules.redemption import Redemption
from rules.restraint import NO_RESTRAINT, Restraint
from rules.rule import Campaign, Group, Rule
from rules.span import Span
from rules.stock import StampCard
from rules.table import Table
from rules.text import Text
from rules.tiers import Qualification

HOLD_KEPT: Final = timedelta(days=7)  # where a programme says nothing else

BASE_RULE: Final = "base"  # id under which the programme's own base rate stands in an award


class PointsBack(enum.Enum):
    """Which points come back at a refund: all that were used, as far as it goes, or in proportion."""

    FIRST = "first"
    PRO_RATA = "pro_rata"


class WithoutOriginal(enum.Enum):
    """What a refund that names no sale takes back: the base rate of its amount, or it is refused."""

    BASE_RATE = "base_rate"
    REFUSE = "refuse"


class Shortfall(enum.Enum):
    """What happens when points that are to be taken back are spent already."""

    DEBT = "debt"
    NEGATIVE = "negative"
    ABSORB = "absorb"


class RoundingLevel(enum.Enum):
    """Where a part of a point is rounded: on every line, on every rule, or once for the transaction."""

    LINE = "line"
    RULE = "rule"
    TRANSACTION = "transaction"


class Multipliers(enum.Enum):
    """What several make of one line: what they add adds up, one multiplies the other, the largest counts."""

    SUM = "sum"
    PRODUCT = "product"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class RefundPolicy:
    """What a refund does to points.

    Attributes:
        grace: For this long points can be used that come back when their lot has expired; ``None``: they
            expire again at once.
    """

    points_back: PointsBack
    without_original: WithoutOriginal
    shortfall: Shortfall
    grace: Span | None = None


@dataclass(frozen=True, slots=True)
class BaseRate:
    """What every sale earns where no rule says otherwise.

    Attributes:
        rate: Points per minor unit.
        rounding: What becomes of a part of a point, here and in every rule.
        level: Where it is rounded.
        multipliers: What several multipliers make of one line.
    """

    rate: Rate
    rounding: Rounding
    level: RoundingLevel = RoundingLevel.TRANSACTION
    multipliers: Multipliers = Multipliers.SUM


@dataclass(frozen=True, slots=True)
class CertificateTerms:
    """What points become a certificate, and how long it can be spent.

    Attributes:
        last: After it was made, that day included.
        minimum: Points of a certificate; above it, it is made in multiples of *step*.
    """

    last: Span
    minimum: int
    step: int

    def asked(self, redemption: Redemption) -> tuple[int, int]:
        """Minimum and step for whom *redemption* are the terms."""
        return redemption.certificate_minimum or self.minimum, redemption.certificate_step or self.step


@dataclass(frozen=True, slots=True)
class Partner:
    """Somebody at whose terminals points are earned or spent, and who has an account with the programme.

    Attributes:
        id: As the register of terminals has it.
        funds: He bears what is earned at his terminals.
        reimbursed: He gets what is spent at them.
    """

    id: str
    text: str
    funds: bool
    reimbursed: bool


@dataclass(frozen=True, slots=True)
class FamilyLimits:
    """Points that a member whose accounts are another's may use; ``None`` is no limit."""

    per_transaction: int | None = None
    per_day: int | None = None


@dataclass(frozen=True, slots=True)
class Prize:
    """Something of the catalogue that points buy.

    Attributes:
        last: After it was bought; until then it can be fetched.
        tier_points: What it costs members of a tier, where that is something else.
    """

    code: str
    text: str
    points: int
    last: Span
    tier_points: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Validity:
    """How long earned points live.

    Attributes:
        wait: They can be spent after this.
        last: And until this after they were earned, that day included; ``None`` when they never expire.
        end_of_month: Their last day is moved to the end of its month.
    """

    wait: Span
    last: Span | None
    end_of_month: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """All that is known of a programme. Made by ``rules.parse``.

    Attributes:
        version: First twelve hexadecimal digits of the SHA-256 of ``text``.
        source: The canonical text, from which the programme can be made again.
        day_starts: When a business day starts, in the programme's zone.
        prizes: The catalogue, in its order.
        family: Limits of those who use another's points.
        tiers: From the lowest to the highest.
        activates: The first purchase activates a card that was only issued.
        hold_kept: How long points stay reserved for a hold that nobody completes.
        rules: In force, in the one total order (lane, group, falling priority, id). A list, which grows and
            goes a little at a time; nobody changes it.
        limits: On all points of a sale, the base rate's among them.
        qualification: What its tiers ask; ``None`` when only the operator gives them.
        declared: What its rules may call by name.
        categories: By product, from the master data, where tills send none.
        costs: Of a unit by product, in minor units, where something asks for profit.
        asks: What its rules ask of the member beyond his card (``member_facts_in``), and ``arms`` where it
            experiments.
        counting: What its rules and limits count; ``None`` when they look at nothing but the sale.
        budgets: Campaign in force and the points of its budget, by the measure that counts them.
        restraint: How much it may give away and promise.
        goals: What it is to reach, campaigns apart.
        id: Of a programme beside the deployment's own; empty for that one.
        parts: The programmes beside this one, the deployment's own.
        holdout_bp: Basis points of the members who get nothing beside the base.
        near_miss_within_minor: A near miss further away is not told; ``None`` tells any.
        near_miss_tiers: What the next tier would bring is told where nothing else is near.
        paused: Campaigns whose rules give nothing for now.
        stopped: What is not done for now: ``earn``, ``redeem``.
        whole: The programme of which something is paused or stopped here; ``None`` when nothing is.
        prices: The rules on prices, compiled; table: those on points; extras: all others.
        coupon_codes: Which coupon each code stands for that anybody may use.
        needs_coupons: By rule that asks for coupons: which.
        guards: Whether any rule may decline a sale.
        withholds: Whether a rule that holds may not count: it is paused, the member is held out or in another
            arm, or a larger multiplier counts.
        redemptions: The rules on what points pay, compiled.
        asks_proof: Whether spending points may ask for a code or a PIN.
        free_for_stamps: Rules that give something free for a full card of stamps, each with its card.
        borne_by: Campaign by rule, of those with a budget or partners who fund them; empty without partners.
        floored: Rules on points that must leave some margin; a list, as *rules* is.
        has_extras: Whether anything but points and prices can come of a sale.
        gives: Whether any rule gives something beside points and prices that undoing must take back.
        moves_tiers: Whether any rule moves members into tiers.
    """

    version: str
    source: Text = field(repr=False, compare=False)  # the version stands for it
    name: str
    terms: Terms
    day_starts: time
    card_ranges: tuple[CardRange, ...]
    base: BaseRate
    validity: Validity
    redemption: Redemption
    refund: RefundPolicy
    certificates: CertificateTerms
    prizes: tuple[Prize, ...] = ()
    partners: tuple[Partner, ...] = ()
    family: FamilyLimits = FamilyLimits()
    hold_kept: timedelta = HOLD_KEPT
    tiers: tuple[str, ...] = ()
    activates: bool = False
    groups: tuple[Group, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    coupons: Mapping[str, Coupon] = field(default_factory=dict)
    rules: Sequence[Rule] = field(default=(), repr=False)
    limits: tuple[Cap, ...] = ()
    id: str = ""
    parts: "tuple[Programme, ...]" = field(default=(), repr=False)
    holdout_bp: int = 0
    restraint: Restraint = NO_RESTRAINT
    goals: tuple[Goal, ...] = ()
    near_miss_within_minor: int | None = None
    near_miss_tiers: bool = False
    paused: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    whole: "Programme | None" = field(default=None, repr=False, compare=False)
    qualification: Qualification | None = None
    declared: Declared = field(default_factory=Declared, repr=False)
    categories: Mapping[str, str] = field(default_factory=dict, repr=False)
    costs: Mapping[str, int] = field(default_factory=dict, repr=False)
    asks: frozenset[str] = field(init=False, repr=False, compare=False)
    counting: Counting | None = field(init=False, repr=False, compare=False)
    budgets: Mapping[str, tuple[str, int]] = field(init=False, repr=False, compare=False)
    coupon_codes: Mapping[str, str] = field(init=False, repr=False, compare=False)
    needs_coupons: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)
    guards: bool = field(init=False, repr=False, compare=False)
    withholds: bool = field(init=False, repr=False, compare=False)
    free_for_stamps: tuple[tuple[Rule, StampCard], ...] = field(init=False, repr=False, compare=False)
    borne_by: Mapping[str, Campaign] = field(init=False, repr=False, compare=False)
    floored: Sequence[Rule] = field(init=False, repr=False, compare=False)
    has_extras: bool = field(init=False, repr=False, compare=False)
    gives: bool = field(init=False, repr=False, compare=False)
    moves_tiers: bool = field(init=False, repr=False, compare=False)
    prices: Table = field(init=False, repr=False, compare=False)
    table: Table = field(init=False, repr=False, compare=False)
    extras: Table = field(init=False, repr=False, compare=False)
    redemptions: Table = field(init=False, repr=False, compare=False)
    asks_proof: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        language = self.terms.language
        asks = set(member_facts_in(self.rules))
        tests = self.holdout_bp > 0 or any(rule.arms for rule in self.rules)
        if tests:
            asks.add("arms")
        object.__setattr__(self, "asks", frozenset(asks))
        adds_up = self.base.multipliers is Multipliers.SUM
        withholds = tests or self.whole is not None or self.base.multipliers is Multipliers.MAX
        object.__setattr__(self, "withholds", withholds)
        metric = "" if self.qualification is None else self.qualification.metric
        counting = counting_of(self.rules, self.limits, self.costs, metric, activates=self.activates)
        object.__setattr__(self, "counting", counting)
        budgets = {
            f"budget:{each.id}/all": (each.id, each.budget_points)
            for each in self.campaigns
            if each.counts and each.budget_points is not None
        }
        object.__setattr__(self, "budgets", budgets)
        codes = {code: each.id for each in self.coupons.values() for code in each.codes}
        object.__setattr__(self, "coupon_codes", codes)
        asked = {rule.id: coupons_of(rule) for rule in self.rules} if self.coupons else {}
        object.__setattr__(self, "needs_coupons", {rule: some for rule, some in asked.items() if some})
        object.__setattr__(self, "guards", any(rule.lane is Lane.GUARD for rule in self.rules))
        free = [(rule, rule.effect.card) for rule in self.rules if isinstance(rule.effect, FreeForStamps)]
        object.__setattr__(self, "free_for_stamps", tuple(free))
        floored = [
            rule for rule in self.rules if rule.margin_floor_bp is not None and rule.lane in POINT_LANES
        ]
        object.__setattr__(self, "floored", floored)
        apart = {each.id: each for each in self.campaigns if each.funding or each.budget_points is not None}
        borne_by = {rule.id: apart[rule.campaign] for rule in self.rules if rule.campaign in apart}
        object.__setattr__(self, "borne_by", borne_by if self.partners else {})
        has_extras = bool(free) or any(rule.lane in EXTRA_LANES for rule in self.rules)
        object.__setattr__(self, "has_extras", has_extras)
        gives = any(rule.lane in (Lane.ISSUE, Lane.COUNTER) for rule in self.rules)
        object.__setattr__(self, "gives", gives)
        moves = any(isinstance(rule.effect, MoveTier) for rule in self.rules)
        object.__setattr__(self, "moves_tiers", moves)
        terms = [rule.effect.redemption for rule in self.rules if isinstance(rule.effect, Redeem)]
        proofs = any(each.proof_from_minor is not None for each in (self.redemption, *terms))
        object.__setattr__(self, "asks_proof", proofs)
        tables = (
            ("prices", PRICE_LANES),
            ("table", POINT_LANES),
            ("extras", EXTRA_LANES),
            ("redemptions", REDEEM_LANES),
        )
        for name, lanes in tables:
            rules = tuple([rule for rule in self.rules if rule.lane in lanes])
            object.__setattr__(self, name, compile_rules(rules, language, adds_up=adds_up))

    def caps(self) -> frozenset[Cap]:
        """All limits and budgets: what is to be counted, and given to the rules among the facts."""
        return frozenset(self.limits) | {cap for rule in self.rules for cap in rule.caps}

    @property
    def text(self) -> str:
        """The canonical text as a whole."""
        return str(self.source)

    @property
    def all(self) -> "tuple[Programme, ...]":
        """Itself and those beside it."""
        return (self, *self.parts)

    def part(self, name: str) -> "Programme | None":
        """The programme called *name* among all of the deployment."""
        return next((programme for programme in self.all if programme.id == name), None)

    def holding(self, number: str) -> "Programme":
        """The programme of the card *number*; the deployment's own when it is in no range at all."""
        for programme in self.parts:
            if any(card_range.holds(number) for card_range in programme.card_ranges):
                return programme
        return self

    def tier_above(self, tier: str) -> str | None:
        """The tier above *tier*; ``None`` when there is none, or *tier* is none."""
        at = self.tiers.index(tier) + 1 if tier in self.tiers else len(self.tiers)
        return self.tiers[at] if at < len(self.tiers) else None

    def partner(self, name: str) -> Partner | None:
        """The partner with this id."""
        return next((partner for partner in self.partners if partner.id == name), None)

    def lot_dates(self, earned_on: date) -> tuple[date, date]:
        """First and last day on which points earned on *earned_on* can be spent.

        The last is ``date.max`` when they never expire.
        """
        return _lot_dates(self.validity, earned_on)


@lru_cache(maxsize=256)  # nearly all sales are of today
def _lot_dates(validity: Validity, earned_on: date) -> tuple[date, date]:
    available_from = validity.wait.after(earned_on)
    if validity.last is None:
        return available_from, date.max
    expires_on = validity.last.after(earned_on)
    if validity.end_of_month and expires_on != date.max:
        expires_on = expires_on.replace(day=calendar.monthrange(expires_on.year, expires_on.month)[1])
    return available_from, expires_on
