"""Dialects as specifications of pyiso8583 and back: the reference codec of the tests and of the simulator."""

from collections.abc import Mapping
from typing import Any, Final

from loyalty.errors import LoyaltyError, Problems
from messages.errors import DialectError
from messages.spec import Bitmaps, Content, Dialect, Encoding, Field, Filler, Prefix, Unit

_PADS: Final = {
    Filler.LEFT_0: {"left_pad": "0"},
    Filler.LEFT_F: {"left_pad": "F"},
    Filler.RIGHT_0: {"right_pad": "0"},
    Filler.RIGHT_F: {"right_pad": "F"},
}
_ASCII: Final = frozenset({"ascii", "us-ascii", "utf-8"})


def to_pyiso8583(dialect: Dialect) -> dict[str, dict[str, Any]]:
    """The specification of *dialect*.

    Raises:
        Problems: Parts of it that pyiso8583 has no word for.
    """
    problems: list[LoyaltyError] = []
    if dialect.bitmaps.always or dialect.bitmaps.third_in_65:
        problems.append(
            DialectError("pyiso8583 reads the second bitmap only when bit 1 says so", where="bitmap")
        )
    if dialect.codepage == "cp1047" and _uses_ebcdic(dialect):
        problems.append(DialectError("Python has no code page 1047", where="codepage"))
    spec = {
        "h": _row("ascii", 0, "Message header"),
        "t": _row(_text(dialect.mti, dialect), 2 if dialect.mti is Encoding.BCD else 4, "Message type"),
        "p": _bitmap(dialect, "Bitmap, primary"),
        "1": _bitmap(dialect, "Bitmap, secondary"),
    }
    for number, field in dialect.fields.items():
        try:
            spec[str(number)] = _field(field, dialect)
        except DialectError as problem:
            problems.append(problem)
    if problems:
        raise Problems(problems, where=dialect.name)
    return spec


def _uses_ebcdic(dialect: Dialect) -> bool:
    return dialect.mti is Encoding.EBCDIC or any(
        field.encoding in (Encoding.EBCDIC, Encoding.HEX_EBCDIC) for field in dialect.fields.values()
    )


def _row(data_encoding: str, length: int, description: str) -> dict[str, Any]:
    return {
        "data_enc": data_encoding,
        "len_enc": "ascii",
        "len_type": 0,
        "max_len": length,
        "desc": description,
    }


def _bitmap(dialect: Dialect, description: str) -> dict[str, Any]:
    binary = dialect.bitmaps.encoding is Encoding.BINARY
    return _row(_text(dialect.bitmaps.encoding, dialect), 8 if binary else 16, description)


def _text(encoding: Encoding, dialect: Dialect) -> str:
    match encoding:
        case Encoding.BCD | Encoding.BINARY:
            return "b"
        case Encoding.EBCDIC | Encoding.HEX_EBCDIC:
            return dialect.codepage
        case Encoding.LATIN1:
            return "latin-1"
        case _:
            return "ascii"


def _field(field: Field, dialect: Dialect) -> dict[str, Any]:
    where = f"elements.{field.number}"
    if field.encoding is Encoding.SIGNED_BCD:
        raise DialectError("pyiso8583 cannot mix a sign with packed digits", where=where)
    if field.prefix is not None and field.prefix.radix != 10:
        raise DialectError("pyiso8583 has no hexadecimal lengths", where=where)
    length = field.length
    if field.encoding in (Encoding.HEX, Encoding.HEX_EBCDIC) and field.unit is Unit.BYTES:
        if field.prefix is not None:
            raise DialectError("pyiso8583 counts hexadecimal text in characters", where=where)
        length *= 2
    row: dict[str, Any] = _row(_text(field.encoding, dialect), length, field.title)
    if field.prefix is not None:
        lengths = {Encoding.BCD: "bcd", Encoding.BINARY: "b"}
        row["len_enc"] = lengths.get(field.prefix.encoding) or _text(field.prefix.encoding, dialect)
        row["len_type"] = field.prefix.width
    if field.unit is Unit.DIGITS:
        row["len_count"] = "nibbles"
        row |= _PADS[field.filler]
    return row


def from_pyiso8583(spec: Mapping[str, Mapping[str, Any]], name: str) -> Dialect:
    """The dialect of a specification; values are taken as they come, since it says nothing of content.

    Raises:
        Problems: Rows that make no sense.
    """
    problems: list[LoyaltyError] = []
    codepages: set[str] = set()
    fields = {}
    for key, row in spec.items():
        if key in ("h", "t", "p", "1"):
            continue
        try:
            fields[int(key)] = _from_row(int(key), row, codepages)
        except (KeyError, TypeError, ValueError) as error:
            problems.append(DialectError(f"the row makes no sense: {error}", where=f"{name}: {key}"))
    heads = {}
    for key in ("t", "p"):
        try:
            heads[key] = _encoding(str(spec[key]["data_enc"]), codepages)
        except (KeyError, TypeError, ValueError) as error:
            problems.append(DialectError(f"the row makes no sense: {error}", where=f"{name}: {key}"))
    if len(codepages) > 1:
        problems.append(DialectError(f"there are several code pages: {sorted(codepages)}", where=name))
    if problems:
        raise Problems(problems, where=name)
    bitmap = {Encoding.ASCII: Encoding.HEX, Encoding.EBCDIC: Encoding.HEX_EBCDIC}.get(
        heads["p"], Encoding.BINARY
    )
    return Dialect(
        name=name,
        version="1987",
        mti=Encoding.BCD if heads["t"] is Encoding.BINARY else heads["t"],
        bitmaps=Bitmaps(encoding=bitmap, most=3),
        fields=dict(sorted(fields.items())),
        codepage=codepages.pop() if codepages else "cp037",
        checks_content=False,
    )


def _encoding(name: str, codepages: set[str]) -> Encoding:
    if name == "b":
        return Encoding.BINARY
    if name.lower() in _ASCII:
        return Encoding.ASCII
    if name.lower() in ("latin-1", "latin1", "iso8859-1"):
        return Encoding.LATIN1
    if name.lower() in ("cp037", "cp500"):
        codepages.add(name.lower())
        return Encoding.EBCDIC
    raise ValueError(f"the encoding {name!r} is not known")


def _from_row(number: int, row: Mapping[str, Any], codepages: set[str]) -> Field:
    encoding = _encoding(str(row["data_enc"]), codepages)
    width = int(row["len_type"])
    prefix = None
    if width:
        raw = str(row["len_enc"])
        prefix = Prefix(Encoding.BCD if raw == "bcd" else _encoding(raw, codepages), width)
    nibbles = row.get("len_count") == "nibbles"
    filler = Filler.LEFT_0
    for candidate, pads in _PADS.items():
        if pads.items() <= row.items():
            filler = candidate
    return Field(
        number=number,
        length=int(row["max_len"]),
        prefix=prefix,
        encoding=encoding,
        content=Content.ANY,
        unit=Unit.DIGITS if nibbles else Unit.BYTES,
        filler=filler,
        name=str(row.get("desc", "")),
    )
