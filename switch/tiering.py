"""Which tier a member holds, and how a sale or the daily sweep moves him."""

from collections.abc import Iterable, Mapping
from datetime import date

from loyalty.card import MemberId
from members.card import Card
from rules.counters import Place
from rules.programme import Programme
from rules.span import Span
from rules.tiers import BELOW, EVER, GRANTED, HELD, Standing
from switch.kept import Without
from switch.outcome import Record, Side
from switch.tallies import TALLY, changes_of
from switch.worksheet import Worksheet


def tier_of(
    worksheet: Worksheet, programme: Programme, card: Card, day: date, sides: tuple[Side, ...] = ()
) -> str | None:
    """The tier of a card's member on *day*: the one he came to, else the one that the operator gave.

    One that a rule gave him stands as long as it lasts, unless he has a higher one. *sides* are those of a
    decision that is being taken: what it takes back of such tiers, or gives again, is looked at too.
    """
    tier = card.tier
    if programme.qualification is not None:
        tier = tier_moved(sides) or held_tier(worksheet, programme, card.member_id) or tier
    if programme.moves_tiers:
        return _higher(programme, tier, _granted_tier(worksheet, programme, card.member_id, day, sides))
    return tier


def _granted_tier(
    worksheet: Worksheet, programme: Programme, member_id: MemberId, day: date, sides: tuple[Side, ...]
) -> str | None:
    """The highest tier that rules gave a member and that lasts on *day*, with what *sides* change of it."""
    whose, first, last = str(member_id), day.isoformat(), date.max.isoformat()
    for tier in reversed(programme.tiers):
        grants = worksheet.tallies.tallied_within(GRANTED + tier, whose, first, last)
        if sides:
            grants += _changed(sides, GRANTED + tier, whose, first)
        if grants > 0:
            return tier
    return None


def _changed(sides: tuple[Side, ...], measure: str, whose: str, first: str) -> int:
    """By how much *sides* change what is counted of *measure* from the day *first* on."""
    return sum(
        change
        for (counted, of, stretch), change, _ in changes_of(sides)
        if (counted, of) == (measure, whose) and stretch >= first
    )


def _higher(programme: Programme, one: str | None, other: str | None) -> str | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda tier: _position(programme, tier))


def grants_of(member_id: MemberId, given: Iterable[tuple[str, Span]], day: date) -> dict[Place, int]:
    """What is counted of the tiers that rules give to a member on *day*."""
    return {(GRANTED + tier, str(member_id), lasts.after(day).isoformat()): 1 for tier, lasts in given}


def tier_after(programme: Programme, before: str | None, sides: Iterable[Side]) -> str | None:
    """The tier of a member who had *before*, by a decision with these *sides*; ``None`` when he keeps it."""
    tier = moved = tier_moved(sides)
    if programme.moves_tiers:
        for side in sides:
            if side.table == TALLY and str(side.values[0]).startswith(GRANTED):
                tier = _higher(programme, tier or before, str(side.values[0]).removeprefix(GRANTED))
    return tier if moved is not None or tier != before else None


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


def tier_undone(
    worksheet: Worksheet,
    programme: Programme,
    undone: Record,
    day: date,
    changes: Mapping[Place, int],
) -> dict[Place, int]:
    """What changes of a member's standing as *undone*, or a part of it, is taken back, as *changes* tell.

    Whoever came into a tier by it, and does not reach it without it, never had it: no grace is given. All
    else is the matter of the next look.
    """
    qualification = programme.qualification
    moved = None if qualification is None else _moved_by(worksheet, undone)
    if qualification is None or moved is None or undone.member_id is None:
        return {}
    whose, (before, _) = str(undone.member_id), moved
    card = None if undone.card_id is None else worksheet.card(undone.card_id)
    before = before or (None if card is None else card.tier)
    held = held_tier(worksheet, programme, undone.member_id)
    after = Without(worksheet.tallies, {place: -change for place, change in changes.items()})
    joined_on = worksheet.profile(undone.member_id).joined_on
    reached = qualification.reached(qualification.value(whose, day, joined_on, after, 0))
    tier = programme.tiers[max(reached, _position(programme, before or programme.tiers[0]))]
    if held is None or _position(programme, tier) >= _position(programme, held):
        return {}
    below = worksheet.tally((BELOW, whose, EVER))
    return {(HELD, whose, held): -1, (HELD, whose, tier): 1, (BELOW, whose, EVER): -below}


def tier_again(worksheet: Worksheet, programme: Programme, undoing: Record) -> dict[Place, int]:
    """What changes of a member's standing as *undoing*, which took a tier from him, is itself undone."""
    moved = None if programme.qualification is None else _moved_by(worksheet, undoing)
    if moved is None or undoing.member_id is None:
        return {}
    before, tier = moved
    if before is None or tier != held_tier(worksheet, programme, undoing.member_id):
        return {}
    whose = str(undoing.member_id)
    return {(HELD, whose, tier): -1, (HELD, whose, before): 1}


def _moved_by(worksheet: Worksheet, record: Record) -> tuple[str | None, str] | None:
    """The tiers from which and to which *record* moved its member; ``None`` when to none."""
    moves = {
        place[2]: change for place, change in worksheet.tallies.tallied_by(record.seq) if place[0] == HELD
    }
    to = next((tier for tier, change in moves.items() if change > 0), None)
    return None if to is None else (next((tier for tier, change in moves.items() if change < 0), None), to)


def tier_moved(sides: Iterable[Side]) -> str | None:
    """The tier that a member comes to by a decision with these *sides*; ``None`` when he keeps his."""
    for side in sides:
        if side.table == TALLY and side.values[0] == HELD and side.values[4] == 1:
            return str(side.values[2])
    return None


def _position(programme: Programme, tier: str) -> int:
    """Position of *tier*; the lowest when the programme has it no longer."""
    return programme.tiers.index(tier) if tier in programme.tiers else 0
