"""A copy of the books beside a running switch, and the way back: as a file, and as a drill.

The file is copied twice. The first time slowly and in no state of its own, while the switch goes on; then one
read holds a state fast, what differs by now is copied again, and the log with it. That takes about a second
for a gigabyte: for so long the switch's log grows and is not taken in. Only the switch's own connection ever
checkpoints the books.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
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
from switch.slicedcopy import SlicedCopy
from switch.store import SqliteStore

_COMPANIONS: Final = ("-wal", "-shm", "-journal")


def back_up(source: Path, target: Path, progress: Callable[[int, int], None]) -> Anchor:
    """Copy the books at *source* into the new file *target*, and give the last block that it has.

    The copy is one file that needs nothing beside it. Not for the process that writes the books: closing a
    file lets go all locks that the process has on it.

    Args:
        source: The books.
        target: A file that must not exist; it gets its name when it is whole and durable.
        progress: Told how many bytes are done, and of how many, a slice at a time. It may pause.

    Raises:
        LoyaltyError: There are no books, or *target* exists or cannot be written.
    """
    if target.exists():
        raise LoyaltyError("is there already", where=str(target), hint="give each copy a name of its own")
    part = target.with_name(target.name + ".part")
    try:
        with closing(open_for_reading(source)) as books, ExitStack() as ends:
            file = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
            ends.callback(os.close, file)
            ends.callback(books.close)  # before the file: SQLite's locks go with that
            _copy_beside(books, file, source, part, progress)
        last = _taken_in(part)
        _sync(part)
        part.rename(target)
        _sync(target.parent)
    except sqlite3.Error as error:
        raise unusable(target, error) from error
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise LoyaltyError(what, where=str(target), hint="check the folder and the disk") from error
    finally:
        _remove(part)
    return last


def _copy_beside(
    books: sqlite3.Connection, file: int, source: Path, part: Path, progress: Callable[[int, int], None]
) -> None:
    """Copy *file*, which is *source* that *books* reads, and its log into *part* and the log of that.

    While a read holds a state, what the switch takes in from its log is nothing newer, and it does not begin
    the log anew where that is part of the state: file and log together are that state, or a later one.
    """
    _remove(part)
    with _new_file(part) as target:
        copy = SlicedCopy(file, target)
        size = copy.run(lambda done, size: progress(done, 2 * size))
        books.execute("BEGIN")
        last_block(books)  # from this read on, the state is held
        copy.run(lambda done, _: progress(min(size + done, 2 * size), 2 * size))
        log = _beside(source, "-wal")
        if log.exists():
            with _new_file(_beside(part, "-wal")) as copied, log.open("rb") as stream:
                SlicedCopy(stream.fileno(), copied).run()
        books.execute("ROLLBACK")


def _taken_in(part: Path) -> Anchor:
    """Take the log of the copy into it, and give the last block that it has."""
    with closing(sqlite3.connect(part, isolation_level=None)) as copy:
        copy.execute("PRAGMA synchronous = OFF")  # it is made durable as a whole, at the end
        copy.execute("PRAGMA journal_mode = DELETE").fetchall()
        return last_block(copy)


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
        _remove(made)
        with _new_file(made) as target, copy.open("rb") as source:
            SlicedCopy(source.fileno(), target).run()
        _sync(made)
        findings = verify(made, chain_key=chain_key)
        for name in _COMPANIONS:  # of the reading that verified it
            _beside(made, name).unlink(missing_ok=True)
        if findings:
            made.unlink()
            return None, findings
        former = None
        if path.exists():
            former = path.with_name(f"{path.name}.{SystemClock().now():%Y%m%dT%H%M%SZ}")
            # A log that lies beside belongs to the former file and would be played into the new one.
            for name in ("", *_COMPANIONS):
                if _beside(path, name).exists():
                    _beside(path, name).rename(_beside(former, name))
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


def _beside(path: Path, name: str) -> Path:
    """The file of SQLite's that lies beside *path* and ends with *name*."""
    return path.with_name(path.name + name)


def _remove(path: Path) -> None:
    """Remove a database that nobody uses, with what lies beside it."""
    for name in ("", *_COMPANIONS):
        _beside(path, name).unlink(missing_ok=True)


@contextmanager
def _new_file(path: Path) -> Iterator[int]:
    """A file that only this user reads."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    """Make a file, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
