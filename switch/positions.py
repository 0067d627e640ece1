"""What the points mean in money: what is owed to members, by month and funder, and to or by partners.

It reads beside a running switch, in slices, and is asked by people: no decision waits for it.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ledger.account import MEMBER_KINDS, AccountId, AccountKind, account
from loyalty.amount import Rate
from switch.database import read_through

SLICE_SIZE: Final = 10_000  # rows

_KIND: Final = account(AccountKind.ISSUE) // AccountKind.ISSUE  # an account divided by this is its kind
_LOT_KINDS: Final = (AccountKind.AVAILABLE, AccountKind.PENDING, AccountKind.HELD)
_OF_MEMBERS: Final = frozenset(MEMBER_KINDS)
_LAST_SEQ: Final = "SELECT max(seq) FROM (SELECT seq FROM posting WHERE seq > ? ORDER BY seq LIMIT ?)"
_MOVED: Final = (
    "SELECT coalesce(substr(lot.earned_on, 1, 7), ''), coalesce(lot.funder, ''), posting.debit / ?1,"
    " posting.credit / ?1, sum(posting.points)"
    " FROM posting LEFT JOIN lot ON lot.lot = posting.lot{}"
    " WHERE posting.seq > ?2 AND posting.seq <= ?3 GROUP BY 1, 2, 3, 4"
)
# Postings of the members of one programme: the lot's owner, or that of whichever side is a member's account.
_OF_PROGRAMME: Final = (
    " JOIN member ON member_id = coalesce(lot.owner, CASE WHEN posting.debit / ?1 BETWEEN 2000 AND 2030"
    " THEN posting.debit % ?1 WHEN posting.credit / ?1 BETWEEN 2000 AND 2030 THEN posting.credit % ?1 END)"
    " AND coalesce((SELECT programme FROM membership WHERE membership.member_id = member.member_id), '') = ?4"
)
_BESIDE: Final = "SELECT member_id, programme FROM membership"
_PAPERS: Final = (
    "SELECT coalesce(sum(points), 0), coalesce(sum(value_minor), 0) FROM certificate"
    " WHERE coalesce((SELECT programme FROM membership WHERE member_id = certificate.owner), '') = ?"
)
_PAPERS_SPENT: Final = (
    "SELECT coalesce(sum(entry.points), 0), coalesce(sum(entry.value_minor), 0)"
    " FROM certificate_entry AS entry JOIN certificate USING (code)"
    " WHERE coalesce((SELECT programme FROM membership WHERE member_id = certificate.owner), '') = ?"
)
_LEFT: Final = (
    "SELECT balance.account, balance.lot, substr(lot.earned_on, 1, 7), lot.funder, balance.points,"
    " lot.points, lot.value_minor FROM balance JOIN lot USING (lot)"
    " WHERE (balance.account, balance.lot) > (?, ?) ORDER BY balance.account, balance.lot LIMIT ?"
)
_PARTNERS: Final = (
    "SELECT debit, credit, points FROM posting WHERE seq > ? AND seq <= ?"
    " AND (debit BETWEEN ? AND ? OR credit BETWEEN ? AND ?)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Points that were earned in one month at the expense of one funder, and what became of them.

    Outstanding is issued, less redeemed, exchanged and expired, and adjusted.

    Attributes:
        month: ``YYYY-MM``.
        funder: A partner's id; empty for the programme.
        issued: Less what was taken back.
        redeemed: Less what was given back.
        exchanged: Became certificates, less what came back.
        expired: Nobody spent them in time: the breakage.
        adjusted: Given by hand, less what was taken so; and what transfers that were undone gave back and
            whoever had received it owes, or the programme bears.
        outstanding: That members have.
        value_minor: Money set aside for these at issue, rounded down for each lot.
    """

    month: str
    funder: str
    issued: int
    redeemed: int
    exchanged: int
    expired: int
    adjusted: int
    outstanding: int
    value_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions:
    """All of it, as of decision *through*.

    Attributes:
        debt: Points that members must earn back.
        certificates: Points that are certificates still; *certificates_minor* what these are worth.
        lapsed: Points of certificates that nobody spent in time.
        partners: What each partner's account holds, below 0 where he owes.
    """

    through: int
    cohorts: tuple[Cohort, ...]
    debt: int
    certificates: int
    certificates_minor: int
    lapsed: int
    partners: Mapping[AccountId, int]


