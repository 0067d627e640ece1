"""An independent till: builds messages, speaks frames over a socket, reads answers.

Written from ``docs/terminal-interface.md`` and pyiso8583's bundled ``default_ascii``; it shares no line with
the switch. A frame is two bytes of length, big-endian, and the message; a length of zero is a keep-alive.
"""

import itertools
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, Self

import iso8583
from iso8583.specs import default_ascii

from tests.conformance.deployment import ACQUIRER

Tags = Iterable[tuple[str, str]]
NOTHING: Final[Mapping[int, bytes]] = MappingProxyType({})

# operation -> MTI and DE 3 (the till's usual form)
OPERATIONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({
    "earn": ("0200", "000000"),
    "redeem": ("0200", "009000"),
    "quote": ("0100", "380000"),
    "inquiry": ("0100", "300000"),
    "refund": ("0200", "200000"),
    "void": ("0200", "020000"),
    "activate": ("0200", "900000"),
    "reverse": ("0400", "000000"),
    "hold": ("0100", "000000"),
    "hold_points": ("0100", "009000"),
    "complete": ("0220", "000000"),
    "transfer": ("0200", "409090"),
    "exchange": ("0200", "409060"),
    "pay_certificate": ("0200", "006000"),
    "reconcile": ("0500", "920000"),
    "upload": ("0320", "000000"),
})  # fmt: skip


class HungUp(Exception):  # noqa: N818  (the field's word for it)
    """The switch closed the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An MTI and its elements, as text."""

    mti: str
    elements: Mapping[int, str]

    def but(self, changes: Mapping[int, str | None] | None = None, *, mti: str | None = None) -> Self:
        """The same message with some elements changed, or left out (None)."""
        merged = {**self.elements, **(changes or {})}
        kept = {element: value for element, value in merged.items() if value is not None}
        return type(self)(mti=mti or self.mti, elements=kept)

    def encode(self) -> bytes:
        """The message's bytes, without a frame."""
        return self.damaged()

    def damaged(
        self, data: Mapping[int, bytes] = NOTHING, lengths: Mapping[int, bytes] = NOTHING, tail: bytes = b""
    ) -> bytes:
        """The message's bytes with some elements' data or length digits overwritten, and *tail* behind."""
        document = {str(element): value for element, value in self.elements.items()}
        _, encoded = iso8583.encode({"t": self.mti, **document}, default_ascii)
        body = bytearray(encoded["t"]["data"] + encoded["p"]["data"])
        for element in sorted(int(name) for name in encoded if name.isdecimal()):
            part = encoded[str(element)]
            body += lengths.get(element, part["len"])
            body += data.get(element, part["data"])
        return bytes(body + tail)


def frame(body: bytes) -> bytes:
    """The message in its frame."""
    return len(body).to_bytes(2, "big") + body


def tags(values: Tags) -> str:
    """DE 48: per tag n3, the value's length n3, and the value."""
    return "".join(f"{tag}{len(value):03d}{value}" for tag, value in values)


def original(
    request: Message, *, zero: Iterable[str] = (), acquirer: str = ACQUIRER, forwarder: str = ""
) -> str:
    """DE 90 for this *request*; the parts named in *zero* (mti, stan, time, acquirer) are zeros."""
    elements = request.elements
    parts = {
        "mti": request.mti,
        "stan": elements[11],
        "time": elements.get(7) or elements[13] + elements[12],
        "acquirer": acquirer.rjust(11, "0"),
        "forwarder": forwarder.rjust(11, "0"),
    }
    return "".join("0" * len(value) if part in zero else value for part, value in parts.items())


