"""A till's conversation with its host: which frame goes out next, and what to do when no answer comes.

There is no input, output or timer here: whoever drives it (``simulator.client``) sends what ``ask``,
``receive_data`` and ``no_answer`` return. The rule for a message that stays unanswered:

``FORGET``    balance, quote, network
``ADVISE``    the sale stands: it is sent as an advice (0220, then 0221) until it is answered
``REVERSE``   once more as a repeat (0201), then a reversal (0420, then 0421) is kept until it is answered

What is kept goes out before the next message, which is not sent as long as that stays unanswered.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.message import Answer, Ending, Request
from simulator.till import Till
from simulator.wire import FrameReader, WireError, read_body, write_frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer came, after *sent* sendings. *request* is the last form of it that was sent."""

    request: Request
    answer: Answer
    sent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """No answer came. *kept* is what the till will send before its next message; ``None`` when it forgets."""

    request: Request
    kept: Request | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """It did not go out: something kept is still unanswered, or there is no connection."""

    request: Request


Result = Answered | Unanswered | NotSent


@dataclass(slots=True)
class _Pending:
    """A message that is to be answered."""

    request: Request
    is_kept: bool = False
    sent: int = 0


class Terminal:
    """One conversation. One message is in work at a time, as at a real till.

    Args:
        kept: What an earlier life of the till left to be sent first.
        advices_max: How often a sale goes out as an advice before it waits for the next message.

    Attributes:
        result: How the message that was asked last has ended; ``None`` while it is in work.
        settled: What was kept and got its answer since ``ask``.
        unexpected: Answers that were dropped because nothing awaited them.
        unreadable: Why other frames were dropped.
    """

    def __init__(self, till: Till, *, kept: Iterable[Request] = (), advices_max: int = 2) -> None:
        self.till = till
        self.result: Result | None = None
        self.settled: list[tuple[Request, Answer]] = []
        self.unexpected = 0
        self.unreadable: list[WireError] = []
        self._advices_max = advices_max
        self._kept = deque(_Pending(request, is_kept=True) for request in kept)
        self._asked: _Pending | None = None
        self._reader = FrameReader()

    @property
    def kept(self) -> tuple[Request, ...]:
        """Advices and reversals that go out before the next message."""
        return tuple(pending.request for pending in self._kept)

    def ask(self, request: Request) -> bytes:
        """Take up *request* and return the frame to send now.

        Raises:
            WireError: The request does not fit the dialect; nothing is in work then.
        """
        assert self._asked is None
        write_frame(request.elements)
        self._asked = _Pending(request)
        self.result = None
        self.settled = []
        return self._next_frame()

    def receive_data(self, data: bytes) -> bytes:
        """Take in *data* and return the frame to send next; empty when there is none."""
        to_send = b""
        for body in self._reader.receive_data(data):
            try:
                answer = read_body(body)
            except WireError as error:
                self.unreadable.append(error)
                continue
            if self._asked is not None and self._head.request.awaits(answer):
                to_send = self._answered(Answer(answer))
            else:
                self.unexpected += 1
        return to_send

    def no_answer(self) -> bytes:
        """The till has waited long enough: return what it sends now; empty when it gives up."""
        assert self._asked is not None
        head = self._head
        request = head.request
        if head.is_kept:
            head.request = request.as_repeat()
            self._finish(NotSent(request=self._asked.request))
            return b""
        match request.ending:
            case Ending.FORGET:
                self._finish(Unanswered(request=request, kept=None))
            case Ending.ADVISE if head.sent <= self._advices_max:
                head.request = request.as_advice() if head.sent == 1 else request.as_repeat()
                return self._next_frame()
            case Ending.REVERSE if head.sent == 1 and not request.is_reversal:
                head.request = request.as_repeat()
                return self._next_frame()
            case Ending.REVERSE if not request.is_reversal:
                self._keep(request, self.till.reversal(request))
            case _:
                self._keep(request, request.as_repeat())
        return b""

    def not_connected(self) -> None:
        """Nothing could be sent at all."""
        assert self._asked is not None
        self._finish(NotSent(request=self._asked.request))

    def connection_made(self) -> None:
        """A new connection stands: half a frame of an older one is forgotten."""
        self._reader = FrameReader()

    @property
    def _head(self) -> _Pending:
        assert self._asked is not None
        return self._kept[0] if self._kept else self._asked

    def _next_frame(self) -> bytes:
        head = self._head
        head.sent += 1
        return write_frame(head.request.elements)

    def _answered(self, answer: Answer) -> bytes:
        assert self._asked is not None
        head = self._head
        if not head.is_kept:
            self._finish(Answered(request=head.request, answer=answer, sent=head.sent))
            return b""
        if answer.is_transient:
            # It was not taken; it stays, and nothing overtakes it.
            self._finish(NotSent(request=self._asked.request))
            return b""
        self._kept.popleft()
        self.settled.append((head.request, answer))
        return self._next_frame()

    def _keep(self, request: Request, kept: Request) -> None:
        self._kept.append(_Pending(kept, is_kept=True))
        self._finish(Unanswered(request=request, kept=kept))

    def _finish(self, result: Result) -> None:
        self._asked = None
        self.result = result
