"""What rules gave in a sale, and what of that stands after refunds, voids and reversals.

Points stand in the decision's own account, and money off prices in its facts. What else was given (papers,
money, prizes, stamps, messages) follows from the facts, and is worked out again as ``puntual rules explain``
does, where a campaign has such rules. Of a sale of which lines were returned the kept ones are rated again;
of these, what was taken off each is off still. Where nobody said which they are, points and money off keep
their proportion: points rounded down, money off rounded up, as limits count it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from rules.conditions import Period
from rules.effects import EXTRA_LANES, PRICE_LANES, Lane
from rules.facts import Facts
from rules.programme import Programme
from rules.replay import Past, rate
from rules.rule import Rule
from switch.enactment import Restorer
from switch.purchases import Purchase, Slice, points_told
from switch.recall import Recall
from switch.returns import kept_facts, kept_steps

_NOTHING: Final[Mapping[str, "Given"]] = MappingProxyType({})
_DAY_LENGTH: Final = 10  # of an instant's day
_BY_ANY_CLOCK: Final = timedelta(days=2)  # instants are kept in UTC, and campaigns go by the till's clock
_GIVING: Final = EXTRA_LANES - {Lane.GUARD}


class Given(NamedTuple):
    """What a rule gave in a sale; *kept* is what of it stands.

    Attributes:
        off_minor: Off the prices.
        gifts_minor: What certificates, money for purses and prizes cost.
    """

    points: int
    off_minor: int
    gifts_minor: int
    points_kept: int
    off_kept_minor: int
    gifts_kept_minor: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is to be known of a programme for its sales.

    Attributes:
        campaign_of: By rule, of those in force.
        takes_off: Rules of campaigns take money off prices.
        gives_within: First and last day, ISO 8601, on which one of them may give something beside points and
            prices, by any clock; ``None`` when none does.
        gives: Any rule may.
    """

    campaign_of: Mapping[str, str]
    takes_off: bool
    gives_within: tuple[str, str] | None
    gives: bool

    @classmethod
    def of(cls, programme: Programme) -> "Known":
        """What is to be known of *programme*."""
        own = [rule for rule in programme.rules if rule.campaign]
        return cls(
            campaign_of={rule.id: rule.campaign for rule in own},
            takes_off=any(rule.lane in PRICE_LANES for rule in own),
            gives_within=_time_of([rule for rule in own if rule.lane in _GIVING]),
            gives=any(rule.lane in _GIVING for rule in programme.rules),
        )

    def may_give(self, purchase: Purchase) -> bool:
        """Whether a rule of a campaign may have given something beside points and prices in *purchase*."""
        return (
            self.gives_within is not None
            and self.gives_within[0] <= purchase.as_of[:_DAY_LENGTH] <= self.gives_within[1]
        )


def _time_of(rules: Sequence[Rule]) -> tuple[str, str] | None:
    """First and last day of the campaigns of *rules*, with what zones and late hours may add."""
    if not rules:
        return None
    first, last = date.max, date.min
    for rule in rules:
        period = next((each for each in rule.when if isinstance(each, Period)), Period(None, None))
        first = min(first, date.min if period.start is None else period.start.date())
        last = max(last, date.max if period.end is None else period.end.date())
    if first - date.min > _BY_ANY_CLOCK:
        first -= _BY_ANY_CLOCK
    if date.max - last > _BY_ANY_CLOCK:
        last += _BY_ANY_CLOCK
    return first.isoformat(), last.isoformat()


