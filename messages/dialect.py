"""Dialects from TOML: formats in the notation of ISO 8583, encodings by class, exceptions by element.

name = "my-host"
extends = "iso87-bcd"            # a dialect that comes along; everything below replaces parts of it
[encodings]
numeric = "bcd"                  # numeric text track signed binary length
[elements]
48 = "ans...999"                 # class, dots for the digits of the length indicator, longest length
7 = "n10 MMDDhhmmss"             # with a check of its own
55 = { format = "b...255", length_width = 2, name = "Chip data" }
63 = false                       # not in this dialect
"""

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final, TypeVar

from loyalty.errors import LoyaltyError, Problems
from messages.errors import DialectError
from messages.nested import NESTED
from messages.spec import Bitmaps, Content, Dialect, Encoding, Field, Filler, Prefix, Unit
from messages.values import size_max

_FORMAT: Final = re.compile(
    r"(?P<class>x\+n|ans|an|as|ns|a|n|s|z|b)(?P<dots>\.{0,6})(?P<length>[0-9]{1,6})( (?P<check>\S+))?"
)
_ENCODING_OF_CLASS: Final = {"n": "numeric", "z": "track", "x+n": "signed", "b": "binary"}
_CONTENT_OF_CLASS: Final = {"n": Content.DIGITS, "z": Content.TRACK, "x+n": Content.SIGNED, "b": Content.ANY}
_DEFAULTS: Final[dict[str, str]] = {
    "numeric": "ascii",
    "text": "ascii",
    "track": "ascii",
    "signed": "ascii",
    "binary": "binary",
    "length": "ascii",
}
_FILLERS: Final[dict[str, str]] = {"fixed": "left-0", "variable": "left-0"}
_KEYS: Final = {
    "name", "version", "extends", "mti", "mti_pattern", "bitmap", "bitmaps_max", "bitmaps_always",
    "third_in_65", "codepage", "checks_content", "encodings", "filler", "elements", "description",
}  # fmt: skip
_ELEMENT_KEYS: Final = {
    "format", "name", "encoding", "length_encoding", "length_width", "length_radix", "unit", "filler",
    "content", "nested", "parts",
}  # fmt: skip
_CODEPAGES: Final = {"cp037", "cp500", "cp1047"}

_Choice = TypeVar("_Choice", Encoding, Unit, Filler, Content)


def shipped_dialects() -> tuple[str, ...]:
    """Names of the dialects that come along."""
    entries = files("messages.dialects").iterdir()
    return tuple(sorted(entry.name[: -len(".toml")] for entry in entries if entry.name.endswith(".toml")))


def load_dialect(name: str) -> Dialect:
    """The dialect that comes along as *name*.

    Raises:
        DialectError: There is none of this name.
    """
    return dialect_from_toml(_shipped_text(name), where=f"{name}.toml")


def dialect_from_toml(text: str, *, where: str) -> Dialect:
    """The dialect that *text* describes.

    Raises:
        Problems: All that is wrong with it.
    """
    table = _table(text, where)
    return _Loader(table, where).load()


def _shipped_text(name: str) -> str:
    if name not in shipped_dialects():
        known = ", ".join(shipped_dialects())
        raise DialectError(f"there is no dialect {name!r}", where="dialect", hint=f"take one of {known}")
    return (files("messages.dialects") / f"{name}.toml").read_text(encoding="utf-8")


