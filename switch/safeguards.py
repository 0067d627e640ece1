"""What protects the books against somebody who can write their file: anchors, kept elsewhere."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from config.schema import Settings
from ledger.anchor import Anchor, broken, read_anchors, write_anchor
from loyalty.errors import LoyaltyError


@dataclass(frozen=True, slots=True)
class Safeguards:
    """Which of them a deployment has.

    Attributes:
        anchor: The file of anchors; ``None`` when there is none.
    """

    anchor: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those that *settings* name."""
        anchor = settings.store.anchor
        return cls(anchor=settings.path(anchor) if anchor else None)

    def anchors(self, path: Path) -> Sequence[Anchor]:
        """What the books at *path* are to be held against; nothing when they are still to be made.

        Raises:
            LoyaltyError: There are books and no anchors, or anchors and no books.
        """
        if self.anchor is None or not (path.exists() or self.anchor.exists()):
            return ()
        anchors = read_anchors(self.anchor)
        if not path.exists() and anchors and anchors[-1].number:
            raise _refusal(path, anchors[-1].number, "is anchored, and there are no books")
        return anchors

    def keep(self, head: Anchor, last: int | None) -> None:
        """Anchor *head*, unless it is number *last*, which was anchored last.

        Raises:
            LoyaltyError: The file cannot be written.
        """
        if self.anchor is not None and head.number != last:
            write_anchor(self.anchor, head)


def hold_to(anchors: Sequence[Anchor], database: sqlite3.Connection, path: Path) -> None:
    """See that the books in *database* go on from what was anchored.

    Raises:
        LoyaltyError: They do not.
    """
    for number, what in broken(database, anchors):
        raise _refusal(path, number, what)


def _refusal(path: Path, number: int, what: str) -> LoyaltyError:
    return LoyaltyError(
        f"block {number} {what}: these books are an older copy, or somebody changed them",
        where=str(path),
        hint="put back the newest copy; to go on with these and lose what came after them, say so with:"
        " puntual ledger anchor --accept-fork",
    )
