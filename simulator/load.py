"""Load on a switch, with latencies that do not flatter it.

*Open loop*: messages are due at a fixed rate, whether the switch keeps up or not, and a latency counts from
the moment at which the message was due. If it waited in the generator, or behind others in a socket, that is
in it; so a switch that stands still for a second shows it in every message of that second (no coordinated
omission).

*Closed loop*: each connection sends when it has its answer. That finds the highest rate, but its latencies
leave out the waiting of those who could not even ask.

Times are those of ``perf_counter``: an event loop's own clock may know only milliseconds, as that of uvloop.
"""

import asyncio
import contextlib
import time
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Final, cast

from loyalty.clock import Clock
from simulator.client import Address
from simulator.till import Identity
from simulator.traffic import Glance, Mix, Source, Stamp
from simulator.wire import FrameReader

_TICK_S: Final = 0.001  # due messages are sent together once in it
_LOOK_S: Final = 0.1  # between looks at the time of day, which goes into the messages
PERCENTILES: Final = (50.0, 90.0, 99.0, 99.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be sent.

    Attributes:
        rate: Messages a second in all; ``None`` is the closed loop.
        in_flight: Messages that a connection of the closed loop has in work.
        patience_s: How long answers are awaited after the last message.
    """

    address: Address
    tills: Sequence[Identity]
    cards: Sequence[str]
    connections: int
    seconds: float
    rate: float | None = None
    in_flight: int = 1
    mix: Mix = field(default_factory=Mix)
    seed: int = 1
    patience_s: float = 15.0


@dataclass(slots=True)
class Tally:
    """What came of it, gathered while it runs.

    Attributes:
        codes: Answers by DE 39.
        latencies_s: Of all answers, in order of arrival.
        unexpected: Answers that nobody awaited, or that could not be read.
        lag_s: The longest that a message left the generator after it was due.
        lost: Connections that broke.
    """

    sent: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    latencies_s: "array[float]" = field(default_factory=lambda: array("d"))
    unexpected: int = 0
    lag_s: float = 0.0
    lost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How it went. Times are seconds; *cpu_s* is the generator's own."""

    tally: Tally
    unanswered: int
    elapsed_s: float
    cpu_s: float

    @property
    def answered(self) -> int:
        return len(self.tally.latencies_s)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.elapsed_s if self.elapsed_s else 0.0

    def percentiles(self) -> dict[str, float]:
        """Latencies by name (``p50``, …, ``max``); empty without answers."""
        ordered = sorted(self.tally.latencies_s)
        if not ordered:
            return {}
        named = {f"p{percent:g}": percentile(ordered, percent) for percent in PERCENTILES}
        return named | {"max": ordered[-1]}


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest of *ordered* that at least *percent* of them do not exceed."""
    rank = -(-len(ordered) * percent // 100)  # rounded up
    return ordered[max(int(rank), 1) - 1]


async def run(plan: Plan, clock: Clock, *, progress: Callable[[float, Tally], None] | None = None) -> Report:
    """Do as *plan* says; *progress* gets the share of the time that is over, a few times a second.

    Raises:
        OSError: The switch does not listen.
    """
    loop = asyncio.get_running_loop()
    traffic = _Traffic(plan, clock)
    cpu_before = time.process_time()
    links: list[_Link] = []
    try:
        for number in range(plan.connections):
            link = _Link(traffic, number)
            links.append(link)
            await loop.create_connection(partial(_itself, link), *plan.address)
        begin = time.perf_counter()
        watch = _Watch(plan.seconds, begin, traffic, progress)
        if plan.rate is None:
            await _closed(plan, links, watch)
        else:
            await _open(plan, plan.rate, links, watch)
        stopped = time.perf_counter()
        await traffic.all_answered(plan.patience_s)
    finally:
        for link in links:
            link.close()
    return Report(
        tally=traffic.tally,
        unanswered=sum(len(link.waiting) for link in links),
        elapsed_s=max(traffic.last_answer_at, stopped) - begin,
        cpu_s=time.process_time() - cpu_before,
    )


async def _open(plan: Plan, rate: float, links: Sequence["_Link"], watch: "_Watch") -> None:
    """Send each message when it is due, round the connections."""
    total = int(rate * plan.seconds)
    begin = time.perf_counter()
    sent = 0
    while sent < total:
        now = time.perf_counter()
        due_by_now = min(int((now - begin) * rate) + 1, total)
        for number in range(sent, due_by_now):
            links[number % len(links)].queue(begin + number / rate)
        for number in range(sent, min(due_by_now, sent + len(links))):
            links[number % len(links)].flush()
        sent = due_by_now
        watch.look(now)
        await asyncio.sleep(_TICK_S)


async def _closed(plan: Plan, links: Sequence["_Link"], watch: "_Watch") -> None:
    """Let every connection go on by itself until the time is over."""
    until = time.perf_counter() + plan.seconds
    for link in links:
        link.go_on_until = until
        for _ in range(plan.in_flight):
            link.queue(time.perf_counter())
        link.flush()
    while (now := time.perf_counter()) < until:
        watch.look(now)
        await asyncio.sleep(min(_LOOK_S, until - now))


def _itself(link: "_Link") -> "_Link":
    return link


class _Traffic:
    """What all connections of a run share."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self.plan = plan
        self.tally = Tally()
        self.last_answer_at = 0.0
        self._clock = clock
        self._quiet: asyncio.Event | None = None  # while the last answers are awaited
        self.stamp = Stamp(clock.now())

    def source(self, number: int) -> tuple[Source, int]:
        """The messages of connection *number*, and how many terminals are on it."""
        plan = self.plan
        tills = plan.tills[number % len(plan.tills) :: plan.connections]
        random = Random(f"{plan.seed}/{number}")  # noqa: S311  (traffic holds no secret)
        source = Source(
            tills, plan.cards, plan.mix, random, first_stan=number + 1, stan_step=plan.connections
        )
        return source, len(tills)

    def answered(self, at: float) -> None:
        """Some answers have come."""
        self.last_answer_at = at
        if self._quiet is not None and len(self.tally.latencies_s) == self.tally.sent:
            self._quiet.set()

    async def all_answered(self, patience_s: float) -> None:
        """Wait until nothing is unanswered, but no longer than *patience_s*."""
        if len(self.tally.latencies_s) == self.tally.sent:
            return
        self._quiet = asyncio.Event()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._quiet.wait()

    def refresh(self) -> None:
        """Take the time of day into the messages."""
        self.stamp = Stamp(self._clock.now())


class _Watch:
    """Looks at the clock and tells of the progress, not too often."""

    def __init__(
        self, seconds: float, begin: float, traffic: _Traffic, progress: Callable[[float, Tally], None] | None
    ) -> None:
        self._seconds = seconds
        self._begin = begin
        self._traffic = traffic
        self._progress = progress
        self._next = begin

    def look(self, now: float) -> None:
        if now < self._next:
            return
        self._next = now + _LOOK_S
        self._traffic.refresh()
        if self._progress is not None:
            self._progress(min((now - self._begin) / self._seconds, 1.0), self._traffic.tally)


class _Link(asyncio.Protocol):
    """A connection. *waiting* has the due time of each message that is not answered, by DE 11."""

    def __init__(self, traffic: _Traffic, number: int) -> None:
        self.waiting: dict[bytes, float] = {}
        self.go_on_until = 0.0  # closed loop: an answer lets the next message out until then
        self._source, self._till_count = traffic.source(number)
        self._traffic = traffic
        self._till = 0
        self._reader = FrameReader()
        self._glance = Glance()
        self._out = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its ancestors

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio's signature)
        if self._transport is not None:
            self._traffic.tally.lost += 1
            self._transport = None

    def queue(self, due: float) -> None:
        """Make the next message, which is due at *due*; it leaves with ``flush``."""
        tally = self._traffic.tally
        frame, stan = self._source.next(self._till, self._traffic.stamp)
        self._till = (self._till + 1) % self._till_count
        self.waiting[stan] = due
        self._out += frame
        tally.sent += 1
        tally.lag_s = max(tally.lag_s, time.perf_counter() - due)

    def flush(self) -> None:
        """Send what was queued. What a broken connection should have sent stays unanswered."""
        if self._transport is not None and self._out:
            self._transport.write(bytes(self._out))
        self._out.clear()

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        tally = self._traffic.tally
        answered = 0
        for body in self._reader.receive_data(data):
            try:
                stan, code = self._glance(body)
            except ValueError:
                tally.unexpected += 1
                continue
            due = self.waiting.pop(stan, None)
            if due is None:
                tally.unexpected += 1
                continue
            answered += 1
            tally.latencies_s.append(now - due)
            tally.codes[code.decode("ascii", "replace")] += 1
        if now < self.go_on_until:
            for _ in range(answered):
                self.queue(now)
            self.flush()
        self._traffic.answered(now)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            transport, self._transport = self._transport, None
            transport.close()
