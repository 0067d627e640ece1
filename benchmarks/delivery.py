"""How long answers of a running switch wait beside the delivery of a programme, in turns with nothing to do.

Ten terminals send 300 messages a second, each when it is due, and a latency counts from then. SIGHUP lets
the switch take over a programme of as many rules as the one it has; that stretch ends a second after the log
tells that it is in force, and one of as many messages without a delivery follows.

Most of a large latency on a shared machine is the disk: each answer waits for a commit. So every answer is
told twice: as the terminal saw it, and without the time that commits waited for the disk meanwhile
(``benchmarks.committing``). The commit that carries the programme's text is the delivery's own: what
it waits for the disk stays in.
"""

import json
import os
import selectors
import signal
import socket
import statistics
import sys
import tempfile
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.activation import rule_text
from benchmarks.authorize import CARDS, Server, deploy, fsync_ms, serve
from benchmarks.frames import traffic
from benchmarks.rules import plain_rules
from simulator.load import percentile


@dataclass(frozen=True, slots=True)
class Size:
    """A programme of so many *rules*.

    Attributes:
        share: One of so many rounds is measured: a delivery of more rules takes longer.
        latest_s: A delivery that takes longer has failed.
    """

    rules: int
    share: int
    latest_s: int
    aim_ms: int


SIZES: Final = (
    Size(rules=10_000, share=1, latest_s=60, aim_ms=10),
    Size(rules=100_000, share=3, latest_s=200, aim_ms=50),
)
TERMINALS: Final = 10
RATE: Final = 300
WARM_UP: Final = 1_500  # messages
REST_S: Final = 1.0  # behind a delivery
_SPARE: Final = 20_000  # messages of a lot: to make them takes a tenth of a millisecond each


@dataclass(frozen=True, slots=True)
class Answer:
    """When it was due and when it came, by the monotonic clock."""

    due: float
    came: float


@dataclass(frozen=True, slots=True)
class Commit:
    """When it began and ended, how long it waited for the disk, and whether it had a programme's text."""

    began: float
    ended: float
    disk_s: float
    has_text: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """Answers of one stretch, beside a delivery or not."""

    with_delivery: bool
    answers: Sequence[Answer]

    def waits_ms(self) -> list[float]:
        """Latencies as a terminal sees them, in order of size."""
        return sorted((each.came - each.due) * 1e3 for each in self.answers)

    def own_ms(self, commits: Sequence[Commit]) -> list[float]:
        """The same without the time in which *commits* waited for the disk."""
        ends = [commit.ended for commit in commits]
        waits = []
        for each in self.answers:
            disk_s = 0.0
            for commit in commits[bisect_left(ends, each.due) :]:
                if commit.began >= each.came:
                    break
                if not commit.has_text:
                    both = min(commit.ended, each.came) - max(commit.began, each.due)
                    disk_s += min(commit.disk_s, both)
            waits.append((each.came - each.due - disk_s) * 1e3)
        return sorted(waits)

    def disk_ms(self, commits: Sequence[Commit]) -> float:
        """The longest that a commit waited for the disk."""
        begin, end = self.answers[0].due, self.answers[-1].came
        return max(each.disk_s for each in commits if begin <= each.began < end) * 1e3


class Tills:
    """Terminals that send when it is time, whether they have their answers or not."""

    def __init__(self, server: Server) -> None:
        self._selector = selectors.DefaultSelector()
        self._due: list[deque[float]] = [deque() for _ in range(TERMINALS)]
        self._read = [b""] * TERMINALS
        self._peers: list[socket.socket] = []
        self._lots = 0
        self._frames: list[Iterator[bytes]] = []
        self._left = 0
        for number in range(TERMINALS):
            peer = socket.create_connection(("127.0.0.1", server.port))
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(peer, selectors.EVENT_READ, number)
            self._peers.append(peer)

    def prepare(self, messages: int) -> None:
        """Have as many ready, so that none has to be made while time is taken."""
        if self._left < messages:
            self._lots += 1
            each = (messages + _SPARE) // TERMINALS + 1
            self._frames = [*map(iter, traffic(self._lots, TERMINALS, each, CARDS))]
            self._left = each * TERMINALS

    def stretch(self, until: "Until", *, with_delivery: bool) -> Stretch:
        """Send from now on *until* it is over, and wait for all answers."""
        answers: list[Answer] = []
        begin, sent = time.perf_counter(), 0
        is_over = False
        while not is_over or len(answers) < sent:
            now = time.perf_counter()
            is_over = is_over or until.is_over(now, sent)
            while not is_over and begin + sent / RATE <= now:
                number = sent % TERMINALS
                self._due[number].append(begin + sent / RATE)
                frame = next(self._frames[number], None)
                if frame is None:
                    raise RuntimeError("the programme was not put into force in time: see the switch's log")
                self._peers[number].sendall(frame)
                sent += 1
            pause_s = 1.0 if is_over else max(begin + sent / RATE - time.perf_counter(), 0.0)
            for key, _ in self._selector.select(pause_s):
                answers += self._answers(key.data)
        self._left -= sent
        return Stretch(with_delivery, answers)

    def _answers(self, number: int) -> list[Answer]:
        read = self._read[number] + self._peers[number].recv(1 << 16)
        came = time.perf_counter()
        answers = []
        while len(read) >= 2 and len(read) >= (size := 2 + int.from_bytes(read[:2], "big")):
            read = read[size:]
            answers.append(Answer(self._due[number].popleft(), came))
        self._read[number] = read
        return answers


