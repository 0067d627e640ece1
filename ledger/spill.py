"""Rows by part, kept in a temporary file: written once in any order, read again part by part.

What is in memory is bounded, however many rows there are. The file has no name, and is gone with its last
descriptor. Nobody else can read it; what is put into it names no person and no card's number.
"""

import os
import tempfile
from array import array
from collections.abc import Iterator
from errno import ENOSPC
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from loyalty.errors import LoyaltyError

ROWS_MAX: Final = 20_000  # that are in memory before they are written
_ROOMY: Final = Path("/var/tmp")  # noqa: S108  (the file has no name); /tmp is often memory

Row = tuple[Any, ...]


class Spill:
    """Rows in *parts* parts, each in the order in which they were added."""

    def __init__(self, parts: int) -> None:
        self._buffers: list[list[Row]] = [[] for _ in range(parts)]
        self._chunks = [array("q") for _ in range(parts)]  # offset and size of each, in turn
        self._buffered = 0
        self._size = 0
        self._file: int | None = None
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(list[tuple[Any, ...]]).decode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)

    def add(self, part: int, row: Row) -> None:
        """Add *row* to *part*.

        Raises:
            LoyaltyError: There is no room for the file.
        """
        self._buffers[part].append(row)
        self._buffered += 1
        if self._buffered >= ROWS_MAX:
            self._write()

    def rows(self, part: int) -> Iterator[list[Row]]:
        """The rows of *part*, some at a time; it must not be added to meanwhile."""
        offsets = self._chunks[part]
        for at in range(0, len(offsets), 2):
            assert self._file is not None
            yield self._decode(os.pread(self._file, offsets[at + 1], offsets[at]))
        yield self._buffers[part]

    def _write(self) -> None:
        try:
            if self._file is None:
                self._file = _new_file()
            for part, rows in enumerate(self._buffers):
                if rows:
                    self._write_chunk(self._file, part, self._encode(rows))
                    rows.clear()
        except OSError as error:
            hint = "name a roomy folder in TMPDIR"
            what = f"cannot be written: {error.strerror}"
            raise LoyaltyError(what, where="a temporary file", hint=hint) from error
        self._buffered = 0

    def _write_chunk(self, file: int, part: int, chunk: bytes) -> None:
        if os.pwrite(file, chunk, self._size) != len(chunk):
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        self._chunks[part].extend((self._size, len(chunk)))
        self._size += len(chunk)


def _new_file() -> int:
    """A file without a name, where SQLite's temporary files would be."""
    folder = None if "TMPDIR" in os.environ or not os.access(_ROOMY, os.W_OK) else _ROOMY
    with tempfile.TemporaryFile(dir=folder) as file:
        return os.dup(file.fileno())
