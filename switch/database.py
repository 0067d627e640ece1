"""The file of the books: how it is opened, brought up to date and guarded, and the connection that writes it.

Exactly one connection writes and checkpoints: SQLite before 3.51.3 can lose commits when two do
(https://sqlite.org/wal.html, "the WAL-reset bug"). Others read, on connections that can do nothing else.
"""

import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Final, Protocol

import aiosqlite

import ledger.tables
import members.tables
from ledger.block import Row
from loyalty.errors import LoyaltyError

APPLICATION_ID: Final = 0x50554E54  # "PUNT", in the header of the file
MIGRATIONS: Final = Path(__file__).parent / "migrations"

MAPPED_MAX: Final = 1 << 30  # bytes of the file that readers map

_PRAGMAS: Final = (
    "page_size = 2048",  # half the default: indexes are hit at random, and a commit writes whole pages
    "journal_mode = WAL",
    "synchronous = FULL",  # NORMAL loses acknowledged commits when the power fails
    "wal_autocheckpoint = 4000",  # pages, 8 MB: what many commits touch is taken into the file once
    "recursive_triggers = ON",  # without it REPLACE deletes behind the triggers' back
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "secure_delete = ON",  # what is erased of a person is overwritten
    "temp_store = MEMORY",
    "cache_size = -65536",  # KiB
)


