"""Streams of other projects' channels come apart into the messages that they sent, however sliced."""

from typing import Final

import pytest

from messages.framing import Frame, FrameReader, framing_named
from tests.vectors.records import Record, framing_name, records

STREAMS: Final = list(records("framing.jsonl"))


def name_of(record: Record) -> str:
    """What a failing test calls it."""
    return str(record["id"])


def read(record: Record, step: int) -> tuple[FrameReader, list[Frame]]:
    """The reader after the whole stream, *step* bytes at a time, and what it found."""
    reader = FrameReader(framing_named(framing_name(record["framing"])), 1 << 16)
    stream = bytes.fromhex(record["stream"])
    frames: list[Frame] = []
    for at in range(0, len(stream), step):
        frames += reader.receive_data(stream[at : at + step])
    return reader, frames


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
@pytest.mark.parametrize("record", [record for record in STREAMS if record["valid"]], ids=name_of)
def test_vectors_framing_valid(record: Record, step: int) -> None:
    """The stated messages, in order; a part of one more may be left."""
    reader, frames = read(record, step)
    assert reader.failed is None
    assert [message.hex().upper() for _, message in frames if message] == [
        message.upper() for message in record["messages"]
    ]
    if "tpdu" in record:
        assert {header.hex() for header, _ in frames} == {record["tpdu"].lower()}


@pytest.mark.parametrize("record", [record for record in STREAMS if not record["valid"]], ids=name_of)
def test_vectors_framing_invalid(record: Record) -> None:
    """Nothing whole comes out beyond what was stated: the reader fails, or waits for the rest in vain."""
    reader, frames = read(record, 1 << 20)
    assert len([message for _, message in frames if message]) <= len(record.get("messages", []))
    assert reader.failed is not None or reader.frame_started
