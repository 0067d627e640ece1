"""The terminal's batch: RECONCILE compares its totals with ours, UPLOAD takes in what we do not know of it.

A batch is what a terminal did since the last RECONCILE that was answered 00, or what carries its number. Of
both sides only what stands is compared: see ``loyalty.totals``, and ``switch.batchtotals`` for what counts.
"""

from collections.abc import Callable
from typing import Final

from loyalty.decision import Approved, OutOfBalance, Reason
from loyalty.transaction import Operation, OriginalReference, Reconciliation, Transaction, Upload
from switch.batchtotals import BatchOf
from switch.case import Case
from switch.marks import CLOSED, LINE, mark
from switch.outcome import Outcome, Record
from switch.worksheet import Worksheet

UPLOADED: Final = "UPLOADED"  # an exception: a line that only the batch told of
UPLOAD_DIFFERS: Final = "UPLOAD_DIFFERS"  # ... a line that was told otherwise before
FILE_ACTION: Final = "3"  # no message names an upload that booked nothing: it names what that was of

_BOOKED_AS_ADVICES: Final = frozenset(
    {Operation.EARN, Operation.REDEEM, Operation.REFUND, Operation.COMPLETE}
)


# --- totals


def reconcile(case: Case) -> Outcome:
    """Whether the terminal's totals are ours; if so, its batch is closed."""
    transaction = case.transaction
    assert isinstance(transaction, Reconciliation)
    unit = "points" if transaction.in_points else "money"
    closed = f"{_terminal_of(case)}|{unit}"
    closed_number = None if transaction.batch is None else f"{closed}|{transaction.batch}"
    key = transaction.key
    batch = BatchOf(
        terminal=(key.acquirer_id, key.terminal_id),
        in_points=transaction.in_points,
        since=_last(case.worksheet, closed),
        number=transaction.batch,
        since_number=0 if closed_number is None else _last(case.worksheet, closed_number),
    )
    ours = case.worksheet.batch_totals(batch)
    agrees = transaction.claim.agrees(ours)
    if not agrees and not transaction.is_advice:
        decision = OutOfBalance(
            reason=Reason.OUT_OF_BALANCE, programme_version=case.programme.version, totals=ours
        )
        return case.remember(decision, reason=Reason.OUT_OF_BALANCE.name, effective=False)
    closing = [closed] if closed_number is None else [closed, closed_number]
    return case.remember(
        Approved(books=False, programme_version=case.programme.version),
        effective=agrees,
        exception=None if agrees else Reason.OUT_OF_BALANCE.name,
        sides=tuple([mark(CLOSED, value) for value in closing]),
    )


def _last(worksheet: Worksheet, closed: str) -> int:
    """The sequence of the last RECONCILE that *closed* this; 0 when there was none."""
    return max(worksheet.marked(CLOSED, closed), default=0)


# --- lines


def upload(case: Case, decide_new: Callable[[Case], Outcome]) -> Outcome:
    """A line of a batch: nothing when it is known, else an advice as of its time.

    Args:
        case: Of the upload.
        decide_new: Decides on a line that nobody has told of before.
    """
    transaction = case.transaction
    assert isinstance(transaction, Upload)
    hits = _known_lines(case, transaction)
    if len(hits) == 1:
        return _acknowledge(case, hits[0], _difference(hits[0], transaction))
    if hits or transaction.line.operation not in _BOOKED_AS_ADVICES:
        return _acknowledge(case, None, Reason.ORIGINAL_NOT_FOUND.name)
    line = Case(transaction.line, case.worksheet, case.programmes, case.moment, case.token_of, case.render)
    outcome = decide_new(line)
    record = outcome.record
    assert record is not None
    # The line has the key under which it was first sent: whatever of it comes still is the same transaction.
    outcome.record = record._replace(exception=record.exception or UPLOADED)
    if record.key != transaction.key.text:
        outcome.sides = (*outcome.sides, mark(LINE, _told_as(transaction)))
    return outcome


def told_by_upload(case: Case) -> tuple[Record, bool] | None:
    """The line that the upload of *case* told of the first time, and whether it is the same upload still."""
    own = case.transaction.key.text
    (seq, *_) = (*case.worksheet.marked(LINE, f"{own}|", f"{own}|~"), 0)
    record = case.worksheet.by_seq(seq) if seq else None
    if record is None:
        return None
    return record, seq in case.worksheet.marked(LINE, _told_as(case.transaction))


def _told_as(transaction: Transaction) -> str:
    return f"{transaction.key.text}|{transaction.content.hex()}"


def uploaded_before(case: Case) -> Record | None:
    """The decision on an advice that an upload told of before, in books where lines have the upload's key."""
    transaction = case.transaction
    key = transaction.key
    hits = [
        record
        for record in case.worksheet.by_reference(
            _reference_to(transaction),
            terminal=(key.acquirer_id, key.terminal_id),
            member_id=None,
        )
        if record.key.split("|")[1] != record.stan  # told under another number than its own
    ]
    return hits[0] if len(hits) == 1 else None


def _known_lines(case: Case, transaction: Upload) -> list[Record]:
    """Decisions that the line may be: by its own key, else as the upload names it."""
    worksheet, key = case.worksheet, transaction.key
    known = worksheet.by_key(transaction.line.key.text)
    if known is not None:
        return [known]
    terminal = key.acquirer_id, key.terminal_id
    named = transaction.original
    if named is None:
        return []
    if named.rrn is not None:
        found = worksheet.by_rrn(named.rrn)
        return [record for record in found if terminal == (record.acquirer_id, record.terminal_id)]
    return worksheet.by_reference(named, terminal=terminal, member_id=None)


def _acknowledge(case: Case, known: Record | None, exception: str | None) -> Outcome:
    """The upload is accepted, and nothing is booked."""
    card_id = None if known is None else known.card_id
    card = None if card_id is None else case.worksheet.card(card_id)
    outcome = case.accept(exception, card)
    assert outcome.record is not None
    original = None if known is None else known.seq
    outcome.record = outcome.record._replace(original=original, message_class=FILE_ACTION)
    return outcome


def _difference(known: Record, transaction: Upload) -> str | None:
    """Why a person should look at a line that is known: it was declined, or is told with another amount."""
    is_declined = known.reason is not None and known.reason != Reason.PARTIAL.name
    told = transaction.line.amount
    if is_declined or (told is not None and told not in (known.amount, known.covered_minor)):
        return UPLOAD_DIFFERS
    return None


def _reference_to(transaction: Transaction) -> OriginalReference:
    key = transaction.key
    return OriginalReference(
        message_class=key.message_class,
        stan=key.stan,
        transmitted=transaction.transmitted,
        acquirer_id=key.acquirer_id,
    )


def _terminal_of(case: Case) -> str:
    key = case.transaction.key
    return f"{key.acquirer_id}|{key.terminal_id}"
