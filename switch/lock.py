"""One process at a time writes a deployment's books."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from loyalty.errors import LoyaltyError


class LockHeldError(LoyaltyError):
    """Another process writes the books now; a command of some moments perhaps."""


class ProcessLock:
    """The lock on *path* (``puntual.lock``), held until it is released or the process ends.

    Raises:
        LockHeldError: Another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self._file, 20).decode("ascii", "replace").strip()
            os.close(self._file)
            raise LockHeldError(
                "another process" + (f" ({holder})" if holder else "") + " writes these books",
                where=str(path),
                hint="stop it first, or let it do the work",
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode("ascii"), 0)

    def release(self) -> None:
        """Let another process have it. The file stays: a lock on a name that is gone protects nothing."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def is_held(path: Path) -> bool:
    """Whether a process holds the lock on *path*. Taking it fails for an instant meanwhile."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