class Givings:
    """Tells what rules gave.

    Args:
        reader: Of the books.
    """

    def __init__(self, reader: Recall) -> None:
        self._reader = reader
        self._restored = Restorer(reader)
        self._known: dict[tuple[str, str], Known] = {}
        self.erased = 0  # sales of which not all can be told, as their facts were erased

    def known(self, version: str, part: str) -> Known:
        """What is to be known of the programme *part* as it was in *version*."""
        known = self._known.get((version, part))
        if known is None:
            known = self._known[version, part] = Known.of(self._programme(version, part))
        return known

    def of(self, purchase: Purchase, within: Slice, *, gifts: bool = False) -> Mapping[str, Given]:
        """What each rule gave that gave something: those of campaigns; with *gifts* all others, too."""
        known = self.known(purchase.version, purchase.programme)
        campaign_of = known.campaign_of
        points = {rule: by for rule, by in points_told(purchase.rules) if gifts or rule in campaign_of}
        takes_off = known.takes_off and purchase.discount_minor > 0
        gives = known.gives if gifts else known.may_give(purchase)
        if not (points or takes_off or gives):
            return _NOTHING
        facts: Facts | None = None
        if takes_off or gives or not (purchase.is_whole or not purchase.stands):
            facts = self.facts(purchase, within)
        off, gave = Counter[str](), Counter[str]()
        if facts is not None:
            for _, minor, rule in facts.off:
                off[rule] += minor
            if gives:
                gave = self._gave(purchase, facts)
        rules = {**points, **off, **gave}
        if not gifts:
            rules = {rule: 0 for rule in rules if rule in campaign_of}
        if not rules:
            return _NOTHING
        whole = {rule: (points.get(rule, 0), off[rule], gave[rule]) for rule in rules}
        kept = self._kept(purchase, facts, whole)
        return {rule: Given(*its, *kept[rule]) for rule, its in whole.items()}

    def facts(self, purchase: Purchase, within: Slice) -> Facts | None:
        """What the rules saw; ``None``, and counted, when it was erased."""
        text = within.facts(purchase.seq)
        if text is None:
            self.erased += 1
            return None
        return Facts.from_json(text)

    def kept_of(self, purchase: Purchase, facts: Facts) -> Facts | None:
        """What rules would see of what is left of *purchase*; ``None`` when nobody said its lines."""
        if purchase.is_whole:
            return facts
        record = self._reader.by_seq(purchase.seq)
        assert record is not None
        return kept_facts(self._reader, record, facts)

    def _programme(self, version: str, part: str) -> Programme:
        whole = self._restored(version)
        return whole.part(part) or whole

    def _gave(self, purchase: Purchase, facts: Facts) -> Counter[str]:
        """What each rule cost that gave anything beside points and prices, worked out again."""
        past = Past(facts, date.fromisoformat(purchase.day), purchase.member, purchase.card)
        given = rate(self._programme(purchase.version, purchase.programme), past).given
        gave = Counter[str](dict.fromkeys(given.rules, 0))
        gave.update(dict(given.costs))
        return gave

    def _kept(
        self, purchase: Purchase, facts: Facts | None, whole: Mapping[str, tuple[int, int, int]]
    ) -> Mapping[str, tuple[int, int, int]]:
        """What stands of what each rule gave."""
        if purchase.is_whole:
            return whole
        if not purchase.stands:
            return dict.fromkeys(whole, (0, 0, 0))
        record = self._reader.by_seq(purchase.seq)
        assert record is not None
        total_minor = purchase.total_minor
        stands = whole
        steps: Iterable[tuple[int, Facts | None]] = [(purchase.kept_minor, None)]
        if facts is not None:
            steps = kept_steps(self._reader, record, facts)
        for kept_minor, left in steps:  # what one return took no later one gives again
            if left is None:
                earns = {rule: points * kept_minor // total_minor for rule, (points, _, _) in whole.items()}
                off = {rule: -(-minor * kept_minor // total_minor) for rule, (_, minor, _) in whole.items()}
                costs = {rule: gifts for rule, (_, _, gifts) in stands.items()}
            else:
                earns, costs = self._rated(purchase, left)
                off = Counter[str]()
                for _, minor, rule in left.off:
                    off[rule] += minor
            stands = {
                rule: (
                    min(earns.get(rule, 0), points),
                    min(off.get(rule, 0), minor),
                    min(costs.get(rule, 0), gifts),
                )
                for rule, (points, minor, gifts) in stands.items()
            }
        return stands

    def _rated(self, purchase: Purchase, left: Facts) -> tuple[dict[str, int], dict[str, int]]:
        """Points and cost of gifts of each rule, of what is *left* of a sale."""
        past = Past(left, date.fromisoformat(purchase.day), purchase.member, purchase.card)
        rated = rate(self._programme(purchase.version, purchase.programme), past)
        return dict(rated.award.parts), dict(rated.given.costs)
