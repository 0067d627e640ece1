"""What partners owe and are owed is paid outside of the books; here it is put down that it was."""

from collections.abc import Mapping

from ledger.account import AccountKind, PostingReason, account
from ledger.entry import NO_LOT, Posting
from switch.booking import Booking
from switch.case import Moment
from switch.funding import partner_account
from switch.work import Change, Numbering
from switch.worksheet import Worksheet

OPERATION = "SETTLE"
_SETTLED = account(AccountKind.SETTLED)


class Settle:
    """Take from the accounts of partners what was paid.

    Args:
        key: Of the settlement; the same one again books nothing.
        positions: Points by partner: below 0 what he owed, above 0 what he was owed.
        sequence: Gives the entry its number.
        programme_version: In force.
    """

    def __init__(
        self, key: str, positions: Mapping[str, int], sequence: Numbering, programme_version: str
    ) -> None:
        self._key = key
        self._positions = dict(sorted(positions.items()))
        self._sequence = sequence
        self._programme_version = programme_version

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        booking = Booking(worksheet, moment, self._sequence, self._programme_version)
        said = "; ".join(f"{partner} {points:+}" for partner, points in self._positions.items())
        slip = booking.slip(OPERATION, self._key, said)
        if slip.told is not None:
            return Change(result=slip.told)
        draft = booking.draft(slip, None)
        for partner, points in self._positions.items():
            its = partner_account(partner)
            sides = (its, _SETTLED) if points > 0 else (_SETTLED, its)
            if points:
                draft.postings.append(Posting(*sides, abs(points), NO_LOT, PostingReason.PARTNER_SETTLED))
        told = {"rrn": booking.rrn(slip), "settled": self._positions}
        booking.book(slip, told, drafts=[draft], rules=said)
        return Change(result=told, outcomes=booking.outcomes)
