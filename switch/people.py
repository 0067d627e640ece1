"""Names of people who answer for an order: what can stand in the books, and whether two are one person's."""

import unicodedata
from typing import Final

from loyalty.errors import LoyaltyError

NAME_SIZE_MAX: Final = 40


def check_name(name: str, where: str) -> None:
    """Whether *name*, given at *where*, can stand in the books.

    Raises:
        LoyaltyError: It cannot.
    """
    if not name.strip() or len(name) > NAME_SIZE_MAX or not name.isprintable():
        hint = f"write 1 to {NAME_SIZE_MAX} printable characters"
        raise LoyaltyError("cannot stand in the books", where=where, hint=hint)


def is_same_person(one: str, other: str) -> bool:
    """Whether *one* and *other* differ in nothing but capitals, spaces and ways to write a letter."""
    return _spoken(one) == _spoken(other)


def _spoken(name: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join([each for each in folded if not each.isspace() and each.isprintable()])
