"""The vectors' own description of dialects and frames, in the terms of this project.

A folder of vectors holds ``messages.jsonl``, ``dialects.json``, ``framing.jsonl`` and ``crypto.json``. The
one beside this file is read unless ``PUNTUAL_VECTORS`` names another; it brings its own dialects.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from messages.framing import FRAMINGS, Framing
from messages.headers import Base1, FixedHeader, Header, IsoText, NoHeader
from messages.spec import Bitmaps, Content, Dialect, Encoding, Field, Filler, Prefix, Unit

FOLDER: Final = Path(os.environ.get("PUNTUAL_VECTORS") or Path(__file__).parent / "data")

Record = Mapping[str, Any]

_ENCODINGS: Final = {
    "ascii": Encoding.ASCII,
    "latin-1": Encoding.LATIN1,
    "latin1": Encoding.LATIN1,
    "ebcdic": Encoding.EBCDIC,
    "bcd": Encoding.BCD,
    "binary": Encoding.BINARY,
    "bin": Encoding.BINARY,
    "hexascii": Encoding.HEX,
    "hexebcdic": Encoding.HEX_EBCDIC,
    "xbcd": Encoding.SIGNED_BCD,
}
_UNITS: Final = {
    "bytes": Unit.BYTES,
    "digits": Unit.DIGITS,
    "nibbles": Unit.DIGITS,
    "chars": Unit.CHARACTERS,
}
_CONTENTS: Final = {
    "n": Content.DIGITS,
    "z": Content.TRACK,
    "x+n": Content.SIGNED,
    "hex": Content.HEX,
}


def records(name: str) -> Iterator[Record]:
    """The records of a file of the folder; none when it has no such file."""
    path = FOLDER / name
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def document(name: str) -> Any:
    """A whole file of the folder; an empty object when it has no such file."""
    path = FOLDER / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def dialect_of(record: Record) -> Dialect:
    """A dialect of ``dialects.json``."""
    bitmap, mti = record["bitmap"], record["mti"]
    encoding = Encoding.BINARY
    if bitmap["enc"] == "hex":
        encoding = Encoding.HEX_EBCDIC if bitmap.get("charset") == "ebcdic" else Encoding.HEX
    always = bitmap.get("fixed_bitmaps", bitmap.get("always_bitmaps", 0))
    third_in_65 = record.get("tertiary") == "in-order-at-de65"
    checks = record.get("enforce_content") is True
    return Dialect(
        name=record["id"],
        version=str(record.get("version", "1987")),
        mti=_ENCODINGS[mti["enc"]],
        mti_pattern=mti.get("pattern", "[0-9A-Z]{4}"),
        bitmaps=Bitmaps(
            encoding=encoding,
            most=bitmap.get("max_bitmaps", 2),
            always=int(always),
            third_in_65=third_in_65,
        ),
        fields={
            int(number): _field(int(number), field, _contents(record))
            for number, field in record["fields"].items()
        },
        codepage=record.get("ebcdic_codepage", "cp037"),
        checks_content=checks,
    )


def _contents(record: Record) -> dict[str, Content]:
    """Content by class. Some dialects pack further characters of a track into half bytes."""
    return _CONTENTS | ({"z": Content.HEX} if "track2_nibble_map" in record else {})


def _field(number: int, record: Record, contents: Mapping[str, Content]) -> Field:
    encoding = _ENCODINGS[record["data_enc"]]
    content = Content.ANY
    if encoding is Encoding.BCD:
        content = contents.get(record.get("content", ""), Content.TRACK)
    elif record.get("content") in contents:
        content = contents[record["content"]]
    prefix = None
    if record["len_type"] != "fixed":
        prefix = Prefix(_ENCODINGS[record["len_enc"]], record["len_bytes"], record.get("len_radix", 10))
    return Field(
        number=number,
        length=record["max_len"],
        prefix=prefix,
        encoding=encoding,
        content=content,
        unit=_UNITS[record["len_unit"]],
        filler=Filler(record.get("bcd_odd_pad", "left-0").lower()),
    )


def framing_of(record: Record | None) -> Framing | None:
    """The framing of a whole frame; ``None`` when the frame is the message."""
    if not record or not (record.get("length_prefix") or record.get("header")):
        return None
    prefix, header = record.get("length_prefix"), _header(record.get("header"))
    if prefix is None:
        return Framing(name="header", length=None, header=header)
    width = prefix["bytes"]
    counts = prefix.get("counts", "payload")
    reserved = prefix.get("reserved_bytes", 0)
    encoding = {"hexascii": Encoding.HEX}.get(prefix["enc"]) or _ENCODINGS[prefix["enc"]]
    includes = {"payload": 0, "payload+prefix": width, "total": width + reserved}[counts]
    return Framing(
        name="prefix", length=encoding, width=width, reserved=reserved, includes=includes, header=header
    )


def _header(record: Record | None) -> Header:
    if record is None:
        return NoHeader()
    if record["kind"] == "base1":
        return Base1()
    return IsoText() if record.get("optional_literal") else FixedHeader(record["length"])


# The vectors tell a framing in words; this is the one table from them to our names.
_NAMES: Final = {
    ("4 ASCII decimal digits", "message", None): "ascii4",
    ("2 bytes BCD", "TPDU + message", None): "bcd2+tpdu",
    ("2 bytes BCD", "message", None): "bcd2",
    ("4 ASCII hex digits (lower case on the wire)", "message", None): "hex4",
    ("2 bytes binary + 2 zero bytes", "message", None): "cs",
    ("2 bytes binary + 2 zero bytes", "22-byte BASE I header + message", None): "vap",
    ("2 bytes binary + 1 reserved + 1 control byte", "message", None): "cs",
    ("2 bytes binary big-endian", "message + the 2 length bytes (inclusive)", None): "bin2-incl",
    ("2 bytes binary big-endian", "TPDU + message", None): "bin2+tpdu",
    ("2 bytes binary big-endian", "message", None): "bin2",
    ("2 bytes binary big-endian", "message + ETX", "ETX 0x03"): "base24tcp",
    ("4 bytes binary big-endian", "message", None): "raw4",
    ("3 bytes binary big-endian", "message", None): "bin3",
    (None, "-", "ETX 0x03"): "base24",
}


def framing_name(record: Record) -> str:
    """Our name of the ``framing`` object of ``framing.jsonl``."""
    name = _NAMES[record["length"], record["counts"], record.get("trailer")]
    assert name.partition("+")[0] in FRAMINGS
    return name
