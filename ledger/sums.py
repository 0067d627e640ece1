"""Adds up all postings again: no lot below nothing, and the kept balances equal to the sums.

Postings and lots are taken in as they come, parted by owner into a temporary file, and added up part by part.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Final, Self

from ledger.account import MEMBER_KINDS, AccountKind, PostingReason, number_or_name
from ledger.account import account as account_
from ledger.entry import NO_LOT
from ledger.finding import Findings
from ledger.lotsums import KINDS, SEEN, LotSums
from ledger.spill import Spill

SLICE_SIZE: Final = 10_000
LOTS_PER_PART: Final = 50_000

# Numbers of accounts, as ``ledger.account`` makes them: comparing them costs a fraction of making the kinds.
_OWNERS: Final = account_(AccountKind.ISSUE) // AccountKind.ISSUE
_FIRST: Final = account_(min(MEMBER_KINDS))
_DEBTS: Final = account_(AccountKind.DEBT)
_BEHIND: Final = account_(max(MEMBER_KINDS)) + _OWNERS
assert max(MEMBER_KINDS) is AccountKind.DEBT

# Where points are spent the day says which lots could have been.
_SPENT: Final = frozenset({int(PostingReason.REDEEM), int(PostingReason.HOLD)})
_LAST_DAY: Final = 99991231

_POSTINGS: Final = (
    "SELECT posting.*, business_date FROM posting LEFT JOIN decision USING (seq)"
    " WHERE posting.seq > ? AND posting.seq <= ? ORDER BY posting.seq, line"
)

_Key = tuple[int, int]  # account, lot
Row = Sequence[Any]


class SumCheck:
    """Takes in the postings and lots of all decisions, in order, and then adds them up.

    Args:
        database: The books, outside of a transaction.
        findings: Where it is noted what is wrong.
        decisions: About how many there are.
    """

    def __init__(self, database: sqlite3.Connection, findings: Findings, decisions: int) -> None:
        self._database = database
        self._findings = findings
        self._parts = 1 + decisions // LOTS_PER_PART  # owners stand in the one that their id leaves over
        self._lots = Spill(self._parts)
        self._postings = Spill(self._parts)
        self._kept = Spill(self._parts)
        self._seq = 0  # all postings up to this one are taken in
        self._number = 0  # of the part that is compared
        self._part: _Part | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for spill in (self._lots, self._postings, self._kept):
            spill.close()

    def take(self, seq: int, day: str, postings: Sequence[Row], lots: Sequence[Row]) -> None:
        """Take in the rows of decision *seq*, which is of the business date *day*."""
        parts = self._parts
        for _, _, debit, credit, points, lot, reason in postings:
            if _FIRST <= debit < _BEHIND:
                today = _number_of(day) if reason in _SPENT else 0
                self._postings.add(debit % _OWNERS % parts, (seq, debit, lot, -points, today))
            if _FIRST <= credit < _BEHIND:
                self._postings.add(credit % _OWNERS % parts, (seq, credit, lot, points, 0))
        for lot, owner, points, _, available_from, expires_on, _, _ in lots:
            last, first = _number_of(expires_on), _number_of(available_from)
            self._lots.add(owner % parts, (lot, owner, points, last, first))
        self._seq = seq

    def check(self) -> None:
        """Add everything up, and compare it with the kept balances."""
        taken_in = self._seq
        self._read_balances()
        for number in range(self._parts):
            part = _Part(self._database, self._findings, LotSums(self._lots.rows(number)))
            for rows in self._postings.rows(number):
                for row in rows:
                    part.add(*row)
                if rows and rows[-1][0] > taken_in:
                    part.touched.update(_key(row[1], row[2]) for row in rows if row[0] > taken_in)
            self._number, self._part = number, part
            self._confirm(part, part.differing(self._kept.rows(number)))

    def _read_balances(self) -> None:
        """Read what is kept. What is posted from now on is compared again."""
        after = -(2**63), -(2**63)
        while rows := self._database.execute(
            "SELECT account, lot, points FROM balance WHERE (account, lot) > (?, ?)"
            " ORDER BY account, lot LIMIT ?",
            (*after, SLICE_SIZE),
        ).fetchall():
            for row in rows:
                self._kept.add(row[0] % _OWNERS % self._parts, row)
            after = rows[-1][:2]

    def _confirm(self, part: "_Part", keys: Iterator[_Key]) -> None:
        """Compare the sums under *keys* with what is kept, and those of what was posted meanwhile.

        Each slice is compared in one state of the books, with all its postings added.
        """
        is_over = False
        while not is_over:
            some = list(islice(keys, SLICE_SIZE))
            is_over = not some
            self._database.execute("BEGIN")
            try:
                while self._add_slice():
                    pass
                part.compare([*some, *part.touched])
                part.touched.clear()
            finally:
                self._database.execute("ROLLBACK")

    def _add_slice(self) -> bool:
        """Add the postings of the next decisions; false when there are none."""
        last = self._database.execute(
            "SELECT max(seq) FROM (SELECT seq FROM posting WHERE seq > ? ORDER BY seq LIMIT ?)",
            (self._seq, SLICE_SIZE // 2),
        ).fetchone()[0]
        if last is None:
            return False
        for seq, _, debit, credit, points, lot, reason, day in self._database.execute(
            _POSTINGS, (self._seq, last)
        ).fetchall():
            if _FIRST <= debit < _BEHIND:
                self._add(seq, debit, lot, -points, _number_of(day or "") if reason in _SPENT else 0)
            if _FIRST <= credit < _BEHIND:
                self._add(seq, credit, lot, points, 0)
        self._seq = last
        return True

    def _add(self, seq: int, account: int, lot: int, points: int, today: int) -> None:
        """Add a posting to the part that is compared, or to a later one."""
        assert self._part is not None
        number = account % _OWNERS % self._parts
        if number == self._number:
            self._part.add(seq, account, lot, points, today)
            self._part.touched.add(_key(account, lot))
        elif number > self._number:
            self._postings.add(number, (seq, account, lot, points, today))


class _Part:
    """The sums of the owners whose *lots* these are.

    Attributes:
        touched: What has to be compared once more: something was posted there after the balances were read.
    """

    def __init__(self, database: sqlite3.Connection, findings: Findings, lots: LotSums) -> None:
        self.touched: set[_Key] = set()
        self._told: set[_Key] = set()
        self._database = database
        self._findings = findings
        self._lots = lots
        # What is not of one of these lots and on its owner's account: debt, lots that were made since, and
        # what should not be. Those that are not zero.
        self._others: dict[_Key, int] = {}

    def add(self, seq: int, account: int, lot: int, points: int, today: int) -> None:
        """Add *points* of *lot* to an account of a member; *today* is not 0 when they are spent."""
        kind, owner = divmod(account, _OWNERS)
        lots = self._lots
        at = lots.place_of(lot) if account < _DEBTS else -1
        if at < 0 or lots.owners[at] != owner or kind not in SEEN:
            self._add_other(seq, account, lot, points)
            return
        total = lots.add(kind, at, points)
        if total < 0:
            where = f"decision {seq}, lot {lot}"
            self._findings.add("I6", where, f"falls to {total} on {number_or_name(account)}")
        elif points > 0 and (whole := lots.whole(at)) > lots.made[at]:
            where = f"decision {seq}, lot {lot}"
            self._findings.add("I6", where, f"holds {whole} and was made with {lots.made[at]}")
        elif today:
            self._check_spent(seq, lot, at, today)

    def _check_spent(self, seq: int, lot: int, at: int, today: int) -> None:
        if not self._lots.can_be_spent(at, today):
            what = f"is spent, and on {today} it cannot be"
        elif (before := self._lots.passed_over(at, today)) is not None:
            what = f"is spent, and lot {before}, which goes before it, has points"
        else:
            return
        self._findings.add("I10", f"decision {seq}, lot {lot}", what)

    def _add_other(self, seq: int, account: int, lot: int, points: int) -> None:
        """Add to debt, to a lot that is not among those in the arrays, or to one of another owner."""
        is_debt = account >= _DEBTS
        key = _key(account, lot)
        total = self._others.pop(key, 0) + points
        if total:
            self._others[key] = total
        if is_debt:
            if total > 0:
                what = f"{number_or_name(account)} is paid more than was owed"
                self._findings.add("I3", f"decision {seq}", what)
        elif total < 0:
            self._findings.add(
                "I6", f"decision {seq}, lot {lot}", f"falls to {total} on {number_or_name(account)}"
            )
        elif points > 0:
            self._check_lot(seq, account, lot)

    def _check_lot(self, seq: int, account: int, lot: int) -> None:
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
            self._findings.add("I26", where, f"lies on {number_or_name(account)} and is not its owner's")

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

    def differing(self, kept: Iterable[list[tuple[int, int, int]]]) -> Iterator[_Key]:
        """Account and lot of all that is *kept* otherwise than the postings add up to, or not at all."""
        for rows in kept:
            for account, lot, points in rows:
                if points != self._total((account, lot)):
                    yield account, lot
        for kind, at in self._lots.unseen():
            yield kind * _OWNERS + self._lots.owners[at], self._lots.numbers[at]
        yield from list(self._others)

    def compare(self, keys: Iterable[_Key]) -> None:
        """Compare the sums under *keys* with what is kept now."""
        for key in keys:
            account, lot = key
            row = self._database.execute(
                "SELECT points FROM balance WHERE account = ? AND lot = ?", key
            ).fetchone()
            kept, total = row[0] if row else 0, self._total(key)
            if kept != total and key not in self._told:
                self._told.add(key)
                where = f"balance of {number_or_name(account)}" + (f", lot {lot}" if lot else "")
                self._findings.add("I7", where, f"{kept} is kept and the postings add up to {total}")


def _key(account: int, lot: int) -> _Key:
    """Under which points of *lot* on a member's account are kept: debt has no lots."""
    return account, (lot if account < _DEBTS else NO_LOT)


@lru_cache(maxsize=4_096)
def _number_of(day: str) -> int:
    """A day as a number; days compare as these do. 0 for what is none."""
    digits = day.replace("-", "")
    return min(int(digits[:9]), _LAST_DAY) if digits.isascii() and digits.isdigit() else 0
