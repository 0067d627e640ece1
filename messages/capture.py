"""Bytes as people have them: hexadecimal, base64, raw, or a packet capture whose TCP payload is meant."""

import base64
import binascii
import re
import struct
from collections.abc import Iterator
from typing import Final

_HEX: Final = re.compile(r"[0-9A-Fa-f]+")
_SPACING: Final = re.compile(r"[\s:,|-]+|0x")
_PCAP_MAGICS: Final = {
    b"\xd4\xc3\xb2\xa1": "<",
    b"\x4d\x3c\xb2\xa1": "<",
    b"\xa1\xb2\xc3\xd4": ">",
    b"\xa1\xb2\x3c\x4d": ">",
}
_PCAPNG_MAGIC: Final = b"\x0a\x0d\x0d\x0a"
_LINK_HEADERS: Final = {0: 4, 1: 14, 12: 0, 101: 0, 113: 16, 228: 0, 229: 0, 276: 20}
_TCP: Final = 6


def bytes_of(raw: bytes) -> bytes:
    """What is meant by *raw*, the content of a file or of a command's argument.

    A capture gives the payload of its first TCP direction that carries any.
    """
    if raw[:4] in _PCAP_MAGICS or raw[:4] == _PCAPNG_MAGIC:
        flows = list(flows_of(raw))
        return flows[0] if flows else b""
    try:
        text = raw.decode("ascii").strip()
    except UnicodeDecodeError:
        return raw
    packed = _SPACING.sub("", text)
    if packed and len(packed) % 2 == 0 and _HEX.fullmatch(packed):
        return bytes.fromhex(packed)
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return raw


def flows_of(capture: bytes) -> Iterator[bytes]:
    """The TCP payload of each direction in a pcap or pcapng *capture*, in the order of their first bytes.

    Segments are taken in the order of the capture; what was sent twice is taken once.
    """
    flows: dict[bytes, bytearray] = {}
    seen: set[tuple[bytes, int]] = set()
    for link, packet in _packets(capture):
        segment = _segment(packet[_LINK_HEADERS.get(link, 14) :])
        if segment is None:
            continue
        flow, sequence, payload = segment
        if payload and (flow, sequence) not in seen:
            seen.add((flow, sequence))
            flows.setdefault(flow, bytearray()).extend(payload)
    yield from map(bytes, flows.values())


def _packets(capture: bytes) -> Iterator[tuple[int, bytes]]:
    if capture[:4] == _PCAPNG_MAGIC:
        yield from _packets_ng(capture)
        return
    order = _PCAP_MAGICS[capture[:4]]
    if len(capture) < 24:
        return
    (link,) = struct.unpack(order + "I", capture[20:24])
    at = 24
    while at + 16 <= len(capture):
        (size,) = struct.unpack(order + "I", capture[at + 8 : at + 12])
        yield link & 0xFFFF, capture[at + 16 : at + 16 + size]
        at += 16 + size


def _packets_ng(capture: bytes) -> Iterator[tuple[int, bytes]]:
    order = "<" if capture[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
    links: list[int] = []
    at = 0
    while at + 12 <= len(capture):
        kind, size = struct.unpack(order + "II", capture[at : at + 8])
        body = capture[at + 8 : at + size - 4]
        if kind == 1 and len(body) >= 2:
            links.append(struct.unpack(order + "H", body[:2])[0])
        elif kind == 6 and len(body) >= 20:
            interface, _, _, captured = struct.unpack(order + "IIII", body[:16])
            yield links[interface] if interface < len(links) else 1, body[20 : 20 + captured]
        at += max(size, 12)


def _segment(packet: bytes) -> tuple[bytes, int, bytes] | None:
    """Direction, sequence number and payload of an IP packet with TCP in it."""
    if len(packet) < 40:
        return None
    version = packet[0] >> 4
    if version == 4 and packet[9] == _TCP:
        start, addresses = 4 * (packet[0] & 15), packet[12:20]
        end = int.from_bytes(packet[2:4], "big")
    elif version == 6 and packet[6] == _TCP:
        start, addresses = 40, packet[8:40]
        end = 40 + int.from_bytes(packet[4:6], "big")
    else:
        return None
    tcp = packet[start:end]
    if len(tcp) < 20:
        return None
    return addresses + tcp[:4], int.from_bytes(tcp[4:8], "big"), tcp[4 * (tcp[12] >> 4) :]
