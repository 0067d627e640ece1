"""Framing: how a stream of bytes is cut into messages.

    bin2        HH LL message                        two bytes, big-endian
    ascii4      "0136" message                       digits
    gicc        00 00 HH LL message                  with something before the length
    cs          HH LL 00 00 message                  ... or after it
    base24      message 03                           no length, an end
    bin2+tpdu   HH LL 60 DD DD SS SS message         with a header, which the length counts

A framing is a row of a table, a header another; a name joins them. A ``FrameReader`` cuts one connection's
stream. A frame of length zero is a poll: it comes back as it is.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Final

from messages.errors import DialectError, FrameError
from messages.headers import HEADERS, FixedHeader, Header, NoHeader
from messages.hints import hint_for
from messages.spec import Encoding

Frame = tuple[bytes, bytes]  # header and message; of a poll all of its bytes, and no message


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How frames look.

    Attributes:
        length: BINARY, BCD, ASCII (decimal digits) or HEX; ``None``: frames end with *end* instead.
        width: Bytes of the length.
        lead: Stands before the length.
        reserved: Bytes after the length that it does not count; zeros in answers.
        includes: What the length counts beside what follows it.
        start: Begins a frame that has no length.
        end: Ends a frame; a length counts it.
        lrc: One byte after *end*: exclusive or of everything after *start*.
    """

    name: str
    length: Encoding | None = Encoding.BINARY
    width: int = 2
    lead: bytes = b""
    reserved: int = 0
    includes: int = 0
    start: bytes = b""
    end: bytes = b""
    lrc: bool = False
    header: Header = field(default=NoHeader())

    @property
    def size_max(self) -> int:
        """The longest frame that its length can tell."""
        match self.length:
            case None:
                return 1 << 16
            case Encoding.BINARY:
                return int(256**self.width) - 1
            case Encoding.BCD:
                return int(100**self.width) - 1
            case Encoding.HEX:
                return int(16**self.width) - 1
            case _:
                return int(10**self.width) - 1

    def wrap(self, message: bytes, header: bytes = b"") -> bytes:
        """*message* as a frame, in answer to one that came with *header*."""
        content = self.header.answer(header, len(message)) + message + self.end
        if self.length is None:
            check = bytes([_lrc(content)]) if self.lrc else b""
            return self.start + content + check
        length = len(content) + self.includes
        return self.lead + _write_length(self.length, self.width, length) + bytes(self.reserved) + content


def _write_length(encoding: Encoding, width: int, length: int) -> bytes:
    match encoding:
        case Encoding.BINARY:
            return length.to_bytes(width, "big")
        case Encoding.BCD:
            return bytes.fromhex(f"{length:0{2 * width}}")
        case Encoding.HEX:
            return f"{length:0{width}x}".encode("ascii")
        case _:
            return f"{length:0{width}}".encode("ascii")


_DIGITS: Final = re.compile(rb"[0-9]+")
_HEX: Final = re.compile(rb"[0-9A-Fa-f]+")


def _read_length(encoding: Encoding, raw: bytes) -> int | None:
    """The number in *raw*; ``None`` when it is none."""
    if encoding is Encoding.BINARY:
        return int.from_bytes(raw, "big")
    if encoding is Encoding.BCD:
        raw = raw.hex().encode("ascii")
    if encoding is Encoding.HEX:
        return int(raw, 16) if _HEX.fullmatch(raw) else None
    return int(raw) if _DIGITS.fullmatch(raw) else None


def _lrc(data: bytes) -> int:
    check = 0
    for byte in data:
        check ^= byte
    return check


_ROWS: Final = (
    Framing(name="bin2"),
    Framing(name="bin2-incl", includes=2),
    Framing(name="bcd2", length=Encoding.BCD),
    Framing(name="bcd2-incl", length=Encoding.BCD, includes=2),
    Framing(name="ascii4", length=Encoding.ASCII, width=4),
    Framing(name="ascii4-incl", length=Encoding.ASCII, width=4, includes=4),
    Framing(name="ascii6", length=Encoding.ASCII, width=6),
    Framing(name="ascii6-incl", length=Encoding.ASCII, width=6, includes=6),
    Framing(name="hex4", length=Encoding.HEX, width=4),
    Framing(name="raw4", width=4),
    Framing(name="raw4-incl", width=4, includes=4),
    Framing(name="bin3", width=3),
    Framing(name="cs", reserved=2),
    Framing(name="vap", reserved=2, header=HEADERS["base1"]),
    Framing(name="gicc", lead=b"\0\0"),
    Framing(name="rbp", lead=b"\xd0\x4a", reserved=2),
    Framing(name="a4m", lead=b"A4M04000", length=Encoding.ASCII, width=4),
    Framing(name="nws", includes=2, header=FixedHeader(30)),
    Framing(name="base24", length=None, end=b"\x03"),
    Framing(name="base24tcp", end=b"\x03"),
    Framing(name="stx-etx-lrc", length=None, start=b"\x02", end=b"\x03", lrc=True),
)
FRAMINGS: Final = {row.name: row for row in _ROWS}
_FIXED_HEADER: Final = re.compile("hdr([1-9][0-9]?)")


