"""The wires between tills and the switch: they lose, double, delay and cut what they carry.

A connection keeps its order, as TCP does; a frame that comes a second time comes on another connection, so
what one till sends can arrive in any order. Whoever waits for the other side is told when it hangs up.
"""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any, Final

from simulator.wire import FrameReader
from simulator.world.history import History
from simulator.world.perils import Perils, happens

_WAY_S: Final = (0.002, 0.06)
_LONG_WAY_S: Final = (3.0, 40.0)  # a till waits 15
_APART_S: Final = 1e-6  # timers of one moment go off in any order
_SECOND_S: Final = (0.01, 30.0)


class Network:
    """All wires. *perils* may be replaced.

    Args:
        answer: Makes the switch's side of a new connection; ``None`` when nobody is there.
    """

    def __init__(
        self,
        answer: Callable[[], asyncio.Protocol | None],
        perils: Perils,
        random: Random,
        history: History,
    ) -> None:
        self.perils = perils
        self.random = random
        self.history = history
        self.answer = answer
        self.loop = asyncio.get_running_loop()
        self._open: dict[Call, None] = {}

    def call(self, name: str, hear: Callable[[bytes], None], hung_up: Callable[[], None]) -> "Call":
        """A connection of the till *name* to the switch.

        Raises:
            ConnectionRefusedError: No switch is there.
        """
        protocol = self.answer()
        if protocol is None:
            raise ConnectionRefusedError
        call = Call(self, name, protocol, hear, hung_up)
        self._open[call] = None
        protocol.connection_made(call)
        return call

    def forget(self, call: "Call") -> None:
        """*call* is over."""
        self._open.pop(call, None)

    def drop_all(self) -> None:
        """The switch's machine is gone, and all connections with it."""
        for call in list(self._open):
            call.drop()


class Call(asyncio.Transport):
    """One connection. To the switch it is the transport; the till calls ``send`` and ``hang_up``."""

    def __init__(
        self,
        network: Network,
        name: str,
        protocol: asyncio.Protocol,
        hear: Callable[[bytes], None],
        hung_up: Callable[[], None],
    ) -> None:
        super().__init__()
        self._network = network
        self._name = name
        self._protocol = protocol
        self._hear = hear
        self._hung_up = hung_up
        self._is_open = True
        self._is_paused = False
        self._waiting: list[bytes] = []
        self._answers = FrameReader()
        self._there_at = self._back_at = network.loop.time()

    # The till's side

    def send(self, frame: bytes) -> None:
        """Carry *frame* to the switch, or do not."""
        network, random, perils = self._network, self._network.random, self._network.perils
        if happens(random, perils.lost):
            network.history.tell("wire", f"loses what {self._name} sent")
            network.history.count("lost frame")
            return
        if happens(random, perils.doubled):
            network.history.count("doubled frame")
            network.loop.call_later(random.uniform(*_SECOND_S), self._send_again, frame)
        if happens(random, perils.cut):
            network.history.tell("wire", f"is cut while {self._name} sends")
            network.history.count("cut connection")
            self._there(self._deliver, frame[: random.randrange(len(frame))])
            self._there(self._part)
            return
        if happens(random, perils.sliced):
            network.history.count("sliced frame")
            at = random.randrange(1, len(frame))
            self._there(self._deliver, frame[:at])
            self._there(self._deliver, frame[at:])
        else:
            self._there(self._deliver, frame)

    def hang_up(self) -> None:
        """The till wants no more of it."""
        if self._is_open:
            self._end()
            self._network.loop.call_soon(self._protocol.connection_lost, None)

    # The switch's side: a transport

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._is_open:
            return
        network, random, perils = self._network, self._network.random, self._network.perils
        for body in self._answers.receive_data(bytes(data)):
            frame = len(body).to_bytes(2, "big") + body
            if happens(random, perils.lost):
                network.history.tell("wire", f"loses an answer to {self._name}")
                network.history.count("lost answer")
                continue
            self._back(frame)
            if happens(random, perils.doubled):
                network.history.count("doubled answer")
                self._back(frame)

    def close(self) -> None:
        if self._is_open:
            self._end()
            self._network.loop.call_soon(self._protocol.connection_lost, None)
            self._network.loop.call_later(self._duration(), self._hung_up)

    def abort(self) -> None:
        self.close()

    def is_closing(self) -> bool:
        return not self._is_open

    def pause_reading(self) -> None:
        self._is_paused = True

    def resume_reading(self) -> None:
        self._is_paused = False
        waiting, self._waiting = self._waiting, []
        for data in waiting:
            self._deliver(data)

    def get_extra_info(self, name: str, default: object = None) -> Any:  # noqa: ANN401  (the base class says so)
        return (self._name, 0) if name == "peername" else default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is ever buffered."""

    def drop(self) -> None:
        """The switch's machine is gone: it is not told, and the till is."""
        if self._is_open:
            self._end()
            self._network.loop.call_later(self._duration(), self._hung_up)

    # Within

    def _there(self, do: Callable[..., None], *given: bytes) -> None:
        """Do it at the switch, after the way there and in order."""
        network = self._network
        self._there_at = max(self._there_at + _APART_S, network.loop.time() + self._duration())
        network.loop.call_at(self._there_at, do, *given)

    def _back(self, frame: bytes) -> None:
        network = self._network
        self._back_at = max(self._back_at + _APART_S, network.loop.time() + self._duration())
        network.loop.call_at(self._back_at, self._hear, frame)

    def _duration(self) -> float:
        network = self._network
        if happens(network.random, network.perils.delayed):
            network.history.count("long way")
            return network.random.uniform(*_LONG_WAY_S)
        return network.random.uniform(*_WAY_S)

    def _deliver(self, data: bytes) -> None:
        if self._is_paused:
            self._waiting.append(data)
        elif self._is_open:
            self._protocol.data_received(data)

    def _part(self) -> None:
        if self._is_open:
            self._end()
            self._protocol.connection_lost(None)
            self._hung_up()

    def _send_again(self, frame: bytes) -> None:
        """The second time, on a connection of its own; whatever is answered comes to the same till."""
        network = self._network
        try:
            other = network.call(self._name, self._hear, lambda: None)
        except ConnectionRefusedError:
            return
        network.history.tell("wire", f"brings again what {self._name} sent")
        other._there(other._deliver, frame)  # noqa: SLF001  (its own kind)

    def _end(self) -> None:
        self._is_open = False
        self._network.forget(self)
