"""Frames on the wire: slices, several in a segment, keep-alives, and clean hang-ups."""

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.conformance.answers import check_answer
from tests.conformance.deployment import Switch
from tests.conformance.till import Answer, Link, Till, frame

KEEP_ALIVE = b"\x00\x00"
FRAME_SIZE_MAX = 8192
FRAME_TIME_S = 5


@dataclass(slots=True, kw_only=True)
class Waiting:
    """Two connections that wait while the other tests of this module run: in a frame, and between frames."""

    idle: Link
    watcher: threading.Thread
    closed_after_s: list[float]


@pytest.fixture(scope="module", autouse=True)
def waiting(switch: Switch) -> Iterator[Waiting]:
    """Begins a frame and watches when the switch gives it up."""
    closed_after_s: list[float] = []
    with Link(switch.iso8583, timeout_s=FRAME_TIME_S + 4) as slow, Link(switch.iso8583) as idle:
        started = time.monotonic()
        slow.send(frame(b"0200" + b"0" * 40)[:10])

        def watch() -> None:
            if slow.is_closed_by_switch():
                closed_after_s.append(time.monotonic() - started)

        watcher = threading.Thread(target=watch)
        watcher.start()
        yield Waiting(idle=idle, watcher=watcher, closed_after_s=closed_after_s)
        watcher.join(FRAME_TIME_S + 4)


def test_byte_by_byte(link: Link, till: Till, card: str) -> None:
    request = till.message("earn", card=card, amount=1000)
    for byte in frame(request.encode()):
        link.send(bytes([byte]))
    answer = Answer.decode(link.receive())
    check_answer(request, answer)
    assert answer.code == "00"


@pytest.mark.parametrize("place", [1, 2, 3, 6, 21, 22, 40])
def test_cut_once(link: Link, till: Till, card: str, place: int) -> None:
    """In the length, behind it, in the MTI, in the bitmap, in an element."""
    request = till.message("earn", card=card, amount=1000)
    data = frame(request.encode())
    link.send(data[:place])
    time.sleep(0.01)  # so that the kernel does not join the two again
    link.send(data[place:])
    assert Answer.decode(link.receive()).code == "00"


def test_two_in_one_segment(link: Link, till: Till, pool: Iterator[str]) -> None:
    requests = [till.message("earn", card=next(pool), amount=amount) for amount in (1000, 2000)]
    link.send(b"".join(frame(request.encode()) for request in requests))
    answers = [Answer.decode(link.receive()) for _ in requests]
    assert [answer.figure("050") for answer in answers] == [10, 20]
    assert [answer.element(11) for answer in answers] == [request.elements[11] for request in requests]


def test_one_and_a_half_in_one_segment(link: Link, till: Till, pool: Iterator[str]) -> None:
    requests = [till.message("earn", card=next(pool), amount=amount) for amount in (1000, 2000)]
    data = b"".join(frame(request.encode()) for request in requests)
    link.send(data[:-30])
    assert Answer.decode(link.receive()).figure("050") == 10
    link.send(data[-30:])
    assert Answer.decode(link.receive()).figure("050") == 20


def test_a_keep_alive_is_echoed(link: Link) -> None:
    link.send(KEEP_ALIVE)
    assert link.receive() == b""
    link.send(KEEP_ALIVE * 3)
    assert [link.receive() for _ in range(3)] == [b""] * 3


def test_keep_alives_between_messages(link: Link, till: Till, card: str) -> None:
    """They keep their place among the answers of the connection."""
    request = till.message("inquiry", card=card)
    link.send(KEEP_ALIVE + frame(request.encode()) + KEEP_ALIVE)
    received = [link.receive() for _ in range(3)]
    assert sorted(map(len, received))[:2] == [0, 0]
    assert Answer.decode(max(received, key=len)).code == "00"


def test_the_largest_frame(link: Link, till: Till, card: str) -> None:
    """8192 bytes are read, and answered as what they are."""
    request = till.message("earn", card=card, amount=1000, elements=dict.fromkeys(range(105, 113), "x" * 999))
    missing = FRAME_SIZE_MAX - len(request.encode())
    assert 0 < missing < 900
    filled = request.but({62: "x" * (missing - 3)})
    assert len(filled.encode()) == FRAME_SIZE_MAX
    answer = link.ask(filled)
    check_answer(filled, answer)
    assert (answer.code, answer.figure("050")) == ("00", 10)