def _table(text: str, where: str) -> dict[str, Any]:
    """What *text* says, on top of what it extends."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Problems([DialectError(str(error), where=where, hint="mend the TOML")], where=where) from error
    base = table.get("extends")
    if base is None:
        return table
    if not isinstance(base, str):
        raise Problems([DialectError("extends is not a name", where=where)], where=where)
    try:
        merged = _table(_shipped_text(base), f"{base}.toml")
    except DialectError as error:
        raise Problems(
            [DialectError(error.what, where=f"{where}: extends", hint=error.hint)], where=where
        ) from error
    for key, value in table.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merged[key] | value
        else:
            merged[key] = value
    return merged


def _holds_bitmap(field: Field | None) -> bool:
    return (
        field is not None
        and field.prefix is None
        and field.length == 16
        and field.unit is Unit.BYTES
        and field.encoding in (Encoding.BINARY, Encoding.HEX, Encoding.HEX_EBCDIC)
    )


class _Loader:
    """Reads one table and collects what is wrong with it."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self._table = table
        self._where = where
        self._problems: list[LoyaltyError] = []
        self._encodings = _DEFAULTS | self._strings("encodings", set(_DEFAULTS))
        self._fillers = _FILLERS | self._strings("filler", set(_FILLERS))

    def load(self) -> Dialect:
        for key in sorted(self._table.keys() - _KEYS):
            self._problem(key, "this key is not known", "see docs/dialects.md")
        name = self._string("name", "")
        if not name:
            self._problem("name", "the dialect has no name")
        fields = self._fields()
        bitmap = self._choice(Encoding, "bitmap", self._string("bitmap", "binary"))
        if bitmap not in (Encoding.BINARY, Encoding.HEX, Encoding.HEX_EBCDIC):
            self._problem("bitmap", "a bitmap is binary, hex or hex-ebcdic")
        mti = self._choice(Encoding, "mti", self._string("mti", "ascii"))
        if mti not in (Encoding.ASCII, Encoding.EBCDIC, Encoding.BCD):
            self._problem("mti", "an MTI is ascii, ebcdic or bcd")
        codepage = self._string("codepage", "cp037")
        if codepage not in _CODEPAGES:
            self._problem(
                "codepage", "the code page is not known", f"take one of {', '.join(sorted(_CODEPAGES))}"
            )
        pattern = self._string("mti_pattern", "[0-9]{4}")
        try:
            re.compile(pattern)
        except re.error as error:
            self._problem("mti_pattern", f"it is no regular expression: {error}")
        if self._table.get("third_in_65") is True and not _holds_bitmap(fields.get(65)):
            self._problem("third_in_65", "element 65 must be b16 to hold a bitmap")
        most = self._number("bitmaps_max", 2, 3)
        always = self._number("bitmaps_always", 0, 3)
        if self._problems:
            raise Problems(self._problems, where=self._where)
        assert bitmap is not None
        assert mti is not None
        return Dialect(
            name=name,
            version=self._string("version", "1987"),
            mti=mti,
            mti_pattern=pattern,
            bitmaps=Bitmaps(
                encoding=bitmap, most=most, always=always, third_in_65=self._table.get("third_in_65") is True
            ),
            fields=fields,
            codepage=codepage,
            checks_content=self._table.get("checks_content", True) is True,
        )

    # --- elements

    def _fields(self) -> dict[int, Field]:
        elements = self._table.get("elements")
        if not isinstance(elements, dict) or not elements:
            self._problem("elements", "the dialect has no elements")
            return {}
        fields = {}
        for key, row in elements.items():
            where = f"elements.{key}"
            if re.fullmatch("[1-9][0-9]{0,2}", key) is None or not 2 <= int(key) <= 256:
                self._problem(where, "an element is a number from 2 to 256")
            elif row is not False:
                field = self._field(int(key), {"format": row} if isinstance(row, str) else row, where)
                if field is not None:
                    fields[field.number] = field
        return dict(sorted(fields.items()))

    def _field(self, number: int, row: object, where: str) -> Field | None:
        if not isinstance(row, dict) or not isinstance(row.get("format"), str):
            self._problem(where, "an element is a format such as ans...999", "or a table with a format")
            return None
        for key in sorted(row.keys() - _ELEMENT_KEYS):
            self._problem(f"{where}.{key}", "this key is not known", "see docs/dialects.md")
        format_ = _FORMAT.fullmatch(row["format"])
        if format_ is None:
            self._problem(
                where, f"{row['format']!r} is no format", "write class and length, such as n6 or ans..25"
            )
            return None
        class_, dots, length = format_["class"], len(format_["dots"]), int(format_["length"])
        encoding = self._choice(
            Encoding, where, str(row.get("encoding", self._encodings[_ENCODING_OF_CLASS.get(class_, "text")]))
        )
        content = _CONTENT_OF_CLASS.get(class_, Content.TEXT)
        check = row.get("content", format_["check"])
        if check is not None:
            content = self._choice(Content, where, str(check)) or content
        default_unit = Unit.DIGITS if encoding in (Encoding.BCD, Encoding.SIGNED_BCD) else Unit.BYTES
        unit = self._choice(Unit, where, str(row.get("unit", default_unit.value)))
        filler = self._choice(
            Filler, where, str(row.get("filler", self._fillers["variable" if dots else "fixed"]))
        )
        prefix = self._prefix(dots, row, where) if dots else None
        if encoding is None or unit is None or filler is None or (dots and prefix is None):
            return None
        if class_ == "x+n":
            length += 1  # the sign is not in the standard's number
        if prefix is not None and length > size_max(prefix):
            self._problem(where, f"the length indicator cannot hold {length}", "widen it with length_width")
        return Field(
            number=number,
            length=length,
            prefix=prefix,
            encoding=encoding,
            content=content,
            unit=unit,
            filler=filler,
            name=str(row.get("name", "")),
            nested=self._nested(row, where),
            parts=self._parts(row, where),
        )

    def _nested(self, row: Mapping[str, Any], where: str) -> str:
        nested = str(row.get("nested", ""))
        if nested and NESTED.fullmatch(nested) is None:
            self._problem(f"{where}.nested", f"{nested!r} is not known", "see docs/dialects.md")
        return nested

    def _parts(self, row: Mapping[str, Any], where: str) -> dict[int, Field]:
        """The sub-elements, by number, in order."""
        rows = row.get("parts", {})
        if not isinstance(rows, dict) or not all(re.fullmatch("[1-9][0-9]?", key) for key in rows):
            self._problem(f"{where}.parts", "parts are formats by number, from 1 to 99")
            return {}
        parts = {}
        for key, part in rows.items():
            inner = part if isinstance(part, dict) else {"format": part}
            field = self._field(int(key), inner, f"{where}.parts.{key}")
            if field is not None:
                parts[field.number] = field
        return dict(sorted(parts.items()))

    def _prefix(self, dots: int, row: Mapping[str, Any], where: str) -> Prefix | None:
        encoding = self._choice(Encoding, where, str(row.get("length_encoding", self._encodings["length"])))
        match encoding:
            case None:
                return None
            case Encoding.ASCII | Encoding.EBCDIC:
                width = dots
            case Encoding.BCD:
                width = (dots + 1) // 2
            case Encoding.BINARY:
                width = 1 if dots < 3 else 2
            case _:
                self._problem(where, "a length is ascii, ebcdic, bcd or binary")
                return None
        width = row.get("length_width", width)
        if not isinstance(width, int) or not 1 <= width <= 6:
            self._problem(where, "length_width is 1 to 6 bytes")
            return None
        radix = row.get("length_radix", 10)
        if radix not in (10, 16):
            self._problem(where, "length_radix is 10 or 16")
            return None
        return Prefix(encoding, width, radix)

    # --- values of the table

    def _problem(self, key: str, what: str, hint: str = "") -> None:
        self._problems.append(DialectError(what, where=f"{self._where}: {key}", hint=hint))

    def _string(self, key: str, default: str) -> str:
        value = self._table.get(key, default)
        if not isinstance(value, str):
            self._problem(key, "this must be text")
            return default
        return value

    def _number(self, key: str, default: int, most: int) -> int:
        value = self._table.get(key, default)
        if not isinstance(value, int) or not 0 <= value <= most:
            self._problem(key, f"this must be a number from 0 to {most}")
            return default
        return value

    def _strings(self, key: str, known: set[str]) -> dict[str, str]:
        table = self._table.get(key, {})
        if not isinstance(table, dict):
            self._problem(key, "this must be a table")
            return {}
        for name in sorted(table.keys() - known):
            self._problem(f"{key}.{name}", "this key is not known", f"take one of {', '.join(sorted(known))}")
        return {name: str(value) for name, value in table.items() if name in known}

    def _choice(self, kind: type[_Choice], where: str, value: str) -> _Choice | None:
        try:
            return kind(value)
        except ValueError:
            choices = ", ".join(choice.value for choice in kind)
            self._problem(where, f"{value!r} is not known", f"take one of {choices}")
            return None
