"""All connections together: who is let in, who is too slow, who waits for room.

One sweep serves every connection. Each kind of delay has one limit for all, so the connections that
are under it stand in the order in which it will strike them, and a sweep looks at no more than the
overdue ones: twenty thousand connections cost nothing while they behave.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import structlog

from messages.link import Link

SWEEP_S: Final = 0.25  # how late a limit may strike

log: Final = structlog.get_logger()


class Peer(Protocol):
    """A connection, as those see it who look after all of them."""

    link: Link

    @property
    def address(self) -> str: ...
    @property
    def in_work(self) -> int:
        """Messages that were taken up and not answered yet."""
        ...

    def go_on(self) -> None:
        """Take up what was held back, as far as there is room."""
        ...

    def stop_reading(self) -> None:
        """Take nothing more in, for good; answers still leave."""
        ...

    def close(self) -> None:
        """Close once what was written has left."""
        ...

    def abort(self) -> None:
        """Close at once."""
        ...


class Watch:
    """Connections that a delay of *limit_s* is running for, the first to be struck first."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._since: dict[Peer, float] = {}

    def start(self, peer: Peer, now: float) -> None:
        """Let the delay of *peer* begin at *now*, anew if it is running."""
        self._since.pop(peer, None)
        self._since[peer] = now

    def stop(self, peer: Peer) -> None:
        """Forget *peer*."""
        self._since.pop(peer, None)

    def overdue(self, now: float) -> list[Peer]:
        """Those whose delay is over."""
        late = []
        for peer, since in self._since.items():
            if now - since < self._limit_s:
                break
            late.append(peer)
        return late


class Peers:
    """The connections of this process, over all listeners.

    Args:
        connections_max: Together.
        per_address_max: From one address.
        frame_timeout_s: From the first byte of a frame to its last.
        idle_timeout_s: Without a byte from the peer while nothing is in work.
        stall_timeout_s: With answers that the peer does not read.
        has_room: Whether the sequencer takes more transactions.
        sweep_s: Between two looks at who is overdue.

    Attributes:
        ended: How many connections the switch refused or ended, by event.
        is_stopping: Nobody is let in any more.
    """

    def __init__(
        self,
        *,
        connections_max: int,
        per_address_max: int,
        frame_timeout_s: float,
        idle_timeout_s: float,
        stall_timeout_s: float,
        has_room: Callable[[], bool],
        sweep_s: float = SWEEP_S,
    ) -> None:
        self.has_room = has_room
        self.frames = Watch(frame_timeout_s)
        self.idle = Watch(idle_timeout_s)
        self.stalled = Watch(stall_timeout_s)
        self.ended: Counter[str] = Counter()
        self._connections_max = connections_max
        self._per_address_max = per_address_max
        self._peers: dict[Peer, None] = {}
        self._of_address: Counter[str] = Counter()
        self._waiting: dict[Peer, None] = {}
        self.is_stopping = False
        self._none_left = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._sweep_s = sweep_s
        self._sweeping = self._loop.call_later(self._sweep_s, self._sweep)

    def __len__(self) -> int:
        return len(self._peers)

    def __iter__(self) -> Iterator[Peer]:
        return iter(self._peers)

    def admit(self, peer: Peer) -> bool:
        """Count *peer* in, unless there are too many."""
        if self.is_stopping:
            return False
        if len(self._peers) >= self._connections_max:
            self.note("connection.refused", peer, limit="connections_max")
            return False
        if self._of_address[peer.address] >= self._per_address_max:
            self.note("connection.refused", peer, limit="connections_per_address_max")
            return False
        self._peers[peer] = None
        self._of_address[peer.address] += 1
        return True

    def leave(self, peer: Peer) -> None:
        """Forget an admitted *peer*."""
        del self._peers[peer]
        self._of_address[peer.address] -= 1
        if not self._of_address[peer.address]:
            del self._of_address[peer.address]
        for watch in (self.frames, self.idle, self.stalled):
            watch.stop(peer)
        self._waiting.pop(peer, None)
        if not self._peers:
            self._none_left.set()

    def wait_for_room(self, peer: Peer) -> None:
        """Let *peer* go on when the sequencer has room again."""
        self._waiting[peer] = None

    def relieve(self) -> None:
        """Let those that wait go on, the first first, while there is room."""
        while self._waiting and self.has_room():
            peer = next(iter(self._waiting))
            del self._waiting[peer]
            peer.go_on()

    def note(self, event: str, peer: Peer, **facts: object) -> None:
        """Count and log what the switch does to *peer*."""
        self.ended[event] += 1
        log.warning(event, address=peer.address, **facts)

    def stop_reading(self) -> None:
        """Take nothing more in; answers still leave."""
        self.is_stopping = True
        for peer in list(self._peers):
            peer.stop_reading()

    async def close(self, timeout_s: float) -> None:
        """Close every connection; what was written may take *timeout_s* to leave."""
        self._sweeping.cancel()
        self.is_stopping = True
        for peer in list(self._peers):
            peer.close()
        if not self._peers:
            return
        self._none_left.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._none_left.wait()
        except TimeoutError:
            for peer in list(self._peers):
                peer.abort()

    def _sweep(self) -> None:
        self._sweeping = self._loop.call_later(self._sweep_s, self._sweep)
        now = self._loop.time()
        for peer in self.frames.overdue(now):
            self.note("frame.timed_out", peer)
            peer.abort()
        for peer in self.stalled.overdue(now):
            self.note("answers.unread", peer)
            peer.abort()
        for peer in self.idle.overdue(now):
            if peer.in_work:
                self.idle.start(peer, now)  # it is we who are slow
            else:
                self.note("connection.idled", peer)
                peer.close()
        self.relieve()
