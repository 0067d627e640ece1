"""Where the feed comes from: committed decisions by sequence, in slices that are read and let go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Value = str | int | bool | None


@dataclass(frozen=True, slots=True)
class FeedRecord:
    """One decided transaction as analytics gets it.

    Attributes:
        seq: Sequence of the switch; it rises, with holes.
        fields: Name to value; ``seq`` is among them. No card, name or address: the member is a number.
    """

    seq: int
    fields: Mapping[str, Value]


class BlockSource(Protocol):
    """Committed decisions. Read-only: the books have one writer, and this is not it."""

    def read(self, after: int, count_max: int) -> Sequence[FeedRecord]:
        """The decisions above sequence *after*, in order, *count_max* at most; empty when there are none yet.

        Blocks; called on a thread of its own.
        """
        ...
