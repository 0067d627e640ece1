"""Framing: how a stream of bytes is cut into messages.

    bin2     HH LL message            HH LL is the length of the message, big-endian

A ``Framing`` is a row of a table; a ``FrameReader`` cuts one connection's stream by it.
"""

from dataclasses import dataclass
from typing import Final

from messages.errors import DialectError, FrameError


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """A length before each message.

    Attributes:
        width: Bytes of the length.
        includes: What the length counts beside the message.
    """

    name: str
    width: int
    includes: int = 0

    def wrap(self, message: bytes, header: bytes) -> bytes:
        """*message* as a frame, in answer to one that came with *header*."""
        return (len(message) + self.includes).to_bytes(self.width, "big") + header + message


_FRAMINGS: Final = (Framing(name="bin2", width=2),)
FRAMINGS: Final = {framing.name: framing for framing in _FRAMINGS}


def framing_named(name: str) -> Framing:
    """The framing called *name*."""
    try:
        return FRAMINGS[name]
    except KeyError:
        hint = f"take one of {', '.join(FRAMINGS)}"
        raise DialectError(f"there is no framing {name!r}", where="framing", hint=hint) from None


class FrameReader:
    """Cuts one stream into frames, however the network sliced it.

    Attributes:
        failed: Why nothing more can be read.
    """

    def __init__(self, framing: Framing, frame_size_max: int) -> None:
        self._framing = framing
        self._size_max = frame_size_max
        self._pending = bytearray()
        self._needed = 0
        self.failed: FrameError | None = None

    @property
    def frame_started(self) -> bool:
        """The beginning of a frame is here, its end is not."""
        return bool(self._pending)

    def receive_data(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """Header and message of each frame that *data* completes; look at ``failed`` afterwards."""
        if self.failed is not None:
            return []
        if self._pending:
            self._pending += data
            if len(self._pending) < self._needed:
                return []
            data = bytes(self._pending)
            self._pending.clear()
        frames: list[tuple[bytes, bytes]] = []
        width, includes = self._framing.width, self._framing.includes
        at, end = 0, len(data)
        self._needed = width
        while end - at >= width:
            start = at + width
            length = int.from_bytes(data[at:start], "big") - includes
            if not 0 <= length <= self._size_max:
                self.failed = FrameError(
                    f"a frame of {length} bytes is announced, the largest is {self._size_max}",
                    where="stream",
                    hint="compare the framing of both sides: length in ASCII, BCD, or with a header?",
                )
                return frames
            if start + length > end:
                self._needed = width + length
                break
            at = start + length
            frames.append((b"", data[start:at]))
        self._pending += data[at:]
        return frames
