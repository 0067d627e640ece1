"""Text for the wire: printable ASCII only, whatever a programme or a product is called."""

import unicodedata
from typing import Final

_SPELLED: Final = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
        "đ": "d", "Đ": "D", "ð": "d", "þ": "th", "€": "EUR", "£": "GBP", "¥": "JPY", "¡": "!", "·": "-",
        "\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'", "“": '"', "”": '"',
        "\N{DOUBLE LOW-9 QUOTATION MARK}": '"', "\N{SINGLE LOW-9 QUOTATION MARK}": "'",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i", "ẞ": "SS", "Ð": "D", "Þ": "Th", "…": "...",
        "«": '"', "»": '"', "\N{EN DASH}": "-", "—": "-", "\N{MINUS SIGN}": "-", "\N{FRACTION SLASH}": "/",
        "\N{MULTIPLICATION SIGN}": "x", "\t": " ", "\n": " ", "\r": " ",
    }
)  # fmt: skip


def to_ascii(text: str) -> str:
    """*text* in the characters 20 to 7E: accents are dropped, some signs spelled, the rest is ``?``."""
    if text.isascii() and text.isprintable():
        return text
    plain = unicodedata.normalize("NFKD", text.translate(_SPELLED)).translate(_SPELLED)
    return "".join(
        character if " " <= character <= "~" else "?"
        for character in plain
        if not unicodedata.combining(character)
    )
