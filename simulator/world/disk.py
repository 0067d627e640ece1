"""The disk under the books: slow, full, failing, and what is left on it when the power goes.

A commit has two moments that count. Before the first nothing of it is on the disk, after the second somebody
may be told; whoever is killed in between finds the truth at the next start.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Final

from ledger.block import Row
from simulator.world.history import History
from simulator.world.perils import Perils, happens
from switch.database import InlineConnection

_FLUSH_S: Final = (0.0005, 0.02)
_SLOW_S: Final = (0.5, 25.0)
_LEAVING_S: Final = 0.0005  # between the flush and whoever waits for it


class Disk:
    """How the disk is. *perils* may be replaced."""

    def __init__(self, perils: Perils, random: Random, history: History) -> None:
        self.perils = perils
        self.random = random
        self.history = history
        self.is_full = False


class DiskConnection(InlineConnection):
    """The connection that writes, on a disk that fails as it is told to.

    Attributes:
        path: Of the file of the books.
    """

    def __init__(self, database: sqlite3.Connection, disk: Disk, path: Path) -> None:
        super().__init__(database, self._flush)
        self.path = path
        self._disk = disk
        self._is_dead = False
        self._is_flushing = False
        self._busy = asyncio.Lock()

    def execute(self, sql: str, row: Row = ()) -> None:
        self._fail()
        super().execute(sql, row)

    def executemany(self, sql: str, rows: Iterable[Row]) -> None:
        self._fail()
        super().executemany(sql, rows)

    async def commit(self) -> None:
        async with self._busy:
            await super().commit()
            await asyncio.sleep(_LEAVING_S)
            await self._live_on()

    async def close(self) -> None:
        if not self._is_dead:
            await self._busy.acquire()  # a commit that has begun is waited for
        await super().close()

    def cut_off(self, *, torn: bool) -> None:
        """The power goes. With *torn* what is being committed is on the disk in part."""
        self._is_dead = True
        if self._is_flushing and torn:
            wal = self.path.with_name(self.path.name + "-wal")
            before = wal.stat().st_size if wal.exists() else 0
            self._database.commit()
            grown = wal.stat().st_size - before
            if grown > 0:
                keep = before + self._disk.random.randrange(grown)
                self._disk.history.tell("disk", f"the commit is torn: {keep - before} of {grown} bytes")
                self._disk.history.count("torn commit")
                with wal.open("r+b") as file:
                    file.truncate(keep)

    def _fail(self) -> None:
        """Fail a write, now and then."""
        if self._is_dead:
            raise _error("SQLITE_IOERR_WRITE")
        if happens(self._disk.random, self._disk.perils.unwritten):
            self._disk.history.tell("disk", "a write fails")
            self._disk.history.count("failed write")
            raise _error("SQLITE_IOERR_WRITE")

    async def _flush(self) -> None:
        """Wait for the disk; fail as disks do."""
        disk, random = self._disk, self._disk.random
        self._is_flushing = True
        if happens(random, disk.perils.slow):
            duration = random.uniform(*_SLOW_S)
            disk.history.tell("disk", f"a commit takes {duration:.1f} s")
            disk.history.count("slow commit")
            await asyncio.sleep(duration)
        else:
            await asyncio.sleep(random.uniform(*_FLUSH_S))
        await self._live_on()
        self._is_flushing = False
        if disk.is_full or happens(random, disk.perils.full):
            disk.history.tell("disk", "no room for a commit")
            disk.history.count("full disk")
            raise _error("SQLITE_FULL")
        if happens(random, disk.perils.unknown):
            is_durable = random.random() < 0.5
            disk.history.tell("disk", f"a flush fails, and the commit is{'' if is_durable else ' not'} there")
            disk.history.count("commit in doubt")
            if is_durable:
                self._database.commit()
            raise _error("SQLITE_IOERR_FSYNC")

    async def _live_on(self) -> None:
        """Whoever was killed does not come back from waiting."""
        if self._is_dead:
            await asyncio.get_running_loop().create_future()


def left_on_disk(path: Path, folder: Path) -> Path:
    """A copy in the new *folder* of what a process that ended at once left of the books at *path*."""
    folder.mkdir()
    for name in (path.name, path.name + "-wal"):
        part = path.with_name(name)
        if part.exists():
            shutil.copyfile(part, folder / name)
    return folder / path.name


def _error(name: str) -> sqlite3.Error:
    """The error that SQLite calls *name*."""
    error = sqlite3.OperationalError(name)
    error.sqlite_errorname = name
    return error
