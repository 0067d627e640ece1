"""What of all that a sale counted stands when a part of it is returned.

Where it was said which lines came back, what is kept of the basket is rated again and counts what it brings.
What a line costs less was promised and is kept with the line: it is not priced again, and what was taken off
lines that came back is off no more. Where nobody said the lines, what is kept counts its proportion; what is
given whole (a certificate, a prize, a stamp) stands until all of the sale is returned, and so does what
limits and budgets gave for it.
"""

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Final

from rules.cap import OFF, Unit
from rules.counters import GIVEN_BY, Place
from rules.evaluate import evaluate
from rules.extras import MONEY, PRIZE, Extras, Gift, extras, points_worth
from rules.facts import Facts
from rules.programme import Programme
from rules.stock import POOL, STAMPS, STAMPS_USED
from rules.tiers import GRANTED
from switch.funding import BORNE, FUNDED_GIFTS, borne, left_of, share_of_gifts
from switch.gifts import GIFT, OWED, POSTED, still_given
from switch.returns import Kept
from switch.tallies import ISSUED, USED

_ONCE: Final = (  # measures that count sales, however much was bought, and what is given whole
    "visits/", "#count", GIVEN_BY, USED, ISSUED, STAMPS, STAMPS_USED, POOL, GIFT, OWED, GRANTED,
)  # fmt: skip
_MAY_BE_LESS: Final = "profit/"  # begins the measure that a sale may make less, so what is kept may be more


class Remaining:
    """Tells what stands of a sale.

    Args:
        programme: That decided it.
        kept: What is left of it.
        before: What it counted, by place.
        facts: What rules saw of all of it, where it is not known which lines are kept, and rules gave it
            something beside points and prices.

    Attributes:
        extra: What the rules give beside points and prices for what is kept, where its lines are known.
        given: How many coupons and tiers of these stand, by place; ``of`` asks for them.
    """

    def __init__(
        self, programme: Programme, kept: Kept, before: Mapping[Place, int], facts: Facts | None
    ) -> None:
        self._programme = programme
        self._kept = kept
        self._before = before
        self._growth: Mapping[str, int] | None = None
        self._by_whom: Mapping[Place, int] | None = None
        self.extra: Extras | None = None
        self.given: Mapping[Place, int] = {}
        self._measures: set[str] = set()
        self._gifts: _Gifts | None = None
        counting = programme.counting
        if kept.facts is None or kept.award is None:
            if facts is not None and kept.minor > 0:
                self._gifts = _Gifts(programme, facts, kept)
            return
        self.extra = extras(programme, kept.facts, kept.award.counted)
        self._by_whom = borne(programme, kept.award, self.extra)
        self._growth = {}
        if counting is not None:
            given = kept.facts, kept.award, self.extra.counted, self.extra.rules
            self._growth = counting.growth(*given)
            self._measures = {measure for measure, _, _ in counting.kept}
            if not kept.tells_off:  # a completion of before these were kept with it
                self._measures = {each for each in self._measures if not each.startswith(OFF)}

    def of(self, place: Place, stands: int) -> int:
        """How much stands of what is counted at *place*, where *stands* did until now."""
        left = self._left(place, stands)
        return left if may_be_more(place, self._before) else min(left, stands)

    def _left(self, place: Place, stands: int) -> int:
        measure = place[0]
        if self._kept.minor <= 0 and not self._is_kept_for_nothing(measure):
            return 0
        if measure.startswith(BORNE):
            borne_gifts = None if self._gifts is None else self._gifts.borne
            return left_of(place, self._programme, self._by_whom, self._before, self._kept, borne_gifts)
        if self.extra is not None and measure.startswith(POSTED):
            return still_given(place, self.extra, stands)
        if self.extra is not None and measure.startswith((ISSUED, GRANTED)):
            return min(self.given.get(place, 0), stands)
        if self._growth is not None and measure in self._measures:
            return self._growth.get(measure, 0)
        if is_once(measure):
            return stands
        before = self._before.get(place, 0)
        took = left = 0
        if self._gifts is not None and before >= self._gifts.took[measure]:  # else it was its hold's day
            took, left = self._gifts.took[measure], self._gifts.stands[measure]
        return left + part_of(measure, before - took, self._kept.minor, self._kept.of_minor)

    def _is_kept_for_nothing(self, measure: str) -> bool:
        """Whether it may stand when all that cost something is returned, as what was free is kept."""
        facts = self._kept.facts
        if facts is None:
            return False
        if measure.startswith(STAMPS_USED):
            return measure in pays_goods(self._programme)
        return bool(facts.off) and measure.startswith((OFF, USED))


