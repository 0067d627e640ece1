"""The anchor of a deployment's books: as they are, or as somebody says that they shall be."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from ledger.anchor import Anchor, last_block
from switch.database import open_for_reading
from switch.safeguards import Safeguards, hold_to
from switch.store import SqliteStore

# Numbers of decisions that are left out after a fork: more than the lost books can have given out since
# the copy was made.
FORK_GAP: Final = 1_000_000_000


def anchor_of(path: Path, anchors: Sequence[Anchor] = ()) -> Anchor:
    """The last block of the books at *path*, which go on from *anchors*; also beside a running switch.

    Raises:
        LoyaltyError: There are none, they cannot be read, or they do not go on from those.
    """
    with closing(open_for_reading(path)) as database:
        hold_to(anchors, database, path)
        return last_block(database)


def accept_fork(path: Path, chain_key: bytes | None = None) -> Anchor:
    """The anchor that takes the books at *path* as they are, whatever was anchored before.

    They leave out numbers, so that none is given out twice.

    Raises:
        LoyaltyError: There are none, they cannot be used, or a switch runs on them.
    """
    last = anchor_of(path)
    asyncio.run(_leave_out_numbers(path, Safeguards(chain_key=chain_key)))
    return replace(last, is_fork=True)


async def _leave_out_numbers(path: Path, safeguards: Safeguards) -> None:
    store = await SqliteStore.open(path, safeguards=safeguards)
    store.sequence.skip(FORK_GAP)
    await store.close()
