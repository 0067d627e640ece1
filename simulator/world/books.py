"""The books as an outsider reads them: rows of the tables, and sums over them that nobody else made."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from ledger.account import AccountId, AccountKind, PostingReason, account, kind_of, name_of
from simulator.world.diary import Key


class Moved(NamedTuple):
    """A posting."""

    debit: AccountId
    credit: AccountId
    points: int
    lot: int
    reason: int


class Step(NamedTuple):
    """What a decision did to a hold: it took so many points of it, and perhaps the rest with it."""

    seq: int
    points: int
    ended: int


@dataclass(slots=True, kw_only=True)
class Held:
    """A hold, and what was done to it."""

    seq: int
    owner: int
    points: int
    kept_until: str
    steps: list[Step] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Something ended it."""
        return any(step.ended for step in self.steps)


@dataclass(slots=True, kw_only=True)
class Decision:
    """A row of the journal, with its postings. *undone* is the sum over its links.

    Attributes:
        key: Of its message; of a line that was uploaded that under which it was first sent.
        told_as: Of the message that told of it: the upload's.
        named: As others name it.
        order: The key of the order that it was booked for; ``None`` for a message.
    """

    seq: int
    key: Key
    told_as: Key
    named: Key
    order: str | None
    transmitted: str
    operation: str
    reason: str | None
    is_effective: bool
    amount: int
    covered: int
    owner: int | None
    ticket: str | None
    rrn: str
    original: int | None
    exception: str | None
    undone: int = 0
    postings: list[Moved] = field(default_factory=list)

    @property
    def is_approved(self) -> bool:
        return self.reason is None

    @property
    def issued(self) -> int:
        """Points that came into being by it for a member; negative when they went again."""
        return -self._net(AccountKind.ISSUE, AccountKind.BUDGET, AccountKind.SUSPENSE)

    @property
    def redeemed(self) -> int:
        """Points of members that were used by it; negative when they came back."""
        return self._net(AccountKind.REDEEMED, AccountKind.SUSPENSE)

    @property
    def reserved(self) -> int:
        """Points that it reserved, whatever holds it found over."""
        return sum(moved.points for moved in self.postings if kind_of(moved.credit) is AccountKind.HELD)

    @property
    def held(self) -> int:
        """Points that it reserved; negative when it spent or released them."""
        return self._net_of_members(AccountKind.HELD)

    @property
    def exchanged(self) -> int:
        """Points that became certificates by it; negative when these were spent or returned."""
        return self._net(AccountKind.CERTIFICATES, AccountKind.SUSPENSE)

    @property
    def adjusted(self) -> int:
        """Points that a person gave by it; negative when they were taken."""
        return -self._net(AccountKind.ADJUST, AccountKind.TRANSIT)

    @property
    def loaded(self) -> int:
        """Points by which it changed what a campaign may give beside its plan."""
        return sum(
            moved.points * (1 if moved.reason == PostingReason.BUDGET_LOADED else -1)
            for moved in self.postings
            if moved.reason in (PostingReason.BUDGET_LOADED, PostingReason.BUDGET_UNLOADED)
        )

    @property
    def moved(self) -> int:
        """Points that went from one member to another by it."""
        transit = account(AccountKind.TRANSIT)
        return sum(moved.points for moved in self.postings if moved.credit == transit)

    def _net(self, kind: AccountKind, *without: AccountKind) -> int:
        """Credits less debits of the account of *kind*, except from and to those of *without*."""
        number = account(kind)
        return sum(
            moved.points * ((moved.credit == number) - (moved.debit == number))
            for moved in self.postings
            if number in (moved.debit, moved.credit)
            and kind_of(moved.debit) not in without
            and kind_of(moved.credit) not in without
        )

    def _net_of_members(self, kind: AccountKind) -> int:
        return sum(
            moved.points * ((kind_of(moved.credit) is kind) - (kind_of(moved.debit) is kind))
            for moved in self.postings
        )


