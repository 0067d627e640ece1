"""What rules gave in a sale, and what of that stands after refunds, voids and reversals.

Points stand in the decision's own account, and money off prices in its facts. What else was given (papers,
money, prizes, stamps, messages) follows from the facts, and is worked out again as ``puntual rules explain``
does, where a campaign has such rules. Of a sale of which lines were returned the kept ones are rated again;
where nobody said which they are, points and money off keep their proportion, rounded down.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, NamedTuple

from rules.effects import EXTRA_LANES, PRICE_LANES, Lane
from rules.facts import Facts
from rules.programme import Programme
from rules.replay import Past, rate
from switch.enactment import Restorer
from switch.purchases import Purchase, Slice, points_told
from switch.recall import Recall
from switch.returns import kept_facts

_NOTHING: Final[Mapping[str, "Given"]] = MappingProxyType({})
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
        gives: They give something beside points and prices.
        always_gives: So does any rule.
    """

    campaign_of: Mapping[str, str]
    takes_off: bool
    gives: bool
    always_gives: bool

    @classmethod
    def of(cls, programme: Programme) -> "Known":
        """What is to be known of *programme*."""
        own = [rule for rule in programme.rules if rule.campaign]
        return cls(
            campaign_of={rule.id: rule.campaign for rule in own},
            takes_off=any(rule.lane in PRICE_LANES for rule in own),
            gives=any(rule.lane in _GIVING for rule in own),
            always_gives=any(rule.lane in _GIVING for rule in programme.rules),
        )


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
        gives = known.always_gives if gifts else known.gives
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
        kept_minor, total_minor = purchase.kept_minor, purchase.total_minor
        left = None if facts is None else self.kept_of(purchase, facts)
        if left is None:
            return {
                rule: (points * kept_minor // total_minor, off * kept_minor // total_minor, gifts)
                for rule, (points, off, gifts) in whole.items()
            }
        programme = self._programme(purchase.version, purchase.programme)
        past = Past(left, date.fromisoformat(purchase.day), purchase.member, purchase.card)
        rated = rate(programme, past)
        earns, costs = dict(rated.award.parts), Counter(dict(rated.given.costs))
        return {
            rule: (min(earns.get(rule, 0), points), off * kept_minor // total_minor, min(costs[rule], gifts))
            for rule, (points, off, gifts) in whole.items()
        }