def is_reset_safe(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite keeps commits when two connections write and checkpoint at the same instant.

    Versions before lose them then (https://sqlite.org/wal.html, "the WAL-reset bug").
    """
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


class Connection(Protocol):
    """The connection that writes.

    Rows are written at once, in the thread of the caller: a thread of its own would have to win the
    interpreter's lock back for every row, against a busy event loop. Only the commit waits for the
    disk, and only it is awaited.
    """

    @property
    def in_transaction(self) -> bool: ...
    def execute(self, sql: str, row: Row = ()) -> None: ...
    def executemany(self, sql: str, rows: Iterable[Row]) -> None: ...
    def rollback(self) -> None: ...
    async def commit(self) -> None: ...
    async def close(self) -> None: ...


class _Writing:
    """What both connections share: everything but how they wait for the disk."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    @property
    def in_transaction(self) -> bool:
        return self._database.in_transaction

    def execute(self, sql: str, row: Row = ()) -> None:
        self._database.execute(sql, row)

    def executemany(self, sql: str, rows: Iterable[Row]) -> None:
        self._database.executemany(sql, rows)

    def rollback(self) -> None:
        self._database.rollback()


class ThreadedConnection(_Writing):
    """Commits in a thread, so that the event loop goes on while the disk works."""

    def __init__(self, database: sqlite3.Connection, thread: aiosqlite.Connection) -> None:
        super().__init__(database)
        self._thread = thread

    @classmethod
    async def start(cls, database: sqlite3.Connection) -> "ThreadedConnection":
        """Take over *database*."""
        return cls(database, await aiosqlite.Connection(lambda: database, iter_chunk_size=1))

    async def commit(self) -> None:
        await self._thread.commit()

    async def close(self) -> None:
        await self._thread.close()


class InlineConnection(_Writing):
    """Commits in the caller's thread after *pause*: for a world that must happen again the same way."""

    def __init__(self, database: sqlite3.Connection, pause: Callable[[], Awaitable[None]]) -> None:
        super().__init__(database)
        self._pause = pause

    async def commit(self) -> None:
        await self._pause()
        self._database.commit()

    async def close(self) -> None:
        self._database.close()


def open_for_writing(path: Path) -> sqlite3.Connection:
    """The database at *path*, made when there is none, migrated and guarded.

    The caller holds the process lock.

    Raises:
        LoyaltyError: It cannot be opened, is somebody else's, or of a later version.
    """
    if not path.exists():
        # It will hold names and addresses: nobody else reads it.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    try:
        database = sqlite3.connect(
            path, timeout=5, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            _recognise(database, path, may_be_empty=True)
            for pragma in _PRAGMAS:
                database.execute(f"PRAGMA {pragma}").fetchall()
            migrate(database)
            # From here on the event loop writes: it must not wait for somebody's lock.
            database.execute("PRAGMA busy_timeout = 0").fetchall()
            database.set_authorizer(_authorize)
        except BaseException:
            database.close()
            raise
    except sqlite3.Error as error:
        raise unusable(path, error) from error
    return database


def open_for_reading(path: Path) -> sqlite3.Connection:
    """The database at *path*, for reading beside whoever writes it.

    Raises:
        LoyaltyError: There is none, or it cannot be read, is somebody else's, or of another version.
    """
    if not path.is_file():
        raise LoyaltyError("there are no books", where=str(path), hint="name the file of a deployment")
    try:
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if _is_unchangeable(path) else ''}",
            uri=True,
            timeout=5,
            isolation_level=None,
            cached_statements=256,
        )
        try:
            database.execute("PRAGMA query_only = ON")
            # Every commit empties this connection's cache: pages that are mapped need not be read again.
            database.execute(f"PRAGMA mmap_size = {MAPPED_MAX}").fetchall()
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA cell_size_check = ON")
            _recognise(database, path, may_be_empty=False)
        except BaseException:
            database.close()
            raise
    except sqlite3.Error as error:
        raise unusable(path, error) from error
    return database


def read_through(database: sqlite3.Connection) -> None:
    """Let the connection *database*, which reads, go through all of the books in little memory.

    What is mapped counts as memory, and in the end all would be mapped.
    """
    database.execute("PRAGMA mmap_size = 0").fetchall()
    database.execute("PRAGMA cache_size = -8192")  # KiB: pages above the leaves of several tables


def _is_unchangeable(path: Path) -> bool:
    """Whether nobody can write the books at *path*, because their disk takes nothing.

    SQLite shares an index of the WAL beside the file, even to read; where it cannot be made it must not be
    missed. With a WAL that nobody took in, the file alone would be the books of another day.
    """
    wal = path.with_name(path.name + "-wal")
    is_taken_in = not wal.exists() or wal.stat().st_size == 0
    return is_taken_in and not os.access(path.parent, os.W_OK)


def migrations() -> list[tuple[int, str]]:
    """Number and text of every migration, in order."""
    found = sorted(MIGRATIONS.glob("*.sql"))
    numbered = [(int(path.name.split("_")[0]), _script(path)) for path in found]
    assert [number for number, _ in numbered] == list(range(1, len(numbered) + 1))
    return numbered


@cache
def _script(path: Path) -> str:
    return path.read_text("utf-8")


def migrate(database: sqlite3.Connection) -> None:
    """Bring *database* to the latest version, one migration after the other, each wholly or not at all."""
    version = _version(database)
    for number, script in migrations():
        if number > version:
            try:
                database.executescript(
                    f"BEGIN IMMEDIATE;\n{script}\nPRAGMA application_id = {APPLICATION_ID};\n"
                    f"PRAGMA user_version = {number};\nCOMMIT;"
                )
            except sqlite3.Error:
                database.rollback()
                raise


def _version(database: sqlite3.Connection) -> int:
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    return version


def _recognise(database: sqlite3.Connection, path: Path, *, may_be_empty: bool) -> None:
    """Refuse a database that is not ours, or of a version that this program does not know."""
    application: int = database.execute("PRAGMA application_id").fetchone()[0]
    tables: int = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if may_be_empty and tables == 0 and application == 0:
        return
    if application != APPLICATION_ID:
        raise LoyaltyError(
            "is a database of another program", where=str(path), hint="name the file of a deployment"
        )
    version, latest = _version(database), len(migrations())
    if version > latest:
        raise LoyaltyError(
            f"has version {version}, and this program knows {latest}",
            where=str(path),
            hint="use the program that wrote it, or a later one",
        )
    if version < latest and not may_be_empty:
        raise LoyaltyError(
            f"has version {version}, and this program reads {latest}",
            where=str(path),
            hint="start the switch once: it brings the books up to date",
        )


def unusable(path: Path, error: sqlite3.Error) -> LoyaltyError:
    """What is told when SQLite cannot use the file."""
    return LoyaltyError(
        f"cannot be used: {error}", where=str(path), hint="check the file, its folder and the disk"
    )


_INSERTABLE: Final = frozenset(
    {table.name for one in (ledger.tables, members.tables) for table in one.metadata.tables.values()}
)
_CACHES: Final = frozenset({"balance", "open_hold"})
_MUTABLE: Final = frozenset(_CACHES | {table.name for table in members.tables.metadata.tables.values()})
_HARMLESS: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_TRANSACTION}
)


def _authorize(
    action: int, first: str | None, _second: str | None, _base: str | None, _inner: str | None
) -> int:
    """What the writing connection may do: add to the books, change the cards and the cache, nothing else.

    SQLite asks when it prepares a statement, not for every row.
    """
    if action in _HARMLESS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_INSERT and first in _INSERTABLE:
        return sqlite3.SQLITE_OK
    if action in {sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE} and first in _MUTABLE:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
