"""A dialect is a table: for every element how long it is, how it is written, and what may stand in it.

    element   =  [length indicator] value
    length indicator = Prefix: digits in ASCII, EBCDIC or BCD, or a binary number
    value            = Encoding: text, packed digits, raw bytes or bytes as hexadecimal text

Lengths count what ``Unit`` says: bytes on the wire, digits, or hexadecimal characters.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from messages.elements import NAMES


class Encoding(enum.Enum):
    """How characters are written."""

    ASCII = "ascii"
    LATIN1 = "latin-1"
    EBCDIC = "ebcdic"  # in the dialect's code page
    BCD = "bcd"  # two digits a byte
    BINARY = "binary"  # bytes; hexadecimal in a message
    HEX = "hex"  # bytes as hexadecimal ASCII text
    HEX_EBCDIC = "hex-ebcdic"
    SIGNED_BCD = "x+bcd"  # C or D in ASCII, then packed digits


class Unit(enum.Enum):
    """What a length counts."""

    BYTES = "bytes"  # of the value: characters of text, bytes of binary
    DIGITS = "digits"
    CHARACTERS = "characters"  # of hexadecimal text


class Filler(enum.Enum):
    """The half byte beside an odd number of packed digits: which side, and what stands there."""

    LEFT_0 = "left-0"
    LEFT_F = "left-f"
    RIGHT_0 = "right-0"
    RIGHT_F = "right-f"


class Content(enum.Enum):
    """What may stand in a value."""

    ANY = "any"
    TEXT = "text"  # printable ASCII, 20 to 7E
    DIGITS = "digits"
    TRACK = "track"  # digits, = and D
    HEX = "hex"
    SIGNED = "signed"  # C or D, then digits
    MONTH_DAY = "MMDD"
    TIME = "hhmmss"
    MOMENT = "MMDDhhmmss"
    DATED_TIME = "YYMMDDhhmmss"
    DATE = "YYMMDD"


@dataclass(frozen=True, slots=True)
class Prefix:
    """A length indicator of *width* bytes. *radix* 16 means hexadecimal digits."""

    encoding: Encoding
    width: int
    radix: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One row of the table.

    Attributes:
        length: Of a fixed element; of others the longest. Counted in *unit*.
        prefix: ``None`` when fixed.
        nested: The layout inside, or empty: ``tags``, ``tlv 3 2`` (characters of tag and length), ``ber``,
            ``positional``, ``bitmapped``, ``an3-ll``, ``product-sets``.
        parts: Sub-elements by number of a positional or bitmapped element.
    """

    number: int
    length: int
    encoding: Encoding
    content: Content
    prefix: Prefix | None = None
    unit: Unit = Unit.BYTES
    filler: Filler = Filler.LEFT_0
    name: str = ""
    nested: str = ""
    parts: Mapping[int, "Field"] = field(default_factory=dict, repr=False)

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or NAMES.get(self.number, f"Element {self.number}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bitmaps:
    """How the bitmaps are written.

    Attributes:
        encoding: BINARY, HEX or HEX_EBCDIC.
        most: How many there can be: two, or three when bit 65 announces another after the second.
        always: This many, whatever bit 1 says; 0 when bit 1 announces the second.
        third_in_65: Element 65 holds a bitmap of the elements 129 to 256.
    """

    encoding: Encoding
    most: int = 2
    always: int = 0
    third_in_65: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A field table with what stands before the fields.

    Attributes:
        version: Edition of ISO 8583, for people.
        mti: ASCII, EBCDIC or BCD.
        mti_pattern: Regular expression that the MTI must match.
        codepage: Of EBCDIC: ``cp037``, ``cp500`` or ``cp1047``.
        checks_content: Whether values must obey their content class.
    """

    name: str
    version: str
    mti: Encoding
    bitmaps: Bitmaps
    fields: Mapping[int, Field] = field(repr=False)
    mti_pattern: str = "[0-9]{4}"
    codepage: str = "cp037"
    checks_content: bool = True
