"""Bytes of the terminal's side: frames of two length bytes, elements through pyiso8583's ``default_ascii``.

Nothing here is shared with the switch, so that a mistake in one codec cannot hide behind the same one in the
other. Messages are what pyiso8583 takes and gives: dictionaries of text by element, the message type as
``"t"``.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import iso8583
from iso8583.specs import default_ascii

from loyalty.errors import LoyaltyError

FRAME_SIZE_MAX: Final = 8192

Elements = Mapping[str, str]


class WireError(LoyaltyError):
    """What came from the host cannot be read, or what was to be sent cannot be written."""


def write_frame(elements: Elements) -> bytes:
    """The frame that carries *elements*.

    Raises:
        WireError: They do not fit the dialect.
    """
    try:
        # A copy: the encoder adds the bitmaps to what it is given.
        body, _ = iso8583.encode(dict(elements), default_ascii)
    except iso8583.EncodeError as error:
        raise WireError(
            error.msg, where=f"DE {error.field} of the message to send", hint="mend it"
        ) from error
    if len(body) > FRAME_SIZE_MAX:
        raise WireError(f"the message has {len(body)} bytes", where="the frame", hint="send a smaller basket")
    return len(body).to_bytes(2, "big") + bytes(body)


def read_body(body: bytes) -> dict[str, str]:
    """The elements of the message *body*, bitmaps left out.

    Raises:
        WireError: It is no message of the dialect.
    """
    return dict(_read(body))


@lru_cache(maxsize=16)
def _read(body: bytes) -> Mapping[str, str]:
    """Whoever listens beside a till reads the same message once more."""
    try:
        elements, _ = iso8583.decode(body, default_ascii)
    except iso8583.DecodeError as error:
        where = f"DE {error.field} at byte {error.pos} of the host's message"
        raise WireError(error.msg, where=where, hint="is the port that of a retail87 listener?") from error
    return {number: text for number, text in elements.items() if number not in ("h", "p", "1")}


def name_of(number: str) -> str:
    """What the dialect calls element *number*."""
    return str(default_ascii[number]["desc"])


class FrameReader:
    """Cuts a stream into the bodies of its frames, however the network slices it."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> list[bytes]:
        """The bodies that *data* completed, oldest first; keep-alives (length zero) are left out."""
        self._buffer += data
        bodies = []
        at = 0
        while len(self._buffer) - at >= 2:
            end = at + 2 + int.from_bytes(self._buffer[at : at + 2], "big")
            if len(self._buffer) < end:
                break
            if end > at + 2:
                bodies.append(bytes(self._buffer[at + 2 : end]))
            at = end
        del self._buffer[:at]
        return bodies
