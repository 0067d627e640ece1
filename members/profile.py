"""What is known of a member beyond his cards, for rules that ask."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A member, as rules see him.

    Attributes:
        joined_on: The day of his first card, or what the operator said of it.
        category: Of his cards, as the operator calls it; empty for none.
        birthday: It lies among what can be erased of him, and shows in no ``repr``.
    """

    segments: frozenset[str] = frozenset()
    category: str = ""
    joined_on: date | None = None
    birthday: date | None = field(default=None, repr=False)
