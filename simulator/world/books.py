"""The books as an outsider reads them: rows of the tables, and sums over them that nobody else made."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from ledger.account import AccountId, AccountKind, account, kind_of, name_of
from simulator.world.diary import Key


class Moved(NamedTuple):
    """A posting."""

    debit: AccountId
    credit: AccountId
    points: int
    lot: int


@dataclass(slots=True, kw_only=True)
class Decision:
    """A row of the journal, with its postings. *undone* is the sum over its links."""

    seq: int
    key: Key
    transmitted: str
    operation: str
    reason: str | None
    is_effective: bool
    amount: int
    owner: int | None
    ticket: str | None
    rrn: str
    original: int | None
    undone: int = 0
    postings: list[Moved] = field(default_factory=list)

    @property
    def is_approved(self) -> bool:
        return self.reason is None

    @property
    def issued(self) -> int:
        """Points that came into being by it; negative when they went again."""
        return -self._net(AccountKind.ISSUE)

    @property
    def redeemed(self) -> int:
        """Points that were used by it; negative when they came back."""
        return self._net(AccountKind.REDEEMED)

    @property
    def moved(self) -> int:
        """Points that went from one member to another by it."""
        transit = account(AccountKind.TRANSIT)
        return sum(moved.points for moved in self.postings if moved.credit == transit)

    def _net(self, kind: AccountKind) -> int:
        number = account(kind)
        return sum(
            moved.points * ((moved.credit == number) - (moved.debit == number)) for moved in self.postings
        )


@dataclass(slots=True, kw_only=True)
class Books:
    """All of the books, in order of sequence.

    Attributes:
        links: Which earlier decisions each decision did something to.
        lots: First and last day of each.
        head: Number and hash of the last block.
    """

    decisions: list[Decision]
    links: dict[int, list[int]]
    lots: dict[int, tuple[date, date]]
    head: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """The books in the file *path*."""
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            decisions = [_decision(row) for row in database.execute(_DECISIONS)]
            by_seq = {decision.seq: decision for decision in decisions}
            for seq, *moved in database.execute(
                "SELECT seq, debit, credit, points, lot FROM posting ORDER BY seq, line"
            ):
                by_seq[seq].postings.append(Moved(*moved))
            links: dict[int, list[int]] = {}
            for seq, original, undone in database.execute(
                "SELECT seq, original, undone FROM link ORDER BY seq, original"
            ):
                links.setdefault(seq, []).append(original)
                by_seq[original].undone += undone
            lots = {
                lot: (date.fromisoformat(first), date.fromisoformat(last))
                for lot, first, last in database.execute("SELECT lot, available_from, expires_on FROM lot")
            }
            head = database.execute(
                "SELECT format('%d %s', number, lower(hex(hash))) FROM block ORDER BY number DESC LIMIT 1"
            ).fetchone()[0]
        return cls(decisions=decisions, links=links, lots=lots, head=head)

    def available(self, owner: int, seq: int, today: date) -> int:
        """What *owner* could spend on *today* after decision *seq*, less debt."""
        spendable, debt = account(AccountKind.AVAILABLE, owner), account(AccountKind.DEBT, owner)
        points = 0
        for decision in self.decisions:
            if decision.seq > seq:
                break
            for moved in decision.postings:
                sign = (moved.credit in (spendable, debt)) - (moved.debit in (spendable, debt))
                if sign and (spendable not in moved[:2] or self._is_valid(moved.lot, today)):
                    points += sign * moved.points
        return points

    def is_settled(self, refund: Decision) -> bool:
        """Whether *refund* is of a sale that was undone itself: nothing of either is left to undo."""
        if refund.operation != "REFUND":
            return False
        return any(sale.seq == refund.original and sale.undone for sale in self.decisions)

    def left_of(self, original: Decision) -> tuple[int, int]:
        """Points issued and redeemed by *original* that nothing took back.

        None are counted where an undoing reached other decisions too: its postings are of all of them.
        """
        issued, redeemed = original.issued, original.redeemed
        for decision in self.decisions:
            named = self.links.get(decision.seq, [])
            if original.seq in named:
                if len(named) > 1:
                    return 0, 0
                issued += decision.issued
                redeemed += decision.redeemed
        return issued, redeemed

    def below_floor(self) -> Iterator[str]:
        """Accounts of members that ever passed their floor, and where."""
        sums: Counter[tuple[int, int]] = Counter()
        for decision in self.decisions:
            for moved in decision.postings:
                sums[moved.debit, moved.lot] -= moved.points
                sums[moved.credit, moved.lot] += moved.points
            for moved in decision.postings:
                for side in (moved.debit, moved.credit):
                    points = sums[side, moved.lot]
                    kind = kind_of(side)
                    if (kind is AccountKind.AVAILABLE and points < 0) or (
                        kind is AccountKind.DEBT and points > 0
                    ):
                        yield f"decision {decision.seq}: {name_of(side)} has {points} points"
        if sum(sums.values()) != 0:
            yield "the books do not balance"

    def _is_valid(self, lot: int, today: date) -> bool:
        first, last = self.lots[lot]
        return first <= today <= last


_DECISIONS: Final = (
    "SELECT seq, key, terminal_id, message_class, stan, transmitted, operation, reason, effective, amount,"
    " owner, ticket, rrn, original FROM decision ORDER BY seq"
)


def _decision(row: tuple[Any, ...]) -> Decision:
    seq, key, terminal_id, class_, stan, transmitted, operation, reason, effective, amount, *rest = row
    owner, ticket, rrn, original = rest
    local = str(key).split("|", 1)[0][4:]  # the key begins with date and time of the terminal, year first
    return Decision(
        seq=seq,
        key=Key(terminal_id, class_, stan, local),
        transmitted=transmitted,
        operation=operation,
        reason=reason,
        is_effective=bool(effective),
        amount=amount,
        owner=owner,
        ticket=ticket,
        rrn=rrn,
        original=original,
    )
