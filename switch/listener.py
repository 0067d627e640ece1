"""Where terminals connect: a listening socket whose connections inherit its options."""

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from loyalty.errors import LoyaltyError

BACKLOG: Final = 1024  # connections that wait to be accepted: all terminals come back at once after a restart

# A peer that vanished without a word is noticed after 30 + 3 * 10 seconds.
_KEEPALIVE: Final = (
    ("TCP_KEEPIDLE", 30),
    ("TCP_KEEPINTVL", 10),
    ("TCP_KEEPCNT", 3),
)


class Listener:
    """A TCP address that is listened on."""

    def __init__(self, server: asyncio.Server, address: tuple[str, int]) -> None:
        self.address: Final = address
        self._server = server

    def close(self) -> None:
        """Accept nothing more. Connections stay."""
        self._server.close()


async def listen(host: str, port: int, connect: Callable[[], asyncio.BaseProtocol]) -> Listener:
    """Listen on *host* and *port* (0 picks one); *connect* makes the protocol of each connection.

    Raises:
        LoyaltyError: The address cannot be listened on.
    """
    bound = _bound(host, port)
    server = await asyncio.get_running_loop().create_server(connect, sock=bound, backlog=BACKLOG)
    return Listener(server, bound.getsockname()[:2])


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise LoyaltyError(
            f"cannot be listened on: {error.strerror}",
            where=f"{host}:{port}",
            hint="give another --listen or --http, or end the program that holds it",
        ) from error
    # Accepted sockets inherit these, so that no connection costs a system call for them.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        if hasattr(socket, name):  # macOS calls the first one otherwise and keeps its default
            bound.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return bound
