"""Holds the postings of decisions against the chart, transit, certificates, budgets and owners' histories."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ledger.account import (
    CHART,
    MEMBER_KINDS,
    AccountKind,
    PostingReason,
    account,
    is_charted,
    kind_of,
    name_of,
    number_or_name,
)
from ledger.certificates import moved_by, told_by
from ledger.entry import POINTS_MAX
from ledger.finding import Findings
from ledger.parties import PartyCheck

Row = Sequence[Any]

_OWNERS: Final = account(AccountKind.ISSUE) // AccountKind.ISSUE
BUDGET_KINDS: Final = frozenset({AccountKind.BUDGET, AccountKind.BUDGET_HELD})
_BUDGETS: Final = account(min(BUDGET_KINDS)), account(max(BUDGET_KINDS)) + _OWNERS  # from, and to before
_TRANSIT: Final = account(AccountKind.TRANSIT)

# What of a posting is an owner's, debit and credit, for every move of the chart that no other rule looks at.
_PLAIN: Final = {
    (int(debit), int(credit), int(reason)): (debit in MEMBER_KINDS, credit in MEMBER_KINDS)
    for debit, credit, reason in CHART
    if not {debit, credit} & {AccountKind.TRANSIT, AccountKind.CERTIFICATES, *BUDGET_KINDS}
}


def is_plain(postings: Sequence[Row], owner: int | None) -> bool:
    """Whether all *postings* of a decision of *owner* are in order for a reason that needs no other row.

    Nearly all are: what this says of them costs a fraction of ``PostingCheck``, which says the same.
    """
    for _, _, debit, credit, points, _, reason in postings:
        members = _PLAIN.get((debit // _OWNERS, credit // _OWNERS, reason))
        if members is None or not 0 < points <= POINTS_MAX:
            return False
        if (members[0] and debit % _OWNERS != owner) or (members[1] and credit % _OWNERS != owner):
            return False
    return True


class PostingCheck:
    """Looks at postings, decision by decision, in order."""

    def __init__(self, findings: Findings, parties: PartyCheck) -> None:
        self._findings = findings
        self._parties = parties
        self._budgets: dict[int, int] = defaultdict(int)  # what lies on the accounts of campaigns

    def check(
        self, seq: int, owner: int | None, postings: Sequence[Row], sides: Mapping[str, Sequence[Row]]
    ) -> None:
        """Check those of decision *seq*; *sides* has its rows of certificates."""
        where = f"decision {seq}"
        moved, told = moved_by(postings), told_by(sides)
        if moved != told:
            what = f"moves {moved} points of certificates and tells of {told}"
            self._findings.add("certificates", where, what)
        self._parties.take(seq, owner, postings)
        in_transit = 0
        for posting in postings:
            self._check_one(where, posting)
            self._check_budgets(where, posting)
            if posting[2] == _TRANSIT:
                in_transit -= posting[4]
            elif posting[3] == _TRANSIT:
                in_transit += posting[4]
        if in_transit:
            self._findings.add("I1", where, f"leaves {in_transit} points in transit")

    def _check_budgets(self, where: str, posting: Row) -> None:
        """No budget falls below nothing, nor what is reserved of it."""
        _, _, debit, credit, points, *_ = posting
        low, high = _BUDGETS
        if low <= credit < high:
            self._budgets[credit] += points
        if low <= debit < high:
            self._budgets[debit] -= points
            if self._budgets[debit] < 0:
                what = f"falls to {self._budgets[debit]}"
                self._findings.add("I8", f"{where}, {number_or_name(debit)}", what)

    def _check_one(self, where: str, posting: Row) -> None:
        """Hold one to the chart."""
        _, line, debit, credit, points, _, reason = posting
        if is_charted(debit, credit, reason) and 0 < points <= POINTS_MAX:
            return
        place = f"{where}, posting {line}"
        try:
            allowed = (kind_of(debit), kind_of(credit), PostingReason(reason)) in CHART
        except ValueError:
            self._findings.add("I16", place, "names an account or a reason that does not exist")
            return
        if not allowed:
            moved = f"{PostingReason(reason).name} from {name_of(debit)} to {name_of(credit)}"
            self._findings.add("I16", place, f"{moved} is not in the chart")
        if not 0 < points <= POINTS_MAX:
            self._findings.add("I16", place, f"moves {points} points")
