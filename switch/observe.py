"""The log: a closed list of events, as JSON lines or as text for people, on standard error.

Only the shell of the switch logs; all else returns values. Every line goes through ``masked``, the
last net under the rule that card numbers are in no log line, and leaves through a ``LogWriter``.
"""

import contextlib
import logging
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, MutableMapping
from time import monotonic
from typing import Any, Final

import msgspec
import structlog
from structlog.tracebacks import ExceptionDictTransformer

from config.schema import LogSettings
from switch.logwriter import LogWriter

# Every event that is logged, and what it means. A test holds the calls to this list.
EVENTS: Final = {
    "transaction.decided": "one line for every decided transaction",
    "switch.started": "it listens; with its addresses and what it found at the start",
    "switch.stopping": "a signal came; nothing more is read",
    "switch.stopped": "all that was decided is answered, and the books are closed",
    "switch.failed": "it ends because it cannot know what the books hold, or could not start",
    "register.loaded": "a reload put in the register of terminals",
    "register.rejected": "the register has problems; the one before goes on",
    "programme.loaded": "a reload read the programme; the version in force now, which may be the one before",
    "programme.rejected": "the files have problems; what was in force goes on",
    "programme.ordered": "somebody put a version into force, took one back, paused or resumed a part",
    "programme.outdated": "this release refuses what the files say; it was in force, and goes on",
    "programme.unapproved": "the files of the programme have changed, and nobody approved them",
    "limit.lowered": "the machine gives fewer file descriptors than the settings ask",
    "connection.refused": "too many connections, together or from this address",
    "connection.idled": "nothing came for long; it was closed",
    "connection.failed": "our own mistake; it cost this connection",
    "frame.timed_out": "a frame was not complete in time",
    "answers.unread": "the peer did not read its answers in time",
    "link.failed": "what came cannot be read as frames or messages",
    "transaction.failed": "our own mistake in one transaction; it was answered 96",
    "batch.unwritten": "the store could not write a block, and why",
    "sequence.kept": "numbers that were reserved and not used could not be given back; they are skipped",
    "sqlite.old": "this SQLite can lose commits when another program writes to the books too",
    "anchor.failed": "the last block could not be anchored at the end; the next start does it",
    "batch.lost": "the store could not write; its requests are answered 91, nothing was booked",
    "fetch.failed": "what a message needed could not be fetched; it was told so, and may be sent again",
    "sweep.failed": "what is due was not posted; it shows all the same, and the next beat tries again",
    "export.delayed": "the exporter failed and tries again; answers are not touched",
    "export.resumed": "the exporter works again",
    "command.failed": "our own mistake in one administration command",
    "log.dropped": "lines that found no room",
    "library.logged": "what a library has to say",
}

# Thirteen digits and more can be a card number, a track or a PIN block, also in hexadecimal. Nothing
# that is logged on purpose has so many: sequences, points and amounts stay below.
_DIGITS: Final = re.compile(r"\d{13,}(?:[=Dd]\d*)?")

TELL_MAX: Final = 5  # lines of one event in a second; one for each transaction goes another way

log: Final = structlog.get_logger()


_ZEROS: Final = "0" * 13
_TO_ZEROS: Final = bytes(ord("0") if chr(code).isdecimal() and code < 128 else code for code in range(256))


def masked(line: str) -> str:
    """*line* without anything that could be a card number."""
    # Nearly no line has so many digits, and this is told in a fifth of the time that the search takes.
    if line.isascii() and _ZEROS not in line.encode().translate(_TO_ZEROS).decode():
        return line
    return _DIGITS.sub("[masked]", line)


