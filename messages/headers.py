"""Headers: what some networks put between the length and the message, and what they want back in the answer.

tpdu    60 DD DD SS SS                    destination and source, exchanged in the answer
iso     "ISO" and nine characters         there or not, message by message; comes back as it is
base1   16 … (22 bytes, BASE I)           lengths and stations; a reject header may stand before it
hdrN    any N bytes                       comes back as it is
"""

from dataclasses import dataclass
from typing import Final

_TPDU_SIZE: Final = 5
_ISO_SIZE: Final = 12
_BASE1_SIZE: Final = 22
_BASE1_ANOTHER_FOLLOWS: Final = 0x80  # in its second byte
_BASE1_REJECT_SIZE: Final = 26


@dataclass(frozen=True, slots=True)
class NoHeader:
    """The message begins at once."""

    def size_of(self, frame: bytes) -> int:
        """How many bytes of *frame* are header; more than there are when it is cut off."""
        del frame
        return 0

    def answer(self, header: bytes, message_size: int) -> bytes:
        """The header of the answer to a message that came with *header*."""
        del header, message_size
        return b""


@dataclass(frozen=True, slots=True)
class FixedHeader:
    """*size* bytes that nobody looks into."""

    size: int

    def size_of(self, frame: bytes) -> int:
        del frame
        return self.size

    def answer(self, header: bytes, message_size: int) -> bytes:
        del message_size
        return header or bytes(self.size)


@dataclass(frozen=True, slots=True)
class Tpdu:
    """A transport header of NAC networks: an identifier, a destination, a source; then *more* bytes."""

    more: int = 0

    def size_of(self, frame: bytes) -> int:
        del frame
        return _TPDU_SIZE + self.more

    def answer(self, header: bytes, message_size: int) -> bytes:
        del message_size
        header = header or b"\x60" + bytes(_TPDU_SIZE + self.more - 1)
        return header[:1] + header[3:5] + header[1:3] + header[5:]


@dataclass(frozen=True, slots=True)
class IsoText:
    """The text header of BASE24: present when the message does not begin with its type."""

    def size_of(self, frame: bytes) -> int:
        return _ISO_SIZE if frame[:3] == b"ISO" else 0

    def answer(self, header: bytes, message_size: int) -> bytes:
        del message_size
        return header


@dataclass(frozen=True, slots=True)
class Base1:
    """The header of BASE I; before it, one or more others that say what was wrong with a message of ours."""

    def size_of(self, frame: bytes) -> int:
        at = 0
        while at + 2 <= len(frame):
            size, another = frame[at], frame[at + 1] & _BASE1_ANOTHER_FOLLOWS
            if size < _BASE1_SIZE:
                break
            at += size
            if not another and size != _BASE1_REJECT_SIZE:
                return at
        return len(frame) + 1

    def answer(self, header: bytes, message_size: int) -> bytes:
        own = header[-_BASE1_SIZE:] or bytes([_BASE1_SIZE, 1, 2]) + bytes(_BASE1_SIZE - 3)
        total = (_BASE1_SIZE + message_size).to_bytes(2, "big")
        return own[:1] + bytes([own[1] & 0x7F]) + own[2:3] + total + own[8:11] + own[5:8] + own[11:]


Header = NoHeader | FixedHeader | Tpdu | IsoText | Base1

HEADERS: Final[dict[str, Header]] = {
    "tpdu": Tpdu(),
    "tpdu+6": Tpdu(6),  # UnionPay: TPDU and six bytes of application header
    "iso": IsoText(),
    "base1": Base1(),
}
