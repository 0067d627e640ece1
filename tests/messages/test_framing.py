"""Every framing writes what it reads, in any slicing, and answers with the header that it was asked with."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.errors import DialectError
from messages.framing import FRAMINGS, FrameReader, framing_named
from messages.headers import Base1

NAMES = [
    *FRAMINGS,
    "bin2+tpdu",
    "bin2-incl+tpdu",
    "bcd2+tpdu",
    "bin2+tpdu+6",
    "ascii4+iso",
    "bin2+iso",
    "bin2+hdr6",
    "base24+iso",
]
# Frames that end with ETX cannot carry one, and a text header is there when a message begins with its name.
BODIES = st.binary(min_size=1, max_size=60).map(lambda body: b"0" + body.replace(b"\x03", b"\x04"))


@pytest.mark.parametrize("name", NAMES)
@given(bodies=st.lists(BODIES, max_size=4), cuts=st.lists(st.integers(0, 400)))
def test_any_slicing(name: str, bodies: list[bytes], cuts: list[int]) -> None:
    """What is wrapped comes out again, in order, wherever the stream is cut."""
    framing = framing_named(name)
    stream = b"".join(framing.wrap(body) for body in bodies)
    reader = FrameReader(framing, 4096)
    frames = []
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    for start, stop in pairwise(places):
        frames += reader.receive_data(stream[start:stop])
    assert reader.failed is None
    assert not reader.frame_started
    assert [message for _, message in frames] == bodies


@pytest.mark.parametrize("name", NAMES)
@given(data=st.binary(max_size=200))
def test_any_bytes(name: str, data: bytes) -> None:
    """A reader takes whatever comes, and stops when it makes no sense."""
    reader = FrameReader(framing_named(name), 100)
    for at in range(0, len(data), 7):
        reader.receive_data(data[at : at + 7])
    if reader.failed is not None:
        assert reader.receive_data(data) == []


@pytest.mark.parametrize(
    ("name", "asked", "answered"),
    [
        ("bin2", "0003616263", "000178"),
        ("bin2-incl", "0005616263", "000378"),
        ("bcd2", "0003616263", "000178"),
        ("ascii4", "30303033616263", "3030303178"),
        ("ascii4-incl", "30303037616263", "3030303578"),
        ("ascii6", "303030303033616263", "30303030303178"),
        ("hex4", "30303033616263", "3030303178"),
        ("raw4", "00000003616263", "0000000178"),
        ("bin3", "000003616263", "00000178"),
        ("cs", "00030000616263", "0001000078"),
        ("gicc", "00000003616263", "0000000178"),
        ("base24", "61626303", "7803"),
        ("base24tcp", "000461626303", "00027803"),
        ("stx-etx-lrc", "026162630363", "0278037b"),
        ("bin2+tpdu", "000860001000026162" + "63", "0006600002001078"),
        ("bcd2+tpdu", "000860001000026162" + "63", "0006600002001078"),
        ("bin2+hdr2", "0005aabb616263", "0003aabb78"),
        (
            "ascii4+iso",
            "30303135" + b"ISO015000050".hex() + "616263",
            "30303133" + b"ISO015000050".hex() + "78",
        ),
        ("ascii4+iso", "30303033616263", "3030303178"),
        (
            "vap",
            "0019" + "0000" + "1601020019" + "111111" + "222222" + "00" * 11 + "616263",
            "0017" + "0000" + "1601020017" + "222222" + "111111" + "00" * 11 + "78",
        ),
    ],
)
def test_answers(name: str, asked: str, answered: str) -> None:
    """The answer's header is made from the request's: addresses exchanged, the rest kept."""
    framing = framing_named(name)
    [(header, message)] = FrameReader(framing, 100).receive_data(bytes.fromhex(asked))
    assert message == b"abc"
    assert framing.wrap(b"x", header).hex() == answered


@pytest.mark.parametrize(
    ("name", "poll"),
    [
        ("bin2", "0000"),
        ("bin2-incl", "0000"),
        ("bin2-incl", "0002"),
        ("ascii4", "30303030"),
        ("gicc", "00000000"),
        ("cs", "00000000"),
        ("bin3", "000000"),
        ("base24", "03"),
        ("bin2+tpdu", "0000"),
        ("bin2+tpdu", "00056000100002"),
    ],
)
def test_polls(name: str, poll: str) -> None:
    """A frame without a message is given back as it came."""
    assert FrameReader(framing_named(name), 100).receive_data(bytes.fromhex(poll)) == [
        (bytes.fromhex(poll), b"")
    ]


@pytest.mark.parametrize(
    ("name", "stream", "expected"),
    [
        ("bin2", "30303430", "the length is written as digits: set the framing to ascii4, ascii6 or hex4"),
        ("bin2", "30323030", "a message begins here without a length"),
        ("bin2", "1603010200", "this is a TLS hello"),
        ("bin2", "474554202f", "this is HTTP"),
        ("ascii4", "0040303230", "compare the framing of both sides"),
        ("ascii4", "2b303430", "what should be the length of a frame is none"),
        ("ascii4", "20203430", "what should be the length of a frame is none"),
        ("bcd2", "00a0", "what should be the length of a frame is none"),
        ("bin2-incl", "0001", "a frame of -1 bytes is announced"),
        ("bin2+tpdu", "0003600010", "a frame ends within its header"),
        ("base24tcp", "0003616263", "a frame lacks its end"),
        ("base24", "61" * 200, "a frame does not end within 100 bytes"),
        ("stx-etx-lrc", "0261626303ff", "the check byte of a frame is wrong"),
        ("stx-etx-lrc", "6161", "what should be the start of a frame is none"),
        ("gicc", "01000003616263", "what should be the length of a frame is none"),
    ],
)
def test_what_goes_wrong(name: str, stream: str, expected: str) -> None:
    """A stream that cannot be read ends with a reason and a hint."""
    reader = FrameReader(framing_named(name), 100)
    assert reader.receive_data(bytes.fromhex(stream)) == []
    assert expected in str(reader.failed)


def test_serial_lines_chat() -> None:
    """Acknowledgements between frames are no frames."""
    stream = bytes.fromhex("0605" + "026162630363" + "06" + "026162630363" + "04")
    frames = FrameReader(framing_named("stx-etx-lrc"), 100).receive_data(stream)
    assert [message for _, message in frames] == [b"abc", b"abc"]


def test_reject_header_before_the_header() -> None:
    """A BASE I message that comes back rejected has two headers; the answer has one."""
    reject, own = b"\x1a\x01" + bytes(24), b"\x16\x01\x02" + bytes(19)
    assert Base1().size_of(reject + own + b"0100") == 48
    assert len(Base1().answer(reject + own, 4)) == 22


@pytest.mark.parametrize("name", ["bin5", "bin2+none", "vap+tpdu", "bin2+hdr0", ""])
def test_unknown_names(name: str) -> None:
    """A framing that does not exist is refused with those that do."""
    with pytest.raises(DialectError, match="there is no"):
        framing_named(name)
