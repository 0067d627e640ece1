"""A small HTTP server for those who watch the switch: ``/health``, ``/ready``, ``/metrics``.

One request for each connection, no bodies, everything bounded: whatever is sent, it costs a few
kilobytes for a few seconds. It shows no card and no member, and changes nothing.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, cast

from switch.listener import Listener, listen
from switch.metrics import CONTENT_TYPE

HEAD_SIZE_MAX: Final = 8192  # bytes of request line and headers
REQUEST_TIMEOUT_S: Final = 5.0  # to send them, and to read the answer
CONNECTIONS_MAX: Final = 64

_TEXT: Final = "text/plain; charset=utf-8"
_END: Final = b"\r\n\r\n"


class OpsServer:
    """Answers the three questions.

    Args:
        not_ready: Why the switch should get no traffic now; ``None`` when it should.
        metrics: The text of the metrics.
    """

    def __init__(self, *, not_ready: Callable[[], str | None], metrics: Callable[[], str]) -> None:
        self._not_ready = not_ready
        self._metrics = metrics
        self.connections: dict[_Request, None] = {}

    async def listen(self, host: str, port: int) -> Listener:
        """Serve on *host* and *port*.

        Raises:
            LoyaltyError: The address cannot be listened on.
        """
        return await listen(host, port, lambda: _Request(self))

    def answer(self, head: bytes) -> bytes:
        """The whole response to a request whose line and headers are *head*."""
        line, _, _ = head.partition(b"\r\n")
        words = line.split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            return _response(HTTPStatus.BAD_REQUEST, "not HTTP/1.x\n")
        method, target, _ = words
        if method not in {b"GET", b"HEAD"}:
            return _response(HTTPStatus.METHOD_NOT_ALLOWED, "only GET\n", allow="GET, HEAD")
        status, text, kind = self._page(target.partition(b"?")[0])
        return _response(status, text, kind=kind, with_body=method == b"GET")

    def _page(self, path: bytes) -> tuple[HTTPStatus, str, str]:
        match path:
            case b"/health":
                return HTTPStatus.OK, "alive\n", _TEXT
            case b"/ready":
                why = self._not_ready()
                if why is None:
                    return HTTPStatus.OK, "ready\n", _TEXT
                return HTTPStatus.SERVICE_UNAVAILABLE, f"not ready: {why}\n", _TEXT
            case b"/metrics":
                return HTTPStatus.OK, self._metrics(), CONTENT_TYPE
            case _:
                return HTTPStatus.NOT_FOUND, "try /health, /ready or /metrics\n", _TEXT


class _Request(asyncio.Protocol):
    """One connection: reads one request, answers it, and closes."""

    def __init__(self, server: OpsServer) -> None:
        self._server = server
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # that of a stream
        if len(self._server.connections) >= CONNECTIONS_MAX:
            self._transport.abort()
            return
        self._server.connections[self] = None
        # Abort, not close: this also ends an answer that nobody reads.
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(REQUEST_TIMEOUT_S, self._transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (the peer's own affair)
        if self in self._server.connections:
            del self._server.connections[self]
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        self._head += data
        if _END in self._head[:HEAD_SIZE_MAX]:
            self._answer(self._server.answer(self._head))
        elif len(self._head) >= HEAD_SIZE_MAX:
            self._answer(_response(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers too long\n"))

    def _answer(self, response: bytes) -> None:
        self._transport.pause_reading()
        self._transport.write(response)
        self._transport.close()


def _response(
    status: HTTPStatus, text: str, *, kind: str = _TEXT, allow: str = "", with_body: bool = True
) -> bytes:
    body = text.encode()
    head = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
    ]
    if allow:
        head.append(f"Allow: {allow}")
    return "\r\n".join(head).encode() + _END + (body if with_body else b"")
