"""Adds up all postings again: no lot below nothing, and the kept balances equal to the sums.

Sums are kept in memory for as many lots as ``LOTS_PER_PASS``; where there are more, the owners are parted
and the postings are read once for each part.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final

from ledger.account import MEMBER_KINDS, AccountId, AccountKind, name_of, owner_of
from ledger.account import account as account_
from ledger.entry import NO_LOT
from ledger.finding import Findings

SLICE_SIZE: Final = 10_000
LOTS_PER_PASS: Final = 250_000

# Numbers of accounts, as ``ledger.account`` makes them: comparing them costs a fraction of making the kinds.
_OWNERS: Final = account_(AccountKind.ISSUE) // AccountKind.ISSUE
_WITH_LOTS: Final = tuple(
    account_(kind) for kind in (AccountKind.AVAILABLE, AccountKind.PENDING, AccountKind.HELD)
)
_FIRST: Final = account_(min(MEMBER_KINDS))
_DEBTS: Final = account_(AccountKind.DEBT)
_BEHIND: Final = account_(max(MEMBER_KINDS)) + _OWNERS
assert max(MEMBER_KINDS) is AccountKind.DEBT

_Key = tuple[int, int]  # account, lot


def check_sums(database: sqlite3.Connection, findings: Findings) -> None:
    """Check the sums of all members of *database*."""
    lots: int = database.execute("SELECT count(*) FROM lot").fetchone()[0]
    parts = 1 + lots // LOTS_PER_PASS
    for part in range(parts):
        _Part(database, findings, part, parts).check()


class _Part:
    """The sums of every owner whose id leaves *part* when divided by *parts*."""

    def __init__(self, database: sqlite3.Connection, findings: Findings, part: int, parts: int) -> None:
        self._database = database
        self._findings = findings
        self._part = part
        self._parts = parts
        self._sums: dict[_Key, int] = {}  # those that are not zero
        self._seq = 0  # all postings up to this one are added

    def check(self) -> None:
        """Add all postings, then compare with the kept balances, slice by slice.

        Each slice is compared in a transaction that first adds what a running switch posted meanwhile.
        """
        while self._add_slice():
            pass
        after = (-1, -1)
        while rows := self._kept_after(after):
            after = rows[-1][:2]
        keys = iter(list(self._sums))
        while some := list(islice(keys, SLICE_SIZE)):
            self._compare_kept(some)

    def _add_slice(self) -> bool:
        """Add the postings of the next decisions; false when there are none."""
        last = self._database.execute(
            "SELECT max(seq) FROM (SELECT seq FROM posting WHERE seq > ? ORDER BY seq LIMIT ?)",
            (self._seq, SLICE_SIZE // 2),
        ).fetchone()[0]
        if last is None:
            return False
        for seq, debit, credit, points, lot, made, owner in self._database.execute(
            "SELECT seq, debit, credit, posting.points, posting.lot, lot.points, lot.owner"
            " FROM posting LEFT JOIN lot ON lot.lot = posting.lot"
            " WHERE seq > ? AND seq <= ? ORDER BY seq, line",
            (self._seq, last),
        ).fetchall():
            if _FIRST <= debit < _BEHIND:
                self._add(seq, debit, lot, -points, made, owner)
            if _FIRST <= credit < _BEHIND:
                self._add(seq, credit, lot, points, made, owner)
        self._seq = last
        return True

    def _add(
        self, seq: int, account: AccountId, lot: int, points: int, made: int | None, owner: int | None
    ) -> None:
        """Add *points* of *lot*, which was made with *made* points of *owner*, to an account of a member."""
        if account % _OWNERS % self._parts != self._part:
            return
        is_debt = account >= _DEBTS
        key = account, (NO_LOT if is_debt else lot)
        total = self._sums.pop(key, 0) + points
        if total:
            self._sums[key] = total
        if is_debt:
            if total > 0:
                self._findings.add("I3", f"decision {seq}", f"{name_of(account)} is paid more than was owed")
        elif total < 0:
            where = f"decision {seq}, lot {lot}"
            self._findings.add("I6", where, f"falls to {total} on {name_of(account)}")
        elif points > 0:
            self._check_lot(seq, account, lot, made, owner)

    def _check_lot(self, seq: int, account: AccountId, lot: int, made: int | None, owner: int | None) -> None:
        where = f"decision {seq}, lot {lot}"
        if made is None:
            self._findings.add("I26", where, "there is no such lot")
        elif (whole := self._whole(account, lot)) > made:
            self._findings.add("I6", where, f"holds {whole} and was made with {made}")
        elif owner != account % _OWNERS:
            self._findings.add("I26", where, f"lies on {name_of(account)} and is not its owner's")

    def _whole(self, account: AccountId, lot: int) -> int:
        """What the owner of *account* has of a lot: available, pending and held."""
        owner = account % _OWNERS
        return sum([self._sums.get((first + owner, lot), 0) for first in _WITH_LOTS])

    def _kept_after(self, after: _Key) -> list[tuple[int, int, int]]:
        """The next kept balances, compared with the sums."""
        with self._up_to_date():
            rows = self._database.execute(
                "SELECT account, lot, points FROM balance WHERE (account, lot) > (?, ?)"
                " ORDER BY account, lot LIMIT ?",
                (*after, SLICE_SIZE),
            ).fetchall()
            for account, lot, points in rows:
                if owner_of(account) % self._parts == self._part:
                    self._compare(account, lot, points, self._sums.get((account, lot), 0))
        return rows

    def _compare_kept(self, keys: list[_Key]) -> None:
        """Find sums that nothing is kept of; a difference was found from the other side."""
        with self._up_to_date():
            for key in keys:
                total = self._sums.get(key, 0)
                kept = "SELECT 1 FROM balance WHERE account = ? AND lot = ?"
                if total and self._database.execute(kept, key).fetchone() is None:
                    self._compare(*key, 0, total)

    def _compare(self, account: int, lot: int, kept: int, total: int) -> None:
        if kept != total:
            where = f"balance of {_name(account)}" + (f", lot {lot}" if lot else "")
            self._findings.add("I7", where, f"{kept} is kept and the postings add up to {total}")

    @contextmanager
    def _up_to_date(self) -> Iterator[None]:
        """One state of the books, with all its postings added."""
        self._database.execute("BEGIN")
        try:
            while self._add_slice():
                pass
            yield
        finally:
            self._database.execute("ROLLBACK")


def _name(account: int) -> str:
    try:
        return name_of(AccountId(account))
    except ValueError:
        return f"account {account}"
