"""The daily look at everybody who holds a tier: who did too little goes down when his grace is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rules.programme import Programme
from switch.booking import Booking
from switch.case import Moment
from switch.duereader import Holder
from switch.tallies import rows_of
from switch.tiering import tier_changes, tier_moved
from switch.work import Change, Numbering
from switch.worksheet import Worksheet

OPERATION: Final = "TIER"


@dataclass(frozen=True, slots=True)
class SweepTiers:
    """Look at *holders* under *programme*; each move is an entry of its own, one a day at most."""

    holders: Sequence[Holder]
    programme: Programme
    sequence: Numbering

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        """Told: ``looked_at``, ``moved`` and ``warned`` (grace began or ended), how many."""
        day = moment.business_date
        booking = Booking(worksheet, moment, self.sequence, self.programme.version)
        moved = warned = 0
        for holder in self.holders:
            programme = self.programme.part(holder.programme)
            if programme is None or programme.qualification is None:
                continue
            changes = tier_changes(worksheet, programme, holder.member_id, holder.given, day, {})
            if not any(changes.values()):
                continue
            key = f"tier {holder.member_id} {day.isoformat()}"
            slip = booking.slip(OPERATION, key, int(holder.member_id), day.isoformat())
            if slip.told is not None:
                continue
            sides = rows_of(changes, worksheet.tally)
            tier = tier_moved(sides)
            told = {"member": int(holder.member_id), "tier": tier}
            booking.book(slip, told, owner=holder.owner, rules=f"tier {tier}" if tier else "", sides=sides)
            moved += tier is not None
            warned += tier is None
        result = {"looked_at": len(self.holders), "moved": moved, "warned": warned}
        return Change(result=result, outcomes=booking.outcomes)
