"""What on this machine endangers a switch: SQLite, the disk, the clock, limits, modes."""

import ctypes
import enum
import os
import resource
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Final

from config.schema import Settings
from loyalty.clock import Clock
from loyalty.errors import LoyaltyError
from switch.database import is_reset_safe, open_for_reading
from switch.lock import ProcessLock

SYNC_COUNT: Final = 20
SYNC_SLOW_MS: Final = 10.0  # half of them: a request waits for about two
SYNC_QUICK_MS: Final = 0.02  # no disk is so fast: it is memory, or it lies
FREE_LOW: Final = 1 << 30  # bytes
FREE_MIN: Final = 64 << 20
DESCRIPTORS_SPARE: Final = 128
_VOLATILE: Final = frozenset({"tmpfs", "ramfs"})
_REMOTE: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs"})
_TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronized


class Level(enum.Enum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # it works, and something could make it fail
    DANGER = "danger"  # answers or books are at risk


@dataclass(frozen=True, slots=True)
class Symptom:
    """What was looked at, what was found, and what to do where it is not well."""

    level: Level
    what: str
    found: str
    hint: str = ""


def examine(settings: Settings, clock: Clock, time: Callable[[], float]) -> Iterator[Symptom]:
    """Look at everything. *time* gives seconds that only rise."""
    yield _sqlite()
    yield from _books(settings, clock)
    yield _filesystem(settings.database.parent)
    yield _sync(settings.database.parent, time)
    yield _space(settings.database.parent)
    yield _clock()
    yield _lock(settings)
    yield _descriptors(settings)
    yield from _modes(settings)


def _sqlite() -> Symptom:
    if is_reset_safe(sqlite3.sqlite_version_info):
        return Symptom(Level.OK, "SQLite", sqlite3.sqlite_version)
    return Symptom(
        Level.WARNING,
        "SQLite",
        f"{sqlite3.sqlite_version} can lose commits when two connections write and checkpoint at once",
        "the switch does both with one: let nothing else write to the books, such as Litestream or a shell"
        " (fixed in 3.51.3, 3.50.7 and 3.44.6)",
    )


def _books(settings: Settings, clock: Clock) -> Iterator[Symptom]:
    path = settings.database
    if not path.exists():
        yield Symptom(Level.OK, "books", "none yet")
        return
    try:
        with closing(open_for_reading(path)) as database:
            mode = database.execute("PRAGMA journal_mode").fetchone()[0]
            row = database.execute("SELECT committed_at FROM block ORDER BY number DESC LIMIT 1").fetchone()
    except (LoyaltyError, sqlite3.Error) as error:
        yield Symptom(Level.DANGER, "books", str(error), "puntual ledger verify tells more")
        return
    if mode == "wal":
        yield Symptom(Level.OK, "books", "write-ahead log; each commit is synced (synchronous = FULL)")
    else:
        hint = "the next start of the switch sets it back; find out who changed it"
        yield Symptom(Level.WARNING, "books", f"journal mode is {mode}, and the switch uses wal", hint)
    if row is not None:
        behind = datetime.fromisoformat(row[0]) - clock.now()
        if behind > timedelta(seconds=1):
            found = f"the last block was written {int(behind.total_seconds())} s from now"
            yield Symptom(Level.DANGER, "clock", found, "set the clock: decisions wait for its time to come")


def _filesystem(folder: Path) -> Symptom:
    kind = _kind_of(folder)
    if kind in _VOLATILE:
        return Symptom(
            Level.DANGER, "filesystem", f"{kind} is memory: a power cut takes the books", "use a disk"
        )
    if kind in _REMOTE:
        found = f"{kind} is over a network: locks and the log's shared memory do not hold there"
        return Symptom(Level.DANGER, "filesystem", found, "use a local disk")
    return Symptom(Level.OK, "filesystem", kind)


def _kind_of(folder: Path) -> str:
    """The type of the file system that *folder* lies on."""
    try:
        mounts = Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return "unknown"
    best, kind = "", "unknown"
    for line in mounts:
        _, point, named, *_ = line.split(" ")
        if folder.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, named
    return kind


def _sync(folder: Path, time: Callable[[], float]) -> Symptom:
    """How long the disk takes to keep a page."""
    probe = folder / ".puntual-doctor"
    took_ms: list[float] = []
    try:
        file = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            for _ in range(SYNC_COUNT):
                os.write(file, bytes(4096))
                began = time()
                os.fdatasync(file)
                took_ms.append((time() - began) * 1000)
        finally:
            os.close(file)
            probe.unlink()
    except OSError as error:
        return Symptom(
            Level.DANGER, "disk", f"cannot be written: {error.strerror}", "see the folder's rights"
        )
    half, most = median(took_ms), max(took_ms)
    found = f"a synced page takes {half:.2f} ms, {most:.2f} ms at most of {SYNC_COUNT}"
    if half > SYNC_SLOW_MS:
        return Symptom(Level.WARNING, "disk", found, "answers wait for it: use a disk that syncs in 2 ms")
    if half < SYNC_QUICK_MS:
        hint = "no disk is so fast: make sure that it keeps what it acknowledges when the power fails"
        return Symptom(Level.WARNING, "disk", found, hint)
    return Symptom(Level.OK, "disk", found)


def _space(folder: Path) -> Symptom:
    disk = os.statvfs(folder)
    free = disk.f_bavail * disk.f_frsize
    found = f"{free >> 20} MiB are free"
    if free < FREE_LOW:
        level = Level.DANGER if free < FREE_MIN else Level.WARNING
        return Symptom(level, "space", found, "make room: on a full disk requests are answered 91")
    return Symptom(Level.OK, "space", found)


def _clock() -> Symptom:
    """Whether somebody keeps the clock right."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (AttributeError, OSError):
        return Symptom(Level.OK, "time", "whether it is synchronized cannot be told here")
    if state == _TIME_ERROR:
        hint = "run chrony or systemd-timesyncd; in a container the host's counts"
        return Symptom(Level.WARNING, "time", "nobody synchronizes the clock", hint)
    return Symptom(Level.OK, "time", "the clock is synchronized")


def _lock(settings: Settings) -> Symptom:
    if not settings.lock.exists():
        return Symptom(Level.OK, "lock", "no switch runs here")
    try:
        ProcessLock(settings.lock).release()
    except LoyaltyError as error:
        return Symptom(Level.OK, "lock", error.what)
    except OSError as error:
        return Symptom(Level.DANGER, "lock", f"cannot be taken: {error.strerror}", "see the file's owner")
    return Symptom(Level.OK, "lock", "no switch runs here")


def _descriptors(settings: Settings) -> Symptom:
    needed = settings.limits.connections_max + DESCRIPTORS_SPARE
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        found = f"{hard} may be open, and limits.connections_max needs {needed}"
        return Symptom(Level.WARNING, "files", found, "raise LimitNOFILE of the service (ulimit -n)")
    return Symptom(Level.OK, "files", f"{needed} may be open")


def _modes(settings: Settings) -> Iterator[Symptom]:
    """Who may read what holds secrets or persons, and who may put another file in its place."""
    secrets = [str(settings.cards.key_file), settings.exporter.password_file, settings.store.chain_key_file]
    secrets += [listener.mac_key_file for listener in settings.listener]
    paths = [settings.path(name) for name in secrets if name]
    books = settings.database
    paths += [books, books.with_name(books.name + "-wal"), books.with_name(books.name + "-shm")]
    bad = False
    for path in [settings.folder, *paths]:
        try:
            held = path.stat()
        except OSError:
            continue
        mode = stat.S_IMODE(held.st_mode)
        is_folder = stat.S_ISDIR(held.st_mode)
        if mode & (0o022 if is_folder else 0o077):
            bad = True
            hint = f"chmod {'go-w' if is_folder else 'go='} {path}"
            yield Symptom(Level.DANGER, "modes", f"{path.name} has mode {mode:04o}", hint)
        if held.st_uid not in (os.geteuid(), 0):
            bad = True
            hint = "run as the user that owns the deployment"
            yield Symptom(Level.WARNING, "modes", f"{path.name} belongs to another user", hint)
    if not bad:
        yield Symptom(Level.OK, "modes", "books and keys are for this user's eyes only")
