"""Real connections over the loopback, before a sequencer that answers when the test says so."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Self

import iso8583
import iso8583.specs

from loyalty.clock import ManualClock
from loyalty.terminal import Terminal, TerminalRegister
from loyalty.terms import Terms
from messages.codec import Codec
from messages.dialect import load_dialect
from messages.framing import framing_named
from messages.link import Link
from messages.profile import profile_named
from switch.connection import TerminalConnection
from switch.listener import Listener, listen
from switch.peers import Peers
from switch.work import Work

KEEP_ALIVE = b"\x00\x00"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CODEC: Final = Codec(load_dialect("iso87-ascii"))
TERMINAL: Final = Terminal(
    terminal_id="T0000001", merchant_id="MERCH0000000001", acquirer_id="00000000001", mcc="5411"
)
PROFILE: Final = profile_named(
    "retail87",
    terms=Terms(currency="978", unit_code="999", unit="point", zone=UTC, language="en"),
    register=TerminalRegister({("00000000001", "T0000001"): TERMINAL}),
    acquirer_id=None,
)


def link(kind: type[Link] = Link) -> Link:
    return kind(framing=framing_named("bin2"), codec=CODEC, profile=PROFILE, frame_size_max=8192)


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(2, "big") + body


def request(number: int, mti: str = "0200") -> bytes:
    """A balance inquiry with *number* as its DE 11."""
    elements: dict[str, Any] = {
        "t": mti, "2": "6390120000000006", "3": "310000", "11": f"{number:06}", "12": "120000", "13": "1121",
        "41": "T0000001",
    }  # fmt: skip
    raw, _ = iso8583.encode(elements, iso8583.specs.default_ascii)
    return frame(bytes(raw))


def response(number: int) -> bytes:
    return frame(b"R%06d" % number)


class Till:
    """A terminal over a real socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, *data: bytes) -> None:
        self.writer.write(b"".join(data))

    async def receives(self, *data: bytes) -> None:
        expected = b"".join(data)
        assert await self.reader.readexactly(len(expected)) == expected

    async def is_closed(self) -> None:
        with contextlib.suppress(ConnectionError):
            assert await self.reader.read() == b""


class Switch:
    """Real connections before a sequencer that answers when the test says so."""

    def __init__(self, **limits: float) -> None:
        self.waiting: list[Work] = []
        self.is_full = False
        self.answers_at_once = False
        self.padding = b""  # behind every answer
        self.connections: list[TerminalConnection] = []
        self.in_work_max = int(limits.pop("in_work_max", 64))
        usual: dict[str, float] = {
            "connections_max": 100, "per_address_max": 100,
            "frame_timeout_s": 60, "idle_timeout_s": 60, "stall_timeout_s": 60,
        }  # fmt: skip
        self.peers = Peers(**{**usual, **limits}, has_room=lambda: not self.is_full)  # type: ignore[arg-type]  # limits are numbers
        self.time: Callable[[], float] = asyncio.get_running_loop().time
        self.make_link: Callable[[], Link] = link
        self._writers: list[asyncio.StreamWriter] = []
        self._listener: Listener

    async def __aenter__(self) -> Self:
        self._listener = await listen("127.0.0.1", 0, self._connect)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        for writer in self._writers:
            writer.close()
        await self.peers.close(5)

    async def till(self, *, receive_buffer: int | None = None) -> Till:
        plug = socket.socket()
        if receive_buffer:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plug.settimeout(0)
        await asyncio.get_running_loop().sock_connect(plug, self._listener.address)
        reader, writer = await asyncio.open_connection(sock=plug, limit=1024)
        self._writers.append(writer)
        return Till(reader, writer)

    def _connect(self) -> TerminalConnection:
        connection = TerminalConnection(
            self.peers, self.make_link(), ManualClock(NOON), self.time, self._submit,
            in_work_max=self.in_work_max,
        )  # fmt: skip
        self.connections.append(connection)
        return connection

    def _submit(self, work: Work) -> None:
        self.waiting.append(work)
        if self.answers_at_once:
            asyncio.get_running_loop().call_soon(self.answer, 1)

    async def takes_up(self, count: int) -> None:
        """Wait until *count* messages are in work, and see that it stays at that."""
        while len(self.waiting) < count:  # noqa: ASYNC110  (it has no event)
            await asyncio.sleep(0)
        await self.settles()
        assert len(self.waiting) == count

    def keeps_little_for(self, till: Till) -> None:
        """Let the system keep no more than some kilobytes of answers for *till*, the only one."""
        (connection,) = self.connections
        assert till.writer.get_extra_info("sockname")[:2] == connection._transport.get_extra_info("peername")
        plug = connection._transport.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)

    async def settles(self) -> None:
        """Let everything that is on its way arrive."""
        for _ in range(50):
            await asyncio.sleep(0)

    def answer(self, count: int) -> None:
        """Answer the oldest *count* messages, as one batch."""
        batch, self.waiting = self.waiting[:count], self.waiting[count:]
        for work in batch:
            work.connection.answered(response(int(work.event.message.elements[11])) + self.padding)
        for connection in dict.fromkeys(work.connection for work in batch):
            connection.flush()
