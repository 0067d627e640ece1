"""Every dialect that comes along reads what it writes, as pyiso8583 and the interpreter do."""

from dataclasses import replace
from functools import cache

import iso8583
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.errors import Problems
from messages.codec import Codec
from messages.dialect import dialect_from_toml, load_dialect, shipped_dialects
from messages.errors import DialectError, MessageError
from messages.jpos import from_jpos, to_jpos
from messages.pyiso import from_pyiso8583, to_pyiso8583
from messages.spec import Bitmaps, Content, Dialect, Encoding, Unit
from messages.tomltext import to_toml
from tests.messages.strategies import messages

NAMES = shipped_dialects()
# What pyiso8583 has no word for: a sign before packed digits, bytes counted where it counts characters.
NOT_FOR_PYISO8583 = {
    "iso87-bcd": {28, 29, 30, 31, 97},
    "unionpay87": {28, 29, 30, 31, 97},
    "iso93-binary": {97},
    "iso93-ascii": {53, 55, 96},
}


@cache
def codec(name: str) -> Codec:
    """The codec of a shipped dialect, learning as it goes."""
    return Codec(load_dialect(name))


@cache
def oracle(name: str) -> tuple[Codec, dict[str, dict[str, object]]]:
    """The part of a dialect that pyiso8583 can speak, in both forms."""
    dialect = load_dialect(name)
    left_out = NOT_FOR_PYISO8583.get(name, set())
    kept = {number: field for number, field in dialect.fields.items() if number not in left_out}
    dialect = replace(dialect, fields=kept)
    return Codec(dialect), to_pyiso8583(dialect)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20)  # of each dialect
@given(data=st.data())
def test_what_is_written_is_read(name: str, data: st.DataObject) -> None:
    """Reading and writing are inverse, interpreted and compiled."""
    mti, elements = data.draw(messages(codec(name).dialect))
    raw = codec(name).encode(mti, elements)
    for _ in range(2):
        message = codec(name).decode(raw)
        assert (message.mti, message.elements) == (mti, elements)
        assert codec(name).encode(mti, message.elements) == raw


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20)  # of each dialect
@given(data=st.data())
def test_interpreted_and_compiled_are_one(name: str, data: st.DataObject) -> None:
    """A function that was generated takes exactly the messages that the interpreter takes."""
    spoken = codec(name)
    mti, elements = data.draw(messages(spoken.dialect))
    raw = bytearray(spoken.encode(mti, elements))
    spoken.decode(bytes(raw))
    _, start = spoken._read_bitmaps(bytes(raw))
    if len(raw) > start:
        place = data.draw(st.integers(start, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))
    damaged = (
        bytes(raw[: data.draw(st.integers(start, len(raw) + 1))]) if data.draw(st.booleans()) else bytes(raw)
    )
    interpreted = spoken._interpret(damaged, b"")
    try:
        compiled = spoken.decode(damaged)
    except MessageError:
        assert interpreted.faults
    else:
        assert not interpreted.faults
        assert compiled.elements == interpreted.elements


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20)  # of each dialect
@given(data=st.data())
def test_pyiso8583_agrees(name: str, data: st.DataObject) -> None:
    """The reference codec, told our table, writes the same bytes and reads them back."""
    ours, spec = oracle(name)
    mti, elements = data.draw(messages(ours.dialect))
    raw = ours.encode(mti, elements)
    theirs, _ = iso8583.encode({"t": mti, **{str(n): value for n, value in elements.items()}}, spec)
    assert raw == bytes(theirs)
    decoded, _ = iso8583.decode(raw, spec)
    assert {int(n): value for n, value in decoded.items() if n.isdigit() and n != "1"} == elements


@pytest.mark.parametrize("name", NAMES)
@given(raw=st.binary(max_size=120))
def test_any_bytes(name: str, raw: bytes) -> None:
    """Bytes are a message or a MessageError."""
    try:
        codec(name).decode(raw)
    except MessageError:
        return


@pytest.mark.parametrize("name", NOT_FOR_PYISO8583)
def test_what_pyiso8583_cannot_say(name: str) -> None:
    """All of it is told at once."""
    with pytest.raises(Problems) as problems:
        to_pyiso8583(load_dialect(name))
    told = {problem.where for problem in problems.value.problems}
    assert told == {f"elements.{number}" for number in NOT_FOR_PYISO8583[name]}


@pytest.mark.parametrize("name", NAMES)
def test_toml_reads_back(name: str) -> None:
    """A dialect that is written as TOML is the same dialect."""
    dialect = load_dialect(name)
    again = dialect_from_toml(to_toml(dialect), where="written")
    assert replace(again, fields={}) == replace(dialect, fields={})
    for number, field in dialect.fields.items():
        assert replace(again.fields[number], name="") == replace(
            field, name="", filler=again.fields[number].filler
        )
        if field.unit is Unit.DIGITS:
            assert again.fields[number].filler is field.filler


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NOT_FOR_PYISO8583])
def test_pyiso8583_reads_back(name: str) -> None:
    """What is exported and imported again writes the same bytes."""
    dialect = load_dialect(name)
    again = from_pyiso8583(to_pyiso8583(dialect), name)
    assert again.mti is dialect.mti
    assert again.bitmaps.encoding is dialect.bitmaps.encoding
    for number, field in dialect.fields.items():
        found = again.fields[number]
        assert (found.prefix, found.unit) == (field.prefix, field.unit)


