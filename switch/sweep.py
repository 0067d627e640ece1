"""Orders that post what is due although nobody looks: ends of holds, points that become available, expiry.

The result is the same as when the member's next decision does it. Each order is small: terminals wait for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from loyalty.card import MemberId
from switch.booking import Booking
from switch.case import Moment
from switch.programmes import Programmes
from switch.work import Change, Numbering
from switch.worksheet import Worksheet

OPERATION: Final = "SWEEP"


@dataclass(frozen=True, slots=True)
class Sweep:
    """Post what is due for *owners*; what was posted meanwhile is due no longer."""

    owners: Sequence[MemberId]
    programmes: Programmes
    sequence: Numbering

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        """Told: ``swept``, for how many something was due."""
        programme = self.programmes.current
        booking = Booking(worksheet, moment, self.sequence, programme.version)
        for owner in self.owners:
            if worksheet.book(owner).is_due(moment.business_date, moment.now):
                # One number for each order: whatever is due later is another entry.
                slip = booking.slip(OPERATION, f"sweep {owner} {moment.seq}", int(owner))
                its = programme.part(worksheet.membership(owner)) if programme.parts else None
                grace = (its or programme).refund.grace
                last_day = None if grace is None else grace.after(moment.business_date)
                booking.book(slip, {}, owner=owner, drafts=[booking.draft(slip, owner, last_day)])
        return Change(result={"swept": len(booking.outcomes)}, outcomes=booking.outcomes)
