"""A codec reads and writes messages of one dialect, by its field table.

Reading walks from MTI to bitmaps to elements and knows two sorts of damage. After some (a value with a
letter in an amount) the next element can still be found: it is noted and reading goes on. Others (a
length that is no number, a frame that ends too early) end the reading. ``examine`` returns what could be
read together with all that is wrong, so that a request can be refused with the lowest faulty element.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from messages.decoders import Decode, compile_decoder
from messages.encoders import Encode, compile_encoder
from messages.errors import Kind, MessageError, name_of
from messages.message import Message
from messages.spec import Dialect, Encoding, Field
from messages.values import (
    Charset,
    ValueProblem,
    bounds,
    check_content,
    length_of,
    read_value,
    write_length,
    write_value,
)

_WINDOW_BYTES: Final = 8
_HEX: Final = re.compile(r"[0-9A-Fa-f]{16}")


# How many sets of elements get functions of their own, for either direction. Bitmaps are the peer's to
# choose, so there is a bound; whoever uses more of them is served by the interpreter.
PLANS_MAX: Final = 512
# A function of very many elements would take long to generate; nobody sends such messages often.
PLAN_ELEMENTS_MAX: Final = 40
_Plan = Decode | dict[bytes, Decode]


class Codec:
    """Reads and writes messages of *dialect*.

    Attributes:
        suits: Names of profiles that are known to be able to read the dialect.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.suits: set[str] = set()
        self._charset = Charset(dialect.codepage)
        self._mti_pattern = re.compile(dialect.mti_pattern)
        self._bitmap_size = 8 if dialect.bitmaps.encoding is Encoding.BINARY else 16
        self._mti_size = 2 if dialect.mti is Encoding.BCD else 4
        self._mti_at = slice(0, self._mti_size)
        self._bitmap_at = slice(self._mti_size, self._mti_size + self._bitmap_size)
        self._second_at = slice(self._bitmap_at.stop, self._bitmap_at.stop + self._bitmap_size)
        self._mtis: dict[bytes, str] = {}
        self._mtis_written: set[str] = set()
        self._decoders: dict[bytes, _Plan] = {}
        self._encoders: dict[tuple[int, ...], Encode] = {}
        self._decoders_left = PLANS_MAX

    def decode(self, data: bytes, header: bytes = b"") -> Message:
        """The message in *data*.

        Raises:
            MessageError: Something is wrong with it: the first thing, in the order of the wire.
        """
        try:
            plan = self._decoders[data[self._bitmap_at]]
            if type(plan) is dict:
                plan = plan[data[self._second_at]]
            return Message(self._mtis[data[self._mti_at]], plan(data), header)  # type: ignore[operator]  # a dict was opened above
        except (LookupError, ValueError):
            message = self.examine(data, header)
        if message.faults:
            raise message.faults[0]
        return message

    def examine(self, data: bytes, header: bytes = b"") -> Message:
        """What can be read of *data*, with all that is wrong.

        Raises:
            MessageError: MTI or bitmaps cannot be read, so nothing can.
        """
        try:
            plan = self._decoders[data[self._bitmap_at]]
            if type(plan) is dict:
                plan = plan[data[self._second_at]]
            return Message(self._mtis[data[self._mti_at]], plan(data), header)  # type: ignore[operator]  # a dict was opened above
        except (LookupError, ValueError):
            pass  # it is new, or something is wrong with it
        message = self._interpret(data, header)
        if not message.faults:
            self._learn_to_decode(message.mti, data)
        return message

    def _interpret(self, data: bytes, header: bytes) -> Message:
        mti = self._read_mti(data)
        numbers, at = self._read_bitmaps(data)
        elements: dict[int, str] = {}
        faults: list[MessageError] = []
        number = 1
        for number in numbers:
            field = self.dialect.fields.get(number)
            start = at
            try:
                at, length, value_at = bounds(field, data, at, self._charset)
            except ValueProblem as problem:
                faults.append(self._error(problem, number, data, start))
                return Message(mti, elements, header, tuple(faults), is_cut=True)
            assert field is not None
            try:
                text = read_value(field, data[value_at:at], length, self._charset)
                if self.dialect.checks_content:
                    check_content(field.content, text)
                elements[number] = text
                if number == 65 and self.dialect.bitmaps.third_in_65:
                    numbers += [129 + bit for bit in range(128) if int(text, 16) >> 127 - bit & 1]
            except ValueProblem as problem:
                faults.append(self._error(problem, number, data, value_at))
        if at != len(data):
            behind = ValueProblem(Kind.TRAILING_DATA, f"{len(data) - at} bytes follow the last element")
            faults.append(self._error(behind, number, data, at))
        return Message(mti, elements, header, tuple(faults))

    def encode(self, mti: str, elements: Mapping[int, str]) -> bytes:
        """The bytes of a message.

        Raises:
            MessageError: An element is not in the dialect, or cannot carry its value.
        """
        order = tuple(elements)
        try:
            encode = self._encoders[order]
            if mti in self._mtis_written:
                return encode(mti, elements)
        except (LookupError, ValueError):
            pass  # it is new, or something is wrong with it
        data = self._write(mti, elements)
        self._mtis_written.add(mti)  # there are not many
        if len(self._encoders) < PLANS_MAX and self._deserves_plan(order):
            bitmaps = self._write_bitmaps(sorted(elements))
            self._encoders[order] = compile_encoder(self.dialect, order, bitmaps)
        return data

    def _write(self, mti: str, elements: Mapping[int, str]) -> bytes:
        numbers = sorted(elements)
        parts = [self._write_mti(mti), self._write_bitmaps(numbers)]
        for number in numbers:
            try:
                parts.append(self._write_element(self.dialect.fields.get(number), elements[number]))
            except ValueProblem as problem:
                raise MessageError(problem.what, kind=problem.kind, element=number) from None
        return b"".join(parts)

    def _learn_to_decode(self, mti: str, data: bytes) -> None:
        """Generate a decoder for the bitmaps of *data*, which could be read."""
        self._mtis[data[: self._mti_size]] = mti  # there are not many
        numbers, at = self._read_bitmaps(data)
        if not self._decoders_left or not self._deserves_plan(numbers):
            return
        plan = compile_decoder(self.dialect, numbers, at)
        first = data[self._bitmap_at]
        match (at - self._mti_size) // self._bitmap_size:
            case 1:
                self._decoders[first] = plan
            case 2:
                seconds = self._decoders.setdefault(first, {})
                assert isinstance(seconds, dict)
                seconds[data[self._second_at]] = plan
            case _:
                return  # nobody sends a third bitmap often
        self._decoders_left -= 1

    def _deserves_plan(self, numbers: Sequence[int]) -> bool:
        has_more_in_65 = self.dialect.bitmaps.third_in_65 and 65 in numbers
        return len(numbers) <= PLAN_ELEMENTS_MAX and not has_more_in_65

    # --- what stands before the elements

    def _read_mti(self, data: bytes) -> str:
        raw = data[: self._mti_size]
        if len(raw) < self._mti_size:
            problem = ValueProblem(Kind.TRUNCATED_MTI, "the message ends within the MTI")
            raise self._error(problem, 0, data, 0)
        match self.dialect.mti:
            case Encoding.BCD:
                mti = raw.hex()
            case Encoding.EBCDIC:
                mti = self._charset.decode(raw)
            case _:
                mti = raw.decode("latin-1")
        if not mti.isascii() or self._mti_pattern.fullmatch(mti) is None:
            raise self._error(ValueProblem(Kind.BAD_MTI, "this is not a message type"), 0, data, 0)
        return mti

    def _write_mti(self, mti: str) -> bytes:
        if len(mti) != 4 or not mti.isascii() or self._mti_pattern.fullmatch(mti) is None:
            raise MessageError("this is not a message type", kind=Kind.BAD_MTI, element=0)
        match self.dialect.mti:
            case Encoding.BCD:
                return bytes.fromhex(mti)
            case Encoding.EBCDIC:
                return self._charset.encode(mti)
            case _:
                return mti.encode("ascii")

    def _read_bitmaps(self, data: bytes) -> tuple[list[int], int]:
        """Numbers of the elements that are present, and where the first begins."""
        bitmaps = self.dialect.bitmaps
        at = self._mti_size
        numbers: list[int] = []
        indicators: set[int] = set()
        index = 0
        more = True
        while more:
            bits = self._read_bitmap(data, at)
            at += self._bitmap_size
            first = 64 * index
            numbers += [first + 1 + bit for bit in range(64) if bits >> 63 - bit & 1]
            index += 1
            if bitmaps.always:
                more = index < bitmaps.always
            else:
                more = bool(bits >> 63) and index < bitmaps.most and not (index == 2 and bitmaps.third_in_65)
                if more or index == 1:
                    indicators.add(first + 1)
        return [number for number in numbers if number not in indicators], at

    def _read_bitmap(self, data: bytes, at: int) -> int:
        raw = data[at : at + self._bitmap_size]
        if len(raw) < self._bitmap_size:
            problem = ValueProblem(Kind.TRUNCATED_BITMAP, "the message ends within a bitmap")
            raise self._error(problem, 1, data, at)
        if self.dialect.bitmaps.encoding is Encoding.BINARY:
            return int.from_bytes(raw, "big")
        is_ebcdic = self.dialect.bitmaps.encoding is Encoding.HEX_EBCDIC
        text = self._charset.decode(raw) if is_ebcdic else raw.decode("latin-1")
        if _HEX.fullmatch(text) is None:
            problem = ValueProblem(Kind.BAD_BITMAP_CHARACTERS, "a bitmap is not hexadecimal")
            raise self._error(problem, 1, data, at)
        return int(text, 16)

    def _write_bitmaps(self, numbers: list[int]) -> bytes:
        bitmaps = self.dialect.bitmaps
        if bitmaps.third_in_65 and 65 in numbers:
            numbers = [number for number in numbers if number <= 128]  # the others are in the value of 65
        last = numbers[-1] if numbers else 0
        count = bitmaps.always or max(1, (last + 63) // 64)
        if count > max(bitmaps.most, bitmaps.always) or (numbers and numbers[0] < 1):
            raise MessageError("the dialect has no such element", kind=Kind.UNDEFINED_FIELD, element=last)
        bits = 0
        for number in numbers:
            bits |= 1 << 64 * count - number
        if not bitmaps.always:
            for index in range(count - 1):
                bits |= 1 << 64 * (count - index) - 1
        raw = bits.to_bytes(8 * count, "big")
        match bitmaps.encoding:
            case Encoding.BINARY:
                return raw
            case Encoding.HEX_EBCDIC:
                return self._charset.encode(raw.hex().upper())
            case _:
                return raw.hex().upper().encode("ascii")

    # --- elements

    def _write_element(self, field: Field | None, text: str) -> bytes:
        if field is None:
            raise ValueProblem(Kind.UNDEFINED_FIELD, "the dialect has no such element")
        if self.dialect.checks_content:
            check_content(field.content, text)
        value = write_value(field, text, self._charset)
        length = length_of(field, text)
        if field.prefix is None:
            if length != field.length:
                raise ValueProblem(Kind.BAD_VALUE, f"the length is {length}, not {field.length}")
            return value
        if length > field.length:
            raise ValueProblem(Kind.LENGTH_EXCEEDS_MAX, f"{length} is more than {field.length}")
        return write_length(field.prefix, length, self._charset) + value

    def _error(self, problem: ValueProblem, element: int, data: bytes, offset: int) -> MessageError:
        return MessageError(
            problem.what,
            kind=problem.kind,
            element=element,
            offset=offset,
            window=masked_window(data, offset),
            hint=_hint(problem.kind, element),
        )


def masked_window(data: bytes, offset: int) -> str:
    """The bytes from *offset* on in hexadecimal, with everything hidden that could be somebody's data.

    Digits and letters lose their lower half, packed digits both: length, case and encoding stay visible.
    """
    shown = []
    for byte in data[offset : offset + _WINDOW_BYTES]:
        high, low = byte >> 4, byte & 15
        if high == 3:
            shown.append("3_")
        elif high <= 9 and low <= 9 and byte > 0x09:
            shown.append("__")
        elif high > 3:
            shown.append(f"{high:X}_")
        else:
            shown.append(f"{byte:02X}")
    return " ".join(shown)


def _hint(kind: Kind, element: int) -> str:
    match kind:
        case Kind.BAD_MTI | Kind.TRUNCATED_MTI:
            return "check framing and header with `puntual message doctor`"
        case Kind.TRAILING_DATA | Kind.LENGTH_EXCEEDS_MAX | Kind.BAD_LENGTH_INDICATOR | Kind.TRUNCATED_FIELD:
            return f"compare the lengths of the elements up to {name_of(element)} with the dialect"
        case Kind.UNDEFINED_FIELD:
            return "add the element to the dialect, or clear its bit"
        case _:
            return ""
