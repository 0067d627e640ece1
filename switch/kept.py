"""What is kept for a hold of a sale until it is known what became of it.

A hold counts what its sale would take of limits, budgets, coupons and stamps, so that nobody else can take it
and its completion finds it there. A completion, a reversal or the end of its time frees that, once; the
completion then counts what the sale takes in truth. Visits, spending and tiers count from the completion on.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rules.cap import OFF
from rules.counters import Place
from rules.stock import STAMPS_USED
from switch.tallies import USED, Tallies, kept_place
from switch.worksheet import Worksheet

_FROM_THE_HOLD_ON: Final = (USED, OFF)  # coupons, and what was taken off: a completion takes no more of them
_TAKEN: Final = (*_FROM_THE_HOLD_ON, STAMPS_USED)
_PLANNED: Final = "planned:"  # what a budget got from the programme stays, whoever asked first


def counted_for(worksheet: Worksheet, hold: int) -> dict[Place, int]:
    """What a hold counted, at the amount to which it was reversed, whether it is kept for it still or not."""
    reduced = [link.seq for link in worksheet.links_to(hold) if link.final_minor is not None]
    counted: Counter[Place] = Counter()
    for seq in (hold, *reduced):
        for place, count in worksheet.tallies.tallied_by(seq):
            if not place[0].startswith(_PLANNED):
                counted[place] += count
    return dict(counted)


def kept_for(worksheet: Worksheet, hold: int) -> dict[Place, int] | None:
    """What is kept for a hold; nothing when it was freed, ``None`` when holds kept nothing in its time."""
    counted = counted_for(worksheet, hold)
    if kept_place(hold) not in counted:
        return None if counted else {}
    return counted if worksheet.tally(kept_place(hold)) else {}


def settle(
    worksheet: Worksheet, hold: int, changes: dict[Place, int], off: Mapping[str, int]
) -> Mapping[Place, int]:
    """Let the *changes* of a completion take the place of what was kept for its *hold*; give what that was.

    Coupons were used from the hold on, and limits of prices, of which the completion takes *off*, by measure;
    when its time was over, and these were given back, they are taken again.
    """
    kept = kept_for(worksheet, hold)
    if kept:
        freed = {place: count for place, count in kept.items() if not place[0].startswith(_FROM_THE_HOLD_ON)}
        for place, count in kept.items():
            if place[0].startswith(OFF):  # a smaller ticket, so less was taken off
                freed[place] = max(count - off.get(place[0], 0), 0)
    elif kept is None:
        freed = _of(worksheet, hold, (STAMPS_USED,))
    else:
        freed = {}
        for place, count in _of(worksheet, hold, _FROM_THE_HOLD_ON).items():
            changes[place] = min(count, off.get(place[0], 0)) if place[0].startswith(OFF) else count
    for place, count in freed.items():
        changes[place] = changes.get(place, 0) - count
    return freed


def _of(worksheet: Worksheet, hold: int, measures: tuple[str, ...]) -> dict[Place, int]:
    counted = counted_for(worksheet, hold)
    return {place: count for place, count in counted.items() if place[0].startswith(measures)}


@dataclass(frozen=True, slots=True)
class Without:
    """*tallies*, as if the hold *hold* had not counted what its sale takes of limits and budgets."""

    tallies: Tallies
    kept: Mapping[Place, int]

    def tally(self, place: Place) -> int:
        """What *place* holds beside."""
        return self.tallies.tally(place) - self.kept.get(place, 0)

    def last_tallied(self, measure: str, whose: str, day: str) -> str | None:
        """The last day before *day* on which *measure*, which no hold counts, holds some."""
        return self.tallies.last_tallied(measure, whose, day)

    def tallied_within(self, measure: str, whose: str, first: str, last: str) -> int:
        """What the days from *first* to *last* hold together beside."""
        mine = [
            count
            for (of, its, day), count in self.kept.items()
            if (of, its) == (measure, whose) and len(day) == len(first) and first <= day <= last
        ]
        return self.tallies.tallied_within(measure, whose, first, last) - sum(mine)


def without(worksheet: Worksheet, hold: int) -> Without:
    """The tallies of *worksheet* without what is kept for *hold*; stamps that it used are used."""
    kept = kept_for(worksheet, hold) or {}
    limits = {place: count for place, count in kept.items() if not place[0].startswith(_TAKEN)}
    return Without(worksheet.tallies, limits)
