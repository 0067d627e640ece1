"""Durable decisions a second through the whole switch, beside the straightforward design in the same run.

Both servers run as processes of their own, answer the same frames over loopback and commit with
``synchronous=FULL``. The generator is closed-loop: each connection has one message under way.
"""

import csv
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.frames import ACQUIRER, MERCHANT, card_number, terminal_id, traffic
from benchmarks.rules import TIERS

CARDS: Final = 10_000
ROUNDS: Final = 3
SECONDS: Final = 3.0
CONNECTIONS: Final = (1, 8, 64)
WARM_UP: Final = (
    40_000  # messages before anything is measured: 98 of 100 cards are met, every index has pages
)
_MESSAGES_MAX: Final = 60_000  # of a round; more than either server answers in its time


@dataclass(slots=True)
class Round:
    """One measured stretch.

    Attributes:
        latencies: From write to answer, seconds.
        cpu_s: Of the server, all its threads.
    """

    seconds: float = 0.0
    cpu_s: float = 0.0
    generator_cpu_s: float = 0.0
    latencies: list[float] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of the server's CPU an answer."""
        return self.cpu_s / len(self.latencies) * 1e6

    def percentile_ms(self, percent: int) -> float:
        """Latency that *percent* of the answers stayed below, milliseconds."""
        return statistics.quantiles(self.latencies, n=100)[percent - 1] * 1e3


@dataclass(slots=True)
class Server:
    """A server process, and where it listens."""

    name: str
    process: "subprocess.Popen[str]"
    port: int

    def cpu_s(self) -> float:
        """CPU that it used so far, seconds."""
        total = 0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9


def drive(server: Server, frames: list[list[bytes]], seconds: float) -> Round:
    """Send each connection's frames one after another until *seconds* are over."""
    result = Round()
    selector = selectors.DefaultSelector()
    peers = []
    for queue in frames:
        peer = socket.create_connection(("127.0.0.1", server.port))
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        waiting = iter(queue)
        selector.register(peer, selectors.EVENT_READ, [peer, waiting, 0.0])
        peers.append(peer)
    clock = time.perf_counter
    server_before, own_before = server.cpu_s(), time.process_time()
    began = clock()
    until = began + seconds
    open_ = 0
    for key in selector.get_map().values():
        key.data[2] = clock()
        key.data[0].sendall(next(key.data[1]))
        open_ += 1
    while open_:
        for key, _ in selector.select(timeout=10):
            state = key.data
            answer = state[0].recv(4096)
            now = clock()
            assert len(answer) == 2 + int.from_bytes(answer[:2], "big"), "an answer came in pieces"
            result.latencies.append(now - state[2])
            result.codes[_code(answer)] += 1
            frame = next(state[1], None) if now < until else None
            if frame is None:
                open_ -= 1
                continue
            state[2] = clock()
            state[0].sendall(frame)
    result.seconds = clock() - began
    result.cpu_s = server.cpu_s() - server_before
    result.generator_cpu_s = time.process_time() - own_before
    selector.close()
    for peer in peers:
        peer.close()
    return result


def _code(answer: bytes) -> str:
    """DE 39 of an answer to a frame of ours: found by the bits before it, not by a codec."""
    bitmap = int(answer[6:22], 16)
    at = 22 + 16 * (bitmap >> 63)
    for number in range(2, 39):
        if bitmap >> (64 - number) & 1:
            width = _WIDTHS.get(number)
            at += 2 + int(answer[at : at + 2]) if width is None else width
    return answer[at : at + 2].decode()


# ISO 8583:1987; elements without a width here have a length of two digits.
_WIDTHS: Final = {
    3: 6, 4: 12, 7: 10, 11: 6, 12: 6, 13: 4, 14: 4, 15: 4, 18: 4, 22: 3, 24: 3, 25: 2, 37: 12, 38: 6,
}  # fmt: skip


def fsync_ms(folder: Path) -> tuple[float, float]:
    """Median and 99th percentile of appending 4 KiB and syncing it, in milliseconds."""
    times = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(300):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


def start_switch(folder: Path, terminals: int, name: str = "switch", rules: str = "") -> Server:
    """The switch on a fresh deployment, as ``deploy`` makes it."""
    return serve(folder, deploy(folder, terminals, name, rules))