class Until:
    """The end of a stretch: as many *messages*, or a second after *log* tells of the next programme."""

    def __init__(self, messages: int = 0, log: Path | None = None) -> None:
        self._messages = messages
        self._log = None if log is None else log.open(encoding="utf-8")
        if self._log is not None:
            self._log.seek(0, os.SEEK_END)
        self._end: float | None = None

    def is_over(self, now: float, sent: int) -> bool:
        """Whether it is over at *now*, with as many *sent*."""
        if self._log is None:
            return sent >= self._messages
        if self._end is None and sent % (RATE // 10) == 0 and "programme.loaded" in self._log.read():
            self._end = now + REST_S
        return self._end is not None and now >= self._end


def run(largest: int = 100_000, rounds: int = 8) -> None:
    """Print latencies with and without the delivery of programmes of up to *largest* rules, in *rounds*."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="puntual-bench-") as name:
        folder = Path(name)
        median, late = fsync_ms(folder)
        console.print(f"4 KiB append and fdatasync: median {median:.3f} ms, p99 {late:.3f} ms")
        for size in (each for each in SIZES if each.rules <= largest):
            console.print(_measured(folder, size, max(rounds // size.share, 1), console))


def _measured(folder: Path, size: Size, rounds: int, console: Console) -> Table:
    rules = "".join(map(rule_text, plain_rules(size.rules, size.rules // 10)))
    deployment = deploy(folder, TERMINALS, f"switch{size.rules}", rules)
    programme = deployment / "programme.toml"
    text = programme.read_text("utf-8")
    told = folder / f"{size.rules}.commits"
    stretches, seconds = [], []
    with console.status("starting") as status:
        server = serve(folder, deployment, [sys.executable, "-m", "benchmarks.committing", str(told)])
        try:
            tills, log = Tills(server), folder / f"{deployment.name}.log"
            tills.prepare(WARM_UP)
            tills.stretch(Until(WARM_UP), with_delivery=False)
            for at in range(rounds):
                status.update(f"{size.rules:,} rules, round {at + 1} of {rounds}")
                programme.write_text(text.replace("points = 1 }", f"points = {at + 2} }}"), "utf-8")
                tills.prepare(size.latest_s * RATE)
                until = Until(log=log)
                server.process.send_signal(signal.SIGHUP)
                stretches.append(tills.stretch(until, with_delivery=True))
                messages = len(stretches[-1].answers)
                seconds.append(messages / RATE - REST_S)
                tills.prepare(messages)
                stretches.append(tills.stretch(Until(messages), with_delivery=False))
        finally:
            server.process.terminate()
            server.process.wait(timeout=30)
    commits = [Commit(*json.loads(line)) for line in told.read_text().splitlines()]
    return _table(size, seconds, stretches, commits)


def _table(
    size: Size, seconds: Sequence[float], stretches: Sequence[Stretch], commits: Sequence[Commit]
) -> Table:
    messages = sum(len(each.answers) for each in stretches) // 2
    table = Table(
        title=f"{size.rules:,} rules: {len(seconds)} deliveries of {statistics.median(seconds):.1f} s, "
        f"{messages:,} answers beside them and as many at rest, in milliseconds"
    )
    for column in ("answers", "p99", "p99.9", "at most", "at most, each round"):
        table.add_column(column, justify="left" if column == "answers" else "right")
    largest: dict[bool, list[float]] = {}
    for with_delivery, when in ((False, "at rest"), (True, "delivery")):
        of_kind = [each for each in stretches if each.with_delivery is with_delivery]
        _add_row(table, when, [each.waits_ms() for each in of_kind])
        own_ms = [each.own_ms(commits) for each in of_kind]
        _add_row(table, f"{when}, without the disk", own_ms)
        largest[with_delivery] = [each[-1] for each in own_ms]
        disk_ms = [each.disk_ms(commits) for each in of_kind]
        table.add_row(f"{when}, a commit at the disk", "", "", f"{max(disk_ms):.1f}", _told(disk_ms))
    later = [with_ - without for with_, without in zip(largest[True], largest[False], strict=True)]
    table.caption = (
        f"Largest answer without the disk: {statistics.median(largest[True]):.1f} beside a delivery, "
        f"{statistics.median(largest[False]):.1f} at rest (medians of the rounds), later by "
        f"{statistics.median(later):.1f}; aim: none delayed by more than {size.aim_ms}"
    )
    return table


def _add_row(table: Table, name: str, rounds: Sequence[Sequence[float]]) -> None:
    waits = sorted(chain.from_iterable(rounds))
    late = (f"{percentile(waits, percent):.1f}" for percent in (99, 99.9, 100))
    table.add_row(name, *late, _told([each[-1] for each in rounds]))


def _told(rounds: Sequence[float]) -> str:
    return ", ".join(f"{each:.1f}" for each in rounds)


if __name__ == "__main__":
    run()
