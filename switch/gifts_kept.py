"""What of all that a sale brought stands when only a part of it is kept."""

from collections import Counter
from collections.abc import Mapping

from rules.counters import Place
from rules.extras import Extras
from rules.facts import Facts
from switch.case import Case
from switch.coupons import coupon_at
from switch.gifts import GIFT
from switch.outcome import Record
from switch.remaining import Remaining, is_once, worth_of_gifts
from switch.returns import Kept, kept_again
from switch.tallies import ISSUED, used_place
from switch.tiering import grants_of


def remaining_of(
    case: Case, sale: Record, kept: Kept, before: Mapping[Place, int], standing: Mapping[Place, int]
) -> Remaining:
    """Who tells what stands of *sale*, which counted *before*, when only *kept* is left of it."""
    programme = case.programmes.version(sale.programme_version)
    text: str | None = None
    if kept.facts is None and programme.has_extras and sale.member_id is not None:
        text = case.worksheet.facts(sale.seq)
    whole = None if text is None else Facts.from_json(text)
    remaining = Remaining(programme, kept, before, whole)
    if remaining.extra is not None:
        remaining.given = _given_still(case, sale, standing, remaining.extra)
    return remaining


def _given_still(case: Case, sale: Record, standing: Mapping[Place, int], kept: Extras) -> dict[Place, int]:
    """What of coupons and tiers that *sale* brought the rules would have given for what is *kept*.

    Of several coupons of a kind those stay first that were used: the others are taken from nobody.
    """
    left: dict[Place, int] = {}
    if kept.tiers and sale.member_id is not None:
        left |= grants_of(sale.member_id, kept.tiers, sale.business_date)
    issued = [place for place, stands in sorted(standing.items()) if stands and place[0].startswith(ISSUED)]
    issued.sort(key=lambda place: not case.worksheet.tally(used_place(place[0].removeprefix(ISSUED))))
    coupons = Counter(kept.coupons)
    for place in issued:
        left[place] = int(coupons[coupon_at(place)] > 0)
        coupons[coupon_at(place)] -= 1
    return left


def whole_again(
    case: Case,
    sale: Record,
    refund: Record,
    before: Mapping[Place, int],
    stands: Mapping[Place, int],
    own: Mapping[Place, int],
) -> dict[Place, int]:
    """What is given whole, and not in proportion, stands as if *refund* had never been.

    Another return may have taken it, or would have. So it may come again though *refund* did not take it, or
    stay away though it did: limits, budgets and funders then count it so, beside what is *own* to the refund.
    """
    kept = kept_again(case, sale, refund)
    remaining = None if kept is None else remaining_of(case, sale, kept, before, before)
    whole = {
        place: (count if remaining is None else remaining.of(place, count)) - stands.get(place, 0)
        for place, count in before.items()
        if is_once(place[0]) and count > 0
    }
    come: dict[int, set[str]] = {1: set(), -1: set()}
    for place, change in whole.items():
        if place[0].startswith(GIFT) and change != own.get(place, 0):
            come[1 if change > own.get(place, 0) else -1].add(place[1].partition("/")[2])
    text = case.worksheet.facts(sale.seq) if come[1] or come[-1] else None
    if text is None:
        return whole
    programme, facts = case.programmes.version(sale.programme_version), Facts.from_json(text)
    parts = dict(own)
    for sign, rules in come.items():
        worth = worth_of_gifts(programme, facts, rules)
        for place, count in before.items():
            if count > 0 and not is_once(place[0]):
                change = parts.get(place, 0) + sign * worth(place)
                parts[place] = max(min(change, count - stands.get(place, 0)), -stands.get(place, 0))
    return parts | whole
