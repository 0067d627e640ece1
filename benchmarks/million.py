"""The books after a million transactions: how long their tools take, and what answers feel of it.

Takes a deployment that ``benchmarks.filling`` filled, or fills one, then measures the real commands on it as
processes of their own: verify, rebuild, backup with its drill, export, starts after kill -9, and the answers
of a running switch meanwhile.
"""

import argparse
import itertools
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
from typing import Any, Final

from rich.console import Console

from benchmarks.authorize import fsync_ms
from benchmarks.filling import MILLION, PUNTUAL, Figures, Shop
from switch.rebuild import rebuild

CARDS_OF_LOAD: Final = 1_000
COPY: Final = "{copy}"  # stands for a file that a command makes
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
    """Seconds and the largest memory in MB that the command takes; it must succeed."""
    began = time.perf_counter()
    process = subprocess.Popen(command(shop, *words), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, words
    return time.perf_counter() - began, used.ru_maxrss / 1024


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


def run(shop: Shop, transactions: int, members: int, rate: int, seconds: int) -> None:
    """Measure everything and print it, and what else the machine does."""
    console = Console()
    figures = Figures(console)
    figures.add("load of the machine before", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    if not shop.is_filled:
        shop.fill(transactions, members, figures)
    median, late = fsync_ms(shop.folder)
    figures.add("4 KiB append and fdatasync", f"median {median:.2f} ms, p99 {late:.2f} ms")
    _tools(shop, figures)
    _starts(shop, rate, figures)
    _answers(shop, rate, seconds, figures)
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


def _answers(shop: Shop, rate: int, seconds: int, figures: Figures) -> None:
    """Latencies of a running switch: as ever, without checkpoints, while books are verified and copied."""
    as_ever: list[float] = []
    for name, words, puntual in (
        ("as ever", (), PUNTUAL),
        ("without checkpoints", (), WITHOUT_CHECKPOINTS),
        ("during ledger verify", ("ledger", "verify"), PUNTUAL),
        ("as ever, again", (), PUNTUAL),
        ("during ledger backup", ("ledger", "backup", COPY), PUNTUAL),
    ):
        os.sync()  # what was written before is not of this
        with serving(shop, puntual) as (address, _):
            subprocess.run(_load(address, rate, 5), check=True, stdout=subprocess.DEVNULL)  # caches are warm
            told = _under_load(shop, address, rate, seconds, words)
        late_ms = told["latency_ms"]["p99"]
        figure = f"p50 {told['latency_ms']['p50']:.1f} ms, p99 {late_ms:.1f} ms"
        if words:
            figures.add(f"answers {name}", f"{figure}: {late_ms / min(as_ever):.2f} of ever", "1.5")
        elif puntual is PUNTUAL:
            as_ever.append(late_ms)
            figures.add(f"answers {name}, {rate} a second", figure)
        else:
            figures.add(f"answers {name}", f"{figure}: as ever is {as_ever[0] / late_ms:.2f} of it", "1.5")


def _under_load(shop: Shop, address: str, rate: int, seconds: int, words: tuple[str, ...]) -> dict[str, Any]:
    """What ``puntual load`` tells while the command *words* is run again and again.

    Each run has a file of its own for what it makes. They go at the end: a large file that is deleted
    keeps the disk busy, and that is not the command's doing.
    """
    with (
        tempfile.TemporaryDirectory(dir=shop.folder, prefix="made-") as made,
        subprocess.Popen(_load(address, rate, seconds), stdout=subprocess.PIPE, text=True) as generator,
    ):
        for number in itertools.count():
            if not words or generator.poll() is not None:
                break
            timed(shop, *(word.replace(COPY, f"{made}/copy-{number}.db") for word in words))
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
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="puntual-million-") as name:
        shop = Shop(asked.keep or Path(name) / "shop")
        run(shop, asked.transactions, asked.members, asked.rate, asked.seconds)


if __name__ == "__main__":
    main()
