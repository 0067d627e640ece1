"""A switch that tells when its commits began and ended, and how long they waited for the disk.

``python -m benchmarks.committing FILE serve …`` is ``puntual serve …``; when it ends it has written a line of
JSON for each commit to FILE: begin and end by the monotonic clock, seconds of the disk, and whether it wrote
the text of a programme.

What counts as waiting for the disk is only the time in which the thread that commits was asleep and no thread
of the switch had or wanted a processor: then nothing but the disk is left. So it is never too long; too short
by what the event loop did meanwhile.
"""

import atexit
import json
import os
import sqlite3
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

from console.cli import main as puntual

_TASKS: Final = Path("/proc/self/task")

Commits = list[tuple[float, float, float, bool]]


class _Clock:
    """What the threads of this process had of the processors, and waited for them."""

    def __init__(self) -> None:
        self._files: dict[str, int] = {}

    def busy_s(self) -> float:
        """Seconds so far of all threads together."""
        for task in _TASKS.iterdir():
            if task.name not in self._files:
                self._files[task.name] = os.open(task / "schedstat", os.O_RDONLY)
        return time.process_time() + sum(map(self._queued_ns, list(self._files))) / 1e9

    def _queued_ns(self, task: str) -> int:
        try:
            return int(os.pread(self._files[task], 64, 0).split()[1])
        except ProcessLookupError:  # it has ended
            return 0


class _Committing(sqlite3.Connection):
    """Notes each of its commits in *done*."""

    def __init__(self, done: Commits, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  (its parent's)
        super().__init__(*arguments, **options)
        self._done = done
        self._clock = _Clock()
        self._has_text = False

    def executemany(self, sql: str, rows: Any, /) -> sqlite3.Cursor:  # noqa: ANN401  (as its parent's)
        self._has_text = self._has_text or "INTO programme_text" in sql
        return super().executemany(sql, rows)

    def commit(self) -> None:
        busy, began = self._clock.busy_s(), time.perf_counter()
        super().commit()
        ended = time.perf_counter()
        disk_s = max(ended - began - (self._clock.busy_s() - busy), 0.0)
        self._done.append((began, ended, disk_s, self._has_text))
        self._has_text = False


def _tell(path: str, done: Commits) -> None:
    Path(path).write_text("".join(json.dumps(each) + "\n" for each in done))


def main() -> None:
    """Do as ``puntual`` does."""
    done: Commits = []
    factory = partial(_Committing, done)
    setattr(sqlite3, "connect", partial(sqlite3.connect, factory=factory))  # noqa: B010  (its type is another)
    atexit.register(_tell, sys.argv.pop(1), done)
    puntual()


if __name__ == "__main__":
    main()
