"""Dialects from and to the XML of jPOS's GenericPackager: the classes by which most hosts are described.

    <isofield id="2" length="19" name="PAN" pad="true" class="org.jpos.iso.IFB_LLNUM"/>

A class name says it all: ``IF``, how it is written (``A`` ASCII, ``B`` packed or binary, ``E`` EBCDIC), one
``L`` for each digit of the length (with ``H`` a binary length), and what it holds. ``pad`` says that the
filler of an odd number of digits stands to the left.
"""

import re
import xml.etree.ElementTree as ET
from typing import Final
from xml.sax.saxutils import quoteattr

from loyalty.errors import LoyaltyError, Problems
from messages.errors import DialectError
from messages.spec import Bitmaps, Content, Dialect, Encoding, Field, Filler, Prefix, Unit

_CLASS: Final = re.compile(
    r"(?:org\.jpos\.iso\.)?IF(?P<code>A|B|E|EP|EB)?_(?P<length>L{1,6})?(?P<binary>H)?(?P<form>[A-Z]+)"
)
_TEXT: Final = {"": Encoding.ASCII, "A": Encoding.ASCII, "B": Encoding.ASCII, "E": Encoding.EBCDIC}
_FORMS: Final = frozenset({"NUM", "NUMERIC", "CHAR", "BINARY", "AMOUNT", "FNUM"})
_BITMAPS: Final = {"A": Encoding.HEX, "B": Encoding.BINARY, "E": Encoding.HEX_EBCDIC}
_NOTHING: Final = frozenset({"NOP"})


def from_jpos(text: str, name: str) -> Dialect:
    """The dialect of a GenericPackager's XML; values are taken as they come.

    Raises:
        Problems: Fields of a class that has no counterpart, and everything else that is wrong.
    """
    if "<!ENTITY" in text:
        raise Problems([DialectError("it declares entities", where=name)], where=name)
    try:
        root = ET.fromstring(text)  # noqa: S314  (no entities, as was seen; the parser limits the rest)
    except ET.ParseError as error:
        raise Problems([DialectError(f"it is no XML: {error}", where=name)], where=name) from error
    problems: list[LoyaltyError] = []
    fields: dict[int, Field] = {}
    mti, bitmap = Encoding.ASCII, Encoding.BINARY
    for element in [*root.findall("isofield"), *root.findall("isofieldpackager")]:
        where = f"{name}: field {element.get('id')}"
        try:
            number, length = int(element.get("id", "")), int(element.get("length", ""))
            class_ = _class_named(element.get("class", ""))
            code, form = class_["code"] or "", class_["form"]
            if form in _NOTHING:
                continue
            if number == 0:
                mti = {"B": Encoding.BCD, "E": Encoding.EBCDIC}.get(code, Encoding.ASCII)
            elif form == "BITMAP":
                bitmap = _BITMAPS[code]
            else:
                fields[number] = _field(number, length, class_, element)
        except (KeyError, ValueError) as error:
            problems.append(DialectError(str(error), where=where))
    if problems:
        raise Problems(problems, where=name)
    return Dialect(
        name=name,
        version="1987",
        mti=mti,
        bitmaps=Bitmaps(encoding=bitmap),
        fields=dict(sorted(fields.items())),
        checks_content=False,
    )


def _class_named(name: str) -> re.Match[str]:
    class_ = _CLASS.fullmatch(name)
    if class_ is None:
        raise ValueError(f"class {name!r} is not known")
    return class_


