"""What can be wrong with bytes, messages and the tables that describe them."""

import enum

from loyalty.errors import LoyaltyError


class Kind(enum.Enum):
    """What sort of damage a message has."""

    TRUNCATED_HEADER = "truncated_header"
    TRUNCATED_MTI = "truncated_mti"
    TRUNCATED_BITMAP = "truncated_bitmap"
    TRUNCATED_LENGTH = "truncated_length"
    TRUNCATED_FIELD = "truncated_field"
    BAD_MTI = "bad_mti"
    BAD_BITMAP_CHARACTERS = "bad_bitmap_chars"
    BAD_LENGTH_INDICATOR = "bad_length_indicator"
    LENGTH_EXCEEDS_MAX = "length_exceeds_max"
    UNDEFINED_FIELD = "undefined_field"
    INVALID_BCD = "invalid_bcd"
    INVALID_FIELD_BYTES = "invalid_field_bytes"
    CONTENT_VIOLATION = "content_violation"
    TRAILING_DATA = "trailing_data"
    BAD_TLV = "bad_tlv"
    BAD_VALUE = "bad_value"  # encoding only: a value that its element cannot carry
    MISSING = "missing"


class WireError(LoyaltyError):
    """Base of everything that this package raises about somebody else's bytes or tables."""


class FrameError(WireError):
    """The stream cannot be cut into messages any more; the connection has to end."""


class MessageError(WireError):
    """A message cannot be read or written.

    Attributes:
        kind: The sort of damage.
        element: Number of the element, 0 for MTI and header, 1 for the bitmaps.
        offset: Byte of the message at which reading stopped; ``None`` while writing.
    """

    def __init__(
        self,
        what: str,
        *,
        kind: Kind,
        element: int,
        offset: int | None = None,
        window: str = "",
        hint: str = "",
    ) -> None:
        at = "" if offset is None else f" at byte {offset}"
        around = f", around {window}" if window else ""
        super().__init__(what, where=f"{name_of(element)}{at}{around}", hint=hint)
        self.kind, self.element, self.offset, self.window = kind, element, offset, window


class DialectError(WireError):
    """A field table, framing or profile makes no sense."""


def name_of(element: int) -> str:
    """What people call element number *element*."""
    return {0: "MTI", 1: "bitmap"}.get(element) or f"DE {element}"