def framing_named(name: str) -> Framing:
    """The framing called *name*: a row's name, and after a ``+`` a header's (``tpdu``, ``iso``, ``hdr6``).

    Raises:
        DialectError: There is none of this name.
    """
    row_name, _, header_name = name.partition("+")
    row = FRAMINGS.get(row_name)
    if row is None:
        hint = f"take one of {', '.join(FRAMINGS)}, with a header as in bin2+tpdu"
        raise DialectError(f"there is no framing {name!r}", where="framing", hint=hint)
    if not header_name:
        return row
    fixed = _FIXED_HEADER.fullmatch(header_name)
    header = FixedHeader(int(fixed[1])) if fixed else HEADERS.get(header_name)
    if header is None or not isinstance(row.header, NoHeader):
        hint = f"take one of {', '.join(HEADERS)}, hdr1 to hdr99"
        raise DialectError(f"there is no header {header_name!r} in {name!r}", where="framing", hint=hint)
    return replace(row, name=name, header=header)


_HINT_BYTES: Final = 16
_IDLE_BYTES: Final = b"\x04\x05\x06\x15"  # EOT, ENQ, ACK and NAK between frames of serial lines


class FrameReader:
    """Cuts one stream into frames, however the network sliced it.

    Attributes:
        failed: Why nothing more can be read.
    """

    def __init__(self, framing: Framing, frame_size_max: int) -> None:
        self._framing = framing
        self._size_max = min(frame_size_max, framing.size_max)
        self._pending = bytearray()
        self._needed = 0
        self._head_size = len(framing.lead) + framing.width + framing.reserved
        self._cut = self._cut_by_length if framing.length is not None else self._cut_by_end
        self._has_header = not isinstance(framing.header, NoHeader)
        self.failed: FrameError | None = None

    @property
    def frame_started(self) -> bool:
        """The beginning of a frame is here, its end is not."""
        return bool(self._pending)

    def receive_data(self, data: bytes) -> list[Frame]:
        """Header and message of each frame that *data* completes; look at ``failed`` afterwards."""
        if self.failed is not None:
            return []
        if self._pending:
            self._pending += data
            if len(self._pending) < self._needed:
                return []
            data = bytes(self._pending)
            self._pending.clear()
        frames: list[Frame] = []
        rest = self._cut(data, frames)
        if self.failed is None and rest < len(data):
            self._pending += data[rest:] if rest else data
        return frames

    def _cut_by_length(self, data: bytes, frames: list[Frame]) -> int:
        """Append what is complete to *frames*; give where the rest begins."""
        framing = self._framing
        assert framing.length is not None
        head_size, includes, end_size = self._head_size, framing.includes, len(framing.end)
        lead, width = len(framing.lead), framing.width
        is_plain = framing.length is Encoding.BINARY and not (lead or end_size or self._has_header)
        at, size = 0, len(data)
        while size - at >= head_size:
            start = at + head_size
            raw = data[at + lead : at + lead + width]
            number = int.from_bytes(raw, "big") if is_plain else _read_length(framing.length, raw)
            if number is None or (lead and data[at : at + lead] != framing.lead):
                self._fail("what should be the length of a frame is none", data[at : at + _HINT_BYTES])
                return at
            if number == 0:
                frames.append((data[at:start], b""))
                at = start
                continue
            length = number - includes
            if not 0 <= length <= self._size_max:
                said = f"a frame of {length} bytes is announced, the largest is {self._size_max}"
                self._fail(said, data[at : at + _HINT_BYTES])
                return at
            if start + length > size:
                self._needed = head_size + length
                return at
            frame = data[start : start + length]
            if is_plain:
                frames.append((b"", frame) if length else (data[at:start], b""))
            elif not self._take(frame, data[at : start + length], frames):
                return at
            at = start + length
        self._needed = head_size
        return at

    def _cut_by_end(self, data: bytes, frames: list[Frame]) -> int:
        framing = self._framing
        at, size = 0, len(data)
        while at < size:
            if framing.start:
                while at < size and data[at] in _IDLE_BYTES:
                    at += 1
                if at < size and data[at : at + 1] != framing.start:
                    self._fail("what should be the start of a frame is none", data[at:])
                    return at
            start = at + len(framing.start)
            end = data.find(framing.end, start)
            stop = end + 1 + framing.lrc
            if end < 0 or stop > size:
                if size - at > self._size_max + 2:
                    self._fail(f"a frame does not end within {self._size_max} bytes", data[at:])
                self._needed = size - at + 1
                return at
            if framing.lrc and _lrc(data[start : end + 1]) != data[stop - 1]:
                self._fail("the check byte of a frame is wrong", b"")
                return at
            if not self._take(data[start : end + 1], data[at:stop], frames):
                return at
            at = stop
        return at

    def _take(self, frame: bytes, whole: bytes, frames: list[Frame]) -> bool:
        """Take *frame* apart: header, message, end. *whole* is what a poll gets back."""
        framing = self._framing
        if framing.end:
            if not frame.endswith(framing.end):
                self._fail("a frame lacks its end", b"")
                return False
            frame = frame[: -len(framing.end)]
        size = framing.header.size_of(frame) if frame else 0
        if size > len(frame):
            self._fail("a frame ends within its header", b"")
            return False
        message = frame[size:]
        frames.append((frame[:size], message) if message else (whole, b""))
        return True

    def _fail(self, what: str, start: bytes) -> None:
        self.failed = FrameError(what, where="stream", hint=hint_for(start))
