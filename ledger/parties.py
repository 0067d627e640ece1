"""Decisions that changed accounts of others than their own owner: ``party`` held against the postings."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from ledger.account import MEMBER_KINDS, AccountKind, account
from ledger.finding import FINDINGS_MAX, Findings

# Kinds stand above owners in an account's number, and those of members are neighbours in the chart.
_OWNERS: Final = account(AccountKind.ISSUE) // AccountKind.ISSUE
_FIRST: Final = account(min(MEMBER_KINDS))
_BEHIND: Final = account(max(MEMBER_KINDS)) + _OWNERS
_SLICE_SIZE: Final = 10_000
_UNDID: Final = (
    "SELECT 1 FROM link JOIN decision ON decision.seq = link.original"
    " WHERE link.seq = ?1 AND (decision.owner = ?2"
    " OR EXISTS (SELECT 1 FROM party WHERE party.owner = ?2 AND party.seq = link.original))"
)


class PartyCheck:
    """Takes in the postings of all decisions, and then tells whose history lacks one or has one too many."""

    def __init__(self, database: sqlite3.Connection, findings: Findings) -> None:
        self._database = database
        self._findings = findings
        self._missing: list[tuple[int, int]] = []  # sequence, owner

    def take(self, seq: int, owner: int | None, postings: Sequence[Sequence[int]]) -> None:
        """Look at the rows of a decision's postings."""
        for _, _, debit, credit, *_ in postings:
            for side in (debit, credit):
                if _FIRST <= side < _BEHIND and side % _OWNERS != owner:
                    self._expect(seq, side % _OWNERS)

    def _expect(self, seq: int, owner: int) -> None:
        known = "SELECT 1 FROM party WHERE owner = ? AND seq = ?"
        if len(self._missing) < FINDINGS_MAX and not self._database.execute(known, (owner, seq)).fetchone():
            self._missing.append((seq, owner))

    def tell(self) -> None:
        """Note what is wrong."""
        for seq, owner in dict.fromkeys(self._missing):
            self._findings.add("parties", f"decision {seq}", f"is not in the history of owner {owner}")
        after = (-1, -1)
        while rows := self._database.execute(
            "SELECT owner, seq FROM party WHERE (owner, seq) > (?, ?) ORDER BY owner, seq LIMIT ?",
            (*after, _SLICE_SIZE),
        ).fetchall():
            for owner, seq in rows:
                if not self._is_party(owner, seq):
                    what = f"is in the history of owner {owner} and changed nothing there"
                    self._findings.add("parties", f"decision {seq}", what)
            after = rows[-1]

    def _is_party(self, owner: int, seq: int) -> bool:
        for posting in self._database.execute("SELECT debit, credit FROM posting WHERE seq = ?", (seq,)):
            if any(_FIRST <= side < _BEHIND and side % _OWNERS == owner for side in posting):
                return True
        # It undid a decision of his, or one that he had a part in, and others bore all of it.
        return self._database.execute(_UNDID, (seq, owner)).fetchone() is not None