@dataclass(slots=True, kw_only=True)
class Books:
    """All of the books, in order of sequence.

    Attributes:
        links: Which earlier decisions each decision did something to.
        lots: First and last day of each.
        holds: All, by their number.
        certificates: What is left of each, by code, and what each was worth.
        head: Number and hash of the last block.
    """

    decisions: list[Decision]
    links: dict[int, list[int]]
    lots: dict[int, tuple[date, date]]
    holds: dict[int, Held]
    certificates: dict[str, tuple[int, int]]
    head: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """The books in the file *path*."""
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            decisions = [_decision(row) for row in database.execute(_DECISIONS)]
            by_seq = {decision.seq: decision for decision in decisions}
            for seq, *moved in database.execute(
                "SELECT seq, debit, credit, points, lot, reason FROM posting ORDER BY seq, line"
            ):
                by_seq[seq].postings.append(Moved(*moved))
            for seq, told_as in database.execute("SELECT seq, value FROM mark WHERE kind = 'line'"):
                moment, stan, class_, *_ = told_as.split("|")
                by_seq[seq].told_as = Key(by_seq[seq].key.terminal_id, class_, stan, moment[4:])
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
            holds = {
                seq: Held(seq=seq, owner=owner, points=points, kept_until=until)
                for seq, owner, points, until in database.execute(
                    "SELECT seq, owner, points, kept_until FROM hold ORDER BY seq"
                )
            }
            for hold, *step in database.execute(
                "SELECT hold, seq, points, ended FROM hold_step ORDER BY seq, line"
            ):
                holds[hold].steps.append(Step(*step))
            certificates = {code: (left, worth) for code, left, worth in database.execute(_CERTIFICATES)}
            head = database.execute(
                "SELECT format('%d %s', number, lower(hex(hash))) FROM block ORDER BY number DESC LIMIT 1"
            ).fetchone()[0]
        return cls(
            decisions=decisions, links=links, lots=lots, holds=holds, certificates=certificates, head=head
        )

    def available(self, owner: int, seq: int, today: date) -> Iterator[int]:
        """What *owner* could spend on *today* after decision *seq*, less debt.

        More than one number when somebody asks while holds are over and nobody has posted that yet: one for
        each that may be over.
        """
        spendable, debt = account(AccountKind.AVAILABLE, owner), account(AccountKind.DEBT, owner)
        points = 0
        for decision in self.decisions:
            if decision.seq > seq:
                break
            for moved in decision.postings:
                sign = (moved.credit in (spendable, debt)) - (moved.debit in (spendable, debt))
                if sign and (spendable not in moved[:2] or self._is_valid(moved.lot, today)):
                    points += sign * moved.points
        yield points
        for hold in sorted(self._open(owner, seq), key=lambda hold: hold.kept_until):
            points += sum(part for lot, part in self._in(hold, seq) if self._is_valid(lot, today))
            yield points

    def _open(self, owner: int, seq: int) -> list[Held]:
        """The holds of *owner* that are open after decision *seq*."""
        return [
            hold
            for hold in self.holds.values()
            if hold.owner == owner and hold.seq <= seq
            if not any(step.ended and step.seq <= seq for step in hold.steps)
        ]

    def _in(self, hold: Held, seq: int) -> list[tuple[int, int]]:
        """Lots and points of them that *hold* reserves after decision *seq*."""
        found: Counter[int] = Counter()
        steps = {hold.seq, *(step.seq for step in hold.steps if step.seq <= seq)}
        for decision in self.decisions:
            if decision.seq in steps:
                for moved in decision.postings:
                    if kind_of(moved.credit) is AccountKind.HELD:
                        found[moved.lot] += moved.points
                    elif kind_of(moved.debit) is AccountKind.HELD:
                        found[moved.lot] -= moved.points
        return list(found.items())

    def is_settled(self, refund: Decision) -> bool:
        """Whether *refund* is of a sale that was undone itself: nothing of either is left to undo."""
        if refund.operation != "REFUND":
            return False
        return any(sale.seq == refund.original and sale.undone for sale in self.decisions)

    def left_of(self, original: Decision) -> tuple[int, int, int, int]:
        """Points issued, redeemed, exchanged and reserved by *original* that nothing took back.

        None are counted where an undoing reached other decisions too, whose postings are of all of them, nor
        where a person was told that not all could be undone.
        """
        is_hold = original.seq in self.holds
        left = [original.issued, original.redeemed, original.exchanged]
        for decision in self.decisions:
            named = self.links.get(decision.seq, [])
            if original.seq in named:
                if len(named) > 1 or decision.exception is not None:
                    return 0, 0, 0, 0
                for at, points in enumerate(
                    (
                        decision.issued,
                        decision.redeemed,
                        decision.exchanged,
                    )
                ):
                    left[at] += points
        issued, redeemed, exchanged = left
        return issued, redeemed, exchanged, self._reserved_by(original) if is_hold else 0

    def _reserved_by(self, hold: Decision) -> int:
        """Points of *hold* that were not released: they are reserved, or a completion spent them."""
        completions = {decision.seq for decision in self.decisions if decision.original == hold.seq}
        completions -= set(self.links)
        steps = self.holds[hold.seq].steps
        return hold.reserved - sum(step.points for step in steps if step.seq not in completions)

    def below_floor(self) -> Iterator[str]:
        """Accounts that ever passed their floor, and where."""
        sums: Counter[tuple[AccountId, int]] = Counter()
        for decision in self.decisions:
            touched = []
            for moved in decision.postings:
                for side, points in ((moved.debit, -moved.points), (moved.credit, moved.points)):
                    place = side, moved.lot if kind_of(side) in _BY_LOT else 0
                    sums[place] += points
                    touched.append(place)
            for place in touched:
                points, kind = sums[place], kind_of(place[0])
                if (kind in _NEVER_BELOW and points < 0) or (kind is AccountKind.DEBT and points > 0):
                    yield f"decision {decision.seq}: {name_of(place[0])} has {points} points"
        if sum(sums.values()) != 0:
            yield "the books do not balance"

    def _is_valid(self, lot: int, today: date) -> bool:
        first, last = self.lots[lot]
        return first <= today <= last


