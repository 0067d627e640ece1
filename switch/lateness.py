"""Approvals whose answer left too late: the till has perhaps given up, and somebody may have to look at it.

An answer leaves when what it tells is durable, however late; that it was late is known only then. Whoever
watches the batches sees it by one comparison a batch, and an entry of a later block names those decisions. An
answer that never left because the process died is in no such list: the till repeats or reverses its message.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from switch.booking import Booking
from switch.case import Moment
from switch.marks import LATE, mark
from switch.outcome import Outcome
from switch.work import Change, Command, Numbering, Work
from switch.worksheet import Worksheet

OPERATION: Final = "LATE"
_WAITED_FOR: Final = frozenset({"1", "2"})  # message classes of requests for points, which a till waits for
NOTED_MAX: Final = 256  # by one entry
WAITING_MAX: Final = 10_000  # that are remembered while the books take nothing

Ordering = Callable[[Command], "asyncio.Future[Mapping[str, Any]]"]


class Late(NamedTuple):
    """A decision, and how long after its message had come the answer left."""

    seq: int
    after_ms: int


@dataclass(frozen=True, slots=True)
class NoteLate:
    """Put down which answers were late. Nothing is booked."""

    late: Sequence[Late]
    sequence: Numbering
    programme_version: str

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        """Told: ``late``, how many."""
        booking = Booking(worksheet, moment, self.sequence, self.programme_version)
        slip = booking.slip(OPERATION, f"late {moment.seq}")
        told = {"late": len(self.late)}
        sides = tuple([mark(LATE, f"{each.seq}|{each.after_ms}") for each in self.late])
        booking.book(slip, told, sides=sides)
        return Change(result=told, outcomes=booking.outcomes)


class Lateness:
    """Watches the batches whose answers have left.

    Args:
        order: Takes orders into the one order of everything.
        version: The programme in force.
        time: The event loop's clock, in seconds.
        after_s: From the last byte of a request on: then its answer is late.
    """

    def __init__(
        self,
        order: Ordering,
        sequence: Numbering,
        version: Callable[[], str],
        time: Callable[[], float],
        after_s: float,
    ) -> None:
        self._order = order
        self._sequence = sequence
        self._version = version
        self._time = time
        self._after_s = after_s
        self._waiting: list[Late] = []
        self._is_noting = False

    def see(self, works: Sequence[Work]) -> None:
        """Look at a batch, whose works are in order of arrival but for a few."""
        now = self._time()
        if now - works[0].arrived > self._after_s:
            late = [
                Late(_seq_of(work), int((now - work.arrived) * 1000))
                for work in works
                if self._is_late(work, now)
            ]
            self._waiting += late[: WAITING_MAX - len(self._waiting)]
        if self._waiting and not self._is_noting:
            self._note(self._waiting[:NOTED_MAX])

    def _is_late(self, work: Work, now: float) -> bool:
        """Whether *work* was approved and something came of it, and its till waits for nothing any more.

        Advices and reversals are sent until they are answered, so theirs may be late.
        """
        outcome = work.outcome
        return (
            now - work.arrived > self._after_s
            and isinstance(outcome, Outcome)
            and outcome.record is not None
            and outcome.record.effective
            and not outcome.record.is_advice
            and outcome.record.message_class in _WAITED_FOR
        )

    def _note(self, late: Sequence[Late]) -> None:
        self._is_noting = True

        def noted(done: "asyncio.Future[Mapping[str, Any]]") -> None:
            self._is_noting = False
            if not done.cancelled() and done.exception() is None:
                del self._waiting[: len(late)]
            # Else the next batch tries again: the books take nothing now.

        self._order(NoteLate(late, self._sequence, self._version())).add_done_callback(noted)


def _seq_of(work: Work) -> int:
    assert isinstance(work.outcome, Outcome)
    assert work.outcome.record is not None
    return work.outcome.record.seq
