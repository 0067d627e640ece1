"""Elements with something inside are taken apart as their dialect says, and no card is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.errors import Problems
from messages.codec import Codec
from messages.describe import describe
from messages.dialect import dialect_from_toml
from messages.errors import MessageError
from messages.nested import parts_of
from messages.tomltext import to_toml

TEXT = """
name = "host"
extends = "iso87-ascii-binbitmap"
[elements]
3 = { format = "n6", nested = "positional", parts = { 1 = "n2", 2 = "n2", 3 = {format = "n2", name = "To"} } }
48 = { format = "b...999", nested = "bitmapped", parts = { 4 = "n10", 8 = "ans...250", 9 = "ans..37" } }
54 = { format = "ans...240", nested = "tlv 3 3" }
55 = { format = "b...255", nested = "ber" }
60 = { format = "ans...999", nested = "tlv 2 4" }
62 = { format = "ans...999", nested = "an3-ll" }
63 = { format = "ans...999", nested = "product-sets" }
"""
HOST = dialect_from_toml(TEXT, where="host.toml")
CARD = "6390120000000004"


@pytest.mark.parametrize(
    ("number", "value", "expected"),
    [
        (3, "009000", [("1", "00"), ("2", "90"), ("3", "00")]),
        (
            48,
            "1080000000000000" + b"0000170001".hex() + b"20".hex() + (CARD + "=291").encode().hex(),
            [("4", "0000170001"), ("9", CARD + "=291")],
        ),
        (54, "007016C000000000112999", [("007", "C000000000112999")]),
        (55, "9A032611219F3600", [("9A", "261121"), ("9F36", "")]),
        (60, "010003abc020000", [("01", "abc"), ("02", "")]),
        (62, "02IPR05HELLOITX02HI", [("IPR", "HELLO"), ("ITX", "HI")]),
        (63, "0401021005HELLO", [("1", "0102"), ("2", "1"), ("3", "HELLO")]),
        (11, "000001", []),
    ],
)
def test_parts(number: int, value: str, expected: list[tuple[str, str]]) -> None:
    """Every sort of layout, and the same after the dialect was written and read."""
    again = dialect_from_toml(to_toml(HOST), where="written")
    for dialect in (HOST, again):
        assert parts_of(dialect.fields[number], value) == expected


@pytest.mark.parametrize(
    ("number", "value"),
    [(48, "FF"), (48, "8000000000000000"), (48, "1000000000000000" + "30" * 11), (54, "007016"), (55, "9A05"),
     (60, "01 003abc"), (62, "03IPR05HELLO"), (62, "x"), (63, "04"), (63, "²²")],
)  # fmt: skip
def test_parts_that_do_not_fit(number: int, value: str) -> None:
    """A layout that is not kept to is an error of the element."""
    with pytest.raises(MessageError):
        parts_of(HOST.fields[number], value)


@given(number=st.sampled_from(sorted(HOST.fields)), value=st.text(max_size=40))
def test_any_text(number: int, value: str) -> None:
    """Whatever stands there, nothing but the module's own error comes out."""
    try:
        parts_of(HOST.fields[number], value)
    except MessageError:
        return


def test_no_card_is_shown() -> None:
    """A second card in a private element is shown as its last four digits."""
    track = (CARD + "=291").encode()
    elements = {3: "009000", 48: "0080000000000000" + b"20".hex() + track.hex(), 55: "5A08" + CARD}
    raw = Codec(HOST).encode("0200", elements)
    lines = describe(Codec(HOST).decode(raw).elements, HOST)
    assert [line.number for line in lines] == [
        "003",
        "003.1",
        "003.2",
        "003.3",
        "048",
        "048.9",
        "055",
        "055.5A",
    ]
    assert CARD not in repr(lines)
    assert lines[3].name == "To"
    assert lines[5].value == "************0004=291"


def test_layouts_that_are_not_known() -> None:
    """The loader names them."""
    with pytest.raises(Problems, match=r"(?s)elements\.4\.nested.*elements\.5\.parts"):
        dialect_from_toml(
            'name="h"\nextends="iso87-ascii"\n[elements]\n'
            '4 = { format = "n12", nested = "soup" }\n'
            '5 = { format = "n12", nested = "positional", parts = 5 }\n',
            where="h.toml",
        )
