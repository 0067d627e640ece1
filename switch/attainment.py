"""How far goals are reached, and what campaigns brought and cost, as the books tell it now.

One pass over the sales since the earliest day that anybody asks about. Sales of which something stands are
counted for each campaign that gave them something, for each arm of its experiment, and for each goal of the
programme in whose time they lie. Whatever was undone or returned since is taken off where it was counted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from rules.conditions import Period
from rules.counters import profit_of
from rules.experiment import HOLDOUT
from rules.experimentset import CONTROL
from rules.goal import COMPARING, HUNDREDTHS, OF_COSTS, WHOLE_BP, Goal, Metric, more_than, time_before
from rules.programme import Programme
from rules.rule import Campaign
from switch.brought import Sums
from switch.givings import Given, Givings
from switch.purchases import Purchase, Purchases, Slice, arms_told, as_kept, points_told

Progress = Callable[[int, int], None]  # decisions that were looked at, and of how many

_TELL_EVERY: Final = 1_000  # members between two movements of the progress bar
_FIRST_DAY: Final = date(1970, 1, 1)
_BEFORE_ITS_DAY: Final = timedelta(days=2)  # zones and the start of the day: local days may be ahead
_OF_MEMBERS: Final = frozenset({Metric.NEW_MEMBERS, Metric.REACTIVATED})
_OTHERS: Final = "others"  # who are not held out


@dataclass(slots=True)
class Subject:
    """A goal and what is counted for it.

    Attributes:
        name: Of the campaign, or of the goal of the programme.
        bounds: Of ``as_of``, the last one excluded; empty where there is none.
        shares: Of the arms in basis points, by name.
        control: Which of these is compared with; empty when none is.
        among: Only these members count; ``None`` for all.
        sums: Of the sales to which the campaign gave something, or of all that the goal is about.
        by_arm: Of all sales in its time, whether anything was given or not.
        before: Bounds of the time before, where it is asked who bought then; else ``None``.
        known: Who did.
        actual: What is reached of the goal; ``None`` when it cannot be measured.
    """

    name: str
    goal: Goal | None
    campaign: Campaign | None
    period: Period
    bounds: tuple[str, str]
    shares: Mapping[str, int]
    control: str = ""
    among: frozenset[int] | None = None
    sums: Sums = field(default_factory=Sums)
    by_arm: dict[str, Sums] = field(default_factory=dict)
    before: tuple[str, str] | None = None
    known: set[int] = field(default_factory=set)
    actual: int | None = None

    @property
    def metric(self) -> Metric | None:
        """By which its goal is measured."""
        return None if self.goal is None else self.goal.metric

    def is_in_time(self, purchase: Purchase) -> bool:
        """Whether *purchase* happened in its time."""
        return _is_within(self.bounds, purchase)

    def look_back(self, purchase: Purchase) -> None:
        """Remember who bought in the time before."""
        member = purchase.member
        if self.before is None or member is None or not purchase.stands:
            return
        if _is_within(self.before, purchase) and (self.among is None or member in self.among):
            self.known.add(member)

    def arm_of(self, purchase: Purchase) -> str | None:
        """The arm of the member, ``None`` when he is in none of this."""
        if purchase.member is None or not self.shares:
            return None
        arms = set(arms_told(purchase.rules))
        if HOLDOUT in self.shares:
            return HOLDOUT if HOLDOUT in arms else _OTHERS
        return next((name for name in self.shares if f"{self.name}/{name}" in arms), None)


def _is_within(bounds: tuple[str, str], purchase: Purchase) -> bool:
    first, behind = bounds
    return purchase.as_of >= first and (not behind or purchase.as_of < behind)


class Attainment:
    """Measures the campaigns and goals of *programme*.

    Args:
        purchases: Of the books.
        programme: One of those of the deployment.
        names: Only these campaigns and goals; all when it is empty.
    """

    def __init__(
        self, purchases: Purchases, programme: Programme, names: frozenset[str] = frozenset()
    ) -> None:
        self._purchases = purchases
        self._programme = programme
        self._givings = Givings(purchases.reader)
        wanted = [each for each in self._subjects() if not names or each.name in names]
        self.campaigns = {each.name: each for each in wanted if each.campaign is not None}
        self.goals = [each for each in wanted if each.campaign is None]
        self._looking_back = [each for each in wanted if each.before is not None]
        self.through = 0

    @property
    def erased(self) -> int:
        """Sales of which not all can be told, because what their rules saw was erased."""
        return self._givings.erased

    def measure(self, progress: Progress) -> None:
        """Go through the books once."""
        last = self._purchases.last
        for some in self._purchases.slices(self._since()):
            for purchase in some.purchases:
                if purchase.programme == self._programme.id:
                    self._add(purchase, some)
            self._set_right(some)
            self.through = some.last
            progress(some.last, max(last, some.last))
        for subject in (*self.campaigns.values(), *self.goals):
            subject.actual = self._actual(subject, progress)

    def _subjects(self) -> Iterator[Subject]:
        for campaign in self._programme.campaigns:
            period = next((each for each in campaign.when if isinstance(each, Period)), Period(None, None))
            arms, control = dict(campaign.arms), CONTROL if CONTROL in dict(campaign.arms) else ""
            if not arms and campaign.goal is not None and campaign.goal.metric in COMPARING:
                arms, control = self._held_out()
            yield self._subject(campaign.id, campaign.goal, campaign, period, arms, control)
        for goal in self._programme.goals:
            assert goal.period is not None
            arms, control = self._held_out() if goal.metric in COMPARING else ({}, "")
            subject = self._subject(goal.id, goal, None, goal.period, arms, control)
            if goal.segment:
                subject.among = self._purchases.members_of(goal.segment)
            yield subject

    def _subject(
        self,
        name: str,
        goal: Goal | None,
        campaign: Campaign | None,
        period: Period,
        arms: Mapping[str, int],
        control: str,
    ) -> Subject:
        bounds = self._bound(period.start), self._bound(period.end)
        subject = Subject(name, goal, campaign, period, bounds, arms, control)
        subject.by_arm = {arm: Sums() for arm in arms}
        if subject.metric in _OF_MEMBERS:
            subject.sums.first = {}
        if subject.metric is Metric.RETENTION and (before := time_before(period)) is not None:
            subject.before = self._bound(before.start), self._bound(before.end)
        return subject

    def _held_out(self) -> tuple[dict[str, int], str]:
        held_bp = self._programme.holdout_bp
        return ({HOLDOUT: held_bp, _OTHERS: WHOLE_BP - held_bp}, HOLDOUT) if held_bp else ({}, "")

    def _bound(self, moment: datetime | None) -> str:
        if moment is None:
            return ""
        return as_kept(moment.replace(tzinfo=self._programme.terms.zone).astimezone(UTC))

    def _since(self) -> int:
        """Where the first sale may lie that anything is asked about."""
        wanted = (*self.campaigns.values(), *self.goals)
        asked = [time_before(each.period) if each.before else each.period for each in wanted]
        starts = [None if period is None else period.start for period in asked]
        known = [start for start in starts if start is not None]
        if not starts or len(known) < len(starts):
            return 0
        first = max(min(known).date(), _FIRST_DAY)
        return self._purchases.before_day(first - _BEFORE_ITS_DAY)

    def _add(self, purchase: Purchase, some: Slice) -> None:
        for subject in self._looking_back:
            subject.look_back(purchase)
        goals = [
            each
            for each in self.goals
            if each.is_in_time(purchase) and (each.among is None or purchase.member in each.among)
        ]
        wants_all = any(each.metric in OF_COSTS for each in goals)
        campaign_of: Mapping[str, str] = {}
        given: Mapping[str, Given] = {}
        if self.campaigns or wants_all:
            given = self._givings.of(purchase, some, gifts=wants_all)
            campaign_of = self._givings.known(purchase.version, purchase.programme).campaign_of
        by_campaign: dict[str, list[Given]] = {}
        for rule, each in given.items():
            if rule in campaign_of:
                by_campaign.setdefault(campaign_of[rule], []).append(each)
        goods = _Goods(self._givings, self._programme.costs, purchase, some)
        for name, subject in self.campaigns.items():
            its = by_campaign.get(name, ())
            asks_costs = subject.metric in OF_COSTS
            if its:
                subject.sums.add(purchase, its, goods.minor() if asks_costs else 0)
            if subject.shares and subject.is_in_time(purchase):
                arm = subject.arm_of(purchase)
                if arm is not None:
                    compares = subject.metric is Metric.INCREMENTAL_PROFIT
                    subject.by_arm[arm].add(purchase, its, goods.minor() if compares else 0)
        for subject in goals:
            self._add_to_goal(subject, purchase, given, goods)

    def _add_to_goal(
        self, subject: Subject, purchase: Purchase, given: Mapping[str, Given], goods: "_Goods"
    ) -> None:
        """The points of all its rules are what the sale earned, and what was taken back of that."""
        gifts_minor = sum(each.gifts_kept_minor for each in given.values())
        off_minor = purchase.discount_minor if purchase.stands else 0
        earned = purchase.earned
        kept = Given(earned, 0, 0, earned - purchase.clawed, off_minor, gifts_minor)
        minor = goods.minor() if subject.metric in OF_COSTS else 0
        subject.sums.add(purchase, (kept,), minor)
        arm = subject.arm_of(purchase)
        if arm is not None:
            subject.by_arm[arm].add(purchase, (kept,), minor)

    def _set_right(self, some: Slice) -> None:
        """Corrections of what a campaign's rule gave; in what a sale has left they are already."""
        for each in some.corrections:
            if each.programme != self._programme.id or not each.stands:
                continue
            campaign_of = self._givings.known(each.version, each.programme).campaign_of
            for rule, points in points_told(each.rules):
                subject = self.campaigns.get(campaign_of.get(rule, ""))
                if subject is not None:
                    subject.sums.corrected += points

    def _actual(self, subject: Subject, progress: Progress) -> int | None:  # noqa: C901, PLR0912  (one case a metric)
        metric, sums, value = subject.metric, subject.sums, self._programme.redemption.value
        if metric is None or (metric in OF_COSTS and not any(self._programme.costs.values())):
            return None
        match metric:
            case Metric.SALES:
                return sums.sales
            case Metric.SPEND:
                return sums.spend_minor
            case Metric.MEMBERS:
                return len(sums.members)
            case Metric.NEW_MEMBERS | Metric.REACTIVATED:
                return self._came(subject, progress)
            case Metric.FREQUENCY:
                return sums.of_members * HUNDREDTHS // max(len(sums.members), 1)
            case Metric.AVERAGE_SPEND:
                return sums.spend_minor // max(sums.sales, 1)
            case Metric.RETENTION:
                if subject.before is None:
                    return None
                return len(subject.known & sums.members) * WHOLE_BP // max(len(subject.known), 1)
            case Metric.POINTS:
                return sums.points_given
            case Metric.PROFIT:
                return sums.profit_minor(value)
            case Metric.INCREMENTAL_SALES:
                return _incremental(subject, lambda each: each.sales)
            case Metric.INCREMENTAL_SPEND:
                return _incremental(subject, lambda each: each.spend_minor)
            case Metric.INCREMENTAL_PROFIT:
                return _incremental(subject, lambda each: each.profit_minor(value))

    def _came(self, subject: Subject, progress: Progress) -> int:
        """How many members came for the first time, or again after so many days."""
        assert subject.goal is not None
        assert subject.sums.first is not None
        is_new = subject.metric is Metric.NEW_MEMBERS
        away, came = timedelta(days=subject.goal.away_days), 0
        for number, sale in enumerate(subject.sums.first.values(), 1):
            absent = self._purchases.absence_before(sale)
            if is_new:
                came += absent is None
            else:
                came += absent is not None and absent > away
            if number % _TELL_EVERY == 0:
                progress(number, len(subject.sums.first))
        return came


class _Goods:
    """What the goods of one sale brought above their cost; worked out once, when somebody asks."""

    def __init__(self, givings: Givings, costs: Mapping[str, int], purchase: Purchase, within: Slice) -> None:
        self._known: int | None = None
        self._of = givings, costs, purchase, within

    def minor(self) -> int:
        if self._known is None:
            self._known = self._minor()
        return self._known

    def _minor(self) -> int:
        givings, costs, purchase, within = self._of
        if not purchase.stands or (facts := givings.facts(purchase, within)) is None:
            return 0
        left = givings.kept_of(purchase, facts)
        if left is not None:
            return profit_of(left, costs)
        return profit_of(facts, costs) * purchase.kept_minor // purchase.total_minor


def _incremental(subject: Subject, of: Callable[[Sums], int]) -> int | None:
    """What all arms but the control brought beyond what they would have brought like it."""
    if not subject.control:
        return None
    treated: Sequence[str] = [arm for arm in subject.shares if arm != subject.control]
    control = subject.control
    return more_than(
        sum(of(subject.by_arm[arm]) for arm in treated),
        sum(subject.shares[arm] for arm in treated),
        of(subject.by_arm[control]),
        subject.shares[control],
    )
