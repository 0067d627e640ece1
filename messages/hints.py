"""What a stream that cannot be read looks like: common mistakes, known by their first bytes."""

from typing import Final

_CLASSES: Final = b"12345678"
_VERSIONS: Final = b"01289"
_HTTP: Final = "this is HTTP: the port for health and metrics is another one"
OTHERWISE: Final = "compare the framing of both sides: `puntual message doctor` guesses it from bytes"
_TABLE: Final = (
    (b"\x16\x03", "this is a TLS hello: let the peer speak without TLS, or end TLS before this port"),
    (b"GET ", _HTTP),
    (b"POST", _HTTP),
    (b"HEAD", _HTTP),
    (b"PUT ", _HTTP),
    (b"OPTI", _HTTP),
    (b"CONN", _HTTP),
    (b"PRI ", _HTTP),
    (b"SSH-", "this is SSH"),
    (b"\x02", "a frame begins with STX: set the framing to stx-etx-lrc"),
    (b"ISO", "a text header comes before the message: add +iso to the framing"),
    (b"\x60", "a TPDU comes before the message: add +tpdu to the framing"),
    (b"\x16\x01", "a BASE I header comes before the message: set the framing to vap"),
)


def hint_for(start: bytes) -> str:
    """What to do about a frame that begins with *start*, where the listener's own framing failed."""
    for prefix, hint in _TABLE:
        if start.startswith(prefix):
            return hint
    if looks_like_mti(start[:4]):
        return "a message begins here without a length: the peer sends no framing, or base24"
    if len(start) >= 2 and start[:4].isdigit():
        return "the length is written as digits: set the framing to ascii4, ascii6 or hex4"
    return OTHERWISE


def looks_like_mti(text: bytes) -> bool:
    """Whether four ASCII characters can be a message type."""
    return (
        len(text) == 4
        and text.isdigit()
        and text[0] in _VERSIONS
        and text[1] in _CLASSES
        and text[3] in b"012345"
    )
