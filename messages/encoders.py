"""Generates the function that writes one set of elements: few f-strings, each turned into bytes at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from messages.compiled import CHARACTERS, LEFT_FILLERS, ZERO_FILLERS, Checks, built, indicators
from messages.spec import Dialect, Encoding, Field, Prefix, Unit
from messages.values import BYTES_AS_HEX, Charset

Encode = Callable[[str, Mapping[int, str]], bytes]


class _Writer:
    """Generates the encoder of one set of elements: runs of text and of half bytes, each made at once."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._checks = Checks(dialect)
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
        self._names[table] = indicators(prefix, field.length, self._dialect.codepage)
        kind = "h" if prefix.encoding in (Encoding.BCD, Encoding.BINARY) else CHARACTERS[prefix.encoding]
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
                self._append(CHARACTERS[field.encoding], f"{{{value}.upper()}}")
            case Encoding.BCD | Encoding.BINARY:
                self._halves(field, value)
            case _:
                self._append(CHARACTERS[field.encoding], f"{{{value}}}")

    def _halves(self, field: Field, value: str) -> None:
        if field.unit is not Unit.DIGITS:
            self._checks.conditions.append(f"not len({value}) & 1")
            self._append("h", f"{{{value}}}")
            return
        filler = "0" if field.filler in ZERO_FILLERS else "f"
        if field.prefix is None:
            pad = filler if field.length % 2 else ""
        else:
            name = "ZERO" if filler == "0" else "FILL"
            self._names[name] = ("", filler)
            pad = f"{{{name}[len({value}) & 1]}}"
        left = field.filler in LEFT_FILLERS
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
        encode: Encode = built("encoder", "def generated(mti, elements):", lines, self._names)
        return encode


def compile_encoder(dialect: Dialect, order: Sequence[int], bitmaps: bytes) -> Encode:
    """The encoder of elements that come in *order*, under *bitmaps* as they are on the wire.

    It raises LookupError or ValueError when something is wrong. Every number must be in the dialect.
    """
    writer = _Writer(dialect)
    writer.head(bitmaps)
    for number in sorted(order):
        writer.add(dialect.fields[number])
    return writer.build(order)
