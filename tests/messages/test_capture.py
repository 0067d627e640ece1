"""Bytes are understood in every form in which people have them."""

import base64
import struct

import pytest

from messages.capture import bytes_of

FRAME = b"\x00\x2d0800" + b"x" * 41


def packet(payload: bytes, sequence: int, source: int = 1) -> bytes:
    """An Ethernet frame with TCP in it."""
    tcp = struct.pack("!HHIIBBHHH", source, 8583, sequence, 0, 5 << 4, 0x18, 1000, 0, 0)
    ip = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0, b"\x7f\0\0\1", b"\x7f\0\0\1"
    )
    return bytes(12) + b"\x08\x00" + ip + tcp + payload


def pcap(packets: list[bytes]) -> bytes:
    """A capture file."""
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return head + b"".join(struct.pack("<IIII", 0, 0, len(raw), len(raw)) + raw for raw in packets)


def pcapng(packets: list[bytes]) -> bytes:
    """The same in the newer format."""
    section = struct.pack("<IIIHHq", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1) + struct.pack("<I", 28)
    interface = struct.pack("<IIHHII", 1, 20, 1, 0, 0, 20)
    blocks = []
    for raw in packets:
        padded = raw + bytes(-len(raw) % 4)
        size = 32 + len(padded)
        head = struct.pack("<IIIIIII", 6, size, 0, 0, 0, len(raw), len(raw))
        blocks.append(head + padded + struct.pack("<I", size))
    return section + interface + b"".join(blocks)


PACKETS = [
    packet(b"", 0),
    packet(FRAME[:20], 1),
    packet(FRAME[:20], 1),
    packet(FRAME[20:], 21),
    packet(b"no", 1, 2),
]


@pytest.mark.parametrize(
    "raw",
    [
        FRAME,
        FRAME.hex().encode(),
        FRAME.hex(" ").upper().encode(),
        b"0x" + FRAME.hex(":").encode() + b"\n",
        base64.b64encode(FRAME),
        pcap(PACKETS),
        pcapng(PACKETS),
    ],
    ids=["raw", "hex", "spaced", "colons", "base64", "pcap", "pcapng"],
)
def test_forms(raw: bytes) -> None:
    """Raw, hexadecimal, base64, or the first direction of a capture."""
    assert bytes_of(raw) == FRAME


@pytest.mark.parametrize("size", range(0, 200, 13))
def test_captures_that_are_cut_off(size: int) -> None:
    """A damaged capture gives what it has."""
    assert FRAME.startswith(bytes_of(pcap(PACKETS)[: 24 + size]))
    bytes_of(pcapng(PACKETS)[: 4 + size])
