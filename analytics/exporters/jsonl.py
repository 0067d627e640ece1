"""JSON lines in a file: one object a line, on disk before it counts as acknowledged."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from analytics.exporter import ExportError, lines_of
from analytics.source import FeedRecord

_CHUNK: Final = 65_536  # bytes looked at in one go, from the end, for the last line end


class JsonlExporter:
    """Appends to the file *path*, which is made when it is missing.

    The file is opened for each batch: whoever rotates it moves it away and needs to tell nobody.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def publish(self, records: Sequence[FeedRecord]) -> None:
        await asyncio.to_thread(self._append, lines_of(records))

    async def close(self) -> None:
        """Nothing is open between batches."""

    def _append(self, lines: bytes) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not self._path.exists()
            with self._path.open("ab+") as file:
                size = file.seek(0, os.SEEK_END)
                whole = _whole_lines(file.fileno(), size)
                if whole < size:  # the machine stopped within a line; it was never acknowledged
                    file.truncate(whole)
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                _sync_folder(self._path.parent)
        except OSError as error:
            raise ExportError(f"{self._path}: {error.strerror}") from error


def _whole_lines(descriptor: int, size: int) -> int:
    """Bytes of the file up to its last line end."""
    end = size
    while end > 0:
        start = max(0, end - _CHUNK)
        at = os.pread(descriptor, end - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
