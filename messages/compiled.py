"""Generated functions that read and write one set of elements of one dialect.

Which elements a message has is known from its bitmap. For one bitmap the fixed elements lie at constant
places, and the checks of all of them can be made at once, so a function is generated for it: the message is
turned into text once, the elements are slices of it, and all digits are checked together. In principle:

    def decode(data):
        t = data.decode('latin-1')
        a3 = t[20:26]
        a4 = t[26:38]
        n48 = L48[t[38:41]]                # a length that is no number, or too large, is not in the table
        p1 = 41 + n48
        a48 = t[41:p1]
        if len(data) != p1 or not (a3 + a4).isdecimal() or ...: raise ValueError
        return {3: a3, 4: a4, 48: a48}

A generated function only says that something is wrong, by raising LookupError or ValueError; the interpreter
then finds out what. Generated source contains numbers and names of this module, nothing of a message.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from messages.spec import Content, Dialect, Encoding, Field, Filler, Prefix, Unit
from messages.values import BYTES_AS_HEX, HEX_TEXT, MONTH_DAYS, Charset, is_date, wire_size, write_length

Decode = Callable[[bytes], dict[int, str]]
Encode = Callable[[str, Mapping[int, str]], bytes]

_CHARACTERS: Final = {Encoding.ASCII: "t", Encoding.LATIN1: "t", Encoding.HEX: "t"} | {
    Encoding.EBCDIC: "e",
    Encoding.HEX_EBCDIC: "e",
}
_HOURS_MINUTES: Final = frozenset(f"{hour:02}{minute:02}" for hour in range(24) for minute in range(60))
_ZERO_FILLERS: Final = frozenset({Filler.LEFT_0, Filler.RIGHT_0})
_LEFT_FILLERS: Final = frozenset({Filler.LEFT_0, Filler.LEFT_F})


def _moment_checks(value: str, content: Content) -> list[str]:
    """Conditions under which *value* is the date or time that *content* wants; that it is digits is known."""
    match content:
        case Content.MONTH_DAY:
            return [f"{value} in MONTH_DAYS"]
        case Content.TIME:
            return _time_checks(value, 0)
        case Content.MOMENT:
            return [f"{value}[:4] in MONTH_DAYS", *_time_checks(value, 4)]
        case Content.DATED_TIME:
            return [f"is_date({value}[:6])", *_time_checks(value, 6)]
        case Content.DATE:
            return [f"is_date({value})"]
        case _:
            return []


def _time_checks(value: str, at: int) -> list[str]:
    return [f"{value}[{at}:{at + 4}] in HOURS_MINUTES and {value}[{at + 4}] < '6'"]


_MOMENTS: Final = frozenset(
    {Content.MONTH_DAY, Content.TIME, Content.MOMENT, Content.DATED_TIME, Content.DATE}
)
_DIGIT_CONTENTS: Final = _MOMENTS | {Content.DIGITS}


class _Checks:
    """Conditions that all values of a message have to meet, gathered so that few calls check them."""

    def __init__(self, dialect: Dialect) -> None:
        self._enforced = dialect.checks_content
        self.digits: list[str] = []
        self.may_be_empty = True
        self._ascii: list[str] = []
        self._printable: list[str] = []
        self.conditions: list[str] = []

    def add(self, value: str, field: Field) -> None:
        """Check *value* as an element *field*."""
        packed = field.encoding in (Encoding.BCD, Encoding.SIGNED_BCD)
        if packed or (self._enforced and field.content in _DIGIT_CONTENTS):
            self._add_digits(value, field)
        elif field.encoding in HEX_TEXT or field.encoding is Encoding.BINARY:
            self.conditions.append(f"not {value}.strip('0123456789ABCDEFabcdef')")
        elif not self._enforced:
            if field.encoding is Encoding.ASCII:
                self._ascii.append(value)
        else:
            self._add_text(value, field)
        if self._enforced:
            self.conditions += _moment_checks(value, field.content)

    def _add_digits(self, value: str, field: Field) -> None:
        if field.encoding is Encoding.SIGNED_BCD:
            self.conditions.append(f"{value}[:1] in ('C', 'D')")
            self.digits.append(f"{value}[1:]")
        elif field.encoding is Encoding.BCD and field.content is Content.HEX:
            self.conditions.append(f"not {value}.strip('0123456789ABCDEFabcdef')")
        elif field.encoding is Encoding.BCD and field.content not in _DIGIT_CONTENTS:
            self.conditions.append(f"not {value}.strip('0123456789D')")
        else:
            self.digits.append(value)
            self.may_be_empty = self.may_be_empty and field.prefix is not None

    def _add_text(self, value: str, field: Field) -> None:
        match field.content:
            case Content.TEXT:
                self._printable.append(value)
            case Content.TRACK:
                self.conditions.append(f"not {value}.strip('0123456789=D')")
            case Content.HEX:
                self.conditions.append(f"not {value}.strip('0123456789ABCDEFabcdef')")
            case Content.SIGNED:
                self.conditions.append(f"{value}[:1] in ('C', 'D')")
                self.digits.append(f"{value}[1:]")
            case _ if field.encoding is Encoding.ASCII:
                self._ascii.append(value)

    def lines(self, whole: str | None) -> list[str]:
        """The statements. *whole* names the text of the message when all of it must be printable."""
        conditions = list(self.conditions)
        lines = []
        if whole is not None:
            conditions.insert(0, f"{whole}.isprintable()")  # and ASCII, which it was decoded as
        elif self._printable:
            lines.append(f"x = {_joined(self._printable)}")
            conditions.insert(0, "x.isascii() and x.isprintable()")
        if self._ascii:
            conditions.append(f"({_joined(self._ascii)}).isascii()")
        if self.digits:
            empty = " or '0'" if self.may_be_empty else ""
            # Not `isdigit`, which is true for superscripts; the texts hold no other decimals than 0 to 9.
            conditions.insert(0, f"({_joined(self.digits)}{empty}).isdecimal()")
        if conditions:
            lines.append(f"if not ({' and '.join(conditions)}): raise ValueError")
        return lines


def _joined(values: Sequence[str]) -> str:
    return " + ".join(values) if len(values) < 4 else "f'" + "".join(f"{{{value}}}" for value in values) + "'"


def _built(name: str, head: str, lines: Sequence[str], names: Mapping[str, Any]) -> Any:  # noqa: ANN401  (either)
    source = "\n    ".join([head, *lines])
    namespace = {"MONTH_DAYS": MONTH_DAYS, "HOURS_MINUTES": _HOURS_MINUTES, "is_date": is_date, **names}
    exec(compile(source, f"<{name}>", "exec"), namespace)  # noqa: S102  (source is made of numbers only)
    return namespace["generated"]


@lru_cache(maxsize=64)
def _indicators(prefix: Prefix, most: int, codepage: str) -> tuple[str, ...]:
    """The indicator of each length up to *most*: as text, or as half bytes."""
    charset = Charset(codepage)
    raw = [write_length(prefix, length, charset) for length in range(most + 1)]
    match prefix.encoding:
        case Encoding.BCD | Encoding.BINARY:
            return tuple(digits.hex() for digits in raw)
        case Encoding.EBCDIC:
            return tuple(map(charset.decode, raw))
        case _:
            return tuple(digits.decode("ascii") for digits in raw)


@lru_cache(maxsize=64)
def _lengths(prefix: Prefix, most: int, codepage: str) -> dict[str, int]:
    """The length of each indicator; what is no number, or more than *most*, is not in it."""
    return {text: length for length, text in enumerate(_indicators(prefix, most, codepage))}


# --- reading


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
        self._checks = _Checks(dialect)
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
        source = "h" if prefix.encoding is Encoding.BCD else _CHARACTERS[prefix.encoding]
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
            self._checks.conditions += _moment_checks(f"a{field.number}", field.content)
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
        elif field.encoding in _CHARACTERS:
            upper = ".upper()" if field.encoding in HEX_TEXT else ""
            self._lines.append(f"{value} = {self._slice(_CHARACTERS[field.encoding], start, stop)}{upper}")
        else:
            upper = "" if field.encoding is Encoding.BCD and field.content in _DIGIT_CONTENTS else ".upper()"
            self._lines.append(f"{value} = {self._halves(field, start, stop)}{upper}")

    def _halves(self, field: Field, start: _Place, stop: _Place) -> str:
        """Packed digits or bytes between *start* and *stop*, without a filler."""
        if field.unit is not Unit.DIGITS or (field.prefix is None and field.length % 2 == 0):
            return self._slice("h", start, stop)
        self._sources.add("h")
        left = field.filler in _LEFT_FILLERS
        filler = "0" if field.filler in _ZERO_FILLERS else "f"
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
        return _built("decoder", "def generated(data):", _cut(lines), self._names)  # type: ignore[no-any-return]

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
    if field.content not in _DIGIT_CONTENTS:
        return None
    if field.encoding is Encoding.BCD:
        packed = prefix is None or prefix.encoding is Encoding.BCD
        return "h" if packed and field.filler in _ZERO_FILLERS else None
    if not dialect.checks_content or field.encoding not in (Encoding.ASCII, Encoding.EBCDIC):
        return None
    alike = prefix is None or (prefix.encoding is field.encoding and prefix.radix == 10)
    return _CHARACTERS[field.encoding] if alike else None


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


# --- writing


class _Writer:
    """Generates the encoder of one set of elements: runs of text and of half bytes, each made at once."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._checks = _Checks(dialect)
        self._names: dict[str, Any] = {}
        self._runs: list[tuple[str, str]] = []  # kind, inside of an f-string

    def _append(self, kind: str, piece: str) -> None:
        if self._runs and self._runs[-1][0] == kind:
            self._runs[-1] = (kind, self._runs[-1][1] + piece)
        else:
            self._runs.append((kind, piece))

    def head(self, bitmaps: bytes) -> None:
        kind = {Encoding.ASCII: "t", Encoding.EBCDIC: "e", Encoding.BCD: "h"}[self._dialect.mti]
        self._append(kind, "{mti}")
        match self._dialect.bitmaps.encoding:
            case Encoding.BINARY:
                self._append("h", bitmaps.hex())
            case Encoding.HEX_EBCDIC:
                self._append("e", Charset(self._dialect.codepage).decode(bitmaps))
            case _:
                self._append("t", bitmaps.decode("ascii"))

    def add(self, field: Field) -> None:
        value = f"a{field.number}"
        self._checks.add(value, field)
        if field.prefix is None:
            self._fixed_length(field, value)
        else:
            self._prefix(field, field.prefix, value)
        self._value(field, value)

    def _fixed_length(self, field: Field, value: str) -> None:
        in_halves = field.unit is Unit.BYTES and field.encoding in BYTES_AS_HEX
        self._checks.conditions.append(f"len({value}) == {2 * field.length if in_halves else field.length}")

    def _prefix(self, field: Field, prefix: Prefix, value: str) -> None:
        table = f"L{field.number}"
        self._names[table] = _indicators(prefix, field.length, self._dialect.codepage)
        kind = "h" if prefix.encoding in (Encoding.BCD, Encoding.BINARY) else _CHARACTERS[prefix.encoding]
        length = f"len({value})"
        if field.unit is Unit.BYTES and field.encoding in BYTES_AS_HEX:
            length += " >> 1"
        self._append(kind, f"{{{table}[{length}]}}")

    def _value(self, field: Field, value: str) -> None:
        match field.encoding:
            case Encoding.SIGNED_BCD:
                self._checks.conditions.append(f"len({value}) & 1")
                self._append("t", f"{{{value}[:1]}}")
                self._append("h", f"{{{value}[1:]}}")
            case Encoding.HEX | Encoding.HEX_EBCDIC:
                self._append(_CHARACTERS[field.encoding], f"{{{value}.upper()}}")
            case Encoding.BCD | Encoding.BINARY:
                self._halves(field, value)
            case _:
                self._append(_CHARACTERS[field.encoding], f"{{{value}}}")

    def _halves(self, field: Field, value: str) -> None:
        if field.unit is not Unit.DIGITS:
            self._checks.conditions.append(f"not len({value}) & 1")
            self._append("h", f"{{{value}}}")
            return
        filler = "0" if field.filler in _ZERO_FILLERS else "f"
        if field.prefix is None:
            pad = filler if field.length % 2 else ""
        else:
            name = "ZERO" if filler == "0" else "FILL"
            self._names[name] = ("", filler)
            pad = f"{{{name}[len({value}) & 1]}}"
        left = field.filler in _LEFT_FILLERS
        self._append("h", pad + f"{{{value}}}" if left else f"{{{value}}}" + pad)

    def build(self, order: Sequence[int]) -> Encode:
        self._names["charset_encode"] = Charset(self._dialect.codepage).encode
        latin = any(field.encoding is Encoding.LATIN1 for field in self._dialect.fields.values())
        makers = {
            "t": f"f'%s'.encode('{'latin-1' if latin else 'ascii'}')",
            "e": "charset_encode(f'%s')",
            "h": "bytes.fromhex(f'%s')",
        }
        lines = []
        if order:
            lines.append(f"{''.join(f'a{number}, ' for number in order)} = elements.values()")
        lines += self._checks.lines(None)
        parts = [makers[kind] % inside for kind, inside in self._runs]
        lines.append(f"return {' + '.join(parts)}")
        return _built("encoder", "def generated(mti, elements):", lines, self._names)  # type: ignore[no-any-return]


def compile_encoder(dialect: Dialect, order: Sequence[int], bitmaps: bytes) -> Encode:
    """The encoder of elements that come in *order*, under *bitmaps* as they are on the wire.

    It raises LookupError or ValueError when something is wrong. Every number must be in the dialect.
    """
    writer = _Writer(dialect)
    writer.head(bitmaps)
    for number in sorted(order):
        writer.add(dialect.fields[number])
    return writer.build(order)
