"""The canonical text of a programme, from which it can be made again.

That of many rules has megabytes and says the same again and again. It is kept packed, in parts, so that
whoever only carries it handles a tenth of it, a little at a time.
"""

import zlib
from dataclasses import dataclass
from typing import Final

from loyalty.errors import LoyaltyError

PLAIN_MAX: Final = 1 << 16  # characters that are kept as they are: some hundred rules
PART_SIZE: Final = 1 << 18  # characters of a part: packed, some tens of kilobytes

Part = tuple[int, bytes]  # how many characters, and these packed (zlib, RFC 1950)


@dataclass(frozen=True, slots=True)
class Text:
    """A text of ASCII.

    Attributes:
        plain: All of it when it is short; else empty.
        parts: Of a long one, in order.
    """

    plain: str = ""
    parts: tuple[Part, ...] = ()

    @classmethod
    def of(cls, text: str) -> "Text":
        """*text*, packed if it is long."""
        if len(text) <= PLAIN_MAX:
            return cls(text)
        starts = range(0, len(text), PART_SIZE)
        return cls(parts=tuple([_packed(text[start : start + PART_SIZE]) for start in starts]))

    @property
    def size(self) -> int:
        """How many characters it has."""
        return len(self.plain) + sum(size for size, _ in self.parts)

    def __str__(self) -> str:
        """All of it.

        Raises:
            LoyaltyError: It is damaged.
        """
        return self.plain or "".join([_unpacked(*part) for part in self.parts])

    @property
    def packed(self) -> tuple[Part, ...]:
        """All of it packed, also when it is short."""
        return self.parts or (_packed(self.plain),)


def _packed(text: str) -> Part:
    return len(text), zlib.compress(text.encode("ascii"))


def _unpacked(size: int, packed: bytes) -> str:
    reading = zlib.decompressobj()
    try:
        data = reading.decompress(packed, size + 1)
        text = data.decode("ascii")
    except (zlib.error, UnicodeDecodeError, OverflowError, ValueError):
        text = ""
    if len(text) != size or not reading.eof or reading.unused_data:
        raise LoyaltyError("is damaged", where="the text of a programme", hint="puntual ledger verify")
    return text
