"""The codec agrees with pyiso8583 on every message, and says where a broken one breaks."""

import iso8583
import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso8583.specs import default_ascii

from messages.codec import Codec, masked_window
from messages.dialect import load_dialect
from messages.errors import Kind, MessageError
from tests.messages.strategies import messages
from tests.messages.wire import CARD, SALE, body

ASCII = Codec(load_dialect("iso87-ascii"))


@given(messages(ASCII.dialect))
def test_what_pyiso8583_writes(message: tuple[str, dict[int, str]]) -> None:
    """What the other codec writes we read; what we write is the same bytes."""
    mti, elements = message
    raw = body(mti, elements)
    read = ASCII.decode(raw)
    assert (read.mti, read.elements) == (mti, elements)
    assert ASCII.encode(mti, elements) == raw


@given(messages(ASCII.dialect), st.data())
def test_damage_is_seen_by_both(message: tuple[str, dict[int, str]], data: st.DataObject) -> None:
    """Whatever pyiso8583 cannot read we cannot read either."""
    raw = bytearray(body(*message))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255))
    try:
        ours = ASCII.decode(bytes(raw))
    except MessageError:
        return
    decoded, _ = iso8583.decode(bytes(raw), default_ascii)
    theirs = {int(key): value for key, value in decoded.items() if key.isdigit() and key != "1"}
    binary = (52, 64, 128)
    assert ours.elements == {n: v.upper() if n in binary else v for n, v in theirs.items()}


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Bytes are a message or a MessageError."""
    try:
        ASCII.decode(data)
    except MessageError:
        return


@pytest.mark.parametrize(
    ("raw", "kind", "expected"),
    [
        (b"02", Kind.TRUNCATED_MTI, "MTI at byte 0, around 3_ 3_: the message ends within the MTI"),
        (b"02a0" + b"0" * 16, Kind.BAD_MTI, "MTI at byte 0"),
        (b"02\xb20" + b"0" * 16, Kind.BAD_MTI, "MTI at byte 0"),
        (b"0200" + b"0" * 15, Kind.TRUNCATED_BITMAP, "bitmap at byte 4"),
        (b"0200" + b" " * 16, Kind.BAD_BITMAP_CHARACTERS, "bitmap at byte 4"),
        (b"0200" + b"80" + b"0" * 14, Kind.TRUNCATED_BITMAP, "bitmap at byte 20"),
        (b"02004000000000000000", Kind.TRUNCATED_LENGTH, "DE 2 at byte 20"),
        (b"02004000000000000000 4", Kind.BAD_LENGTH_INDICATOR, "DE 2 at byte 20"),
        (b"02004000000000000000+4", Kind.BAD_LENGTH_INDICATOR, "DE 2 at byte 20"),
        (b"020040000000000000001_", Kind.BAD_LENGTH_INDICATOR, "DE 2 at byte 20"),
        (b"02004000000000000000\xb2\xb2", Kind.BAD_LENGTH_INDICATOR, "DE 2 at byte 20"),
        (b"0200400000000000000020" + b"1" * 20, Kind.LENGTH_EXCEEDS_MAX, "DE 2 at byte 20"),
        (b"0200400000000000000005123", Kind.TRUNCATED_FIELD, "DE 2 at byte 20"),
        (b"0200400000000000000003123x", Kind.TRAILING_DATA, "DE 2 at byte 25"),
        (b"020040000000000000000312x", Kind.CONTENT_VIOLATION, "DE 2 at byte 22"),
        (b"020040000000000000000312\xb2", Kind.INVALID_FIELD_BYTES, "DE 2 at byte 22"),
        (
            b"0200" + b"8" + b"0" * 15 + b"8" + b"0" * 15 + b"8" + b"0" * 15,
            Kind.UNDEFINED_FIELD,
            "DE 129 at byte 52",
        ),
    ],
)
def test_where_it_breaks(raw: bytes, kind: Kind, expected: str) -> None:
    """An error names the element, the byte and what was expected."""
    with pytest.raises(MessageError) as error:
        ASCII.decode(raw)
    assert error.value.kind is kind
    assert str(error.value).startswith(expected)


def test_all_faults_are_told() -> None:
    """Values that are wrong do not hide what comes after them."""
    raw = body("0200", {**SALE, 4: "x" * 12, 12: "250000"})[:-1]
    message = ASCII.examine(raw)
    assert [fault.element for fault in message.faults] == [4, 12, 41]
    assert message.is_cut
    assert sorted(message.elements) == [2, 3, 7, 11, 13]


def test_no_card_in_an_error() -> None:
    """Errors can be logged: the window around the place shows no digit."""
    raw = body("0200", {**SALE, 35: CARD + "=29121011234"})
    for size in range(20, len(raw)):
        with pytest.raises(MessageError) as error:
            ASCII.decode(raw[:size])
        assert CARD[:6] not in str(error.value)
        assert CARD[-4:] not in repr(error.value)
    assert masked_window(b"63Ab\x04\x63\x90\x00", 0) == "3_ 3_ __ __ 04 __ __ 00"


@pytest.mark.parametrize(
    ("mti", "elements", "kind"),
    [
        ("02", {}, Kind.BAD_MTI),
        ("²200", {}, Kind.BAD_MTI),
        ("0200", {4: "123"}, Kind.BAD_VALUE),
        ("0200", {4: "²" * 12}, Kind.CONTENT_VIOLATION),
        ("0200", {48: "x" * 1000}, Kind.LENGTH_EXCEEDS_MAX),
        ("0200", {48: "ñ"}, Kind.CONTENT_VIOLATION),
        ("0200", {52: "0" * 15 + "X"}, Kind.BAD_VALUE),
        ("0200", {65: "0" * 16}, Kind.UNDEFINED_FIELD),
        ("0200", {129: ""}, Kind.UNDEFINED_FIELD),
        ("0200", {1: ""}, Kind.UNDEFINED_FIELD),
        ("0200", {0: ""}, Kind.UNDEFINED_FIELD),
    ],
)
def test_what_cannot_be_written(mti: str, elements: dict[int, str], kind: Kind) -> None:
    """A message is checked before it is written."""
    with pytest.raises(MessageError) as error:
        ASCII.encode(mti, elements)
    assert error.value.kind is kind
