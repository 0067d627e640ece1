"""What is due for whom, as durable state tells it: a slice at a time, whoever walks through all of it."""

import sqlite3
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from ledger.account import AccountKind, account, kind_of, owner_of
from loyalty.card import MemberId
from rules.counters import Place
from switch.rows import instant_text
from switch.tallies import ISSUED, LAPSED, kept_place, used_place

OWNERS_MAX: Final = 50  # with something due, that one slice names
ROWS_MAX: Final = 500  # that one slice looks at
PAPERS_MAX: Final = 100  # certificates or coupons that one slice looks at: each is some lookups

_HOLDS: Final = (
    "SELECT owner FROM open_hold WHERE kept_until < ? GROUP BY owner ORDER BY min(kept_until) LIMIT ?"
)
_HOLD_STEPS: Final = (
    "SELECT seq, line, hold, ended FROM hold_step WHERE (seq, line) > (?, ?) ORDER BY seq, line LIMIT ?"
)
_LOTS: Final = (
    "SELECT balance.account, balance.lot, lot.expires_on, lot.available_from"
    " FROM balance JOIN lot USING (lot) WHERE (balance.account, balance.lot) > (?, ?) AND balance.account < ?"
    " ORDER BY balance.account, balance.lot LIMIT ?"
)
_CERTIFICATES_END: Final = (
    "SELECT max(code) FROM (SELECT code FROM certificate WHERE code > ? ORDER BY code LIMIT ?)"
)
_CERTIFICATES_LEFT: Final = (
    "SELECT code FROM certificate WHERE code > ? AND code <= ? AND last_day < ? AND value_minor > -(SELECT"
    " coalesce(sum(value_minor), 0) FROM certificate_entry AS entry WHERE entry.code = certificate.code)"
    " ORDER BY code"
)
_COUPONS: Final = (  # the semicolon stands behind the colon, so this is all that begins so
    "SELECT DISTINCT measure, whose, stretch FROM tally WHERE measure > ? AND measure < 'issued;'"
    " ORDER BY measure LIMIT ?"
)
_TOTAL: Final = (
    "SELECT total FROM tally WHERE measure = ? AND whose = ? AND stretch = ?"
    " ORDER BY seq DESC, line DESC LIMIT 1"
)
_MEMBERS_END: Final = (
    "SELECT max(member_id) FROM (SELECT member_id FROM member WHERE member_id > ? ORDER BY member_id LIMIT ?)"
)
_TIER_HOLDERS: Final = (
    "SELECT member_id, owner, tier, coalesce(programme, '')"
    " FROM member LEFT JOIN membership USING (member_id)"
    " WHERE member_id > ? AND member_id <= ? AND (tier IS NOT NULL"
    " OR EXISTS (SELECT 1 FROM tally WHERE measure = 'tier/member' AND whose = CAST(member_id AS TEXT)))"
    " ORDER BY member_id"
)

Spot = tuple[int, int]
START: Final[Spot] = (0, 0)  # before every account, and before every decision


class Owners(NamedTuple):
    """Owners with something due, and how far was looked; ``None`` at the end."""

    owners: Sequence[MemberId]
    reached: Spot | None


class Ended(NamedTuple):
    """Holds that ended and for which something is kept, and how far was looked."""

    holds: Sequence[int]
    reached: Spot
    is_more: bool


class Holder(NamedTuple):
    """A member of *programme* who holds a tier, or was given one; *owner* has his accounts."""

    member_id: MemberId
    owner: MemberId
    given: str | None
    programme: str = ""


class DueReader:
    """The part of a reader that walks through what time brings."""

    _database: sqlite3.Connection  # only reads

    def holds_over(self, now: datetime) -> Sequence[MemberId]:
        """Owners of holds that are over, ``OWNERS_MAX`` at most, those that ended first at the front."""
        rows = self._database.execute(_HOLDS, (instant_text(now), OWNERS_MAX))
        return [MemberId(owner) for (owner,) in rows]

    def holds_ended(self, after: Spot) -> Ended:
        """Of the next ``ROWS_MAX`` steps of holds behind *after* the ends of holds with something kept."""
        rows = self._database.execute(_HOLD_STEPS, (*after, ROWS_MAX)).fetchall()
        ended = [hold for _, _, hold, is_end in rows if is_end and self._total(kept_place(hold)) > 0]
        return Ended(ended, rows[-1][:2] if rows else after, len(rows) == ROWS_MAX)

    def lots_due(self, day: date, after: Spot) -> Owners:
        """Owners of points that expired or became available, among the next balances behind *after*."""
        today = day.isoformat()
        end = account(AccountKind.HELD)
        rows = self._database.execute(_LOTS, (*after, end, ROWS_MAX)).fetchall()
        owners: dict[MemberId, None] = {}
        for account_id, lot, expires_on, available_from in rows:
            is_pending = kind_of(account_id) is AccountKind.PENDING
            if available_from <= today if is_pending else expires_on < today:
                owners[MemberId(owner_of(account_id))] = None
                if len(owners) == OWNERS_MAX:
                    return Owners(list(owners), (account_id, lot))
        reached = rows[-1][:2] if len(rows) == ROWS_MAX else None
        return Owners(list(owners), reached)

    def certificates_left(
        self, after: str, count_max: int, before: date = date.max
    ) -> tuple[str | None, list[str]]:
        """Of the next *count_max* certificates behind the code *after* those with something left.

        Gives the last code that was looked at, ``None`` when there is none, and the codes of those among them
        whose last day lies *before* that.
        """
        end = self._database.execute(_CERTIFICATES_END, (after, count_max)).fetchone()[0]
        if end is None:
            return None, []
        rows = self._database.execute(_CERTIFICATES_LEFT, (after, end, before.isoformat()))
        return end, [code for (code,) in rows]

    def coupons_left(
        self, after: str, count_max: int, before: date = date.max
    ) -> tuple[str | None, list[Place]]:
        """Of the next *count_max* coupons that were issued behind the measure *after*, the unused ones.

        Gives the last measure that was looked at, ``None`` when there is none, and where those among them are
        counted whose last day lies *before* that, which were neither withdrawn nor lapsed.
        """
        rows = self._database.execute(_COUPONS, (after or ISSUED, count_max)).fetchall()
        if not rows:
            return None, []
        day = before.isoformat()
        return rows[-1][0], [tuple(row) for row in rows if row[2] < day and self._is_unused(*row)]

    def tier_holders(self, after: MemberId, count_max: int) -> tuple[MemberId | None, list[Holder]]:
        """Of the next *count_max* members behind *after* those who came to a tier or were given one.

        Gives the last member that was looked at, too; ``None`` when there is none.
        """
        end = self._database.execute(_MEMBERS_END, (after, count_max)).fetchone()[0]
        if end is None:
            return None, []
        return end, [Holder(*row) for row in self._database.execute(_TIER_HOLDERS, (after, end))]

    def _is_unused(self, measure: str, whose: str, stretch: str) -> bool:
        code = measure.removeprefix(ISSUED)
        return (
            self._total((measure, whose, stretch)) > 0
            and self._total(used_place(code)) == 0
            and self._total((LAPSED + code, whose, stretch)) == 0
        )

    def _total(self, place: Place) -> int:
        row = self._database.execute(_TOTAL, place).fetchone()
        return 0 if row is None else int(row[0])


class Due(DueReader):
    """What is due, looked up beside the decisions.

    Args:
        database: A connection that only reads; it belongs to this object.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def close(self) -> None:
        """Give up the connection."""
        self._database.close()
