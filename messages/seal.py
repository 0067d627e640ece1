"""The MAC of a message where it travels: the last element, over every byte before it."""

from collections.abc import Mapping
from typing import Final

from messages.codec import Codec
from messages.keys import MacKey
from messages.message import Message
from messages.values import wire_size

_FIRST, _SECOND = 64, 128
MAC_ELEMENTS: Final = frozenset({_FIRST, _SECOND})
_NO_MAC: Final = "0" * 16


def _tail(codec: Codec, number: int) -> int:
    """Bytes of the MAC element on the wire."""
    field = codec.dialect.fields[number]
    return wire_size(field, field.length)


def is_sealed(codec: Codec, frame: bytes, message: Message, key: MacKey) -> bool:
    """Whether *message*, which came as *frame*, carries the right MAC as its last element."""
    number = max(message.elements, default=0)
    if number not in MAC_ELEMENTS or message.faults:
        return False
    found = bytes.fromhex(message.elements[number])
    return key.verify(frame[: -_tail(codec, number)], found, message.elements)


def sealed(
    codec: Codec, mti: str, elements: Mapping[int, str], key: MacKey, asked: Mapping[int, str]
) -> bytes:
    """The message with a MAC: in 128 when it has elements above 64, else in 64.

    *asked* are the elements of the request that it answers.
    """
    number = _SECOND if max(elements) > _FIRST else _FIRST
    data = codec.encode(mti, {**elements, number: _NO_MAC})
    tail = _tail(codec, number)
    mac = key.make(data[:-tail], asked, is_answer=True)
    return codec.encode(mti, {**elements, number: mac.hex().upper()})
