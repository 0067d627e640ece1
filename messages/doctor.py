"""What do these bytes speak? Every framing and dialect is tried; what explains most of them comes first.

A guess is evidence, not proof: some framings look alike for short messages (``raw4`` and ``gicc``), and
dialects that differ only in elements that a message does not have cannot be told apart. Guesses that explain
the bytes equally well keep the order of the tables, which begin with what is met most often. Where no dialect
that comes along reads the messages, framings are told whose frames all begin with a message type.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from messages.codec import Codec
from messages.dialect import load_dialect, shipped_dialects
from messages.errors import MessageError
from messages.framing import FRAMINGS, Frame, FrameReader, framing_named
from messages.hints import OTHERWISE, hint_for, looks_like_mti
from messages.message import Message
from messages.nested import parts_of

NO_FRAMING: Final = "none"
_PREFERRED: Final = (
    "bin2", "bin2+tpdu", "bin2+tpdu+6", "vap", "ascii4", "hex4", "bcd2+tpdu", "bcd2", "bin2-incl",
    "bin2-incl+tpdu", "cs", "raw4", "bin3", "base24tcp", "bin2+iso", "ascii4+iso", "ascii4-incl", "ascii6",
    "ascii6-incl", "raw4-incl", "stx-etx-lrc", "a4m", "nws", "rbp", "bin2+hdr6", "bin2+hdr9", "bin2+hdr12",
    "base24", "base24+iso",
)  # fmt: skip
_SIZE_MAX: Final = 1 << 16
_SIZE_MIN: Final = 10  # of a message: packed type and bitmap
_EXAMINED_MAX: Final = 8  # messages of a stream; more add nothing
_VERSIONS: Final = {"0": "1987", "1": "1993", "2": "2003"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One explanation of the bytes.

    Attributes:
        framing: Name of the framing, or ``none`` when the bytes are one message.
        dialects: Names of the dialects that read every message, the likeliest first; empty when none does.
        messages: What was found, by the first of them.
        explained: Bytes that belong to whole frames.
        evidence: In words.
        score: Higher is better; only for comparison.
    """

    framing: str
    dialects: tuple[str, ...]
    messages: tuple[Message, ...]
    explained: int
    evidence: tuple[str, ...]
    score: tuple[int, ...]


@lru_cache(maxsize=1)
def _codecs() -> dict[str, Codec]:
    """Codecs of all shipped dialects; the general ones before the starting points."""
    names = sorted(shipped_dialects(), key=lambda name: (not name.startswith("iso"), name))
    return {name: Codec(load_dialect(name)) for name in names}


def guess(data: bytes) -> list[Guess]:
    """Explanations of *data*, the best first; empty when nothing explains any of it."""
    guesses = []
    extra = tuple(name for name in FRAMINGS if name not in _PREFERRED)
    for name in (NO_FRAMING, *_PREFERRED, *extra):
        frames, explained, is_whole = _frames(name, data)
        messages = [(header, message) for header, message in frames if message][:_EXAMINED_MAX]
        if not messages:
            continue
        dialects, read, clean = _dialects(messages)
        if not dialects and not all(_begins_with_a_type(message) for _, message in messages):
            continue
        header_fits = _header_fits(name, messages)
        evidence = _evidence(name, frames, explained, len(data), dialects, clean)
        polls = sum(1 for _, message in frames if not message)
        score = (clean, header_fits, is_whole, explained * 100 // len(data), -polls)
        guesses.append(
            Guess(
                framing=name,
                dialects=dialects,
                messages=tuple(read),
                explained=explained,
                evidence=evidence,
                score=score,
            )
        )
    with_dialect = [each for each in guesses if each.dialects]
    return sorted(with_dialect or guesses, key=lambda each: each.score, reverse=True)


def explain_failure(data: bytes) -> str:
    """What to say of *data* when nothing explains it."""
    hint = hint_for(data[:16])
    return "a whole frame is needed, or a bare message" if hint == OTHERWISE else hint


def _frames(name: str, data: bytes) -> tuple[list[Frame], int, int]:
    """Frames, how many bytes are in them, and whether nothing contradicts the framing."""
    if name == NO_FRAMING:
        return [(b"", data)], len(data), 1
    reader = FrameReader(framing_named(name), _SIZE_MAX)
    frames = reader.receive_data(data)
    rest = len(reader._pending)  # noqa: SLF001  (the doctor looks into what it examines)
    if reader.failed is not None:
        return frames, sum(len(header) + len(message) for header, message in frames), 0
    return frames, len(data) - rest, 1


def _header_fits(name: str, frames: Sequence[Frame]) -> int:
    """Whether the headers look like what they are called."""
    if "tpdu" in name:
        return int(all(header[:1] == b"\x60" for header, _ in frames))
    if "hdr" in name or name == "nws":
        return 0
    if name.endswith("+iso"):
        return int(any(header for header, _ in frames))
    return 1


def _begins_with_a_type(message: bytes) -> bool:
    """Whether *message* begins with a message type, in ASCII, EBCDIC or packed, and has room for a bitmap."""
    if len(message) < _SIZE_MIN:
        return False
    starts = message[:4], message[:4].decode("cp037").encode(), message[:2].hex().encode()
    return any(looks_like_mti(start) for start in starts)


def _dialects(frames: Sequence[Frame]) -> tuple[tuple[str, ...], list[Message], int]:
    """Dialects that read the messages, likeliest first; what the first read; 2 when without any fault."""
    ranked: list[tuple[tuple[int, ...], str, list[Message]]] = []
    for name, codec in _codecs().items():
        read = []
        try:
            for header, message in frames:
                read.append(codec.examine(message, header))
        except MessageError:
            continue
        faults = sum(len(message.faults) for message in read)
        elements = sum(len(message.elements) for message in read)
        if any(message.is_cut or not looks_like_mti(message.mti.encode()) for message in read):
            continue
        if faults > elements // 4 or not elements:
            continue
        version = _VERSIONS.get(read[0].mti[0], "")
        fits = sum(_nested_fits(codec, message) for message in read)
        rank = (int(not faults), int(codec.dialect.version == version), fits, -faults)
        ranked.append((rank, name, read))
    ranked.sort(key=lambda row: row[0], reverse=True)
    if not ranked:
        return (), [], 0
    return tuple(name for _, name, _ in ranked), ranked[0][2], 1 + ranked[0][0][0]


def _nested_fits(codec: Codec, message: Message) -> int:
    """One for each element that holds what the dialect says it does, minus one for each that does not."""
    fits = 0
    for number, value in message.elements.items():
        field = codec.dialect.fields[number]
        if field.nested and (field.parts or field.nested not in ("positional", "bitmapped")):
            try:
                parts_of(field, value, codec.dialect.codepage)
            except MessageError:
                fits -= 1
            else:
                fits += 1
    return fits


def _evidence(
    name: str, frames: Sequence[Frame], explained: int, size: int, dialects: Sequence[str], clean: int
) -> tuple[str, ...]:
    whole = len([message for _, message in frames if message])
    said = [f"{whole} message(s), {explained} of {size} bytes in whole frames"]
    if name == NO_FRAMING:
        said = ["the bytes are one message without a frame"]
    if not dialects:
        said.append("message types make sense; none of the dialects that come along reads the rest")
        return tuple(said)
    said.append(f"message types and elements make sense in {dialects[0]}")
    if clean < 2:
        said.append("some elements do not keep to their format")
    if len(dialects) > 1:
        said.append(f"also readable as {', '.join(dialects[1:4])}")
    return tuple(said)
