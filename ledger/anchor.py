"""Anchors: numbers and hashes of blocks, kept elsewhere. The chain alone cannot tell that its end is gone.

A line of the file is ``NUMBER HASH``, the hash in hexadecimal. A line ``fork NUMBER HASH`` says that somebody
took a copy with this last block for the books, knowing that what came after it is lost: the lines before it
count no more.
"""

import fcntl
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from ledger.block import GENESIS
from loyalty.errors import LoyaltyError

_LINE: Final = re.compile(r"(fork )?([0-9]{1,18}) ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Anchor:
    """The block that was the last one at some time; number 0 before there is one."""

    number: int
    hash: bytes
    is_fork: bool = False

    @classmethod
    def of_line(cls, line: str) -> Self | None:
        """What *line* says; ``None`` when it is no anchor."""
        found = _LINE.fullmatch(line)
        return None if found is None else cls(int(found[2]), bytes.fromhex(found[3]), found[1] is not None)

    def __str__(self) -> str:
        return f"{'fork ' if self.is_fork else ''}{self.number} {self.hash.hex()}"


def last_block(database: sqlite3.Connection) -> Anchor:
    """The anchor of the books as they are now."""
    row = database.execute("SELECT number, hash FROM block ORDER BY number DESC LIMIT 1").fetchone()
    return Anchor(*(row or (0, GENESIS)))


def read_anchors(path: Path) -> list[Anchor]:
    """The anchors in the file *path* that count, oldest first.

    A last line that is cut off is left out: writing it was never finished, so nobody was told of it. One that
    lacks nothing but its end counts: somebody copied it.

    Raises:
        LoyaltyError: It cannot be read, or is no such file.
    """
    try:
        text = path.read_bytes().decode("ascii", "replace")
    except OSError as error:
        hint = "name the file that `puntual ledger anchor` writes"
        raise LoyaltyError(f"cannot be read: {error.strerror}", where=str(path), hint=hint) from error
    anchors: list[Anchor] = []
    *lines, last = text.split("\n")
    if Anchor.of_line(last):
        lines.append(last)
    for number, line in enumerate(lines, 1):
        anchor = Anchor.of_line(line)
        if anchor is None:
            hint = "restore it from its copy; nothing but `puntual ledger anchor` writes it"
            raise LoyaltyError("is no anchor", where=f"{path}: line {number}", hint=hint)
        if anchor.is_fork:
            anchors.clear()
        anchors.append(anchor)
    return anchors


def write_anchor(path: Path, anchor: Anchor) -> None:
    """Add *anchor* to the file *path*, durably; the file is made when there is none.

    Raises:
        LoyaltyError: It cannot be written.
    """
    try:
        is_new = not path.exists()
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            _end_last_line(file)
            os.write(file, f"{anchor}\n".encode("ascii"))
            os.fsync(file)
        finally:
            os.close(file)
        if is_new:
            _sync_folder(path.parent)
    except OSError as error:
        hint = "make room and let this user write there"
        raise LoyaltyError(f"cannot be written: {error.strerror}", where=str(path), hint=hint) from error


def broken(database: sqlite3.Connection, anchors: Sequence[Anchor]) -> Iterator[tuple[int, str]]:
    """Number of each anchored block that the books do not have as it was, and what is wrong with it."""
    for anchor in anchors:
        sql = "SELECT hash FROM block WHERE number = ?"
        row = database.execute(sql, (anchor.number,)).fetchone() if anchor.number else (GENESIS,)
        if row is None:
            yield anchor.number, "is anchored and is not there"
        elif row[0] != anchor.hash:
            yield anchor.number, "is another one than was anchored"


def _end_last_line(file: int) -> None:
    """Take off what a write that never finished left; give its end to an anchor that lacks it."""
    size = os.fstat(file).st_size
    tail = os.pread(file, 256, max(0, size - 256))
    torn = len(tail) - (tail.rfind(b"\n") + 1)
    if Anchor.of_line(tail[len(tail) - torn :].decode("ascii", "replace")):
        os.write(file, b"\n")
    elif torn:
        os.ftruncate(file, size - torn)


def _sync_folder(folder: Path) -> None:
    """Make a new name in *folder* durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
