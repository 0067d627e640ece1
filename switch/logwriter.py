"""The thread that writes the log, so that a full pipe or a burst of lines never delays an answer."""

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

import structlog

LINES_MAX: Final = 10_000  # that wait to be written; half a second of full load
POLL_S: Final = 0.05  # how late a line may be; to wake the thread for each costs the decisions more
FLUSH_S: Final = 2.0  # how long the end may wait for a reader of the log

log: Final = structlog.get_logger()


class LogWriter:
    """Writes finished lines to the file descriptor *fd*, the first the first.

    It writes to the descriptor itself: a buffered stream that this thread holds while its reader has
    stopped would keep the interpreter from ending.

    Attributes:
        dropped: Lines that found no room or no reader since the start.
    """

    def __init__(self, fd: int) -> None:
        self.dropped = 0
        self._fd = fd
        self._queue: deque[tuple[int, Callable[[], str]]] = deque()
        self._waiting = 0  # lines in the queue
        self._counting = threading.Lock()
        self._reported = 0
        self._failure = ""  # what kept the last line from being written
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is left, for ``FLUSH_S`` at most."""
        self._stopping.set()
        self._thread.join(FLUSH_S)

    def put(self, line: str) -> None:
        """Have *line* written; it has its end already."""
        self.put_later(1, lambda: line)

    def put_later(self, count: int, render: Callable[[], str]) -> None:
        """Have written what *render* gives, *count* lines; the thread will call it."""
        with self._counting:
            if self._waiting + count > LINES_MAX:
                self.dropped += count
                return
            self._waiting += count
        self._queue.append((count, render))

    def _run(self) -> None:
        while not self._stopping.wait(POLL_S):
            self._write_waiting()
        self._write_waiting()

    def _write_waiting(self) -> None:
        self._write_queue()
        if self.dropped > self._reported:
            self._reported = self.dropped
            log.warning("log.dropped", lines=self.dropped, failure=self._failure)
            self._write_queue()

    def _write_queue(self) -> None:
        while self._queue:
            count, render = self._queue.popleft()
            with self._counting:
                self._waiting -= count
            try:
                self._write(render().encode("ascii", "backslashreplace"))
            except Exception as error:  # noqa: BLE001  (one line that fails must not end the log)
                self.dropped += count
                self._failure = repr(error)

    def _write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:  # a terminal that somebody set to non-blocking
                self._stopping.wait(POLL_S)
