"""One terminal's connection: bytes to its link, events to the sequencer, answers back in their order.

Everything is bounded. What was read is in one of three places and moves on only while the next one
has room; while there is none the socket is not read, so TCP makes the peer wait::

    _unread (one read, in slices) -> _events (of one slice) -> in work, at most in_work_max -> _out

The sequencer answers the messages of a connection in the order in which they were submitted. What
the link answers by itself (keep-alive, network, format errors) waits for its turn in ``_held``. While some
messages are decided later than those behind them, it waits until these are answered.

No task, future or timer is made for a message; the one sweep of ``Peers`` watches all connections.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, cast

import structlog

from loyalty.clock import Clock
from messages.link import AnswerReady, Event, Link, LinkFailed
from switch.peers import Peers
from switch.work import Work

SLICE_SIZE: Final = 4096  # bytes that the link gets at once, so that what it makes of them stays small
WRITE_HIGH: Final = 64 * 1024  # bytes not read by the peer from which on it is not read either
WRITE_LOW: Final = 16 * 1024

log: Final = structlog.get_logger()


class TerminalConnection(asyncio.Protocol):
    """The protocol of one accepted connection.

    Args:
        in_work_max: Messages that may be taken up and not answered yet.
    """

    __slots__ = (
        "_answered",
        "_apart",
        "_arrived",
        "_at",
        "_clock",
        "_events",
        "_has_ended",
        "_held",
        "_in_work_max",
        "_is_clogged",
        "_is_open",
        "_is_pumping",
        "_is_reading",
        "_is_timed",
        "_out",
        "_peers",
        "_received_at",
        "_submit",
        "_submitted",
        "_time",
        "_transport",
        "_unread",
        "address",
        "link",
    )

    def __init__(
        self,
        peers: Peers,
        link: Link,
        clock: Clock,
        time: Callable[[], float],
        submit: Callable[[Work], None],
        *,
        in_work_max: int,
    ) -> None:
        self.link = link
        self.address = ""
        self._peers = peers
        self._clock = clock
        self._time = time
        self._submit = submit
        self._in_work_max = in_work_max
        self._unread = b""
        self._at = 0  # where in _unread the link has not been yet
        self._arrived = 0.0  # of the last read, by the event loop's clock
        self._received_at = clock.now()  # ... by the clock on the wall
        self._events: deque[Event] = deque()
        self._held: deque[tuple[int, bytes]] = deque()  # (how many answers go before it, it)
        self._out: list[bytes] = []
        self._submitted = 0
        self._answered = 0
        self._apart = 0  # submitted, and answered later than their turn: until then nobody counts turns
        self._is_open = False
        self._is_reading = True
        self._is_pumping = False
        self._is_clogged = False  # the peer does not read its answers
        self._has_ended = False  # nothing more is read; it closes when all is answered
        self._is_timed = False  # a frame is incomplete

    @property
    def in_work(self) -> int:
        return self._submitted - self._answered + len(self._held)

    # Called by the event loop. None of it may raise.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # that of a stream
        peer = transport.get_extra_info("peername")
        self.address = peer[0] if peer else "unknown"
        if not self._peers.admit(self):
            self._transport.abort()
            return
        self._is_open = True
        self._transport.set_write_buffer_limits(high=WRITE_HIGH, low=WRITE_LOW)
        self._peers.idle.start(self, self._time())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (the peer's own affair)
        if self._is_open:
            self._is_open = False
            self._forget_unread()
            self._held.clear()
            self._out.clear()
            self._peers.leave(self)

    def data_received(self, data: bytes) -> None:
        if self._has_ended or not self._is_open:
            return
        self._arrived = self._time()
        self._received_at = self._clock.now()
        self._peers.idle.start(self, self._arrived)
        # A loop may hand over what it had read before it was told to pause.
        self._unread = self._unread[self._at :] + data if self._unread else data
        self._at = 0
        self.go_on()

    def eof_received(self) -> bool:
        """The peer sends nothing more but may still read; true keeps the connection open for answers."""
        self._has_ended = True
        self.go_on()
        return self._is_open and not self._is_done

    def pause_writing(self) -> None:
        self._is_clogged = True
        self._peers.stalled.start(self, self._time())

    def resume_writing(self) -> None:
        self._is_clogged = False
        self._peers.stalled.stop(self)
        self.go_on()

    # Called by the sequencer. None of it may raise either.

    def answered(self, data: bytes) -> None:
        """Let *data*, the answer to the oldest submitted message, leave with the next ``flush``.

        Empty when that message gets no answer.
        """
        self._answered += 1
        self._out.append(data)
        if self._held and not self._apart:
            self._let_go()

    def set_apart(self, *, is_apart: bool) -> None:
        """A submitted message is not answered in its turn; or it is about to be, as the next one."""
        self._apart += 1 if is_apart else -1

    def flush(self) -> None:
        """Write what was answered, in one piece, with what that made room for."""
        self.go_on()

    # Called by those who look after all connections.

    def go_on(self) -> None:
        if not self._is_open or self._is_pumping:
            return
        self._is_pumping = True
        try:
            self._pump()
        except Exception as error:
            # Our own mistake. It costs this connection; no other one, and not the event loop.
            log.exception("connection.failed", address=self.address, error=type(error).__name__)
            self.abort()
        finally:
            self._is_pumping = False

    def stop_reading(self) -> None:
        self._has_ended = True
        self._forget_unread()
        self._pause()

    def close(self) -> None:
        self.stop_reading()
        self._write()
        self._transport.close()

    def abort(self) -> None:
        self.stop_reading()
        self._transport.abort()

    # Within.

    def _let_go(self) -> None:
        """Let what the link answered leave whose turn has come."""
        while self._held and self._held[0][0] <= self._answered:
            self._out.append(self._held.popleft()[1])

    @property
    def _is_done(self) -> bool:
        return not (self._unread or self._events or self.in_work)

    def _pump(self) -> None:
        """Take up what was read, as far as there is room; then read on, or close when all is answered."""
        while self._events or self._unread:
            if not self._has_room():
                self._write()
                self._pause()
                return
            if self._events:
                self._take_up(self._events.popleft())
            else:
                self._write()  # so that a peer that does not read stops us between two slices
                self._events.extend(self._next_events())
        self._write()
        if self._has_ended:
            if not self.in_work:
                self._transport.close()
            return
        if not self._is_reading:
            self._is_reading = True
            self._transport.resume_reading()
        if self.link.frame_started:
            if not self._is_timed:
                self._is_timed = True
                self._peers.frames.start(self, self._time())
        elif self._is_timed:
            self._stop_timing()

    def _has_room(self) -> bool:
        if self._is_clogged or self.in_work >= self._in_work_max:
            return False  # resume_writing or flush go on
        if self._peers.has_room():
            return True
        self._peers.wait_for_room(self)
        return False

    def _next_events(self) -> list[Event]:
        """What the next slice of the bytes read brings."""
        if len(self._unread) <= SLICE_SIZE:
            data, self._unread = self._unread, b""
        else:
            data = self._unread[self._at : self._at + SLICE_SIZE]
            self._at += SLICE_SIZE
            if self._at >= len(self._unread):
                self._unread, self._at = b"", 0
        events = self.link.receive_data(data, self._received_at)
        if self._is_timed and events:
            self._stop_timing()  # that frame is complete; if another was begun, its time begins now
        return events

    def _take_up(self, event: Event) -> None:
        match event:
            case AnswerReady(data):
                if self._submitted == self._answered:
                    self._out.append(data)
                else:
                    self._held.append((self._submitted, data))
            case LinkFailed(error):
                self._peers.note("link.failed", self, error=str(error))
                self.stop_reading()
            case _:
                self._submitted += 1
                self._submit(Work(event, self, self._arrived))

    def _write(self) -> None:
        if self._out:
            out, self._out = self._out, []
            if self._is_open and not self._transport.is_closing():
                self._transport.write(out[0] if len(out) == 1 else b"".join(out))

    def _pause(self) -> None:
        if self._is_reading:
            self._is_reading = False
            self._transport.pause_reading()
        if self._is_timed:
            self._stop_timing()  # the rest of the frame may have come; it is we who do not read it

    def _stop_timing(self) -> None:
        self._is_timed = False
        self._peers.frames.stop(self)

    def _forget_unread(self) -> None:
        self._unread, self._at = b"", 0
        self._events.clear()
