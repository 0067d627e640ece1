"""A file is copied slice by slice, whatever its file system can do, and again only where it differs."""

import os
from errno import EINVAL
from fcntl import F_GETFL, F_SETFL, fcntl
from pathlib import Path

import pytest

from switch.slicedcopy import SLICE_SIZE, SlicedCopy

SIZE = 2 * SLICE_SIZE + 2_048 + 7  # neither whole slices nor whole blocks


class Files:
    """A file with *size* bytes at random, its copy, and what was written of that."""

    def __init__(self, folder: Path, size: int) -> None:
        self.source, self.target = folder / "source", folder / "target"
        self.source.write_bytes(os.urandom(size))
        self.target.touch()
        self._file = os.open(self.source, os.O_RDWR)
        self._copy = os.open(self.target, os.O_RDWR)
        self.copied = SlicedCopy(self._file, self._copy)

    def change(self, at: int) -> None:
        """Change one byte."""
        before = os.pread(self._file, 1, at)
        os.pwrite(self._file, bytes([before[0] ^ 1]), at)

    def resize(self, size: int) -> None:
        """Cut the file, or lengthen it."""
        os.truncate(self._file, size)

    @property
    def are_equal(self) -> bool:
        """Whether the copy is what the file is."""
        return self.target.read_bytes() == self.source.read_bytes()

    def close(self) -> None:
        os.close(self._file)
        os.close(self._copy)


@pytest.fixture(params=["direct", "unallocated", "synced", "found out late"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a file system can do: write past the system's memory, allocate nothing, or refuse that write."""
    if request.param == "unallocated":

        def refuse_bytes(_file: int, _offset: int, _size: int) -> None:
            raise OSError(EINVAL, os.strerror(EINVAL))

        monkeypatch.setattr(os, "posix_fallocate", refuse_bytes)
    if request.param == "synced":

        def refuse(_file: int, command: int, _flags: int = 0) -> int:
            if command == F_SETFL:
                raise OSError(EINVAL, os.strerror(EINVAL))
            return os.O_RDWR

        monkeypatch.setattr("switch.slicedcopy.fcntl", refuse)
    if request.param == "found out late":
        written = os.pwrite

        def write(file: int, data: memoryview, at: int) -> int:
            if fcntl(file, F_GETFL) & os.O_DIRECT:
                raise OSError(EINVAL, os.strerror(EINVAL))
            return written(file, data, at)

        monkeypatch.setattr(os, "pwrite", write)
    return str(request.param)


@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize("size", [0, 1, 4_096, SLICE_SIZE, SIZE])
def test_a_copy_is_the_file(tmp_path: Path, size: int) -> None:
    files = Files(tmp_path, size)
    told: list[tuple[int, int]] = []
    assert files.copied.run(lambda done, whole: told.append((done, whole))) == size
    assert files.are_equal
    ends = [*range(SLICE_SIZE, size, SLICE_SIZE), size] if size else []
    assert told == [(end, size) for end in ends]
    files.close()


def test_where_memory_is_between_each_slice_is_synced(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies there unwritten would keep commits waiting for all of it at once."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    files = Files(tmp_path, SIZE)
    files.copied.run()
    assert len(synced) == (3 if kind in {"synced", "found out late"} else 0)
    files.close()


def test_what_differs_since_is_copied_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Files(tmp_path, SIZE)
    files.copied.run()
    written: list[int] = []
    write = os.pwrite

    def note(file: int, data: memoryview, at: int) -> int:
        written.append(at)
        return write(file, data, at)

    files.change(SLICE_SIZE + 5)
    monkeypatch.setattr(os, "pwrite", note)
    files.copied.run()
    assert files.are_equal
    assert written == [SLICE_SIZE]
    files.copied.run()
    assert written == [SLICE_SIZE]
    files.close()


@pytest.mark.parametrize("size", [1, SLICE_SIZE, SIZE - 1, SIZE + 1, 4 * SLICE_SIZE])
def test_a_file_that_was_cut_or_grew_is_copied_as_it_is(tmp_path: Path, size: int) -> None:
    files = Files(tmp_path, SIZE)
    files.copied.run()
    files.resize(size)
    assert files.copied.run() == size
    assert files.are_equal
    files.close()


def test_what_a_full_disk_does_not_take_is_not_called_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Files(tmp_path, SIZE)
    monkeypatch.setattr(os, "pwrite", lambda _file, data, _at: len(data) - 512)
    with pytest.raises(OSError, match="No space left"):
        files.copied.run()
    files.close()