def replacement(final_minor: int) -> str:
    """DE 95: n12 the final amount, the rest zeros."""
    return f"{final_minor:012d}".ljust(42, "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A decoded answer and the bytes that it came as."""

    raw: bytes
    message: Message
    tags: Mapping[str, list[str]]

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """Read *raw* with pyiso8583; DE 48 has to be well formed."""
        document, _ = iso8583.decode(raw, default_ascii)
        elements = {int(name): value for name, value in document.items() if name.isdecimal() and name != "1"}
        message = Message(mti=document["t"], elements=elements)
        return cls(raw=raw, message=message, tags=split_tags(elements.get(48, "")))

    @property
    def code(self) -> str:
        return self.message.elements[39]

    @property
    def reason(self) -> str:
        return self.tag("059")

    def element(self, number: int) -> str:
        return self.message.elements.get(number, "")

    def tag(self, name: str) -> str:
        return self.tags.get(name, [""])[0]

    def figure(self, name: str) -> int:
        """The number in a tag: signed when it has a C/D sign, 0 when the tag is left out."""
        text = self.tag(name)
        sign = -1 if text.startswith("D") else 1
        return sign * int(text.lstrip("CD") or "0")


def split_tags(text: str) -> dict[str, list[str]]:
    """DE 48 as a mapping in the order of the wire; a tag may be there several times."""
    found: dict[str, list[str]] = {}
    place = 0
    while place < len(text):
        name, length = text[place : place + 3], text[place + 3 : place + 6]
        assert (name + length).isascii(), text
        assert (name + length).isdecimal(), f"DE 48 at {place}: {text!r}"
        value = text[place + 6 : place + 6 + int(length)]
        assert len(value) == int(length), f"DE 48 ends inside tag {name}: {text!r}"
        found.setdefault(name, []).append(value)
        place += 6 + int(length)
    return found


class Link:
    """One TCP connection to the switch."""

    def __init__(self, address: tuple[str, int], *, timeout_s: float = 6) -> None:
        self.socket = socket.create_connection(address, timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> None:
        """Bytes as they are."""
        self.socket.sendall(data)

    def receive(self) -> bytes:
        """The next frame's message; empty for a keep-alive.

        Raises:
            HungUp: The connection was closed instead.
        """
        return self._exactly(int.from_bytes(self._exactly(2), "big"))

    def ask(self, message: Message) -> Answer:
        """Send one message and read one answer."""
        return self.ask_bytes(message.encode())

    def ask_bytes(self, body: bytes) -> Answer:
        """Send one message, however broken, and read one answer."""
        self.send(frame(body))
        return Answer.decode(self.receive())

    def is_closed_by_switch(self) -> bool:
        """Whether the switch hangs up cleanly (the end of the stream, nothing before it)."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True  # it closed with our bytes unread, so the kernel says reset
        except TimeoutError:
            return False

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            try:
                piece = self.socket.recv(size - len(data))
            except ConnectionError as error:
                raise HungUp from error
            if not piece:
                raise HungUp
            data += piece
        return bytes(data)


class Till:
    """Builds the messages of one terminal; trace numbers come from a counter that all tills share."""

    def __init__(self, terminal_id: str, stans: Iterator[int]) -> None:
        self.terminal_id = terminal_id
        self._stans = stans

    def message(
        self,
        operation: str,
        *,
        card: str | None = None,
        amount: int | None = None,
        values: Tags = (),
        elements: Mapping[int, str | None] | None = None,
    ) -> Message:
        """A request of a level-2 till; *elements* are set or, with None, left out at the end."""
        mti, processing_code = OPERATIONS[operation]
        now = datetime.now(UTC)
        stamp = now.strftime("%m%d%H%M%S")
        full: dict[int, str | None] = {
            2: card,
            3: processing_code,
            4: None if amount is None else f"{amount:012d}",
            7: stamp,
            11: f"{next(self._stans):06d}",
            12: stamp[4:],
            13: stamp[:4],
            41: self.terminal_id.ljust(8),
            48: tags(values) or None,
            **(elements or {}),
        }
        kept = {number: value for number, value in full.items() if value is not None}
        return Message(mti=mti, elements=kept)

    def network(self, code: str | None, *, elements: Mapping[int, str | None] | None = None) -> Message:
        """A network management request with only what it needs."""
        full: dict[int, str | None] = {
            7: datetime.now(UTC).strftime("%m%d%H%M%S"),
            11: f"{next(self._stans):06d}",
            70: code,
            **(elements or {}),
        }
        return Message(mti="0800", elements={n: value for n, value in full.items() if value is not None})


def trace_numbers() -> Iterator[int]:
    """The counter of DE 11, once a session."""
    return itertools.count(1)
