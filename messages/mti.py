"""Message type identifiers: version, class, function, origin; one digit each (ISO 8583, clause 4)."""

from functools import lru_cache
from typing import Final

AUTHORIZATION: Final = "1"
FINANCIAL: Final = "2"
FILE_ACTION: Final = "3"
REVERSAL: Final = "4"
RECONCILIATION: Final = "5"
NETWORK: Final = "8"

_NEXT_FUNCTION: Final = dict(zip("02468", "13579", strict=True))
# Whoever repeats is answered as whoever asked first.
_ORIGIN_ANSWERED: Final = dict(zip("0123456789", "0022446789", strict=True))


@lru_cache(maxsize=64)
def answer_mti(mti: str) -> str | None:
    """The MTI of the answer to *mti*; ``None`` for what is itself an answer, or no request at all."""
    function, origin = _NEXT_FUNCTION.get(mti[2]), _ORIGIN_ANSWERED.get(mti[3])
    return None if function is None or origin is None else mti[:2] + function + origin


def is_repeat(mti: str) -> bool:
    """Whether *mti* says that the message was sent before."""
    return mti[3] in "135"


def is_advice(mti: str) -> bool:
    """Whether *mti* tells of something that has happened already."""
    return mti[2] == "2"