@pytest.mark.parametrize("length", [FRAME_SIZE_MAX + 1, 0xFFFF, int.from_bytes(b"GE")])
def test_a_frame_above_the_largest_closes(link: Link, length: int) -> None:
    """Also what a browser sends first (GET)."""
    link.send(length.to_bytes(2, "big") + b"0200")
    assert link.is_closed_by_switch()


UNREADABLE = {
    "a single byte": b"0",
    "three digits": b"020",
    "an MTI alone": b"0200",
    "letters for an MTI": b"ABCD" + b"0" * 60,
    "an MTI with a sign": b"+200" + b"0" * 60,
    "an MTI of other digits": "²200".encode() + b"0" * 60,
    "half a bitmap": b"0200F230",
    "a bitmap that is no hex": b"0200" + b"X" * 16 + b"0" * 60,
    "a second bitmap that is no hex": b"0200" + b"F000000000000000" + b"Z" * 16 + b"0" * 60,
    "nothing behind the bitmap": b"0200" + b"7238000000800000",
    "ends before DE 11": b"0200" + b"7238000000800000" + b"166390120000000013" + b"000000",
    "ends before DE 41": b"0200" + b"3238000000800000" + b"000000" + b"0" * 12 + b"1121101112" + b"000001",
    "a card length that is no number": b"0200" + b"7238000000800000" + b"xx" + b"0" * 70,
    "zeros": bytes(64),
    "ones": b"\xff" * 64,
    "a binary bitmap": b"0200" + bytes.fromhex("7238000000800000") + b"0" * 60,
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_message_that_cannot_be_read_closes(link: Link, body: bytes) -> None:
    """MTI, DE 11 or DE 41 cannot be read: a clean hang-up and no byte before it."""
    link.send(frame(body))
    assert link.is_closed_by_switch()


def test_what_came_before_is_answered_first(link: Link, till: Till, card: str) -> None:
    """Reading: a good request in front of garbage is decided, and its answer is sent before the hang-up."""
    request = till.message("earn", card=card, amount=1000)
    link.send(frame(request.encode()) + frame(b"ABCD" * 20))
    assert Answer.decode(link.receive()).code == "00"
    assert link.is_closed_by_switch()


def test_other_connections_live_on(switch: Switch, link: Link, till: Till, card: str) -> None:
    with Link(switch.iso8583) as other:
        other.send(frame(b"garbage"))
        assert other.is_closed_by_switch()
    assert link.ask(till.message("inquiry", card=card)).code == "00"


def test_random_garbage_gets_an_answer_or_a_hang_up(
    switch: Switch, link: Link, till: Till, card: str
) -> None:
    """Seeded damage to a good message: an answer or a hang-up; never silence or a wreck."""
    source = random.Random(8583)
    good = till.message("earn", card=card, amount=1000, elements={48: "030004ANNA", 62: "x" * 20}).encode()
    for _ in range(120):
        body = bytearray(good)
        for _ in range(source.randint(1, 4)):
            body[source.randrange(len(body))] = source.randrange(256)
        if chr(body[2]) in "13579":
            continue  # an odd third digit is never answered
        with Link(switch.iso8583) as victim:
            victim.send(frame(bytes(body)))
            first = victim.socket.recv(2)
            assert first == b"" or len(victim.socket.recv(int.from_bytes(first, "big"))) > 0
    assert link.ask(till.network("301")).code == "00"


def test_a_client_that_leaves_early(switch: Switch, link: Link, till: Till, card: str) -> None:
    """A hang-up in the middle of a frame, or before the answer, hurts nobody; the sale counts once."""
    request = till.message("earn", card=card, amount=1000)
    with Link(switch.iso8583) as leaver:
        leaver.send(frame(request.encode())[:30])
    with Link(switch.iso8583) as leaver:
        leaver.send(frame(request.encode()))
    answer = link.ask(request.but(mti="0201"))
    assert (answer.code, answer.figure("052")) == ("00", 10)


def test_a_frame_has_to_be_complete_in_time(waiting: Waiting) -> None:
    """Five seconds from its first byte; an idle connection in between frames stays."""
    waiting.watcher.join(FRAME_TIME_S + 4)
    assert waiting.closed_after_s, "an unfinished frame was waited for"
    assert waiting.closed_after_s[0] > FRAME_TIME_S - 1
    waiting.idle.send(KEEP_ALIVE)
    assert waiting.idle.receive() == b""