class Throttle:
    """Lets an event be told some times a second: what peers or a disk can cause comes in floods."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._second: dict[str, int] = {}  # in which an event was told last
        self._told: Counter[str] = Counter()  # ... how often
        self._left_out: Counter[str] = Counter()

    def lets_pass(self, event: str) -> bool:
        """Whether *event* may be told now."""
        second = int(self._time())
        if self._second.get(event) != second:
            self._second[event] = second
            self._told[event] = 0
        self._told[event] += 1
        if self._told[event] <= TELL_MAX:
            return True
        self._left_out[event] += 1
        return False

    def left_out(self, event: str) -> int:
        """How often *event* was not told since it was asked last."""
        return self._left_out.pop(event, 0)


class _Lines:
    """What structlog calls with each finished line."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer

    def msg(self, line: str) -> None:
        self._writer.put(line)

    debug = info = warning = error = critical = exception = msg


class _FromLibraries(logging.Handler):
    """Takes what libraries say through the standard library's logging."""

    def emit(self, record: logging.LogRecord) -> None:
        say = log.error if record.levelno >= logging.ERROR else log.warning
        say("library.logged", library=record.name, text=record.getMessage(), exc_info=record.exc_info)


class Renderer:
    """Makes a line, with its end, of an event and its facts.

    Args:
        for_people: Coloured text in place of JSON.
    """

    def __init__(self, *, for_people: bool) -> None:
        self._encode: Callable[[Any], bytes] | None = None
        # Both show no locals: a frame's locals hold the message that could not be read.
        if for_people:
            self._exceptions: Any = structlog.processors.format_exc_info
            self._render: Any = structlog.dev.ConsoleRenderer(
                exception_formatter=structlog.dev.plain_traceback, timestamp_key="at"
            )
        else:
            self._exceptions = structlog.processors.ExceptionRenderer(
                ExceptionDictTransformer(show_locals=False)
            )
            # One encoder for all lines: making one costs as much as a line.
            self._encode = msgspec.json.Encoder(enc_hook=repr).encode
        self._stamp = structlog.processors.TimeStamper(fmt="iso", utc=True, key="at")

    def __call__(self, event: Mapping[str, Any], level: str = "info") -> str:
        return self.lines([event], level)

    def lines(self, events: Iterable[Mapping[str, Any]], level: str = "info") -> str:
        """The lines of *events* that are told at the same time."""
        stamp = self._stamp(None, level, {"level": level})
        if self._encode is not None:
            # The stamp is the same for all: its JSON goes behind that of each event.
            encode, end = self._encode, self._encode(stamp)[1:] + b"\n"
            told = [encode(self._without_exception(event))[:-1] + b"," + end for event in events]
            return masked(b"".join(told).decode())
        rendered = [
            self._render(None, level, self._without_exception({**event, **stamp})) for event in events
        ]
        return masked("".join([f"{line}\n" for line in rendered]))

    def _without_exception(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """*event* with its exception as text or values, if it has one."""
        return self._exceptions(None, "", {**event}) if "exc_info" in event else event


def configure(
    writer: LogWriter, render: Renderer, *, level: str, time: Callable[[], float] = monotonic
) -> None:
    """Let everything that is logged at *level* or above leave through *writer*, floods cut down."""
    number = logging.getLevelNamesMapping()[level.upper()]
    throttle = Throttle(time)

    def finish(_logger: object, method: str, event: MutableMapping[str, Any]) -> str:
        name = str(event["event"])
        if not throttle.lets_pass(name):
            raise structlog.DropEvent
        if left_out := throttle.left_out(name):
            event["left_out"] = left_out
        return render(event, "error" if method == "exception" else method)

    structlog.configure(
        processors=[finish],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: _Lines(writer),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[_FromLibraries()], force=True)


@contextlib.contextmanager
def logging_to_stderr(settings: LogSettings) -> Generator[tuple[LogWriter, Renderer]]:
    """Log as *settings* say until the context is left."""
    fd = sys.stderr.fileno()
    for_people = settings.format == "text" or (settings.format == "auto" and os.isatty(fd))
    writer, render = LogWriter(fd), Renderer(for_people=for_people)
    configure(writer, render, level=settings.level)
    writer.start()
    try:
        yield writer, render
    finally:
        writer.stop()
