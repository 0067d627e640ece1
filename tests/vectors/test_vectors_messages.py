"""Messages of other projects: what is valid reads as they say, what is not is refused with its place."""

from typing import Final

import pytest

from messages.codec import Codec
from messages.errors import Kind, MessageError, WireError
from messages.framing import FrameReader, Framing
from messages.tlv import read_ber
from tests.vectors.records import Record, dialect_of, document, framing_of, records

MESSAGES: Final = list(records("messages.jsonl"))
DIALECTS: Final = document("dialects.json").get("dialects", {})
CODECS: Final = {name: Codec(dialect_of(record)) for name, record in DIALECTS.items()}
VALID: Final = [record for record in MESSAGES if record["valid"]]
INVALID: Final = [record for record in MESSAGES if not record["valid"]]
_ELEMENTS: Final = {"mti": 0, "header": 0, "bitmap": 1}
_HOLDS_ALL: Final = 1 << 20


def name_of(record: Record) -> str:
    """What a failing test calls it."""
    return str(record["id"])


def opened(record: Record) -> tuple[bytes, bytes]:
    """Header and message of a record's frame."""
    raw = bytes.fromhex(record["hex"])
    framing = framing_of(DIALECTS[record["dialect"]["id"]].get("framing"))
    return (b"", raw) if framing is None else _unframed(framing, raw)


def _unframed(framing: Framing, raw: bytes) -> tuple[bytes, bytes]:
    cut = MessageError("the frame is cut off", kind=Kind.TRUNCATED_HEADER, element=0)
    if framing.length is None:
        size = framing.header.size_of(raw)
        if size > len(raw):
            raise cut
        return raw[:size], raw[size:]
    reader = FrameReader(framing, _HOLDS_ALL)
    frames = reader.receive_data(raw)
    if reader.failed is not None:
        raise reader.failed
    if not frames:
        raise cut
    return frames[0]


@pytest.mark.parametrize("record", VALID, ids=name_of)
def test_vectors_messages_valid(record: Record) -> None:
    """It reads as stated, by the interpreter and by the generated function, and is written as it was."""
    codec = CODECS[record["dialect"]["id"]]
    header, message = opened(record)
    expected = {int(number): value for number, value in record["fields"].items()}
    for _ in ("interpreted", "compiled"):
        read = codec.decode(message, header)
        assert (read.mti, dict(read.elements)) == (record["mti"], expected)
        if record["reencodes"] is True:
            assert codec.encode(read.mti, read.elements).hex() == message.hex()


@pytest.mark.parametrize("record", INVALID, ids=name_of)
def test_vectors_messages_invalid(record: Record) -> None:
    """It is refused for the stated reason, at the stated element."""
    codec = CODECS[record["dialect"]["id"]]
    with pytest.raises(WireError) as refused:
        codec.decode(*reversed(opened(record)))
    if not isinstance(refused.value, MessageError):
        return  # it did not even make a frame
    reasons = [record["error_reason"], *record.get("also_acceptable", [])]
    assert refused.value.kind.value in reasons
    if "error_field" in record and refused.value.kind.value == record["error_reason"]:
        field = record["error_field"]
        assert refused.value.element == (_ELEMENTS[field] if field in _ELEMENTS else int(field))


@pytest.mark.parametrize(
    "record", [record for record in VALID if "55" in record.get("subfields", {})], ids=name_of
)
def test_vectors_messages_chip_data(record: Record) -> None:
    """The tags of element 55 are those that the source states."""
    expected = record["subfields"]["55"]
    assert dict(read_ber(bytes.fromhex(record["fields"]["55"]))) == {
        tag: bytes.fromhex(value) for tag, value in expected.items()
    }
