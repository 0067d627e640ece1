"""One element's value and length indicator: bytes to text and back, by its row of the field table.

Digits are checked on bytes or on ASCII text only: ``'²'.isdigit()`` is true, ``int(' 4')`` is four.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Final

from messages.errors import Kind
from messages.spec import Content, Encoding, Field, Filler, Prefix, Unit

# IBM code page 1047 is not in the standard library: 037 with six characters elsewhere.
_CP1047_MOVES: Final = {0xAD: "[", 0xBD: "]", 0x5F: "^", 0xB0: "¬", 0xBA: "Ý", 0xBB: "¨"}


def _table_1047() -> str:
    table = list(bytes(range(256)).decode("cp037"))
    for at, character in _CP1047_MOVES.items():
        table[at] = character
    return "".join(table)


_CP1047_DECODE: Final = _table_1047()
_CP1047_ENCODE: Final = {ord(character): at for at, character in enumerate(_CP1047_DECODE)}


class ValueProblem(ValueError):  # noqa: N818  (half an error, for where the other half is known)
    """A value or length is wrong; the codec adds element and place."""

    def __init__(self, kind: Kind, what: str) -> None:
        super().__init__(what)
        self.kind, self.what = kind, what


class Charset:
    """Text in the EBCDIC code page of a dialect."""

    def __init__(self, codepage: str) -> None:
        self.codepage = codepage

    def decode(self, data: bytes) -> str:
        """*data* as text; every byte is some character."""
        if self.codepage == "cp1047":
            return "".join(map(_CP1047_DECODE.__getitem__, data))
        return data.decode(self.codepage)

    def encode(self, text: str) -> bytes:
        """*text* as bytes; a ``ValueProblem`` when a character has none."""
        try:
            if self.codepage == "cp1047":
                return bytes([_CP1047_ENCODE[ord(character)] for character in text])
            return text.encode(self.codepage)
        except (KeyError, UnicodeEncodeError):
            raise ValueProblem(Kind.BAD_VALUE, f"a character is not in {self.codepage}") from None


# --- lengths


def size_max(prefix: Prefix) -> int:
    """The largest number that *prefix* can hold."""
    match prefix.encoding:
        case Encoding.BINARY:
            return int(1 << 8 * prefix.width) - 1
        case Encoding.BCD:
            return int(10 ** (2 * prefix.width)) - 1
        case _:
            return int(prefix.radix**prefix.width) - 1


def read_length(prefix: Prefix, raw: bytes, charset: Charset) -> int:
    """The number in the length indicator *raw*."""
    if prefix.encoding is Encoding.BINARY:
        return int.from_bytes(raw, "big")
    if prefix.encoding is Encoding.BCD:
        raw = raw.hex().encode("ascii")
    elif prefix.encoding is Encoding.EBCDIC:
        raw = charset.decode(raw).encode("ascii", "replace")
    digits = raw.isdigit() if prefix.radix == 10 else _HEX_BYTES.fullmatch(raw) is not None
    if not digits:
        raise ValueProblem(Kind.BAD_LENGTH_INDICATOR, "the length is not a number")
    return int(raw, prefix.radix)


def write_length(prefix: Prefix, length: int, charset: Charset) -> bytes:
    """The length indicator for *length*."""
    assert 0 <= length <= size_max(prefix)
    if prefix.encoding is Encoding.BINARY:
        return length.to_bytes(prefix.width, "big")
    if prefix.encoding is Encoding.BCD:
        return bytes.fromhex(f"{length:0{2 * prefix.width}}")
    text = f"{length:0{prefix.width}}" if prefix.radix == 10 else f"{length:0{prefix.width}X}"
    return charset.encode(text) if prefix.encoding is Encoding.EBCDIC else text.encode("ascii")


def wire_size(field: Field, length: int) -> int:
    """Bytes on the wire of a value that is *length* units long."""
    if field.encoding is Encoding.SIGNED_BCD:
        return 1 + length // 2  # the sign is one of the units
    if field.unit is Unit.DIGITS:
        return (length + 1) // 2
    if field.encoding in HEX_TEXT and field.unit is Unit.BYTES:
        return 2 * length
    return length


def bounds(field: Field | None, data: bytes, at: int, charset: Charset) -> tuple[int, int, int]:
    """Where the element at *at* ends, how many units its value is long, and where the value begins."""
    if field is None:
        raise ValueProblem(Kind.UNDEFINED_FIELD, "the dialect has no such element")
    length = field.length
    if field.prefix is not None:
        raw = data[at : at + field.prefix.width]
        if len(raw) < field.prefix.width:
            raise ValueProblem(Kind.TRUNCATED_LENGTH, "the message ends within the length")
        length = read_length(field.prefix, raw, charset)
        if length > field.length:
            problem = f"its length {length} is more than {field.length}"
            raise ValueProblem(Kind.LENGTH_EXCEEDS_MAX, problem)
        at += field.prefix.width
    end = at + wire_size(field, length)
    if end > len(data):
        raise ValueProblem(Kind.TRUNCATED_FIELD, f"{end - at} bytes are announced, {len(data) - at} are left")
    return end, length, at


# --- values


HEX_TEXT: Final = frozenset({Encoding.HEX, Encoding.HEX_EBCDIC})
_HEX_BYTES: Final = re.compile(rb"[0-9A-Fa-f]+")
_HEX: Final = re.compile(r"[0-9A-Fa-f]*")
_DIGITS: Final = re.compile(r"[0-9]*")
_PACKED_TRACK: Final = re.compile(r"[0-9D]*")
_TRACK: Final = re.compile(r"[0-9=D]*")
_SIGNED: Final = re.compile(r"[CD][0-9]*")

# What packed digits may be; with everything else they may hold the separator of a track.
_PACKED: Final = {Content.HEX: _HEX} | dict.fromkeys(
    (
        Content.DIGITS,
        Content.MONTH_DAY,
        Content.TIME,
        Content.MOMENT,
        Content.DATED_TIME,
        Content.DATE,
    ),
    _DIGITS,
)

MONTH_DAYS: Final = frozenset(
    f"{month:02}{day:02}"
    for month in range(1, 13)
    for day in range(1, (date(2000 + (month == 12), month % 12 + 1, 1) - date(2000, month, 1)).days + 1)
)  # of a leap year: without its year, 29 February is a date


def is_date(text: str) -> bool:
    """Whether *text* is ``YYMMDD`` of this century."""
    if len(text) != 6 or _DIGITS.fullmatch(text) is None or text[2:] not in MONTH_DAYS:
        return False
    return text[2:] != "0229" or int(text[:2]) % 4 == 0


def is_time(text: str) -> bool:
    """Whether *text* is ``hhmmss``."""
    return (
        len(text) == 6
        and _DIGITS.fullmatch(text) is not None
        and text < "24"
        and text[2] < "6"
        and text[4] < "6"
    )


_CHECKS: Final[dict[Content, Callable[[str], bool]]] = {
    Content.ANY: lambda _: True,
    Content.TEXT: lambda text: text.isascii() and text.isprintable(),
    Content.DIGITS: lambda text: _DIGITS.fullmatch(text) is not None,
    Content.TRACK: lambda text: _TRACK.fullmatch(text) is not None,
    Content.HEX: lambda text: _HEX.fullmatch(text) is not None,
    Content.SIGNED: lambda text: _SIGNED.fullmatch(text) is not None,
    Content.MONTH_DAY: lambda text: text in MONTH_DAYS,
    Content.TIME: is_time,
    Content.MOMENT: lambda text: text[:4] in MONTH_DAYS and is_time(text[4:]),
    Content.DATED_TIME: lambda text: is_date(text[:6]) and is_time(text[6:]),
    Content.DATE: is_date,
}

_WANTED: Final = {
    Content.TEXT: "printable ASCII",
    Content.DIGITS: "digits",
    Content.TRACK: "digits and a separator",
    Content.HEX: "hexadecimal digits",
    Content.SIGNED: "C or D and digits",
    Content.MONTH_DAY: "a date MMDD",
    Content.TIME: "a time hhmmss",
    Content.MOMENT: "a moment MMDDhhmmss",
    Content.DATED_TIME: "a moment YYMMDDhhmmss",
    Content.DATE: "a date YYMMDD",
}


def check_content(content: Content, text: str) -> None:
    """Raise a ``ValueProblem`` when *text* must not stand where *content* is due."""
    if not _CHECKS[content](text):
        raise ValueProblem(Kind.CONTENT_VIOLATION, f"the value is not {_WANTED[content]}")


def read_value(field: Field, raw: bytes, length: int, charset: Charset) -> str:
    """The value in *raw*, which is *length* units long."""
    match field.encoding:
        case Encoding.ASCII:
            try:
                return raw.decode("ascii")
            except UnicodeDecodeError:
                raise ValueProblem(Kind.INVALID_FIELD_BYTES, "a byte is not ASCII") from None
        case Encoding.LATIN1:
            return raw.decode("latin-1")
        case Encoding.EBCDIC:
            return charset.decode(raw)
        case Encoding.HEX | Encoding.HEX_EBCDIC:
            text = raw if field.encoding is Encoding.HEX else charset.decode(raw).encode("ascii", "replace")
            if raw and _HEX_BYTES.fullmatch(text) is None:
                raise ValueProblem(Kind.INVALID_FIELD_BYTES, "the value is not hexadecimal")
            return text.decode("ascii").upper()
        case Encoding.SIGNED_BCD:
            digits = raw[1:].hex()
            if raw[:1] not in (b"C", b"D") or _DIGITS.fullmatch(digits) is None:
                raise ValueProblem(Kind.INVALID_BCD, "the value is not C or D and packed digits")
            return raw[:1].decode("ascii") + digits
        case Encoding.BINARY | Encoding.BCD:
            return _read_halves(field, raw, length)


def _read_halves(field: Field, raw: bytes, length: int) -> str:
    halves = raw.hex().upper()
    if field.unit is Unit.DIGITS:
        halves = _without_filler(field, halves, length)
    if field.encoding is Encoding.BCD and _PACKED.get(field.content, _PACKED_TRACK).fullmatch(halves) is None:
        raise ValueProblem(Kind.INVALID_BCD, "a half byte is not a digit")
    return halves


def _without_filler(field: Field, digits: str, length: int) -> str:
    if length % 2 == 0:
        return digits
    left = field.filler in (Filler.LEFT_0, Filler.LEFT_F)
    found, rest = (digits[0], digits[1:]) if left else (digits[-1], digits[:-1])
    if found != ("0" if field.filler in (Filler.LEFT_0, Filler.RIGHT_0) else "F"):
        raise ValueProblem(Kind.INVALID_BCD, f"the filler is not {field.filler.value}")
    return rest


def length_of(field: Field, text: str) -> int:
    """How many units *text* is long."""
    if field.unit is Unit.BYTES and field.encoding in BYTES_AS_HEX:
        return (len(text) + 1) // 2
    return len(text)


BYTES_AS_HEX: Final = frozenset({Encoding.BINARY, Encoding.BCD, Encoding.HEX, Encoding.HEX_EBCDIC})


def write_value(field: Field, text: str, charset: Charset) -> bytes:
    """The bytes of *text*, without a length indicator."""
    match field.encoding:
        case Encoding.ASCII | Encoding.LATIN1:
            try:
                return text.encode(field.encoding.value)
            except UnicodeEncodeError:
                raise ValueProblem(Kind.BAD_VALUE, f"a character is not in {field.encoding.value}") from None
        case Encoding.EBCDIC:
            return charset.encode(text)
        case Encoding.SIGNED_BCD:
            if _SIGNED.fullmatch(text) is None or len(text) % 2 == 0:
                raise ValueProblem(Kind.BAD_VALUE, "the value is not C or D and an even number of digits")
            return text[:1].encode("ascii") + bytes.fromhex(text[1:])
        case _:
            return _write_halves(field, text, charset)


def _write_halves(field: Field, text: str, charset: Charset) -> bytes:
    """Packed digits, raw bytes and hexadecimal text: all of them are half bytes in a message."""
    if _HEX.fullmatch(text) is None:
        raise ValueProblem(Kind.BAD_VALUE, "the value is not hexadecimal")
    if field.encoding is Encoding.BCD and _PACKED.get(field.content, _PACKED_TRACK).fullmatch(text) is None:
        raise ValueProblem(Kind.BAD_VALUE, "the value is not digits")
    if len(text) % 2 and field.unit is Unit.DIGITS:
        filler = "0" if field.filler in (Filler.LEFT_0, Filler.RIGHT_0) else "F"
        text = filler + text if field.filler in (Filler.LEFT_0, Filler.LEFT_F) else text + filler
    if field.encoding in HEX_TEXT:
        if len(text) % 2 and field.unit is Unit.BYTES:
            raise ValueProblem(Kind.BAD_VALUE, "half a byte is missing")
        upper = text.upper()
        return upper.encode("ascii") if field.encoding is Encoding.HEX else charset.encode(upper)
    if len(text) % 2:
        raise ValueProblem(Kind.BAD_VALUE, "half a byte is missing")
    return bytes.fromhex(text)
