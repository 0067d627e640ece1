"""How far the feed was acknowledged: one number in a file of its own, beside the books."""

import fcntl
import os
from pathlib import Path
from typing import Final, Self

from loyalty.errors import LoyaltyError

_LENGTH_MAX: Final = 20  # digits: more than a sequence can have


class Cursor:
    """The sequence of the last record that was acknowledged; 0 before the first.

    While it is open no other exporter moves it: two would publish everything twice.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.seq = 0

    def __enter__(self) -> Self:
        """Open it.

        Raises:
            LoyaltyError: It holds something else, or another exporter has it.
        """
        self._folder = os.open(self._path.parent, os.O_RDONLY)
        self._lock = os.open(self._path.with_name(self._path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.seq = self._load()
        except BlockingIOError as error:
            self._close()
            hint = "one feed is enough; stop the other first"
            raise ExporterRunsError("another exporter has it", where=self._path.name, hint=hint) from error
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def move(self, seq: int) -> None:
        """Remember that all up to *seq* was acknowledged. It is on disk when this returns."""
        assert seq > self.seq
        new = self._path.with_name(self._path.name + ".new")
        with new.open("w", encoding="ascii") as file:
            file.write(f"{seq}\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        os.fsync(self._folder)  # the new name is on disk only with its folder
        self.seq = seq

    def _load(self) -> int:
        try:
            with self._path.open("rb") as file:
                text = file.read(_LENGTH_MAX + 2).strip()
        except FileNotFoundError:
            return 0
        if not text.isdigit() or len(text) > _LENGTH_MAX:
            hint = "remove it to feed everything again, or write the last sequence that arrived into it"
            raise LoyaltyError("holds no sequence", where=self._path.name, hint=hint)
        return int(text)

    def _close(self) -> None:
        os.close(self._lock)  # and with it the lock
        os.close(self._folder)


class ExporterRunsError(LoyaltyError):
    """Another exporter of this deployment runs."""
