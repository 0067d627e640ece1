"""What rules collect on and draw on: cards of stamps, and pools of prizes of which there are only so many."""

from dataclasses import dataclass
from typing import Final

from rules.span import Span

STAMPS: Final = "stamps:"  # begins the measure of stamps that were given
STAMPS_USED: Final = "stamps_used:"  # ... of those that paid for something
POOL: Final = "pool:"  # ... of prizes that were given
FREE: Final = "free:"  # begins the counter of units that stamps paid for in this very sale
FREE_WITHIN: Final = (
    "free_within:"  # ... of those among them that share a line with units that cost something
)


@dataclass(frozen=True, slots=True)
class StampCard:
    """A card of stamps. Each member has one of each kind.

    Attributes:
        text: As the receipt calls it.
        size: Stamps that fill it.
        coupon: The kind that a full one is turned into; empty when rules give something free for it.
    """

    id: str
    text: str
    size: int
    coupon: str = ""

    @property
    def measure(self) -> str:
        """What was given."""
        return f"{STAMPS}{self.id}/member"

    @property
    def used(self) -> str:
        """What paid for something."""
        return f"{STAMPS_USED}{self.id}/member"

    @property
    def counter(self) -> str:
        """What is on it, as conditions call it."""
        return f"stamps.{self.id}"


@dataclass(frozen=True, slots=True)
class Pool:
    """Prizes of one kind, of which there are only so many.

    Attributes:
        stock: How many.
        cost_minor: Of one.
        lasts: How long one can be fetched.
    """

    id: str
    text: str
    stock: int
    cost_minor: int
    lasts: Span

    @property
    def measure(self) -> str:
        """What was given."""
        return f"{POOL}{self.id}/all"

    @property
    def counter(self) -> str:
        """What was given, as the facts call it."""
        return f"pool.{self.id}"
