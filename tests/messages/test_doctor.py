"""The doctor's first guess is right for every dialect and framing that comes along."""

import pytest

from messages.codec import Codec
from messages.dialect import load_dialect, shipped_dialects
from messages.doctor import NO_FRAMING, explain_failure, guess
from messages.framing import framing_named
from tests.messages.wire import CARD

BASE_87 = {2: CARD, 3: "000000", 4: "000000001234", 7: "1121120000", 11: "000001", 12: "120000", 13: "1121"}
BASE_93 = {2: CARD, 3: "000000", 4: "000000001234", 11: "000001", 12: "261121120000", 22: "A1", 24: "200"}
TERMINAL = {41: "T0000001", 49: "978"}
# What each dialect has that the others have not.
SAMPLES = {
    "iso87-ascii": ("0200", BASE_87 | TERMINAL | {48: "023004A123"}),
    "iso87-ascii-binbitmap": ("0200", BASE_87 | TERMINAL | {48: "023004A123", 55: "9F26081122334455667788"}),
    "iso87-bcd": ("0200", BASE_87 | TERMINAL | {35: CARD + "D291210112", 62: "000123"}),
    "iso87-ebcdic": ("0200", BASE_87 | TERMINAL),
    "iso93-ascii": ("1200", BASE_93 | TERMINAL | {22: "A1".ljust(12)}),
    "iso93-binary": ("1200", BASE_93 | TERMINAL | {22: "A1".ljust(12), 2: CARD[:15]}),
    "iso2003-binary": (
        "2200",
        {
            2: CARD,
            3: "000000",
            4: "0978200000001234",
            11: "000000000001",
            12: "20261121120000",
            41: "T1".ljust(16),
        },
    ),
    "vaps93": ("1200", BASE_93 | TERMINAL | {22: "A1".ljust(12), 48: "08" + "00" * 7, 62: "01IPR05HELLO"}),
    "ifsf93": (
        "1200",
        BASE_93 | TERMINAL | {22: "A1".ljust(12), 48: "08" + "00" * 7, 62: "04" + "0102" + "1" + "005HELLO"},
    ),
    "smartvista": (
        "0200",
        BASE_87 | {12: "261121120000", 24: "200", 41: "T0000001", 49: "643", 48: "001003ABC"},
    ),
    "unionpay87": ("0200", BASE_87 | TERMINAL | {35: CARD + "D29121011", 60: "22000001", 62: "3132"}),
}


def test_every_dialect_has_a_sample() -> None:
    """A dialect that is added needs a sample here."""
    assert set(SAMPLES) == set(shipped_dialects())


@pytest.mark.parametrize("name", SAMPLES)
def test_dialects(name: str) -> None:
    """The dialect is the first guess, in a frame and without."""
    mti, elements = SAMPLES[name]
    raw = Codec(load_dialect(name)).encode(mti, dict(sorted(elements.items())))
    first = guess(raw)[0]
    assert (first.framing, first.dialects[0]) == (NO_FRAMING, name)
    framed = guess(framing_named("bin2").wrap(raw) * 2)[0]
    assert (framed.framing, framed.dialects[0]) == ("bin2", name)
    assert framed.messages[0].elements == elements


@pytest.mark.parametrize(
    "name",
    [
        "bin2", "bin2-incl", "bin2+tpdu", "bcd2", "bcd2+tpdu", "ascii4", "ascii4-incl", "ascii6", "hex4",
        "raw4", "bin3", "cs", "vap", "base24", "base24tcp", "stx-etx-lrc", "bin2+tpdu+6", "a4m", "rbp",
    ],
)  # fmt: skip
def test_framings(name: str) -> None:
    """The framing is the first guess."""
    mti, elements = SAMPLES["iso87-ascii"]
    framing = framing_named(name)
    raw = Codec(load_dialect("iso87-ascii")).encode(mti, dict(sorted(elements.items())))
    header = (
        b"\x60" + bytes(10) if name == "bin2+tpdu+6" else b"\x60\x00\x01\x00\x00" if "tpdu" in name else b""
    )
    assert guess(framing.wrap(raw, header) * 2)[0].framing == name


def test_a_dialect_of_somebody_else() -> None:
    """What no dialect reads is still told its framing, when every frame begins with a message type."""
    strange = b"0200" + b"\xff" * 40
    for name in ("bin2", "ascii4", "bcd2+tpdu"):
        header = b"\x60\x00\x01\x00\x00" if "tpdu" in name else b""
        [first, *_] = guess(framing_named(name).wrap(strange, header) * 3)
        assert (first.framing, first.dialects, first.messages) == (name, (), ())


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"\x16\x03\x01\x02\x00\x01", "this is a TLS hello"),
        (b"GET / HTTP/1.1\r\n\r\n", "this is HTTP"),
        (b"SSH-2.0-x\r\n", "this is SSH"),
        (b"\x00\x01\x02", "a whole frame is needed"),
    ],
)
def test_strangers(raw: bytes, expected: str) -> None:
    """What is no ISO 8583 is recognized where it can be."""
    assert guess(raw) == []
    assert expected in explain_failure(raw)
