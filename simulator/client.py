"""The till's line to its host: sockets and timers around a ``Terminal``, blocking or in asyncio."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Protocol, Self

from simulator.message import Request
from simulator.terminal import Result, Terminal

TIMEOUT_S: Final = 15.0  # docs/terminal-interface.md: what a till waits
_READ_SIZE: Final = 65536

Address = tuple[str, int]


def parse_address(text: str) -> Address | None:
    """The host and port of ``HOST:PORT`` (``[::1]:8583`` for IPv6); ``None`` when it is not that."""
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        return None
    return host.removeprefix("[").removesuffix("]"), int(port)


class HostLink:
    """A blocking line. It connects when something is to be sent, and again after a loss."""

    def __init__(self, terminal: Terminal, address: Address, *, timeout_s: float = TIMEOUT_S) -> None:
        self.terminal = terminal
        self._address = address
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None

    def exchange(self, request: Request) -> Result:
        """Send *request*, and repeats and advices of it by the till's rule, and say how it ended."""
        terminal = self.terminal
        frame = terminal.ask(request)
        went_out = False
        while terminal.result is None:
            try:
                line = self._connected()
            except OSError:
                if went_out:
                    frame = terminal.no_answer()
                else:
                    terminal.not_connected()
                continue
            went_out = True
            frame = self._send_and_wait(line, frame)
        return terminal.result

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connected(self) -> socket.socket:
        if self._socket is not None and _is_hung_up(self._socket):
            self.close()  # the host closes lines that are idle for long
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=self._timeout_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.terminal.connection_made()
        return self._socket

    def _send_and_wait(self, line: socket.socket, frame: bytes) -> bytes:
        """Send *frame* and return what is to be sent next; empty when the message has ended."""
        terminal = self.terminal
        give_up_at = time.monotonic() + self._timeout_s
        try:
            line.settimeout(self._timeout_s)
            line.sendall(frame)
            while terminal.result is None:
                line.settimeout(max(give_up_at - time.monotonic(), 0.001))
                data = line.recv(_READ_SIZE)
                if not data:
                    self.close()
                    return terminal.no_answer()
                to_send = terminal.receive_data(data)
                if to_send:
                    return to_send
        except TimeoutError:
            return terminal.no_answer()
        except OSError:
            self.close()
            return terminal.no_answer()
        return b""


def _is_hung_up(line: socket.socket) -> bool:
    """Whether the host has closed *line* already, so that nothing can be sent on it."""
    line.settimeout(0)
    try:
        return not line.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True


class Writer(Protocol):
    """What a line needs of ``asyncio.StreamWriter``."""

    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...
    async def wait_closed(self) -> None: ...


Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, Writer]]]


def connect_to(address: Address) -> Connect:
    """Opens connections to *address*."""
    return lambda: asyncio.open_connection(*address)


class AsyncHostLink:
    """The same for asyncio. *connect* opens its connections."""

    def __init__(self, terminal: Terminal, connect: Connect, *, timeout_s: float = TIMEOUT_S) -> None:
        self.terminal = terminal
        self._connect = connect
        self._timeout_s = timeout_s
        self._streams: tuple[asyncio.StreamReader, Writer] | None = None

    async def exchange(self, request: Request) -> Result:
        """Send *request*, and repeats and advices of it by the till's rule, and say how it ended."""
        terminal = self.terminal
        frame = terminal.ask(request)
        went_out = False
        while terminal.result is None:
            try:
                reader, writer = await self._connected()
            except OSError:
                if went_out:
                    frame = terminal.no_answer()
                else:
                    terminal.not_connected()
                continue
            went_out = True
            writer.write(frame)
            frame = await self._wait(reader)
        return terminal.result

    def hear(self, data: bytes) -> bytes:
        """Give the till what came, and return what it sends next. A line that loses answers overrides it."""
        return self.terminal.receive_data(data)

    async def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            writer = self._streams[1]
            self._streams = None
            writer.close()
            try:
                await writer.wait_closed()
            except OSError:
                return  # the host was first

    async def _connected(self) -> tuple[asyncio.StreamReader, Writer]:
        if self._streams is not None and self._streams[0].at_eof():
            await self.close()  # the host closes lines that are idle for long
        if self._streams is None:
            async with asyncio.timeout(self._timeout_s):
                self._streams = await self._connect()
            self.terminal.connection_made()
        return self._streams

    async def _wait(self, reader: asyncio.StreamReader) -> bytes:
        """What is to be sent next; empty when the message has ended."""
        terminal = self.terminal
        try:
            async with asyncio.timeout(self._timeout_s):
                while terminal.result is None:
                    data = await reader.read(_READ_SIZE)
                    if not data:
                        await self.close()
                        return terminal.no_answer()
                    to_send = self.hear(data)
                    if to_send:
                        return to_send
        except TimeoutError:
            return terminal.no_answer()
        except OSError:
            await self.close()
            return terminal.no_answer()
        return b""
