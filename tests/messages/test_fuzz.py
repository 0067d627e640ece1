"""A short turn of the fuzzer, and inputs that would fill or exhaust what has no bound."""

import pytest

from messages.codec import PLANS_MAX, Codec
from messages.dialect import load_dialect
from messages.errors import MessageError
from messages.framing import framing_named
from messages.tlv import read_ber
from tests.fuzz.messages import Target, fuzz
from tests.messages.wire import NOW, link


def test_ten_thousand_inputs() -> None:
    """Nothing but our own errors; `make fuzz` does ten million."""
    fuzz(10_000, 7, Target(), is_timed=False)


def test_functions_are_bounded() -> None:
    """A peer that sends ever new bitmaps does not fill the memory."""
    codec = Codec(load_dialect("iso87-ascii"))
    free = list(range(105, 119))
    for choice in range(PLANS_MAX + 50):
        elements = {3: "000000"} | {number: "" for bit, number in enumerate(free) if choice >> bit & 1}
        assert codec.decode(codec.encode("0200", elements)).elements == elements
    assert codec._decoders_left == 0
    assert len(codec._encoders) <= PLANS_MAX


def test_deep_templates() -> None:
    """Templates in templates in templates do not recurse."""
    deep = b""
    for _ in range(300):
        length = len(deep)
        head = bytes([length]) if length < 0x80 else b"\x82" + length.to_bytes(2, "big")
        deep = b"\xe0" + head + deep
    assert len(read_ber(deep)) == 300
    with pytest.raises(MessageError):
        read_ber(b"\x9f" + b"\xff" * 100_000)


def test_a_flood_of_polls() -> None:
    """Many small frames in one segment are many small answers."""
    events = link().receive_data(framing_named("bin2").wrap(b"") * 4000, NOW)
    assert len(events) == 4000
