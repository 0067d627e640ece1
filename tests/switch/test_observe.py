"""The log tells what happened and never whose card it was."""

import json
import logging
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from switch.logwriter import LINES_MAX, LogWriter
from switch.observe import EVENTS, TELL_MAX, Renderer, configure, masked

CARD = "6390121234567897"
ROOT = Path(__file__).parents[2]


class Log:
    """A log that is written to a file and read back."""

    def __init__(self, *, for_people: bool = False, time: Callable[[], float] = lambda: 0.0) -> None:
        self._file = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115  (closed by text)
        self.writer = LogWriter(self._file.fileno())
        configure(self.writer, Renderer(for_people=for_people), level="info", time=time)

    def text(self) -> str:
        self.writer.start()
        self.writer.stop()
        with self._file as file:
            file.seek(0)
            return file.read()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture(autouse=True)
def _quiet_afterwards() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def fail_to_decode(track: str) -> int:
    elements = {35: track, 2: CARD}
    return int(elements[35])


@pytest.mark.parametrize("for_people", [True, False])
def test_a_failing_decode_shows_no_digit_of_the_card(for_people: bool) -> None:  # noqa: FBT001  (a parameter)
    """Tracebacks hold locals and error texts hold values; both have leaked cards elsewhere."""
    log = Log(for_people=for_people)
    for value in (CARD, f"{CARD}=29121010000000000000", CARD.encode().hex()):
        try:
            fail_to_decode(f"x{value}")
        except ValueError:
            structlog.get_logger().exception("connection.failed", address="127.0.0.1")
        logging.getLogger("asyncio").error("protocol %s failed", value)
    text = log.text()
    assert "fail_to_decode" in text
    assert "[masked]" in text
    for secret in (CARD, CARD[:8], CARD[-8:], "2912", CARD.encode().hex()):
        assert secret not in text


def test_lines_are_json_with_time_level_and_event() -> None:
    """One line is one event, whatever is in it."""
    log = Log()
    structlog.get_logger().info("switch.started", note='two\nlines", and \u20ac')
    structlog.get_logger().debug("switch.stopped")
    (line,) = log.lines()
    assert line["event"] == "switch.started"
    assert line["level"] == "info"
    assert line["note"] == 'two\nlines", and \u20ac'
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["at"])


def test_what_finds_no_room_is_counted_and_told() -> None:
    """A stopped reader of the log costs lines, never answers or memory."""
    log = Log()
    for number in range(LINES_MAX + 7):
        log.writer.put(f'{{"number":{number}}}\n')
    log.writer.put_later(256, lambda: "")
    assert log.writer.dropped == 7 + 256
    lines = log.lines()
    assert len(lines) == LINES_MAX + 1
    assert lines[-1]["event"] == "log.dropped"
    assert lines[-1]["lines"] == 7 + 256


def test_a_batch_that_cannot_be_rendered_does_not_end_the_log() -> None:
    """The log outlives a mistake in one of its lines."""
    log = Log()
    log.writer.put_later(3, lambda: str(1 // 0))
    structlog.get_logger().info("switch.stopped")
    stopped, dropped = log.lines()
    assert stopped["event"] == "switch.stopped"
    assert dropped["event"] == "log.dropped"
    assert dropped["lines"] == 3
    assert dropped["failure"].startswith("ZeroDivisionError")


def test_a_flood_of_an_event_is_cut_down_and_counted() -> None:
    """Hostile peers do not write our disk full, and a full disk does not write itself fuller."""
    now = 100.0
    log = Log(time=lambda: now)
    for _ in range(1000):
        structlog.get_logger().warning("link.failed", address="192.0.2.1")
    structlog.get_logger().warning("connection.refused", address="192.0.2.1")
    now += 1
    structlog.get_logger().warning("link.failed", address="192.0.2.1")
    assert [(line["event"], line.get("left_out", 0)) for line in log.lines()] == [
        *([("link.failed", 0)] * TELL_MAX),
        ("connection.refused", 0),
        ("link.failed", 1000 - TELL_MAX),
    ]


def test_the_list_of_events_is_closed() -> None:
    """Whoever reads the log can read up every event, and no event is promised that never comes."""
    calls = r"(?:\.(?:debug|info|warning|error|critical|exception|note)\(|\bsay\(|\"event\": )"
    call = re.compile(calls + r"\s*\"([a-z_]+\.[a-z_]+)\"")
    files = [path for package in ("switch", "console") for path in (ROOT / package).rglob("*.py")]
    used = {event for path in files for event in call.findall(path.read_text(encoding="utf-8"))}
    assert used <= EVENTS.keys()
    assert EVENTS.keys() <= used


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ('{"seq":123456789012,"rrn":"632500000001"}', '{"seq":123456789012,"rrn":"632500000001"}'),
        (f"card {CARD}.", "card [masked]."),
        (f"track {CARD}D29121010000000000000?", "track [masked]?"),
        ('{"programme":"123456789012"}', '{"programme":"123456789012"}'),
    ],
)
def test_only_what_can_be_a_card_is_masked(line: str, left: str) -> None:
    """Sequences, times, versions and DE 37 stay readable."""
    assert masked(line) == left
