"""A host that follows a script, message by message, on a real socket."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Literal

import iso8583
from iso8583.specs import default_ascii

from simulator.client import Address
from simulator.message import answer_type

Step = Literal["answer", "silence", "hang up", "garbage", "stranger first", "busy", "farewell"]


def answer_to(request: Mapping[str, str], **elements: str) -> bytes:
    """The framed answer to *request*: its echoes and *elements* (``de39="00"``)."""
    echoed = {key: request[key] for key in ("2", "3", "4", "7", "11", "12", "13", "41") if key in request}
    own = {key.removeprefix("de"): value for key, value in elements.items()}
    message = {"t": answer_type(request["t"]), **echoed, "39": "00", **own}
    body, _ = iso8583.encode(message, default_ascii)
    return len(body).to_bytes(2, "big") + bytes(body)


class ScriptedHost:
    """Takes one step of *script* for every message; approves when the script is over."""

    def __init__(self, script: Iterable[Step] = (), *, piece_size: int = 65536, **elements: str) -> None:
        self.received: list[dict[str, str]] = []
        self.address: Address = ("", 0)
        self._script = iter(script)
        self._piece_size = piece_size
        self._elements = elements

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                request, _ = iso8583.decode(await reader.readexactly(size), default_ascii)
                self.received.append(request)
                answer = answer_to(request, **self._elements)
                match step := next(self._script, "answer"):
                    case "silence":
                        continue
                    case "hang up":
                        return
                    case "garbage":
                        answer = b"\x00\x05hello"
                    case "stranger first":
                        stranger = answer_to({**request, "11": "999999"})
                        answer = b"\x00\x00" + stranger + answer
                    case "busy":
                        answer = answer_to(request, de39="91")
                for at in range(0, len(answer), self._piece_size):
                    writer.write(answer[at : at + self._piece_size])
                    await writer.drain()
                if step == "farewell":
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # the till has hung up
        finally:
            writer.close()

    @property
    def types(self) -> list[str]:
        """Message types in the order in which they came."""
        return [request["t"] for request in self.received]


@asynccontextmanager
async def serving(host: ScriptedHost) -> AsyncIterator[ScriptedHost]:
    """*host*, listening on a free port."""
    talking: list[asyncio.Task[None]] = []

    def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talking.append(asyncio.create_task(host.serve(reader, writer)))

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    host.address = server.sockets[0].getsockname()[:2]
    try:
        yield host
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.gather(*talking)  # they end when the tills have hung up
