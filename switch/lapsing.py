"""Papers lapse: what is left of a certificate when its last day is over, and a coupon that nobody used."""

from collections.abc import Sequence

from rules.counters import Place
from switch.booking import Booking
from switch.case import Moment
from switch.certificates import changed
from switch.tallies import ISSUED, LAPSED, rows_of, used_place
from switch.vouchers import VoucherDraft
from switch.work import Change, Numbering
from switch.worksheet import Worksheet

OPERATION = "LAPSE"
SLICE_SIZE = 500  # certificates of one order: they are looked at at once, and terminals wait for it


class LapseCertificates:
    """Book the lapse of those among *codes* whose last day is over and of which something is left.

    Args:
        codes: At most ``SLICE_SIZE``.
        sequence: Gives the entry its number.
        programme_version: In force.
    """

    def __init__(self, codes: Sequence[str], sequence: Numbering, programme_version: str) -> None:
        assert len(codes) <= SLICE_SIZE
        self._codes = codes
        self._sequence = sequence
        self._programme_version = programme_version

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        booking = Booking(worksheet, moment, self._sequence, self._programme_version)
        found = [worksheet.certificate(code) for code in self._codes]
        due = [each for each in found if each is not None and each.is_due(moment.business_date)]
        told = {"certificates": len(due), "points": sum(certificate.left for certificate in due)}
        if not due:
            return Change(result=told)
        # What lapsed cannot lapse again, so the order needs no name of its own: its number names it.
        slip = booking.slip(OPERATION, f"lapse {moment.seq}")
        draft = VoucherDraft(slip.seq, None, moment.business_date, moment.now)
        for certificate in due:
            if certificate.left:
                draft.lapse(certificate.left)
            draft.sides.append(changed(certificate.code, -certificate.left, -certificate.left_minor))
        booking.book(slip, told, drafts=[draft], amount=sum(certificate.left for certificate in due))
        return Change(result=told, outcomes=booking.outcomes)


class LapseCoupons:
    """Count the coupons that were issued at *places* and not used by their last day.

    That they cannot be used any more, the day alone says. One is counted for each, by code, owner and kind of
    coupon, and last day, so that it can be told how many of those that were issued nobody brought.

    Args:
        places: At most ``SLICE_SIZE``, where it is counted that they were issued.
        sequence: Gives the entry its number.
        programme_version: In force.
    """

    def __init__(self, places: Sequence[Place], sequence: Numbering, programme_version: str) -> None:
        assert len(places) <= SLICE_SIZE
        self._places = places
        self._sequence = sequence
        self._programme_version = programme_version

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        booking = Booking(worksheet, moment, self._sequence, self._programme_version)
        changes: dict[Place, int] = {}
        for measure, whose, last_day in self._places:
            code = measure.removeprefix(ISSUED)
            lapsed = LAPSED + code, whose, last_day
            is_left = worksheet.tally((measure, whose, last_day)) > 0
            is_used = worksheet.tally(used_place(code)) > 0
            is_over = last_day < moment.business_date.isoformat()
            if is_left and is_over and not is_used and not worksheet.tally(lapsed):
                changes[lapsed] = 1
        told = {"coupons": len(changes)}
        if changes:
            slip = booking.slip(OPERATION, f"lapse {moment.seq}")
            booking.book(slip, told, sides=rows_of(changes, worksheet.tally))
        return Change(result=told, outcomes=booking.outcomes)
