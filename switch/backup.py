"""A copy of the books beside a running switch, and the way back: as a file, and as a drill.

One read holds the copied state fast, and its pages are copied a few at a time. The switch goes on writing its
log meanwhile; nothing waits for the copy, and only the switch's own connection ever checkpoints.
"""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ledger.anchor import Anchor, last_block
from ledger.finding import Finding
from loyalty.clock import SystemClock
from loyalty.errors import LoyaltyError
from switch.audit import verify
from switch.database import open_for_reading, unusable
from switch.lock import ProcessLock
from switch.safeguards import Safeguards
from switch.store import SqliteStore

SLICE_SIZE: Final = 1_000  # pages
_COMPANIONS: Final = ("-wal", "-shm", "-journal")


def back_up(source: Path, target: Path, progress: Callable[[int, int], None]) -> Anchor:
    """Copy the books at *source* into the new file *target*, and give the last block that it has.

    The copy is one file that needs nothing beside it.

    Args:
        source: The books.
        target: A file that must not exist; it gets its name when it is whole and durable.
        progress: Told how many pages are copied, and of how many, ``SLICE_SIZE`` at a time. It may pause.

    Raises:
        LoyaltyError: There are no books, or *target* exists or cannot be written.
    """
    if target.exists():
        raise LoyaltyError("is there already", where=str(target), hint="give each copy a name of its own")
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        with closing(open_for_reading(source)) as books, closing(sqlite3.connect(part)) as copy:
            last = _copy(books, copy, progress)
        _sync(part)
        part.rename(target)
        _sync(target.parent)
    except sqlite3.Error as error:
        raise unusable(target, error) from error
    finally:
        part.unlink(missing_ok=True)
    return last


def _copy(
    books: sqlite3.Connection, copy: sqlite3.Connection, progress: Callable[[int, int], None]
) -> Anchor:
    copy.execute("PRAGMA synchronous = OFF")  # it is made durable as a whole, at the end
    books.execute("BEGIN")
    last = last_block(books)  # from this read on, the state is held
    books.backup(copy, pages=SLICE_SIZE, progress=lambda _, left, total: progress(total - left, total))
    books.execute("ROLLBACK")
    copy.execute("PRAGMA journal_mode = DELETE")
    return last


def restore(copy: Path, path: Path, chain_key: bytes | None = None) -> tuple[Path | None, list[Finding]]:
    """Put *copy* in the place of the books at *path*, unless something is wrong with it.

    Gives the name under which the former books are kept, and what is wrong.

    Raises:
        LoyaltyError: There is no such copy, or a switch runs.
    """
    if not copy.is_file():
        raise LoyaltyError(
            "there is no such copy", where=str(copy), hint="name one of `puntual ledger backup`"
        )
    with ProcessLock(path.parent / "puntual.lock"):
        made = path.with_name(path.name + ".restore")
        shutil.copyfile(copy, made)
        made.chmod(0o600)
        _sync(made)
        findings = verify(made, chain_key=chain_key)
        for name in _COMPANIONS:  # of the reading that verified it
            made.with_name(made.name + name).unlink(missing_ok=True)
        if findings:
            made.unlink()
            return None, findings
        former = None
        if path.exists():
            former = path.with_name(f"{path.name}.{SystemClock().now():%Y%m%dT%H%M%SZ}")
            # A log that lies beside belongs to the former file and would be played into the new one.
            for name in ("", *_COMPANIONS):
                beside = path.with_name(path.name + name)
                if beside.exists():
                    beside.rename(former.with_name(former.name + name))
        made.rename(path)
        _sync(path.parent)
    return former, []


def drill(copy: Path, chain_key: bytes | None = None) -> tuple[Anchor | None, list[Finding]]:
    """Put *copy* back in a folder of its own, start on it, and throw it away.

    Gives the last block with which a switch would go on, and what is wrong; then there is none.

    Raises:
        LoyaltyError: There is no such copy, or a switch would not start on it.
    """
    with TemporaryDirectory(dir=copy.parent, prefix=".drill-") as folder:
        path = Path(folder) / "puntual.db"
        _, findings = restore(copy, path, chain_key)
        return (
            (None, findings)
            if findings
            else (asyncio.run(_started(path, Safeguards(chain_key=chain_key))), [])
        )


async def _started(path: Path, safeguards: Safeguards) -> Anchor:
    """The last block as a store finds it."""
    store = await SqliteStore.open(path, safeguards=safeguards)
    head = store.head
    await store.close()
    return Anchor(head.number, head.hash)


def _sync(path: Path) -> None:
    """Make a file, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
