"""A link keeps its head whatever arrives, in whatever pieces."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from messages.errors import FrameError
from messages.link import Event, LinkFailed
from tests.messages.wire import NOW, SALE, frame, link, tags, told

STREAM = b"".join(
    [
        frame("0200", SALE),
        b"\0\0",
        frame("0800", {11: "000009", 70: "301"}),
        frame("0210", SALE),
        frame("0200", {**SALE, 4: "x" * 12}),
        frame("0400", {**SALE, 48: tags(t023="A1")}),
        frame("0100", {**SALE, 3: "310000", 41: "T9999999"}),
    ]
)
EVENTS = ["EARN", "keep-alive", "00", "30/004", "REVERSAL", "refused TERMINAL_UNKNOWN"]


def sliced(stream: bytes, cuts: list[int]) -> list[Event]:
    """The events of *stream* when it arrives in pieces."""
    pair = link()
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    events: list[Event] = []
    for start, stop in pairwise(places):
        events += pair.receive_data(stream[start:stop], NOW)
    assert not pair.frame_started
    return events


@given(cuts=st.lists(st.integers(min_value=0, max_value=2000)))
def test_any_slicing(cuts: list[int]) -> None:
    """However the network slices the stream, the same events come out in order."""
    assert [told(event) for event in sliced(STREAM, cuts)] == EVENTS


def test_byte_by_byte() -> None:
    """The worst of all slicings."""
    assert [told(event) for event in sliced(STREAM, list(range(len(STREAM))))] == EVENTS


def test_frame_started() -> None:
    """The listener's timer runs from a frame's first byte to its last."""
    pair = link()
    raw = frame("0200", SALE)
    assert not pair.frame_started
    for at in range(len(raw)):
        pair.receive_data(raw[at : at + 1], NOW)
        assert pair.frame_started == (at + 1 < len(raw))


def test_a_frame_above_the_largest() -> None:
    """It ends the link, after what came before it was taken; nothing is read from then on."""
    pair = link()
    events = pair.receive_data(frame("0200", SALE) + b"\x20\x01" + b"0" * 20, NOW)
    assert [told(event) for event in events] == ["EARN", "hang-up"]
    failure = events[-1]
    assert isinstance(failure, LinkFailed)
    assert isinstance(failure.error, FrameError)
    assert str(failure.error) == (
        "stream: a frame of 8193 bytes is announced, the largest is 8192"
        " (compare the framing of both sides: `puntual message doctor` guesses it from bytes)"
    )
    assert pair.receive_data(frame("0200", SALE), NOW) == []


def test_the_largest_frame() -> None:
    """A frame of exactly the largest size is taken."""
    events = link().receive_data(b"\x20\x00" + b"0" * 8192, NOW)
    assert [told(event) for event in events] == ["hang-up"]
    assert not isinstance(events[0].error, FrameError)  # type: ignore[union-attr]  # it is a hang-up


def test_nothing_after_a_failure() -> None:
    """What follows an unreadable message in the same segment is not taken."""
    events = link().receive_data(b"\x00\x02ab" + frame("0200", SALE), NOW)
    assert [told(event) for event in events] == ["hang-up"]


@given(data=st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    """Whatever arrives, the link returns events and never raises."""
    link().receive_data(data, NOW)


@given(place=st.integers(0, len(STREAM) - 1), byte=st.integers(0, 255))
def test_any_damage(place: int, byte: int) -> None:
    """One wrong byte anywhere: answers, events or a hang-up, never an exception."""
    events = link().receive_data(STREAM[:place] + bytes([byte]) + STREAM[place + 1 :], NOW)
    assert all(told(event) for event in events)


@given(
    text=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
    element=st.sampled_from([48, 63]),
)
def test_any_sub_elements(text: str, element: int) -> None:
    """Tags and baskets are parsed with the same care as messages."""
    [event] = link().receive_data(frame("0200", {**SALE, element: text}), NOW)
    assert told(event).split()[0] in ("EARN", f"30/{element:03}")
