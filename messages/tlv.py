"""Tag, length, value in two forms: BER (chip data, DE 55), and tags of digits of any width."""

from typing import Final

from messages.errors import Kind, MessageError

_CONSTRUCTED: Final = 0x20
_VENDORS: Final = frozenset({b"\x80", b"\x81", b"\xee"})  # second bytes of tags that begin with FF


def read_ber(data: bytes) -> list[tuple[str, bytes | None]]:
    """Tags (upper-case hexadecimal) and values of BER-TLV *data*, in order.

    A template has no value; what is in it follows. 00 and FF between objects are padding (EMV book 3,
    annex B), but some vendors begin tags with FF; what is in those is not looked into.

    Raises:
        MessageError: A tag or length is cut off, or a length is longer than what is left.
    """
    objects: list[tuple[str, bytes | None]] = []
    ends: list[int] = []  # of the templates that are open
    at = 0
    while at < len(data):
        while ends and at == ends[-1]:
            ends.pop()
        end = ends[-1] if ends else len(data)
        if data[at] == 0 or (data[at] == 0xFF and data[at + 1 : at + 2] not in _VENDORS):
            at += 1
            continue
        start, at = at, _tag_end(data, at, end)
        tag = data[start:at].hex().upper()
        length, at = _ber_length(data, at, end)
        if at + length > end:
            raise _error(f"tag {tag} announces {length} bytes, {end - at} are left", start)
        if data[start] & _CONSTRUCTED and data[start] != 0xFF:
            objects.append((tag, None))
            ends.append(at + length)
        else:
            objects.append((tag, data[at : at + length]))
            at += length
    return objects


def _tag_end(data: bytes, at: int, end: int) -> int:
    start = at
    at += 1
    if data[start] & 0x1F == 0x1F:
        while at < end and data[at] & 0x80:
            at += 1
        at += 1
    if at >= end:
        raise _error("a tag is cut off", start)
    return at


def _ber_length(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The length at *at*, and where the value begins."""
    first = data[at]
    if first < 0x80:
        return first, at + 1
    count = first & 0x7F
    if not 1 <= count <= 4 or at + 1 + count > end:
        raise _error("a length is cut off or of indefinite form", at)
    return int.from_bytes(data[at + 1 : at + 1 + count], "big"), at + 1 + count


def read_digit_tags(text: str, tag_width: int, length_width: int) -> list[tuple[str, str]]:
    """Tags and values of *text*: tags of *tag_width* characters, lengths of *length_width* digits.

    Raises:
        MessageError: A tag or value is cut off, or a length is no number.
    """
    pairs = []
    at, head = 0, tag_width + length_width
    while at < len(text):
        length = text[at + tag_width : at + head]
        if len(length) < length_width or not (length.isascii() and length.isdigit()):
            raise _error("a length is no number", at)
        stop = at + head + int(length)
        if stop > len(text):
            raise _error("a value is cut off", at)
        pairs.append((text[at : at + tag_width], text[at + head : stop]))
        at = stop
    return pairs


def _error(what: str, offset: int) -> MessageError:
    return MessageError(what, kind=Kind.BAD_TLV, element=55, offset=offset)
