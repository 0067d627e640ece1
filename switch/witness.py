"""Sees every finished batch: counts it at once, and has it told in the log later.

One canonical line tells all of a transaction that may be told: never what the terminal sent, only what
was decided. The log's thread makes the lines.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from loyalty.decision import Approved, Declined, Reason
from messages.link import TransactionReceived
from switch.block import Block, CommitResult
from switch.logwriter import LogWriter
from switch.metrics import Metrics
from switch.observe import Renderer
from switch.outcome import Known
from switch.reader import Reader
from switch.work import Numbering, Store, Work

APPROVED: Final = "APPROVED"  # in place of a reason, as is
REPEAT: Final = "REPEAT"
RETRY_S: Final = 5.0  # after which whoever watches should send traffic to a store that took nothing


class Witness:
    """Called with the works of each batch after their answers were written.

    Args:
        time: The event loop's clock, in seconds.
        writer: Gets the lines; ``None`` when the settings want none.
    """

    def __init__(
        self, metrics: Metrics, time: Callable[[], float], writer: LogWriter | None, render: Renderer
    ) -> None:
        self._metrics = metrics
        self._time = time
        self._writer = writer
        self._render = render

    def __call__(self, works: Sequence[Work]) -> None:
        now = self._time()
        size = len(works)
        metrics = self._metrics
        metrics.batch_sizes.add(size)
        events = []
        for work in works:
            operation, reason = operation_of(work), reason_of(work)
            metrics.decided[operation, reason] += 1
            metrics.answer_seconds.add(now - work.arrived)
            if self._writer is not None:
                events.append(event_of(work, operation, reason, size, now))
        if events and self._writer is not None:
            # The events, not the works: those are large, and what waits here is soon out of every cache.
            self._writer.put_later(size, lambda: self._render.lines(events))


class MeasuredStore:
    """*store*, with the time and the result of each commit counted."""

    def __init__(self, store: Store, metrics: Metrics, time: Callable[[], float]) -> None:
        self._store = store
        self._metrics = metrics
        self._time = time
        self._unwritten_at: float | None = None
        self.reader: Reader = store.reader
        self.sequence: Numbering = store.sequence
        self.prefetch = store.prefetch

    async def commit(self, block: Block, in_time: Callable[[], bool]) -> CommitResult:
        """Make *block* durable, as the store does."""
        began = self._time()
        result = await self._store.commit(block, in_time)
        seconds = self._time() - began
        self._metrics.batches[result.name] += 1
        if result is CommitResult.DURABLE:
            self._metrics.commit_seconds.add(seconds)
            self._metrics.last_commit_seconds = seconds
            self._unwritten_at = None
        elif result is CommitResult.UNWRITTEN:
            self._unwritten_at = self._time()
        return result

    @property
    def took_nothing_lately(self) -> bool:
        """A commit was not written, none was since, and it is too soon to try again."""
        return self._unwritten_at is not None and self._time() - self._unwritten_at < RETRY_S


def operation_of(work: Work) -> str:
    """Name of the operation; ``NONE`` when the message asked for none that is known."""
    event = work.event
    return event.transaction.operation.name if isinstance(event, TransactionReceived) else "NONE"


def reason_of(work: Work) -> str:
    """Name of the reason that was answered, ``APPROVED``, or ``REPEAT`` when it was answered again."""
    outcome = work.outcome
    if outcome is None:
        return Reason.OWN_FAULT.name
    if isinstance(outcome, Known):
        return REPEAT
    match outcome.decision:
        case Declined(reason=reason):
            return reason.name
        case Approved(partial=partial):
            return Reason.PARTIAL.name if partial else APPROVED


def event_of(work: Work, operation: str, reason: str, batch_size: int, now: float) -> dict[str, Any]:
    """What is told of *work*: nothing that a terminal could have put a card number in."""
    facts: dict[str, Any] = {
        "event": "transaction.decided",
        "operation": operation,
        "reason": reason,
        "ms": round((now - work.arrived) * 1000, 3),
        "batch": batch_size,
    }
    if isinstance(work.event, TransactionReceived):
        transaction = work.event.transaction
        facts["terminal"] = transaction.terminal.terminal_id
        facts["stan"] = transaction.key.stan
    record = None if work.outcome is None else work.outcome.record
    if record is not None:
        facts["seq"] = record.seq
        facts["member"] = record.member_id
        facts["points"] = record.earned - record.used
        facts["rules"] = record.rules
        facts["programme"] = record.programme_version
    return facts
