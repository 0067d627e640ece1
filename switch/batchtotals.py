"""What a terminal's batch comes to. What a decision adds is settled with it, whatever comes later."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from loyalty.decision import Reason
from loyalty.totals import Totals
from loyalty.transaction import Operation
from switch.marks import BATCH, MARK
from switch.outcome import Link, Outcome, Record, completes

_DEBITS: Final = frozenset(
    {Operation.EARN.value, Operation.REDEEM.value, Operation.PAY_CERTIFICATE.value, Operation.COMPLETE.value}
)
_CREDITS: Final = frozenset({Operation.REFUND.value})
_UNDOINGS: Final = frozenset({Operation.VOID.value, Operation.REVERSAL.value})
NOTHING: Final = Totals()


class Books(Protocol):
    """Where decisions are looked up."""

    def by_seq(self, seq: int) -> Record | None: ...

    def links_from(self, seq: int) -> Sequence[Link]: ...


@dataclass(frozen=True, slots=True)
class BatchOf:
    """Which decisions belong to a batch.

    Attributes:
        terminal: Acquirer and terminal.
        in_points: The unit that is reconciled.
        since: The sequence behind which they lie.
        number: The batch's number: then those with another one do not belong to it, and those with this
            one do from *since_number* on. ``None``: the number does not count.
    """

    terminal: tuple[str, str]
    in_points: bool
    since: int
    number: str | None = None
    since_number: int = 0

    @property
    def first(self) -> int:
        """The sequence behind which all of them lie."""
        return self.since if self.number is None else min(self.since, self.since_number)

    def holds(self, record: Record, number: str | None) -> bool:
        """Whether *record*, which carries *number*, belongs to it."""
        if self.terminal != (record.acquirer_id, record.terminal_id) or self.in_points != record.in_points:
            return False
        if self.number is None or number is None:
            return record.seq > self.since
        return number == self.number and record.seq > self.since_number


def total_of(
    books: Books, of: BatchOf, records: Iterable[Record], numbers: Mapping[int, str | None]
) -> Totals:
    """What those of *records* that belong to a batch add up to; *numbers* tells the number of each."""
    total = NOTHING
    for record in records:
        if of.holds(record, numbers.get(record.seq)):
            total += _counted(books, record)
    return total


def total_of_outcomes(books: Books, of: BatchOf, outcomes: Iterable[Outcome]) -> Totals:
    """What those of *outcomes* that belong to a batch add up to."""
    records = []
    numbers: dict[int, str | None] = {}
    for outcome in outcomes:
        record = outcome.record
        if record is not None:
            records.append(record)
            numbers[record.seq] = _number_of(outcome)
    return total_of(books, of, records, numbers)


def _number_of(outcome: Outcome) -> str | None:
    """The number of the batch that a decision carries."""
    for side in outcome.sides:
        if side.table == MARK and side.values[0] == BATCH:
            return str(side.values[1]).rpartition("|")[2]
    return None


def _counted(books: Books, record: Record) -> Totals:
    """What *record* adds: nothing when it was declined; an advice counts, booked or not, as it happened."""
    if record.reason is not None and record.reason != Reason.PARTIAL.name:
        return NOTHING
    if record.operation in _UNDOINGS:
        return _undone(books, record)
    if record.exception == Reason.ALREADY_REVERSED.name:
        return NOTHING
    amount = counted_minor(record)
    if record.operation in _CREDITS:
        return Totals(credits=1, credit_amount=amount)
    if record.operation in _DEBITS and not _releases(record):
        return Totals(debits=1, debit_amount=amount)
    return NOTHING


def counted_minor(record: Record) -> int:
    """With what amount *record* counts: what was approved of it, or all that an advice told of in vain."""
    return record.covered_minor if record.effective else record.amount


def _releases(record: Record) -> bool:
    """Whether *record* is a COMPLETE of 0: of a hold, or of one that was over."""
    return not record.amount and (completes(record) or not record.effective)


def _undone(books: Books, undoing: Record) -> Totals:
    original = None if undoing.original is None else books.by_seq(undoing.original)
    if original is None:
        return NOTHING
    final = next(
        (link.final_minor for link in books.links_from(undoing.seq) if link.original == original.seq),
        None,
    )
    if original.operation == Operation.VOID.value:
        return _stands_again(_undone(books, original))
    if _releases(original):
        return NOTHING
    amount = counted_minor(original) - (final or 0)
    if original.operation in _CREDITS:
        return Totals(credit_reversals=1, credit_reversal_amount=amount)
    if original.operation in _DEBITS:
        return Totals(debit_reversals=1, debit_reversal_amount=amount)
    return NOTHING


def _stands_again(undone: Totals) -> Totals:
    """What was *undone* by a void that was reversed counts once more."""
    return Totals(
        credits=undone.credit_reversals,
        credit_amount=undone.credit_reversal_amount,
        debits=undone.debit_reversals,
        debit_amount=undone.debit_reversal_amount,
    )