JPOS_NAMES = ("iso87-ascii-binbitmap", "iso87-bcd", "iso87-ebcdic", "iso93-binary", "iso2003-binary")


@pytest.mark.parametrize("name", JPOS_NAMES)
@settings(max_examples=20)  # of each dialect
@given(data=st.data())
def test_jpos_reads_back(name: str, data: st.DataObject) -> None:
    """What is exported to a GenericPackager and imported again reads the same bytes."""
    dialect = load_dialect(name)
    again = Codec(from_jpos(to_jpos(dialect), name))
    mti, elements = data.draw(messages(dialect))
    raw = codec(name).encode(mti, elements)
    assert again.decode(raw).elements == elements


PACKAGER = """<?xml version="1.0"?>
<!DOCTYPE isopackager SYSTEM "genericpackager.dtd">
<isopackager>
  <isofield id="0" length="4" name="MTI" pad="true" class="org.jpos.iso.IFB_NUMERIC"/>
  <isofield id="1" length="16" name="BITMAP" class="org.jpos.iso.IFB_BITMAP"/>
  <isofield id="2" length="19" name="PAN" pad="false" class="org.jpos.iso.IFB_LLNUM"/>
  <isofield id="11" length="6" name="STAN" pad="true" class="org.jpos.iso.IFB_NUMERIC"/>
  <isofield id="39" length="2" name="RESPONSE" class="org.jpos.iso.IF_CHAR"/>
  <isofield id="48" length="999" name="PRIVATE" class="org.jpos.iso.IFB_LLLCHAR"/>
  <isofield id="55" length="255" name="CHIP" class="org.jpos.iso.IFB_LLLHBINARY"/>
  <isofield id="65" length="1" name="NOTHING" class="org.jpos.iso.IF_NOP"/>
</isopackager>
"""


def test_jpos_packager() -> None:
    """Classes of jPOS mean what they mean there: packed digits, an odd one padded to the right."""
    dialect = from_jpos(PACKAGER, "host")
    elements = {2: "1234567", 11: "000001", 39: "00", 48: "abc", 55: "9F26"}
    raw = Codec(dialect).encode("0200", elements)
    assert (
        raw.hex()
        == "0200" + "4020000002010200" + "07" + "12345670" + "000001" + "3030" + "0003616263" + "00029f26"
    )


def test_jpos_problems() -> None:
    """Every class that is not known is named."""
    text = PACKAGER.replace("IFB_LLNUM", "IFX_LLNUM").replace("IF_CHAR", "IF_WHATEVER")
    with pytest.raises(Problems) as problems:
        from_jpos(text, "host")
    assert [problem.where for problem in problems.value.problems] == ["host: field 2", "host: field 39"]
    for broken in ("<isopackager", '<!DOCTYPE x [<!ENTITY a "b">]><isopackager/>'):
        with pytest.raises(Problems):
            from_jpos(broken, "host")


BROKEN = """
name = ""
extends = "iso87-ascii"
mti = "binary"
bitmap = "ascii"
codepage = "cp999"
colour = "red"
third_in_65 = true
mti_pattern = "["
bitmaps_max = 7
[encodings]
numeric = "morse"
words = "ascii"
[filler]
fixed = 7
[elements]
1 = "n6"
2 = "n..199"
3 = "x6"
4 = { name = "no format" }
5 = { format = "n6", color = "red", unit = "miles" }
6 = { format = "n..6", length_width = 9 }
7 = 5
8 = { format = "n..6", length_encoding = "hex", length_radix = 8 }
"""


def test_all_problems_of_a_dialect() -> None:
    """A table is read to its end: whoever mends it sees all that there is to mend."""
    with pytest.raises(Problems) as problems:
        dialect_from_toml(BROKEN, where="my.toml")
    places = {problem.where.removeprefix("my.toml: ").split(" ")[0] for problem in problems.value.problems}
    assert places >= {
        "name", "mti", "bitmap", "codepage", "colour", "mti_pattern", "bitmaps_max", "encodings.words",
        "elements.1", "elements.2", "elements.3", "elements.4", "elements.5", "elements.5.color",
        "elements.6", "elements.7", "elements.8", "third_in_65",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["name = ", 'extends = "none"', "extends = 5", 'name = "x"'])
def test_tables_that_cannot_be_read(text: str) -> None:
    """Whatever is wrong with the text is a problem of the file, and nothing else."""
    with pytest.raises(Problems) as problems:
        dialect_from_toml(text, where="my.toml")
    assert "my.toml" in str(problems.value)


def test_unknown_dialect() -> None:
    """The names that exist are told."""
    with pytest.raises(DialectError, match="there is no dialect 'iso88'"):
        load_dialect("iso88")


def test_element_65_can_hold_a_bitmap() -> None:
    """Some hosts announce elements above 128 in the value of element 65."""
    ascii_ = load_dialect("iso87-ascii")
    holder = replace(ascii_.fields[52], number=65, length=16, encoding=Encoding.HEX, content=Content.ANY)
    high = replace(ascii_.fields[48], number=164)
    dialect = Dialect(
        name="high",
        version="1987",
        mti=Encoding.ASCII,
        bitmaps=Bitmaps(encoding=Encoding.HEX, third_in_65=True),
        fields={65: holder, 164: high, 48: ascii_.fields[48]},
    )
    elements = {48: "low", 65: f"{1 << 127 - 35:032X}", 164: "high"}
    codec = Codec(dialect)
    raw = codec.encode("0200", elements)
    assert codec.decode(raw).elements == elements
