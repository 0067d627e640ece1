"""A large file, copied so that the commits of another process hardly wait for it."""

import os
from collections.abc import Callable
from errno import EINVAL, ENOSPC, EOPNOTSUPP
from fcntl import F_GETFL, F_SETFL, fcntl
from hashlib import blake2b
from mmap import mmap
from typing import Final

SLICE_SIZE: Final = 1 << 18  # bytes: more at once keeps the disk from others for too long
_BLOCK_SIZE: Final = 4096  # bytes, of which what is written past the system's memory is a multiple
_DIGEST_SIZE: Final = 16  # bytes: two states of a slice do not have the same


class SlicedCopy:
    """One file descriptor copied to another, and again what differs since.

    Slices are written past the system's memory (``O_DIRECT``). What waits there to be written is held
    against every sync of the same file system, and syncing slice by slice makes its journal the queue in
    which commits wait. Where a file system cannot do that, each slice is synced after all.
    """

    def __init__(self, file: int, copy: int) -> None:
        """Copy *file* to *copy*, which is open for reading and writing."""
        self._file, self._copy = file, copy
        self._digests: list[bytes] = []  # of the slices, as they were copied
        self._is_direct = self._set_direct(on=True)

    def run(self, progress: Callable[[int, int], None] = lambda _done, _size: None) -> int:
        """Copy what differs from what was copied, and give the size of the file in bytes.

        Args:
            progress: Told after each slice how many bytes are done, and of how many. It may pause.

        Raises:
            OSError: It cannot be read or written, or the disk is full.
        """
        size = os.fstat(self._file).st_size
        if size:
            self._allocate(size)
        view = memoryview(mmap(-1, SLICE_SIZE))  # begins at a block's bound
        for at in range(0, size, SLICE_SIZE):
            length = os.preadv(self._file, [view[: min(SLICE_SIZE, size - at)]], at)
            digest = blake2b(view[:length], digest_size=_DIGEST_SIZE).digest()
            index = at // SLICE_SIZE
            if self._digests[index : index + 1] != [digest]:
                self._write(view[: -(-length // _BLOCK_SIZE) * _BLOCK_SIZE], at)
                self._digests[index : index + 1] = [digest]
            progress(at + length, size)
        os.ftruncate(self._copy, size)  # the last block was written whole
        return size

    def _allocate(self, size: int) -> None:
        """Let the copy have its blocks at once, so that a commit waits for none of them.

        Where the file system cannot (ext3, say), the library writes single bytes instead, which past the
        system's memory is refused.
        """
        try:
            os.posix_fallocate(self._copy, 0, size)
        except OSError as error:
            if error.errno not in (EINVAL, EOPNOTSUPP):
                raise

    def _write(self, slice_: memoryview, at: int) -> None:
        """Write *slice_* so that it is on the disk."""
        try:
            written = os.pwrite(self._copy, slice_, at)
        except OSError as error:
            if error.errno != EINVAL or not self._is_direct:
                raise
            self._is_direct = self._set_direct(on=False)  # the disk asks for larger blocks
            written = os.pwrite(self._copy, slice_, at)
        if written != len(slice_):
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        if not self._is_direct:
            os.fdatasync(self._copy)

    def _set_direct(self, *, on: bool) -> bool:
        """Write past the system's memory from now on, or not; tells whether it is so."""
        flags = fcntl(self._copy, F_GETFL) & ~os.O_DIRECT
        try:
            fcntl(self._copy, F_SETFL, flags | os.O_DIRECT if on else flags)
        except OSError:
            return False  # a file system in memory, say
        return on
