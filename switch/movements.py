"""What moved a customer's points: every posting on his accounts, with the decision that made it.

Histories, statements and "why" are told from this. It reads beside a running switch.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from ledger.account import MEMBER_KINDS, AccountId, AccountKind, PostingReason, account, kind_of
from ledger.block import COLUMNS
from ledger.entry import NO_LOT, Lot
from loyalty.card import MemberId
from switch.rows import lot_of

_LOT: Final = f"SELECT {', '.join(COLUMNS['lot'])} FROM lot WHERE lot = ?"
_DECISION: Final = (
    "seq, at, business_date, operation, rrn, terminal_id, merchant_id, amount, in_points, rules"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Points that came to an account of a customer, or left it.

    Attributes:
        seq: Of the decision.
        kind: Of his account.
        other: The account on the other side.
        points: Above 0 when they came.
        lot: Theirs; ``NO_LOT`` for debt.
        rules: What earned: rules and points, as the decision kept them.
        amount: DE 4, in minor units, or in points when *in_points*.
    """

    seq: int
    at: datetime
    business_date: date
    operation: str
    rrn: str
    terminal_id: str
    merchant_id: str
    amount: int
    in_points: bool
    rules: str
    kind: AccountKind
    other: AccountId
    points: int
    lot: int
    reason: PostingReason


def movements_of(database: sqlite3.Connection, owner: MemberId) -> list[Movement]:
    """All movements on the accounts of *owner*, oldest first, those by others' decisions included."""
    accounts = {account(kind, owner) for kind in MEMBER_KINDS}
    rows = database.execute(
        f"SELECT {_DECISION}, debit, credit, points, lot, posting.reason"
        " FROM decision JOIN posting USING (seq) WHERE seq IN"
        " (SELECT seq FROM decision WHERE owner = ? UNION ALL SELECT seq FROM party WHERE owner = ?)"
        " ORDER BY seq, line",
        (owner, owner),
    )
    return [
        _movement(decision, AccountId(mine), AccountId(other), signed, lot, reason)
        for *decision, debit, credit, points, lot, reason in rows
        for mine, other, signed in ((debit, credit, -points), (credit, debit, points))
        if mine in accounts
    ]


def lots_of(database: sqlite3.Connection, movements: Sequence[Movement]) -> dict[int, Lot]:
    """The lots that *movements* name, by number."""
    numbers = sorted({movement.lot for movement in movements} - {NO_LOT})
    lots: dict[int, Lot] = {}
    for number in numbers:
        row = database.execute(_LOT, (number,)).fetchone()
        if row is not None:
            lots[number] = lot_of(row)
    return lots


def _movement(
    decision: list[Any], mine: AccountId, other: AccountId, points: int, lot: int, reason: int
) -> Movement:
    seq, at, business_date, operation, rrn, terminal_id, merchant_id, amount, in_points, rules = decision
    kind = kind_of(mine)
    return Movement(
        seq=seq,
        at=datetime.fromisoformat(at),
        business_date=date.fromisoformat(business_date),
        operation=operation,
        rrn=rrn,
        terminal_id=terminal_id,
        merchant_id=merchant_id,
        amount=amount,
        in_points=in_points == 1,
        rules=rules,
        kind=kind,
        other=other,
        points=points,
        lot=NO_LOT if kind is AccountKind.DEBT else lot,
        reason=PostingReason(reason),
    )
