"""Which tier a member holds, and how a sale or the daily sweep moves him."""

from collections.abc import Iterable, Mapping
from datetime import date

from loyalty.card import MemberId
from members.card import Card
from rules.counters import Place
from rules.programme import Programme
from rules.tiers import BELOW, EVER, HELD, Standing
from switch.outcome import Side
from switch.tallies import TALLY
from switch.worksheet import Worksheet


def tier_of(worksheet: Worksheet, programme: Programme, card: Card) -> str | None:
    """The tier of a card's member: the one he came to, else the one that the operator gave."""
    if programme.qualification is not None:
        held = held_tier(worksheet, programme, card.member_id)
        if held is not None:
            return held
    return card.tier


def held_tier(worksheet: Worksheet, programme: Programme, member_id: MemberId) -> str | None:
    """The tier that a member came to by himself; ``None`` before the first time."""
    whose = str(member_id)
    for tier in reversed(programme.tiers):
        if worksheet.tally((HELD, whose, tier)) > 0:
            return tier
    return None


def tier_changes(
    worksheet: Worksheet,
    programme: Programme,
    member_id: MemberId,
    given: str | None,
    day: date,
    growth: Mapping[str, int],
) -> dict[Place, int]:
    """What changes of a member's standing; ``tier_moved`` tells a move.

    Args:
        worksheet: Before the sale.
        programme: In force.
        member_id: Of the member.
        given: The tier that the operator gave him.
        day: The business day.
        growth: By how much each measure grows now.
    """
    qualification = programme.qualification
    assert qualification is not None
    whose = str(member_id)
    joined_on = worksheet.profile(member_id).joined_on
    more = growth.get(qualification.measure, 0)
    held = held_tier(worksheet, programme, member_id)
    before = held or given or programme.tiers[0]
    now = Standing(_position(programme, before), worksheet.tally((BELOW, whose, EVER)))
    value = qualification.value(whose, day, joined_on, worksheet.tallies, more)
    then = qualification.next_standing(now, value, day)
    changes = dict(qualification.places(more, whose, day, joined_on))
    tier = programme.tiers[then.tier]
    if tier != before:
        if held is not None:
            changes[HELD, whose, held] = -1
        changes[HELD, whose, tier] = 1
    changes[BELOW, whose, EVER] = then.below_since - now.below_since
    return changes


def tier_moved(sides: Iterable[Side]) -> str | None:
    """The tier that a member comes to by a decision with these *sides*; ``None`` when he keeps his."""
    for side in sides:
        if side.table == TALLY and side.values[0] == HELD and side.values[4] == 1:
            return str(side.values[2])
    return None


def _position(programme: Programme, tier: str) -> int:
    """Position of *tier*; the lowest when the programme has it no longer."""
    return programme.tiers.index(tier) if tier in programme.tiers else 0
