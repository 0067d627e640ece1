"""Numbers that the switch gives its decisions, as terminals see them.

DE 37 is the last digit of the year, the day of the year and eight base-36 characters of the sequence; DE 38
is the last six of these. The sequence rises with every decision and no number is used twice.
"""

from datetime import date
from typing import Final

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PAIRS: Final = [a + b for a in _DIGITS for b in _DIGITS]
_RRN_LENGTH: Final = 12
SEQ_END: Final = 36**8  # DE 37 has no room for it


def base36(number: int) -> str:
    """*number* as eight characters, 0 to 9 and A to Z."""
    assert 0 <= number < SEQ_END
    high, d = divmod(number, 1296)
    high, c = divmod(high, 1296)
    a, b = divmod(high, 1296)
    return _PAIRS[a] + _PAIRS[b] + _PAIRS[c] + _PAIRS[d]


def day_digits(on: date) -> str:
    """The beginning of DE 37 on the business date *on*: last digit of the year, day of the year."""
    return f"{on.year % 10}{on.timetuple().tm_yday:03}"


def seq_of(rrn: str) -> int | None:
    """The sequence in a DE 37 of the switch's own form, or ``None``."""
    digits = rrn[4:]
    if len(rrn) != _RRN_LENGTH or not rrn.isascii() or not rrn[:4].isdigit():
        return None
    if any(character not in _DIGITS for character in digits):
        return None
    return int(digits, 36)
