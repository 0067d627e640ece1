"""What protects the books against somebody who can write their file: anchors, kept elsewhere, and a key."""

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from config.key import key_of, load_key
from config.schema import Settings
from ledger.anchor import Anchor, broken, last_block, read_anchors, write_anchor
from ledger.block import FORMAT_KEYED
from ledger.chain import is_keyed_with
from ledger.slices import slices
from loyalty.errors import LoyaltyError


@dataclass(frozen=True, slots=True)
class Safeguards:
    """Which of them a deployment has.

    Attributes:
        anchor: The file of anchors; ``None`` when there is none.
        chain_key: Under which blocks are hashed; ``None`` when they are not keyed.
    """

    anchor: Path | None = None
    chain_key: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those that *settings* name.

        Raises:
            LoyaltyError: The key cannot be read, or is none.
        """
        anchor = settings.store.anchor
        return cls(anchor=settings.path(anchor) if anchor else None, chain_key=chain_key(settings))

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

    def hold_key(self, database: sqlite3.Connection, path: Path) -> None:
        """See that the chain in *database* can go on as it is: keyed with this key, or not keyed.

        Raises:
            LoyaltyError: It cannot.
        """
        last = last_block(database).number
        for some in slices(database, after=last - 1):
            form = some.blocks[-1][1]
            if form == FORMAT_KEYED and self.chain_key is None:
                hint = "name the key with [store] chain_key_file or chain_key_env"
                raise LoyaltyError("has a keyed chain, and no key is named", where=str(path), hint=hint)
            if form == FORMAT_KEYED and not is_keyed_with(self.chain_key, some):
                hint = (
                    "name the key with which the switch wrote them, or see what `puntual ledger verify` says"
                )
                raise LoyaltyError("has a chain with another key", where=str(path), hint=hint)


def chain_key(settings: Settings) -> bytes | None:
    """The key of the chain that *settings* name; ``None`` when they name none.

    Raises:
        LoyaltyError: It cannot be read, or is none. The text never holds any of it.
    """
    store = settings.store
    if store.chain_key_file:
        return load_key(settings.path(store.chain_key_file))
    if store.chain_key_env:
        return key_of(os.environ.get(store.chain_key_env, ""), where=f"environment {store.chain_key_env}")
    return None


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