def is_once(measure: str) -> bool:
    """Whether *measure* counts sales, or what is given whole."""
    return any(mark in measure for mark in _ONCE)


def part_of(measure: str, count: int, part_minor: int, of_minor: int) -> int:
    """What of *count* belongs to *part_minor*: rounded down, and up where it was taken off prices."""
    if measure.startswith(OFF):
        return -(-count * part_minor // of_minor)
    return count * part_minor // of_minor


def may_be_more(place: Place, before: Mapping[Place, int]) -> bool:
    """Whether more may be left of what a sale counted *before*: a loss is returned, or goods had been."""
    return before.get(place, 0) < 0 or place[0].startswith(_MAY_BE_LESS)


def pays_goods(programme: Programme) -> frozenset[str]:
    """The measures of stamps that pay for goods; a full card of others becomes a coupon."""
    return frozenset([card.used for _, card in programme.free_for_stamps])


class Again:
    """Tells what counts again of what a refund took back, when a part of it did not happen.

    Certificates and prizes are given again whole, and so limits and budgets count them.

    Args:
        programme: That decided the sale.
        undone: What the refund changed.
        facts: What rules saw of the sale; ``None`` when that was erased, or there was none.
    """

    def __init__(
        self, programme: Programme, undone: Sequence[tuple[Place, int]], facts: Facts | None
    ) -> None:
        self._worth: Callable[[Place], int] | None = None
        rules = {
            place[1].partition("/")[2] for place, change in undone if place[0].startswith(GIFT) and change
        }
        if rules and facts is not None:
            self._worth = worth_of_gifts(programme, facts, rules)

    def of(self, place: Place, count: int, part_minor: int, of_minor: int) -> int:
        """What of *count* at *place* does for *part_minor* of *of_minor*."""
        if is_once(place[0]):
            return count
        whole = 0 if self._worth is None else max(min(self._worth(place), count), 0)
        return whole + part_of(place[0], count - whole, part_minor, of_minor)


def worth_of_gifts(programme: Programme, facts: Facts, rules: Container[str]) -> Callable[[Place], int]:
    """What limits, budgets and funders count at a place for the certificates and prizes of *rules*, whole."""
    gifts = _Gifts(programme, facts, Kept(points=0, minor=0, of_minor=1), rules)

    def worth(place: Place) -> int:
        if place[0].startswith(FUNDED_GIFTS):
            return share_of_gifts(place, programme, gifts.borne)
        return gifts.stands[place[0]]

    return worth


class _Gifts:
    """What certificates, money and prizes of a sale took of limits and budgets, and what of that stands.

    Money comes back in proportion, the rest stands whole. Of *only* these rules, where they are named.
    """

    def __init__(
        self, programme: Programme, facts: Facts, kept: Kept, only: Container[str] | None = None
    ) -> None:
        self.took: Counter[str] = Counter()  # by measure
        self.stands: Counter[str] = Counter()
        self.borne: Counter[str] = Counter()  # by campaign, in points
        rules = {rule.id: rule for rule in programme.rules}
        for gift in extras(programme, facts, evaluate(programme, facts).counted).gifts:
            if only is not None and gift.rule not in only:
                continue
            left_minor = gift.value_minor
            if gift.kind == MONEY:
                left_minor = left_minor * kept.minor // kept.of_minor
            rule = rules[gift.rule]
            for measure, unit in {(cap.measure, cap.unit) for cap in rule.caps}:
                self.took[measure] += _taken(programme, gift, unit, gift.value_minor)
                self.stands[measure] += _taken(programme, gift, unit, left_minor)
            self.borne[rule.campaign] += _taken(programme, gift, Unit.POINTS, left_minor)


def _taken(programme: Programme, gift: Gift, unit: Unit, minor: int) -> int:
    """What a limit in *unit* counts of *minor* units of *gift*."""
    match unit:
        case Unit.POINTS:
            return 0 if gift.kind == PRIZE else points_worth(programme, minor)
        case Unit.COST:
            return minor
        case Unit.COUNT:
            return 1
