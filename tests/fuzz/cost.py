"""What reading an input costs, counted and not timed: instructions of the interpreter, and bytes of memory.

A count is the same on every machine and under every load. An instruction takes some 50 ns here with all that
it calls, so ten milliseconds are some 200,000 of them; the tests allow half.
"""

import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FrameType
from typing import Any, Final

from loyalty.errors import LoyaltyError
from messages.codec import PLAN_ELEMENTS_MAX, Codec
from messages.spec import Content, Dialect, Encoding, Field, Unit

INSTRUCTIONS_MAX: Final = 100_000
MEMORY_MAX: Final = 1 << 20
FRAME_SIZE_MAX: Final = 8192  # of the shipped settings

_MTIS: Final = {"1987": "0200", "1993": "1200", "2003": "2200"}
_SAMPLES: Final = {
    Content.MONTH_DAY: "0101",
    Content.TIME: "000000",
    Content.MOMENT: "0101000000",
    Content.DATED_TIME: "260101000000",
    Content.DATE: "260101",
}
# As many sub-elements as a layout can hold in few characters, by layout.
_SMALLEST_PARTS: Final = {"tags": "999000", "an3-ll": "AAA00", "ber": "0100", "bitmapped": "00"}


def instructions(call: Callable[[], object]) -> int:
    """How many instructions of the interpreter *call* takes."""
    count = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        count += event == "opcode"
        return trace

    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(None)
    return count


def memory(call: Callable[[], object]) -> int:
    """How many bytes *call* has in use at most, beside what was in use before."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def dear_messages(dialect: Dialect) -> Iterator[tuple[str, bytes]]:
    """Messages of *dialect* that are made to cost much, each with what is dear about it."""
    codec, mti = Codec(dialect), _MTIS[dialect.version]
    base = {number: _value(dialect.fields[number], 0) for number in (3, 4, 7, 11, 12, 41)}
    for number, field in _one_of_each_kind(dialect):
        for what, value in _bombs(field):
            raw = _encoded(codec, mti, base | {number: value})
            if raw is not None:
                yield f"{dialect.name} {number} {what}", raw
                yield f"{dialect.name} {number} {what}, cut", raw[: len(raw) // 2]
    for share in (0, 1):
        yield f"{dialect.name} all that fits, {share}", _as_much_as_fits(codec, mti, share, 128)
    # The most elements for which a function is still generated.
    yield f"{dialect.name} a new function", _as_much_as_fits(codec, mti, 0, PLAN_ELEMENTS_MAX)
    start = _encoded(codec, mti, base)
    assert start is not None
    size = 2 if dialect.mti is Encoding.BCD else 4
    for filler in (b"\xff", b"F", b"0", b"9", b"\x00", b"\x99"):
        yield f"{dialect.name} all {filler!r}", start[:size] + filler * (FRAME_SIZE_MAX - size)


def _encoded(codec: Codec, mti: str, elements: dict[int, str]) -> bytes | None:
    """The message, unless *elements* do not fit in a frame, or do not fit themselves."""
    try:
        raw = codec.encode(mti, dict(sorted(elements.items())))
    except LoyaltyError:
        return None
    return raw if len(raw) <= FRAME_SIZE_MAX else None


def _one_of_each_kind(dialect: Dialect) -> Iterator[tuple[int, Field]]:
    """An element of each sort that *dialect* has: what differs in nothing but its name costs the same."""
    kinds: dict[str, tuple[int, Field]] = {}
    for number, field in dialect.fields.items():
        if number > 1 and (number != 65 or dialect.bitmaps.third_in_65):
            kinds.setdefault(repr(replace(field, number=0, name="")), (number, field))
    yield from kinds.values()


def _as_much_as_fits(codec: Codec, mti: str, share: int, most: int) -> bytes:
    """A message with up to *most* elements, as they find room: *share* 0 short ones, 1 long ones."""
    elements: dict[int, str] = {}
    raw = b""
    for number, field in codec.dialect.fields.items():
        if number in (1, 65):
            continue
        more = elements | {number: _value(field, field.length * share)}
        wider = _encoded(codec, mti, more) if len(elements) < most else None
        if wider is not None:
            elements, raw = more, wider
    assert len(elements) > 10
    return raw


def _bombs(field: Field) -> Iterator[tuple[str, str]]:
    """Values of *field* as long as can be: plain, and full of its smallest sub-elements."""
    room = min(field.length, FRAME_SIZE_MAX // 2)
    yield "long", _value(field, room)
    layout = field.nested.split(" ")
    part = _SMALLEST_PARTS.get(layout[0])
    if layout[0] == "tlv":
        part = "9" * int(layout[1]) + "0" * int(layout[2])
    if part is not None:
        characters = 2 * room if _is_hexadecimal(field) and field.unit is not Unit.CHARACTERS else room
        yield "parts", (part * characters)[: characters - characters % len(part)]
        if layout[0] == "ber":
            yield "deep", ("E1820100" * characters)[:characters]
            yield "one tag", ("1F" + "FF" * characters)[:characters]


def _is_hexadecimal(field: Field) -> bool:
    return field.encoding in (Encoding.BINARY, Encoding.HEX, Encoding.HEX_EBCDIC)


def _value(field: Field, wanted: int) -> str:
    """A value that may stand in *field*, *wanted* long where the field leaves that open."""
    if field.content in _SAMPLES:
        return _SAMPLES[field.content]
    length = wanted if field.prefix is not None else field.length
    if field.content is Content.SIGNED:
        return "C" + "0" * (length - 1) if length else ""
    if _is_hexadecimal(field):
        return "0" * (length if field.unit is Unit.CHARACTERS else 2 * length)
    return "0" * length
