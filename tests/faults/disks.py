"""Disks in trouble: a small one that can be filled, and one whose flushes are slow or fail."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.deployment import Switch


@contextlib.contextmanager
def small_disk(folder: Path, *, size: str) -> Iterator[Path]:
    """*folder* as a disk of *size* in memory; the test is skipped where nobody may mount one."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no small disk: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextlib.contextmanager
def full(folder: Path) -> Iterator[None]:
    """The disk of *folder* has no byte left; afterwards it has again."""
    ballast = folder / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file:
            size = 1 << 16
            while size:
                try:
                    file.write(bytes(size))
                except OSError:
                    size //= 2
        yield
    finally:
        ballast.unlink()


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The disk of *folder*, a ``small_disk``, takes nothing; afterwards it does again."""
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)


@contextlib.contextmanager
def flushes(switch: Switch, injection: str) -> Iterator[None]:
    """Every flush of *switch* to its disk is subject to strace's *injection*; skipped where there is none."""
    if shutil.which("strace") is None:
        pytest.skip("no strace")
    calls = "fsync,fdatasync"
    command = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:{injection}"]
    tracer = subprocess.Popen(
        [*command, "-p", str(switch.process.pid)], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    assert tracer.stderr is not None
    try:
        said = tracer.stderr.readline()
        if "attached" not in said:
            pytest.skip(f"no tracing: {said.strip()}")
        yield
    finally:
        tracer.terminate()
        tracer.wait(10)
        tracer.stderr.close()
