"""Names of people who answer for an order: whether two of them are one person's."""

import unicodedata


def is_same_person(one: str, other: str) -> bool:
    """Whether *one* and *other* differ in nothing but capitals, spaces and ways to write a letter."""
    return _spoken(one) == _spoken(other)


def _spoken(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
