"""Orders that post what is due although nobody looks: ends of holds, points that become available, expiry.

The result is the same as when the member's next decision does it. Each order is small: terminals wait for it.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from ledger.account import AccountKind, account, kind_of, owner_of
from loyalty.card import MemberId
from switch.booking import Booking
from switch.case import Moment
from switch.programmes import Programmes
from switch.rows import instant_text
from switch.work import Change, Numbering
from switch.worksheet import Worksheet

OPERATION: Final = "SWEEP"
OWNERS_MAX: Final = 50  # entries of one order
ROWS_MAX: Final = 500  # balances that one order looks at

_HOLDS: Final = (
    "SELECT owner FROM open_hold WHERE kept_until < ? GROUP BY owner ORDER BY min(kept_until) LIMIT ?"
)
_LOTS: Final = (
    "SELECT balance.account, balance.lot, lot.expires_on, lot.available_from"
    " FROM balance JOIN lot USING (lot) WHERE (balance.account, balance.lot) > (?, ?) AND balance.account < ?"
    " ORDER BY balance.account, balance.lot LIMIT ?"
)

Place = tuple[int, int]
START: Final[Place] = (0, 0)  # before every account


class _Slice(NamedTuple):
    """Owners with something due, and how far was looked; ``None`` at the end."""

    owners: Sequence[MemberId]
    reached: Place | None


class Due:
    """Finds in durable state for whom something is due.

    Args:
        database: A connection that only reads; it belongs to this object.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def close(self) -> None:
        """Give up the connection."""
        self._database.close()

    def holds(self, now: datetime) -> Sequence[MemberId]:
        """Owners of holds that are over, ``OWNERS_MAX`` at most, those that ended first at the front."""
        rows = self._database.execute(_HOLDS, (instant_text(now), OWNERS_MAX))
        return [MemberId(owner) for (owner,) in rows]

    def lots(self, moment: Moment, after: Place) -> _Slice:
        """Owners of points that expired or became available, among the next balances behind *after*."""
        today = moment.business_date.isoformat()
        end = account(AccountKind.HELD)
        rows = self._database.execute(_LOTS, (*after, end, ROWS_MAX)).fetchall()
        owners: dict[MemberId, None] = {}
        for account_id, lot, expires_on, available_from in rows:
            is_pending = kind_of(account_id) is AccountKind.PENDING
            if available_from <= today if is_pending else expires_on < today:
                owners[MemberId(owner_of(account_id))] = None
                if len(owners) == OWNERS_MAX:
                    return _Slice(list(owners), (account_id, lot))
        reached = rows[-1][:2] if len(rows) == ROWS_MAX else None
        return _Slice(list(owners), reached)


@dataclass(frozen=True, slots=True)
class SweepHolds:
    """Release holds that are over."""

    due: Due
    programmes: Programmes
    sequence: Numbering

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        """Told: ``swept``, how many owners."""
        owners = self.due.holds(moment.now)
        booking = _sweep(worksheet, moment, self.programmes, self.sequence, owners)
        return Change(result={"swept": len(owners)}, outcomes=booking.outcomes)


@dataclass(frozen=True, slots=True)
class SweepLots:
    """Post what became available or expired, among the balances behind *after*."""

    due: Due
    programmes: Programmes
    sequence: Numbering
    after: Place

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        """Told: ``reached``, how far it looked, or ``None`` when it saw the last balance; ``swept``."""
        owners, reached = self.due.lots(moment, self.after)
        booking = _sweep(worksheet, moment, self.programmes, self.sequence, owners)
        return Change(result={"reached": reached, "swept": len(owners)}, outcomes=booking.outcomes)


def _sweep(
    worksheet: Worksheet,
    moment: Moment,
    programmes: Programmes,
    sequence: Numbering,
    owners: Iterable[MemberId],
) -> Booking:
    """Post what is due for *owners*; what was posted meanwhile is due no longer."""
    programme = programmes.current
    grace = programme.refund.grace
    last_day = None if grace is None else grace.after(moment.business_date)
    booking = Booking(worksheet, moment, sequence, programme.version)
    for owner in owners:
        if worksheet.book(owner).is_due(moment.business_date, moment.now):
            # One number for each order: whatever is due later is another entry.
            slip = booking.slip(OPERATION, f"sweep {owner} {moment.seq}", int(owner))
            booking.book(slip, {}, owner=owner, drafts=[booking.draft(slip, owner, last_day)])
    return booking
