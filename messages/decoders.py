"""Generates the function that reads the elements of one bitmap: slices at places known beforehand."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from messages.compiled import (
    CHARACTERS,
    DIGIT_CONTENTS,
    LEFT_FILLERS,
    ZERO_FILLERS,
    Checks,
    built,
    indicators,
    moment_checks,
)
from messages.spec import Content, Dialect, Encoding, Field, Prefix, Unit
from messages.values import HEX_TEXT, Charset, wire_size

Decode = Callable[[bytes], dict[int, str]]


@lru_cache(maxsize=64)
def _lengths(prefix: Prefix, most: int, codepage: str) -> dict[str, int]:
    """The length of each indicator; what is no number, or more than *most*, is not in it."""
    return {text: length for length, text in enumerate(indicators(prefix, most, codepage))}


@dataclass(frozen=True, slots=True)
class _Place:
    """A byte of the message: *offset* bytes behind the start (segment 0) or a variable element (1, 2, …)."""

    segment: int
    offset: int

    def plus(self, count: int) -> "_Place":
        return _Place(self.segment, self.offset + count)

    def in_source(self, source: str, more: int = 0) -> str:
        """The index of this byte, or of its first half and *more*, in a text of the message."""
        name, offset = ("q", 2 * self.offset + more) if source == "h" else ("p", self.offset + more)
        if self.segment == 0:
            return str(offset)
        return f"{name}{self.segment} + {offset}" if offset else f"{name}{self.segment}"


# A slice between two bytes of one segment, until it is known how the segment is best cut.
_CUT: Final = re.compile(r"<([teh]) ([0-9]+) ([0-9]+) ([0-9]+)>")


class _Reader:
    """Generates the decoder of one bitmap, element by element."""

    def __init__(self, dialect: Dialect, start: int) -> None:
        self._dialect = dialect
        self._place = _Place(0, start)
        self._names: dict[str, Any] = {}
        self._lines: list[str] = []
        self._checks = Checks(dialect)
        self._results: list[str] = []
        self._sources: set[str] = set()
        self._run: tuple[str, _Place, _Place] | None = None  # digits side by side, checked at once

    def add(self, field: Field) -> None:
        value = f"a{field.number}"
        start = self._place
        if field.prefix is None:
            stop = start.plus(wire_size(field, field.length))
            self._take(field, value, start, stop)
        else:
            self._length(field, field.prefix, start)
            behind = start.plus(field.prefix.width)
            stop = _Place(start.segment + 1, 0)
            size = f"n{field.number}"
            if field.unit is Unit.DIGITS:
                size = f"({size} + 1 >> 1)"
            elif wire_size(field, 1) == 2:
                size = f"2 * {size}"
            self._lines.append(f"p{stop.segment} = {behind.in_source('t')} + {size}")
            self._lines.append(f"q{stop.segment} = 2 * p{stop.segment}")
            self._take(field, value, behind, stop)
        self._place = stop
        if not self._joins_run(field, start, stop):
            self._checks.add(value, field)
        self._results.append(f"{field.number}: {value}")

    def _length(self, field: Field, prefix: Prefix, start: _Place) -> None:
        stop = start.plus(prefix.width)
        name = f"n{field.number}"
        if prefix.encoding is Encoding.BINARY:
            raw = f"data[{start.in_source('t')}:{stop.in_source('t')}]"
            self._lines.append(f"{name} = int.from_bytes({raw}, 'big')")
            self._checks.conditions.append(f"{name} <= {field.length}")
            return
        table = f"L{field.number}"
        self._names[table] = _lengths(prefix, field.length, self._dialect.codepage)
        source = "h" if prefix.encoding is Encoding.BCD else CHARACTERS[prefix.encoding]
        self._lines.append(f"{name} = {table}[{self._slice(source, start, stop)}]")

    def _joins_run(self, field: Field, start: _Place, stop: _Place) -> bool:
        """Check the digits of *field* together with those before it, where nothing lies between them."""
        source = _source_of_digits(field, self._dialect)
        if source is None:
            return False
        if self._run is not None and self._run[0] == source and self._run[2] == start:
            self._run = (source, self._run[1], stop)
        else:
            self._end_run()
            self._run = (source, start, stop)
        if self._dialect.checks_content:
            self._checks.conditions += moment_checks(f"a{field.number}", field.content)
        return True

    def _end_run(self) -> None:
        if self._run is not None:
            self._checks.digits.append(self._slice(*self._run))
            self._checks.may_be_empty = False
        self._run = None

    def _slice(self, source: str, start: _Place, stop: _Place, skip: int = 0, leave: int = 0) -> str:
        """The text from *start* to *stop*, without *skip* halves at its beginning and *leave* at its end."""
        self._sources.add(source)
        if start.segment == stop.segment and not (skip or leave):
            return f"<{source} {start.segment} {start.offset} {stop.offset}>"
        return f"{source}[{start.in_source(source, skip)}:{stop.in_source(source, -leave)}]"

    def _take(self, field: Field, value: str, start: _Place, stop: _Place) -> None:
        """Put what lies between *start* and *stop* into *value*."""
        if field.encoding is Encoding.SIGNED_BCD:
            sign, digits = self._slice("t", start, start.plus(1)), self._slice("h", start.plus(1), stop)
            self._lines.append(f"{value} = {sign} + {digits}")
        elif field.encoding in CHARACTERS:
            upper = ".upper()" if field.encoding in HEX_TEXT else ""
            self._lines.append(f"{value} = {self._slice(CHARACTERS[field.encoding], start, stop)}{upper}")
        else:
            upper = "" if field.encoding is Encoding.BCD and field.content in DIGIT_CONTENTS else ".upper()"
            self._lines.append(f"{value} = {self._halves(field, start, stop)}{upper}")

    def _halves(self, field: Field, start: _Place, stop: _Place) -> str:
        """Packed digits or bytes between *start* and *stop*, without a filler."""
        if field.unit is not Unit.DIGITS or (field.prefix is None and field.length % 2 == 0):
            return self._slice("h", start, stop)
        self._sources.add("h")
        left = field.filler in LEFT_FILLERS
        filler = "0" if field.filler in ZERO_FILLERS else "f"
        place = start.in_source("h") if left else stop.in_source("h", -1)
        if field.prefix is None:
            self._checks.conditions.append(f"h[{place}] == '{filler}'")
            return self._slice("h", start, stop, skip=int(left), leave=int(not left))
        odd = f"(n{field.number} & 1)"
        self._checks.conditions.append(f"(not {odd} or h[{place}] == '{filler}')")
        if left:
            return f"h[{start.in_source('h')} + {odd}:{stop.in_source('h')}]"
        return f"h[{start.in_source('h')}:{stop.in_source('h')} - {odd}]"

    def build(self) -> Decode:
        self._end_run()
        whole = "t" if self._is_all_text() else None
        sources = {
            "t": f"t = data.decode('{'latin-1' if whole is None else 'ascii'}')",
            "e": "e = charset_decode(data)",
            "h": "h = data.hex()",
        }
        self._names["charset_decode"] = Charset(self._dialect.codepage).decode
        lines = [sources[source] for source in sorted(self._sources)]
        lines += self._lines if "h" in self._sources else [line for line in self._lines if line[0] != "q"]
        lines.append(f"if len(data) != {self._place.in_source('t')}: raise ValueError")
        lines += self._checks.lines(whole)
        lines.append(f"return {{{', '.join(self._results)}}}")
        decode: Decode = built("decoder", "def generated(data):", _cut(lines), self._names)
        return decode

    def _is_all_text(self) -> bool:
        """Everything in a message of this dialect is printable ASCII, so that one call can check it."""
        dialect = self._dialect
        fields = dialect.fields.values()
        return (
            dialect.checks_content
            and dialect.mti is Encoding.ASCII
            and dialect.bitmaps.encoding is Encoding.HEX
            and "t" in self._sources
            and all(field.encoding in (Encoding.ASCII, Encoding.HEX) for field in fields)
            and all(field.prefix is None or field.prefix.encoding is Encoding.ASCII for field in fields)
            and all(field.content is not Content.ANY or field.encoding is Encoding.HEX for field in fields)
        )


def _source_of_digits(field: Field, dialect: Dialect) -> str | None:
    """The text in which *field* is nothing but digits, length and filler included; else ``None``."""
    prefix = field.prefix
    if field.content not in DIGIT_CONTENTS:
        return None
    if field.encoding is Encoding.BCD:
        packed = prefix is None or prefix.encoding is Encoding.BCD
        return "h" if packed and field.filler in ZERO_FILLERS else None
    if not dialect.checks_content or field.encoding not in (Encoding.ASCII, Encoding.EBCDIC):
        return None
    alike = prefix is None or (prefix.encoding is field.encoding and prefix.radix == 10)
    return CHARACTERS[field.encoding] if alike else None


def _cut(lines: Sequence[str]) -> list[str]:
    """*lines* with every segment that is needed often in a variable: slices at constants are quicker."""
    uses: dict[tuple[str, str], list[int]] = {}
    for source, segment, _, stop in _CUT.findall("\n".join(lines)):
        uses.setdefault((source, segment), []).append(int(stop))

    def cut(found: re.Match[str]) -> str:
        source, segment = found[1], found[2]
        start, stop = _Place(int(segment), int(found[3])), _Place(int(segment), int(found[4]))
        if segment != "0" and len(uses[source, segment]) > 1:
            start, stop = _Place(0, start.offset), _Place(0, stop.offset)
            return f"{source}{segment}[{start.in_source(source)}:{stop.in_source(source)}]"
        return f"{source}[{start.in_source(source)}:{stop.in_source(source)}]"

    result = []
    for line in lines:
        result.append(_CUT.sub(cut, line))
        variable = line.split(" ", 1)[0]
        for (source, segment), stops in uses.items():
            if segment != "0" and len(stops) > 1 and variable == f"{'q' if source == 'h' else 'p'}{segment}":
                start, stop = _Place(int(segment), 0), _Place(int(segment), max(stops))
                span = f"{start.in_source(source)}:{stop.in_source(source)}"
                result.append(f"{source}{segment} = {source}[{span}]")
    return result


def compile_decoder(dialect: Dialect, numbers: Sequence[int], start: int) -> Decode:
    """The decoder of messages with the elements *numbers*, the first of which begins at byte *start*.

    It raises LookupError or ValueError when something is wrong. Every number must be in the dialect.
    """
    reader = _Reader(dialect, start)
    for number in numbers:
        reader.add(dialect.fields[number])
    return reader.build()
