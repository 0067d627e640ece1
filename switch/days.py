"""Business days: by the clock, until somebody opens the next one earlier.

A day that is opened is an entry of the books, so that whoever reads them sees where each decision stands,
and a restart goes on in the same day. It is never closed again: the business date does not go back.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from loyalty.errors import LoyaltyError
from rules.programme import Programme
from switch.booking import Booking
from switch.case import Moment
from switch.marks import DAY, mark
from switch.programmes import business_date
from switch.work import Change, Numbering
from switch.worksheet import Worksheet

CUT_OVER: Final = "CUT_OVER"  # who opens a day when a link does
AHEAD_MAX: Final = timedelta(days=7)  # a day opened by mistake lasts until the clock reaches it


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDay:
    """Open the business day *day*; the one after that of the clock when it is ``None``.

    Attributes:
        by: Who wants it: a name, or the link whose cut-over it is.
    """

    day: date | None
    by: str
    programme: Programme
    sequence: Numbering

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        """Told: the business date, and the one before it. A day that is open already stays so.

        Raises:
            LoyaltyError: It is over, or too far ahead.
        """
        clock = business_date(self.programme, moment.now)
        day = self.day or clock + timedelta(days=1)
        if day < moment.business_date:
            if self.day is None:  # a cut-over after somebody went further ahead: there is nothing to do
                day = moment.business_date
            else:
                hint = "the business date does not go back"
                raise LoyaltyError(
                    f"is over: the business date is {moment.business_date}", where=f"the day {day}", hint=hint
                )
        if day > clock + AHEAD_MAX:
            hint = f"open at most {(clock + AHEAD_MAX).isoformat()}"
            raise LoyaltyError("is too far ahead", where=f"the day {day}", hint=hint)
        told = {"business_date": day.isoformat(), "before": moment.business_date.isoformat()}
        if day == moment.business_date:
            return Change(result=told)
        booking = Booking(worksheet, moment, self.sequence, self.programme.version)
        slip = booking.slip("OPEN_DAY", f"day|{day.isoformat()}")
        assert slip.told is None
        sides = (mark(DAY, day.isoformat()),)
        booking.book(slip, told, rules=self.by, sides=sides)
        return Change(result=told, outcomes=booking.outcomes, opens=day)


def cut_over(programme: Programme, sequence: Numbering) -> OpenDay:
    """What the cut-over message of a link orders."""
    return OpenDay(day=None, by=CUT_OVER, programme=programme, sequence=sequence)