def _field(number: int, length: int, class_: re.Match[str], element: ET.Element) -> Field:
    code, form = class_["code"] or "", class_["form"]
    if form not in _FORMS:
        raise ValueError(f"class {class_[0]} is not known")
    prefix = None
    digits = len(class_["length"] or "")
    if class_["binary"]:
        prefix = Prefix(Encoding.BINARY, max(1, digits - 1))
    elif digits:
        ebcdic = {"E": Encoding.EBCDIC, "EP": Encoding.EBCDIC, "EB": Encoding.EBCDIC}
        if code == "B":
            prefix = Prefix(Encoding.BCD, (digits + 1) // 2)
        else:
            prefix = Prefix(ebcdic.get(code, Encoding.ASCII), digits)
    encoding, content, unit = _TEXT.get(code, Encoding.ASCII), Content.ANY, Unit.BYTES
    filler = Filler.LEFT_0 if element.get("pad") == "true" else Filler.RIGHT_0
    if form == "BINARY":
        hexadecimal = {"A": Encoding.HEX, "E": Encoding.HEX_EBCDIC}
        encoding = hexadecimal.get(code, Encoding.BINARY) if prefix is None else Encoding.BINARY
    elif form == "AMOUNT":
        encoding = Encoding.SIGNED_BCD if code == "B" else encoding
        unit = Unit.DIGITS if code == "B" else unit
        content = Content.SIGNED
    elif form in ("NUM", "NUMERIC", "FNUM"):
        content = Content.DIGITS
        if code in ("B", "EP"):
            encoding, unit, content = Encoding.BCD, Unit.DIGITS, Content.TRACK
            filler = Filler.RIGHT_F if form == "FNUM" else filler
    return Field(
        number=number,
        length=length,
        prefix=prefix,
        encoding=encoding,
        content=content,
        unit=unit,
        filler=filler,
        name=element.get("name", ""),
    )


_HEAD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE isopackager SYSTEM "genericpackager.dtd">
<isopackager>
"""


def to_jpos(dialect: Dialect) -> str:
    """*dialect* as XML of the GenericPackager.

    Raises:
        Problems: Elements for which jPOS has no class.
    """
    problems: list[LoyaltyError] = []
    letter = {Encoding.BCD: "B", Encoding.EBCDIC: "E"}.get(dialect.mti, "A")
    bitmap = {Encoding.HEX: "A", Encoding.HEX_EBCDIC: "E"}.get(dialect.bitmaps.encoding, "B")
    rows = [
        _xml(0, 4, "Message type", f"IF{letter}_NUMERIC"),
        _xml(1, 16, "Bitmaps", f"IF{bitmap}_BITMAP"),
    ]
    for number, field in sorted(dialect.fields.items()):
        class_ = _class_of(field)
        if class_ is None:
            problems.append(
                DialectError("jPOS has no class for it", where=f"{dialect.name}: elements.{number}")
            )
        else:
            left = field.filler in (Filler.LEFT_0, Filler.LEFT_F)
            rows.append(_xml(number, field.length, field.title, class_, pad=left))
    if problems:
        raise Problems(problems, where=dialect.name)
    return _HEAD + "\n".join(rows) + "\n</isopackager>\n"


def _xml(number: int, length: int, name: str, class_: str, *, pad: bool = True) -> str:
    return (
        f'  <isofield id="{number}" length="{length}" name={quoteattr(name)} pad="{str(pad).lower()}"'
        f' class="org.jpos.iso.{class_}"/>'
    )


def _class_of(field: Field) -> str | None:
    """The class that reads the same bytes as *field*; ``None`` when there is none."""
    form = {Content.DIGITS: "NUM", Content.SIGNED: "AMOUNT"}.get(field.content, "CHAR")
    prefix = field.prefix
    match field.encoding:
        case Encoding.SIGNED_BCD:
            return "IFB_AMOUNT" if prefix is None else None
        case Encoding.HEX if prefix is None:
            return "IFA_BINARY"
        case Encoding.HEX_EBCDIC if prefix is None:
            return "IFE_BINARY"
        case Encoding.BINARY if field.unit is Unit.BYTES:
            return _with_length("BINARY", prefix, "B")
        case Encoding.BCD if field.unit is Unit.DIGITS and field.filler in (Filler.LEFT_0, Filler.RIGHT_0):
            return _with_length("NUM", prefix, "B")
        case Encoding.ASCII:
            return _with_length(form, prefix, "A")
        case Encoding.EBCDIC:
            return _with_length(form, prefix, "E")
        case _:
            return None


def _with_length(form: str, prefix: Prefix | None, code: str) -> str | None:
    if prefix is None:
        fixed = {"NUM": f"IF{code}_NUMERIC", "AMOUNT": f"IF{code}_AMOUNT", "BINARY": "IFB_BINARY"}
        return fixed.get(form) or ("IF_CHAR" if code == "A" else f"IF{code}_CHAR")
    if form == "AMOUNT" or prefix.radix != 10:
        return None
    match prefix.encoding:
        case Encoding.BINARY if form != "NUM" or code == "B":
            return f"IFB_{'L' * (prefix.width + 1)}H{form}"
        case Encoding.BCD if code == "B" or (code == "A" and form == "CHAR"):
            return f"IFB_{'L' * (2 if prefix.width == 1 else 3)}{form}"
        case Encoding.ASCII if code == "A" or form == "BINARY":
            return f"IFA_{'L' * prefix.width}{form}"
        case Encoding.EBCDIC if code == "E" or form == "BINARY":
            return f"IFE_{'L' * prefix.width}{form}"
        case _:
            return None
