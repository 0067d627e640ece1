"""What is inside of an element: tags, positions, or a bitmap of its own."""

import re
from collections.abc import Iterator
from typing import Final

from messages.errors import Kind, MessageError
from messages.spec import Encoding, Field
from messages.tags import TagError, read_tags
from messages.tlv import read_ber, read_digit_tags
from messages.values import BYTES_AS_HEX, Charset, ValueProblem, bounds, read_value

NESTED: Final = re.compile("tags|ber|positional|bitmapped|an3-ll|product-sets|tlv [1-9] [1-6]")
_BITMAP_SIZE: Final = 8


def parts_of(field: Field, value: str, codepage: str = "cp037") -> list[tuple[str, str]]:
    """Names and texts of the sub-elements in *value*, in order; empty when *field* has none.

    Raises:
        MessageError: The value has not the layout that the dialect says.
    """
    try:
        return list(_parts(field, value, codepage))
    except (TagError, ValueProblem, ValueError) as error:
        what = error.what if isinstance(error, ValueProblem) else f"it is not laid out as {field.nested}"
        raise MessageError(what, kind=Kind.BAD_TLV, element=field.number) from None


def part_of(field: Field, value: str, name: str, codepage: str = "cp037") -> str | None:
    """The text of the first part called *name* in *value*; what comes behind it is not looked at.

    Raises:
        MessageError: The value has not the layout that the dialect says, up to that part.
    """
    try:
        return next((text for part, text in _parts(field, value, codepage) if part == name), None)
    except (TagError, ValueProblem, ValueError):
        what = f"it is not laid out as {field.nested}"
        raise MessageError(what, kind=Kind.BAD_TLV, element=field.number) from None


def _parts(field: Field, value: str, codepage: str) -> Iterator[tuple[str, str]]:
    match field.nested.split(" "):
        case ["tags"]:
            yield from read_tags(value)
        case ["tlv", tag, length]:
            yield from read_digit_tags(value, int(tag), int(length))
        case ["ber"]:
            for name, content in read_ber(bytes.fromhex(value)):
                yield name, "" if content is None else content.hex().upper()
        case ["an3-ll"]:
            yield from _counted(value)
        case ["product-sets"]:
            yield from _product_sets(value)
        case ["positional"]:
            yield from _walk(field, _raw(field, value), 0, list(field.parts), codepage)
        case ["bitmapped"]:
            raw = _raw(field, value)
            bits = int.from_bytes(raw[:_BITMAP_SIZE], "big")
            numbers = [bit + 1 for bit in range(64) if bits >> 63 - bit & 1]
            yield from _walk(field, raw, _BITMAP_SIZE, numbers, codepage)


def _raw(field: Field, value: str) -> bytes:
    if field.encoding in BYTES_AS_HEX:
        return bytes.fromhex(value)
    return value.encode("latin-1" if field.encoding is Encoding.LATIN1 else "ascii")


def _walk(field: Field, raw: bytes, at: int, numbers: list[int], codepage: str) -> Iterator[tuple[str, str]]:
    charset = Charset(codepage)
    for number in numbers:
        part = field.parts.get(number)
        end, length, start = bounds(part, raw, at, charset)
        assert part is not None
        yield str(number), read_value(part, raw[start:end], length, charset)
        at = end
    if at != len(raw):
        raise ValueProblem(Kind.TRAILING_DATA, f"{len(raw) - at} bytes follow the last part")


def _counted(value: str) -> Iterator[tuple[str, str]]:
    """A count n2, then tag an3, length n2, value."""
    at = 2
    for _ in range(_number(value[:2])):
        stop = at + 5 + _number(value[at + 3 : at + 5])
        yield value[at : at + 3], value[at + 5 : stop]
        at = stop
    if at != len(value):
        raise ValueError


def _product_sets(value: str) -> Iterator[tuple[str, str]]:
    """Products LL, device n1, message LLL."""
    at = 2 + _number(value[:2])
    stop = at + 4 + _number(value[at + 1 : at + 4])
    if stop != len(value):
        raise ValueError
    yield "1", value[2:at]
    yield "2", value[at : at + 1]
    yield "3", value[at + 4 :]


def _number(digits: str) -> int:
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError
    return int(digits)