_NEVER_BELOW: Final = frozenset(
    {AccountKind.AVAILABLE, AccountKind.HELD, AccountKind.CERTIFICATES, AccountKind.BUDGET}
)
_BY_LOT: Final = frozenset({AccountKind.AVAILABLE, AccountKind.HELD})
_DECISIONS: Final = (
    "SELECT seq, key, terminal_id, message_class, stan, transmitted, operation, reason, effective, amount,"
    " covered_minor, owner, ticket, rrn, original, exception FROM decision ORDER BY seq"
)
_CERTIFICATES: Final = (
    "SELECT code, points + (SELECT coalesce(sum(points), 0) FROM certificate_entry AS entry"
    " WHERE entry.code = certificate.code), value_minor FROM certificate ORDER BY seq"
)
_ORDERED: Final = "order|"


def _decision(row: tuple[Any, ...]) -> Decision:
    seq, key, terminal_id, class_, stan, transmitted, operation, reason, effective, *rest = row
    amount, covered, owner, ticket, rrn, original, exception = rest
    order = key.removeprefix(_ORDERED) if key.startswith(_ORDERED) else None
    # The key: date and time of the terminal, year first; STAN, class, terminal, acquirer.
    moment, key_stan, key_class, *_ = (str(key) if order is None else "||").split("|")
    local = moment[4:]
    own = Key(terminal_id, key_class, key_stan, local)
    return Decision(
        seq=seq,
        key=own,
        told_as=own,
        named=Key(terminal_id, class_, stan, local),
        order=order,
        transmitted=transmitted,
        operation=operation,
        reason=reason,
        is_effective=bool(effective),
        amount=amount,
        covered=covered,
        owner=owner,
        ticket=ticket,
        rrn=rrn,
        original=original,
        exception=exception,
    )