def serve(folder: Path, deployment: Path, puntual: Sequence[str] = ()) -> Server:
    """The switch on *deployment*, started by *puntual*; its log lies in *folder*, under the same name."""
    words = ["serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    command = [*(puntual or _PUNTUAL), *words, "--config", str(deployment / "puntual.toml")]
    return _start(deployment.name, command, folder)


def deploy(folder: Path, terminals: int, name: str = "switch", rules: str = "") -> Path:
    """A fresh deployment with *terminals* and all cards; for *rules*, each in its own store."""
    deployment = folder / name
    _puntual("init", str(deployment))
    if rules:
        programme = deployment / "programme.toml"
        starter = programme.read_text("utf-8").replace("tiers = []", f"tiers = {list(TIERS)}")
        programme.write_text(starter + rules, "utf-8")
    with (deployment / "terminals.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["terminal", "merchant", "acquirer", "mcc", "profile", "store"])
        for at in range(terminals):
            store = f"M{at}" if rules else ""
            writer.writerow([terminal_id(at), MERCHANT, ACQUIRER, "5411", "retail87", store])
    cards = folder / "cards.csv"
    cards.write_text("card,member\n" + "".join(f"{card_number(at)},m{at}\n" for at in range(CARDS)))
    _puntual("cards", "import", str(cards), "--config", str(deployment / "puntual.toml"))
    return deployment


def start_straightforward(folder: Path) -> Server:
    """The reference server."""
    command = [sys.executable, "-m", "benchmarks.straightforward", str(folder / "rows.db")]
    return _start("straightforward", command, folder)


_PUNTUAL: Final = [sys.executable, "-m", "console"]


def _puntual(*arguments: str) -> None:
    subprocess.run([*_PUNTUAL, *arguments], check=True, stdout=subprocess.DEVNULL)


def _start(name: str, command: list[str], folder: Path) -> Server:
    log = (folder / f"{name}.log").open("w")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    ready = process.stdout.readline()
    if not ready.startswith("ready"):
        raise RuntimeError(f"{name} did not start: {(folder / f'{name}.log').read_text()[-2000:]}")
    port = int(ready.split("iso8583=")[1].split()[0].rpartition(":")[2])
    return Server(name, process, port)


def run(rounds: int = ROUNDS, seconds: float = SECONDS) -> None:
    """Measure both servers in turn and print the table."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="puntual-bench-") as name:
        folder = Path(name)
        median, late = fsync_ms(folder)
        servers = [start_switch(folder, max(CONNECTIONS)), start_straightforward(folder)]
        results: dict[tuple[str, int], list[Round]] = {}
        try:
            with console.status("warming up") as status:
                for server in servers:
                    drive(server, traffic(rounds, max(CONNECTIONS), WARM_UP // max(CONNECTIONS), CARDS), 3600)
                for at in range(rounds):
                    for connections in CONNECTIONS:
                        frames = traffic(at, connections, _MESSAGES_MAX // connections // 4, CARDS)
                        for server in servers:
                            status.update(
                                f"round {at + 1} of {rounds}: {server.name}, {connections} connections"
                            )
                            done = drive(server, frames, seconds)
                            results.setdefault((server.name, connections), []).append(done)
        finally:
            for server in servers:
                server.process.terminate()
                server.process.wait(timeout=20)
        console.print(_table(results))
        console.print(f"4 KiB append and fdatasync: median {median:.3f} ms, p99 {late:.3f} ms")


def _table(results: dict[tuple[str, int], list[Round]]) -> Table:
    table = Table(title="Durable decisions, medians of the rounds")
    for column in (
        "connections",
        "server",
        "a second",
        "of reference",
        "CPU µs",
        "p50 ms",
        "p99 ms",
        "answers",
    ):
        table.add_column(column, justify="right")
    for (name, connections), rounds in results.items():
        reference = results["straightforward", connections]
        ratios = [ours.rate / theirs.rate for ours, theirs in zip(rounds, reference, strict=True)]
        codes = sum((one.codes for one in rounds), Counter[str]())
        table.add_row(
            str(connections),
            name,
            f"{statistics.median(one.rate for one in rounds):,.0f}",
            f"{statistics.median(ratios):.2f}",
            f"{statistics.median(one.cpu_us for one in rounds):.0f}",
            f"{statistics.median(one.percentile_ms(50) for one in rounds):.2f}",
            f"{statistics.median(one.percentile_ms(99) for one in rounds):.2f}",
            " ".join(f"{code}:{count:,}" for code, count in sorted(codes.items())),
        )
    return table


if __name__ == "__main__":
    run()