def positions(
    database: sqlite3.Connection,
    value: Rate,
    programme: str | None = None,
    others: Mapping[str, Rate] = MappingProxyType({}),
) -> Positions:
    """What is owed to members and between partners.

    Args:
        database: A connection that reads.
        value: Of a point, for lots of which no value was kept.
        others: The same of programmes beside the deployment's own.
        programme: Whose members alone are looked at, empty for the deployment's own; ``None``: everybody. Of
            one programme it is not told what became of certificates that nobody spent.
    """
    read_through(database)
    sql = _MOVED.format("" if programme is None else _OF_PROGRAMME)
    only = () if programme is None else (programme,)
    moved: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    through = 0
    while (last := database.execute(_LAST_SEQ, (through, SLICE_SIZE)).fetchone()[0]) is not None:
        for month, funder, debit, credit, points in database.execute(
            sql, (_KIND, through, last, *only)
        ).fetchall():
            for what, change in _changes(AccountKind(debit), AccountKind(credit), points):
                moved[month, funder][what] += change
        through = last
    of_no_lot = moved.pop(("", ""), Counter())
    for key, value_minor in _left(database, value, programme, others).items():
        moved[key].update(value_minor=value_minor)
    cohorts = tuple(
        Cohort(
            month=month,
            funder=funder,
            issued=of["issued"],
            redeemed=of["redeemed"],
            exchanged=of["exchanged"],
            expired=of["expired"],
            adjusted=of["adjusted"],
            outstanding=of["outstanding"],
            value_minor=of["value_minor"],
        )
        for (month, funder), of in sorted(moved.items())
    )
    if programme is None:
        certificates = sum(of["certificates"] for of in (of_no_lot, *moved.values()))
        made = database.execute("SELECT coalesce(sum(value_minor), 0) FROM certificate").fetchone()[0]
        spent = database.execute("SELECT coalesce(sum(value_minor), 0) FROM certificate_entry").fetchone()[0]
    else:
        points_made, made = database.execute(_PAPERS, only).fetchone()
        points_spent, spent = database.execute(_PAPERS_SPENT, only).fetchone()
        certificates = points_made + points_spent
    return Positions(
        through=through,
        cohorts=cohorts,
        debt=-of_no_lot["debt"],
        certificates=certificates,
        certificates_minor=made + spent,
        lapsed=sum(of["lapsed"] for of in (of_no_lot, *moved.values())),
        partners=partner_positions(database, through),
    )


def _changes(debit: AccountKind, credit: AccountKind, points: int) -> list[tuple[str, int]]:
    """What a posting between these kinds of accounts does to the figures."""
    changes = []
    for kind, other, change in ((debit, credit, -points), (credit, debit, points)):
        match kind:
            case AccountKind.ISSUE if other in _OF_MEMBERS:
                changes.append(("issued", -change))
            case AccountKind.REDEEMED:  # of points that expired again with nobody, too
                changes.append(("redeemed", change))
            case AccountKind.EXPIRED:
                changes.append(("lapsed" if other is AccountKind.CERTIFICATES else "expired", change))
            case AccountKind.CERTIFICATES:
                changes.append(("certificates", change))
                if other in _OF_MEMBERS:
                    changes.append(("exchanged", change))
            case AccountKind.DEBT:
                changes.append(("debt", change))
            case AccountKind.ADJUST | AccountKind.TRANSIT:
                changes.append(("adjusted", -change))
            case AccountKind.AVAILABLE | AccountKind.PENDING | AccountKind.HELD:
                changes.append(("outstanding", change))
            case _:
                pass
    return changes


def _left(
    database: sqlite3.Connection, value: Rate, programme: str | None, others: Mapping[str, Rate]
) -> dict[tuple[str, str], int]:
    """The value of what members have, by month and funder."""
    beside: dict[int, str] = {}
    if others or programme is not None:
        beside = dict(database.execute(_BESIDE))
    found: Counter[tuple[str, str]] = Counter()
    after = (0, 0)
    kinds = {int(kind) for kind in _LOT_KINDS}
    while rows := database.execute(_LEFT, (*after, SLICE_SIZE)).fetchall():
        for account_id, _, month, funder, left, points, value_minor in rows:
            its = beside.get(account_id % _KIND, "")
            if account_id // _KIND in kinds and programme in (None, its):
                worth_minor = value_minor * left // points if value_minor else others.get(its, value).of(left)
                found[month, funder] += worth_minor
        after = rows[-1][:2]
    return found


def partner_positions(database: sqlite3.Connection, through: int) -> dict[AccountId, int]:
    """What the accounts of partners hold up to decision *through*; those with nothing are left out."""
    first, last = account(AccountKind.PARTNER), account(AccountKind.SETTLED) - 1
    totals: Counter[AccountId] = Counter()
    after = 0
    while after < through:
        end = database.execute(_LAST_SEQ, (after, SLICE_SIZE)).fetchone()[0]
        end = through if end is None else min(end, through)
        for debit, credit, points in database.execute(
            _PARTNERS, (after, end, first, last, first, last)
        ).fetchall():
            if first <= debit <= last:
                totals[debit] -= points
            if first <= credit <= last:
                totals[credit] += points
        after = end
    return {account_id: points for account_id, points in totals.items() if points}
