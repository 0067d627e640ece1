"""The books after a million transactions: how long their tools take, and what answers feel of it.

Takes a deployment that ``benchmarks.filling`` filled, or fills one, then measures the real commands on it as
processes of their own: verify, rebuild, backup with its drill, export, starts after kill -9, and the answers
of a running switch meanwhile.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

from rich.console import Console

from benchmarks.authorize import fsync_ms
from benchmarks.filling import MILLION, PUNTUAL, Figures, Shop
from switch.rebuild import rebuild

CARDS_OF_LOAD: Final = 1_000
COPY: Final = "{copy}"  # stands for a file that a command makes
# A command that tells at its end what the kernel knows as its peak: "VmHWM: 123 kB".
_MEASURED: Final = """
import atexit, sys
def tell():
    with open("/proc/self/status") as status:
        print(next(line for line in status if line.startswith("VmHWM")), file=sys.stderr)
atexit.register(tell)
from console.cli import main
main()
"""
_WITHOUT_CHECKPOINTS: Final = """
import switch.database as it
from console.cli import main
it._PRAGMAS += ("wal_autocheckpoint = 0",)
main()
"""
WITHOUT_CHECKPOINTS: Final = (sys.executable, "-P", "-c", _WITHOUT_CHECKPOINTS)


def command(shop: Shop, *words: str) -> list[str]:
    """``puntual`` with *words* on this deployment."""
    return [*PUNTUAL, *words, *_config(shop)]


def _config(shop: Shop) -> tuple[str, str]:
    return "--config", str(shop.folder / "puntual.toml")


def timed(shop: Shop, *words: str) -> tuple[float, float]:
    """Seconds and the largest memory in MB that the command takes; it must succeed.

    It tells its memory itself: what the system tells of a child counts what its parent had when it was made.
    """
    began = time.perf_counter()
    measured = [sys.executable, "-P", "-c", _MEASURED, *words, *_config(shop)]
    process = subprocess.Popen(measured, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    _, told = process.communicate()
    assert process.returncode == 0, (words, told)
    return time.perf_counter() - began, int(told.split()[-2]) / 1024


@contextmanager
def serving(shop: Shop, puntual: tuple[str, ...] = PUNTUAL) -> Iterator[tuple[str, float]]:
    """Where a running switch listens, and how long it took to be ready. It ends by kill -9."""
    began = time.perf_counter()
    words = ("serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", *_config(shop))
    with subprocess.Popen(
        [*puntual, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            took_s = time.perf_counter() - began
            yield ready.split("iso8583=")[1].split()[0], took_s
        finally:
            process.send_signal(signal.SIGKILL)


def run(shop: Shop, transactions: int, members: int, rate: int, seconds: int, rounds: int) -> None:
    """Measure everything and print it, and what else the machine does."""
    console = Console()
    figures = Figures(console)
    figures.add("load of the machine before", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    if not shop.is_filled:
        shop.fill(transactions, members, figures)
    synced_ms, late_ms = fsync_ms(shop.folder)
    figures.add("4 KiB append and fdatasync", f"median {synced_ms:.2f} ms, p99 {late_ms:.2f} ms")
    _tools(shop, figures)
    _starts(shop, rate, figures)
    _answers(shop, rate, seconds, rounds, figures)
    took_s, peak_mb = timed(shop, "ledger", "verify")
    figures.add("ledger verify, at the end", f"{took_s:.1f} s, {peak_mb:.0f} MB", "60 s, 200 MB")
    console.print(figures.table)


def _tools(shop: Shop, figures: Figures) -> None:
    """The commands on books at rest."""
    took_s, peak_mb = timed(shop, "ledger", "verify")
    figures.add("ledger verify", f"{took_s:.1f} s, {peak_mb:.0f} MB", "60 s, 200 MB")
    began = time.perf_counter()
    differed = rebuild(shop.books).count
    figures.add("ledger rebuild", f"{time.perf_counter() - began:.1f} s, {differed} differ", "0")
    copy = shop.folder / "copy.db"
    took_s, peak_mb = timed(shop, "ledger", "backup", str(copy), "--drill")
    copy.unlink()
    figures.add("ledger backup --drill", f"{took_s:.1f} s, {peak_mb:.0f} MB")
    lines = shop.folder / "books.ndjson"
    took_s, peak_mb = timed(shop, "ledger", "export", str(lines))
    size_mb = lines.stat().st_size / 1e6
    lines.unlink()
    figures.add("ledger export", f"{took_s:.1f} s, {peak_mb:.0f} MB for {size_mb:,.0f} MB of lines")


def _starts(shop: Shop, rate: int, figures: Figures) -> None:
    """Starts after an orderly end, and after kill -9 under load."""
    with serving(shop) as (_, took_s):
        figures.add("ready", f"{took_s:.2f} s", "10 s")
    killed_s = []
    for _ in range(3):
        with serving(shop) as (address, _):
            generator = subprocess.Popen(_load(address, rate, 30), stdout=subprocess.DEVNULL)
            time.sleep(2)
        generator.kill()
        generator.wait()
        with serving(shop) as (_, took_s):
            killed_s.append(took_s)
    figures.add("ready after kill -9 under load", f"{max(killed_s):.2f} s at most of 3", "2 s")


def _answers(shop: Shop, rate: int, seconds: int, rounds: int, figures: Figures) -> None:
    """Latencies of a running switch: as ever, without checkpoints, while books are verified and copied.

    All take turns, for the disk of a shared machine changes its speed by the minute: what is told are medians
    of the rounds. One stretch before the first round is not counted: it takes in the log that a kill -9 left
    and reads books that memory does not have yet.
    """
    as_ever = ("as ever", (), PUNTUAL)
    stretches = (
        as_ever,
        ("without checkpoints", (), WITHOUT_CHECKPOINTS),
        ("during ledger verify", ("ledger", "verify"), PUNTUAL),
        ("during ledger backup", ("ledger", "backup", COPY), PUNTUAL),
    )
    late_ms: dict[str, list[float]] = {name: [] for name, _, _ in stretches}
    # What commands make goes at the end: a large file that is deleted keeps the disk busy, and nobody's tills
    # would pay for that.
    with tempfile.TemporaryDirectory(dir=shop.folder, prefix="made-") as made:
        for name, words, puntual in (as_ever, *stretches * rounds):
            os.sync()  # what was written before is not of this
            with serving(shop, puntual) as (address, _):
                subprocess.run(
                    _load(address, rate, 5), check=True, stdout=subprocess.DEVNULL
                )  # caches are warm
                told = _under_load(shop, _load(address, rate, seconds), words, made)
            late_ms[name].append(told["latency_ms"]["p99"])
            print(f"p99 of answers {name}: {late_ms[name][-1]:.1f} ms", flush=True)
    late_ms["as ever"] = ever_ms = late_ms["as ever"][1:]
    for name, of_rounds in late_ms.items():
        figure = f"p99 {median(of_rounds):.1f} ms of {', '.join(f'{late:.1f}' for late in of_rounds)}"
        ratios = [late / ever for late, ever in zip(of_rounds, ever_ms, strict=True)]
        match name:
            case "as ever":
                figures.add(f"answers as ever, {rate} a second", figure)
            case "without checkpoints":
                ratio = median(1 / ratio for ratio in ratios)
                figures.add(f"answers {name}", f"{figure}: as ever is {ratio:.2f} of it", "1.5")
            case _:
                figures.add(f"answers {name}", f"{figure}: {median(ratios):.2f} of ever", "1.5")


def _under_load(shop: Shop, load: list[str], words: tuple[str, ...], made: str) -> dict[str, Any]:
    """What ``puntual load`` tells while the command *words* is run again and again.

    Each run has a file of its own in the folder *made* for what it makes.
    """
    with subprocess.Popen(load, stdout=subprocess.PIPE, text=True) as generator:
        while words and generator.poll() is None:
            timed(shop, *(word.replace(COPY, f"{made}/copy-{time.monotonic_ns()}.db") for word in words))
        assert generator.stdout is not None
        told: dict[str, Any] = json.loads(generator.stdout.read())
    return told


def _load(address: str, rate: int, seconds: int) -> list[str]:
    return [
        *PUNTUAL, "load", "--switch", address, "--rate", str(rate), "--seconds", str(seconds),
        "--cards", str(CARDS_OF_LOAD), "--seed", str(time.monotonic_ns() % 100_000), "--json",
    ]  # fmt: skip


def main() -> None:
    """Measure the deployment that is named, or one that is thrown away."""
    parser = argparse.ArgumentParser(description="Measure the books' tools after a million transactions.")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="a deployment that was filled, or will be")
    parser.add_argument("--transactions", type=int, default=MILLION, help="where it has to be filled")
    parser.add_argument("--members", type=int, default=MILLION, help="where it has to be filled")
    parser.add_argument("--rate", type=int, default=300, help="transactions a second while answers are timed")
    parser.add_argument("--seconds", type=int, default=20, help="how long answers are timed at a time")
    parser.add_argument("--rounds", type=int, default=3, help="how often each of them is timed")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="puntual-million-") as name:
        shop = Shop(asked.keep or Path(name) / "shop")
        run(shop, asked.transactions, asked.members, asked.rate, asked.seconds, asked.rounds)


if __name__ == "__main__":
    main()
