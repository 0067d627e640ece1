"""A dialect as TOML that reads back as the same dialect: how imported tables are kept."""

import json
from typing import Any, Final

from messages.elements import NAMES
from messages.spec import Content, Dialect, Encoding, Field, Unit

_CLASSES: Final = {
    Content.DIGITS: "n",
    Content.TRACK: "z",
    Content.TEXT: "ans",
    Content.SIGNED: "x+n",
}


def to_toml(dialect: Dialect) -> str:
    """The text of *dialect*, without anything that it was once built on."""
    bitmaps = dialect.bitmaps
    head: dict[str, Any] = {
        "name": dialect.name,
        "version": dialect.version,
        "mti": dialect.mti.value,
        "mti_pattern": dialect.mti_pattern,
        "bitmap": bitmaps.encoding.value,
        "bitmaps_max": bitmaps.most,
        "bitmaps_always": bitmaps.always,
        "third_in_65": bitmaps.third_in_65,
        "codepage": dialect.codepage,
        "checks_content": dialect.checks_content,
    }
    lines = [f"{key} = {_value(value)}" for key, value in head.items()]
    lines += ["", "[elements]"]
    lines += [f"{number} = {_inline(_row(field))}" for number, field in sorted(dialect.fields.items())]
    return "\n".join(lines) + "\n"


def _row(field: Field) -> dict[str, Any]:
    is_binary = field.encoding in (Encoding.BINARY, Encoding.HEX, Encoding.HEX_EBCDIC)
    class_ = "b" if is_binary else _CLASSES.get(field.content, "n")
    length = field.length - 1 if class_ == "x+n" else field.length
    prefix = field.prefix
    dots = "." * min(6, len(str(field.length))) if prefix is not None else ""
    row: dict[str, Any] = {
        "format": f"{class_}{dots}{length}",
        "content": field.content.value,
        "encoding": field.encoding.value,
    }
    if prefix is not None:
        row |= {"length_encoding": prefix.encoding.value, "length_width": prefix.width}
        if prefix.radix != 10:
            row["length_radix"] = prefix.radix
    if field.unit is Unit.DIGITS:
        row["filler"] = field.filler.value
    row["unit"] = field.unit.value
    if field.name and field.name != NAMES.get(field.number):
        row["name"] = field.name
    if field.nested:
        row["nested"] = field.nested
    if field.parts:
        row["parts"] = {number: _row(part) for number, part in field.parts.items()}
    return row


def _value(value: object) -> str:
    if isinstance(value, dict):
        return _inline(value)
    # A JSON string of printable characters is a TOML string too.
    return json.dumps(value, ensure_ascii=True)


def _inline(row: dict[str, Any]) -> str:
    return "{ " + ", ".join(f"{key} = {_value(value)}" for key, value in row.items()) + " }"
