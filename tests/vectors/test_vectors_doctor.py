"""The doctor's first guess is the framing that other projects' streams were written in."""

import re
from typing import Final

import pytest

from messages.doctor import guess
from tests.vectors.records import Record, framing_name, records

_TYPE: Final = re.compile("[0-289][1-8][0-9][0-5]")


def carries_messages(record: Record) -> bool:
    """Whether a stream's messages begin with a message type, in ASCII, EBCDIC or packed."""
    starts = [bytes.fromhex(message)[:4] for message in record["messages"] if message]
    forms = ("latin-1", "cp037")
    return bool(starts) and all(
        any(_TYPE.fullmatch(text) for text in (*(start.decode(form) for form in forms), start[:2].hex()))
        for start in starts
    )


STREAMS: Final = [each for each in records("framing.jsonl") if each["valid"] and carries_messages(each)]


@pytest.mark.parametrize("record", STREAMS, ids=lambda record: str(record["id"]))
def test_vectors_doctor(record: Record) -> None:
    """One guess, of all that are made, counts: the first."""
    assert guess(bytes.fromhex(record["stream"]))[0].framing == framing_name(record["framing"])
