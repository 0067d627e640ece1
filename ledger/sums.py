"""Adds up all postings again: no lot below nothing, and the kept balances equal to the sums.

Sums are kept in memory for as many lots as ``LOTS_PER_PASS``; where there are more, the owners are parted
and the postings are read once for each part.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final

from ledger.account import MEMBER_KINDS, AccountId, AccountKind, PostingReason, name_of
from ledger.account import account as account_
from ledger.entry import NO_LOT
from ledger.finding import Findings
from ledger.lotsums import KINDS, SEEN, LotSums

SLICE_SIZE: Final = 10_000
LOTS_PER_PASS: Final = 500_000

# Numbers of accounts, as ``ledger.account`` makes them: comparing them costs a fraction of making the kinds.
_OWNERS: Final = account_(AccountKind.ISSUE) // AccountKind.ISSUE
_FIRST: Final = account_(min(MEMBER_KINDS))
_DEBTS: Final = account_(AccountKind.DEBT)
_BEHIND: Final = account_(max(MEMBER_KINDS)) + _OWNERS
assert max(MEMBER_KINDS) is AccountKind.DEBT

# The day is asked for where points are spent: it says which lots could have been.
_POSTINGS: Final = f"""
    SELECT seq, debit, credit, points, lot,
           CASE WHEN reason IN ({PostingReason.REDEEM:d}, {PostingReason.HOLD:d}) THEN (
               SELECT CAST(replace(business_date, '-', '') AS INTEGER) FROM decision
               WHERE decision.seq = posting.seq) END
    FROM posting WHERE seq > ? AND seq <= ?
      AND (debit >= {_FIRST} AND debit % {_OWNERS} % ? = ?
           OR credit >= {_FIRST} AND credit % {_OWNERS} % ? = ?)
    ORDER BY seq, line
"""

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
        self._lots = LotSums(database, part, parts)
        # What is not of one of these lots and on its owner's account: debt, lots that were made since, and
        # what should not be. Those that are not zero.
        self._others: dict[_Key, int] = {}
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
        unseen = ((kind * _OWNERS + self._lots.owners[at], at) for kind, at in self._lots.unseen())
        keys = [(account, self._lots.numbers[at]) for account, at in unseen]
        rest = iter(keys + list(self._others))
        while some := list(islice(rest, SLICE_SIZE)):
            self._compare_kept(some)

    def _add_slice(self) -> bool:
        """Add the postings of the next decisions; false when there are none."""
        last = self._database.execute(
            "SELECT max(seq) FROM (SELECT seq FROM posting WHERE seq > ? ORDER BY seq LIMIT ?)",
            (self._seq, SLICE_SIZE // 2),
        ).fetchone()[0]
        if last is None:
            return False
        mine = self._parts, self._part
        for seq, debit, credit, points, lot, today in self._database.execute(
            _POSTINGS, (self._seq, last, *mine, *mine)
        ).fetchall():
            if _FIRST <= debit < _BEHIND:
                self._add(seq, debit, lot, -points, today)
            if _FIRST <= credit < _BEHIND:
                self._add(seq, credit, lot, points)
        self._seq = last
        return True

    def _add(self, seq: int, account: AccountId, lot: int, points: int, today: int | None = None) -> None:
        """Add *points* of *lot* to an account of a member; *today* is given when they are spent."""
        kind, owner = divmod(account, _OWNERS)
        if owner % self._parts != self._part:
            return
        lots = self._lots
        at = lots.place_of(lot) if account < _DEBTS else -1
        if at < 0 or lots.owners[at] != owner:
            self._add_other(seq, account, lot, points)
            return
        total = lots.add(kind, at, points)
        if total < 0:
            where = f"decision {seq}, lot {lot}"
            self._findings.add("I6", where, f"falls to {total} on {name_of(account)}")
        elif points > 0 and (whole := lots.whole(at)) > lots.made[at]:
            where = f"decision {seq}, lot {lot}"
            self._findings.add("I6", where, f"holds {whole} and was made with {lots.made[at]}")
        elif today is not None:
            self._check_spent(seq, lot, at, today)

    def _check_spent(self, seq: int, lot: int, at: int, today: int) -> None:
        if not self._lots.can_be_spent(at, today):
            what = f"is spent, and on {today} it cannot be"
        elif (before := self._lots.passed_over(at, today)) is not None:
            what = f"is spent, and lot {before}, which goes before it, has points"
        else:
            return
        self._findings.add("I10", f"decision {seq}, lot {lot}", what)

    def _add_other(self, seq: int, account: AccountId, lot: int, points: int) -> None:
        """Add to debt, to a lot that is not among those in the arrays, or to one of another owner."""
        is_debt = account >= _DEBTS
        key = account, (NO_LOT if is_debt else lot)
        total = self._others.pop(key, 0) + points
        if total:
            self._others[key] = total
        if is_debt:
            if total > 0:
                self._findings.add("I3", f"decision {seq}", f"{name_of(account)} is paid more than was owed")
        elif total < 0:
            where = f"decision {seq}, lot {lot}"
            self._findings.add("I6", where, f"falls to {total} on {name_of(account)}")
        elif points > 0:
            self._check_lot(seq, account, lot)

    def _check_lot(self, seq: int, account: AccountId, lot: int) -> None:
        where = f"decision {seq}, lot {lot}"
        row = self._database.execute("SELECT points, owner FROM lot WHERE lot = ?", (lot,)).fetchone()
        if row is None:
            self._findings.add("I26", where, "there is no such lot")
            return
        made, owner = row
        whole = sum([self._total((kind * _OWNERS + account % _OWNERS, lot)) for kind in KINDS])
        if whole > made:
            self._findings.add("I6", where, f"holds {whole} and was made with {made}")
        elif owner != account % _OWNERS:
            self._findings.add("I26", where, f"lies on {name_of(account)} and is not its owner's")

    def _total(self, key: _Key) -> int:
        """What the postings of an account and a lot add up to."""
        account, lot = key
        kind, owner = divmod(account, _OWNERS)
        if kind in SEEN:
            at = self._lots.place_of(lot)
            if at >= 0 and self._lots.owners[at] == owner:
                self._lots.seen[at] |= SEEN[kind]
                return self._lots.by_kind[kind][at]
        return self._others.get(key, 0)

    def _kept_after(self, after: _Key) -> list[tuple[int, int, int]]:
        """The next kept balances, compared with the sums."""
        with self._up_to_date():
            rows = self._database.execute(
                "SELECT account, lot, points FROM balance WHERE (account, lot) > (?, ?)"
                f" AND account % {_OWNERS} % ? = ? ORDER BY account, lot LIMIT ?",
                (*after, self._parts, self._part, SLICE_SIZE),
            ).fetchall()
            for account, lot, points in rows:
                total = self._total((account, lot))
                if points != total:
                    self._tell(account, lot, points, total)
        return rows

    def _compare_kept(self, keys: list[_Key]) -> None:
        """Find sums that nothing is kept of; a difference was found from the other side."""
        with self._up_to_date():
            for key in keys:
                total = self._total(key)
                kept = "SELECT 1 FROM balance WHERE account = ? AND lot = ?"
                if total and self._database.execute(kept, key).fetchone() is None:
                    self._tell(*key, 0, total)

    def _tell(self, account: int, lot: int, kept: int, total: int) -> None:
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
