"""Holds whose time was over: what was kept for their sales of limits, budgets and coupons is free again.

The points of such a hold are released by whoever looks first, within an entry of his own. What else was kept
is found by the end of the hold, and freed by an entry of its own soon after.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from switch.booking import Booking
from switch.case import Moment
from switch.counting import post_budgets
from switch.kept import kept_for
from switch.programmes import Programmes
from switch.sweep import OPERATION
from switch.tallies import rows_of
from switch.work import Change, Numbering
from switch.worksheet import Worksheet


@dataclass(frozen=True, slots=True)
class FreeKept:
    """Free what is kept for *holds*, which have ended; what was freed meanwhile is kept no longer."""

    holds: Sequence[int]
    programmes: Programmes
    sequence: Numbering

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        """Told: ``freed``, for how many holds something was kept."""
        programme = self.programmes.current
        booking = Booking(worksheet, moment, self.sequence, programme.version)
        for hold in self.holds:
            kept = kept_for(worksheet, hold)
            record = worksheet.by_seq(hold)
            if not kept or record is None:
                continue
            slip = booking.slip(OPERATION, f"free {hold} {moment.seq}")
            draft = booking.draft(slip, None)
            changes = {place: -count for place, count in kept.items()}
            post_budgets(worksheet, programme, changes, draft, kept)
            sides = rows_of(changes, worksheet.tally)
            booking.book(slip, {}, owner=record.owner, drafts=[draft], original=hold, sides=sides)
        return Change(result={"freed": len(booking.outcomes)}, outcomes=booking.outcomes)
