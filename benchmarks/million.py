"""The books after a million transactions: how long their tools take, and what answers feel of it.

Builds a deployment with a million members, has a million transactions decided and committed, then measures
the real commands on it as processes of their own: verify, rebuild, backup with its drill, export, starts
after kill -9, and the answers of a running switch meanwhile.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.authorize import fsync_ms
from benchmarks.books import Till, enrol
from config.key import load_key
from ledger.book import MemberBook
from loyalty.card import MemberId
from members.identifiers import Hasher
from switch.block import CommitResult
from switch.database import open_for_reading
from switch.lookups import load_book
from switch.rebuild import rebuild
from switch.store import SqliteStore

BATCH: Final = 256
COMPARED: Final = 20_000  # members whose books in memory are held against those on the disk
CARDS_OF_LOAD: Final = 1_000
_PUNTUAL: Final = (sys.executable, "-P", "-m", "console")


class Figures:
    """What was measured, with its aim where there is one; told at once, and as a table at the end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.table = Table("what", "figure", "aim")

    def add(self, what: str, figure: str, aim: str = "") -> None:
        """Keep one."""
        self.table.add_row(what, figure, aim)
        self._console.print(f"{what}: {figure}")


@dataclass(frozen=True, slots=True)
class Shop:
    """The deployment that is measured."""

    folder: Path

    @property
    def books(self) -> Path:
        """Its file."""
        return self.folder / "puntual.db"

    def command(self, *words: str) -> list[str]:
        """``puntual`` with *words* on this deployment."""
        return [*_PUNTUAL, *words, "--config", str(self.folder / "puntual.toml")]

    def timed(self, *words: str) -> tuple[float, float]:
        """Seconds and the largest memory in MB that the command takes; it must succeed."""
        began = time.perf_counter()
        process = subprocess.Popen(self.command(*words), stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        assert status == 0, words
        return time.perf_counter() - began, used.ru_maxrss / 1024

    @contextmanager
    def serving(self) -> Iterator[tuple[str, float]]:
        """Where a running switch listens, and how long it took to be ready. It ends by kill -9."""
        began = time.perf_counter()
        words = ("serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0")
        with subprocess.Popen(
            self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            try:
                assert process.stdout is not None
                ready = process.stdout.readline()
                took_s = time.perf_counter() - began
                yield ready.split("iso8583=")[1].split()[0], took_s
            finally:
                process.send_signal(signal.SIGKILL)


def run(transactions: int = 1_000_000, members: int = 1_000_000, rate: int = 300, seconds: int = 20) -> None:
    """Measure everything and print it."""
    console = Console()
    figures = Figures(console)
    with tempfile.TemporaryDirectory(prefix="puntual-million-") as name:
        folder = Path(name)
        median, late = fsync_ms(folder)
        figures.add("4 KiB append and fdatasync", f"median {median:.2f} ms, p99 {late:.2f} ms")
        shop = Shop(folder / "shop")
        subprocess.run([*_PUNTUAL, "init", str(shop.folder)], check=True, stdout=subprocess.DEVNULL)
        in_memory = asyncio.run(_fill(shop, transactions, members, figures))
        _tools(shop, in_memory, figures)
        _starts(shop, rate, figures)
        _answers(shop, rate, seconds, figures)
        took_s, peak_mb = shop.timed("ledger", "verify")
        figures.add("ledger verify, at the end", f"{took_s:.1f} s, {peak_mb:.0f} MB", "60 s, 200 MB")
    console.print(figures.table)


async def _fill(shop: Shop, transactions: int, members: int, figures: Figures) -> list[MemberBook]:
    """Write everything; gives the books of some members as memory has them."""
    hasher = Hasher(load_key(shop.folder / "card.key"))
    store = await SqliteStore.open(shop.books)
    began = time.perf_counter()
    await enrol(store, members, hasher.token)
    figures.add(f"{members:,} members enrolled", f"{time.perf_counter() - began:.0f} s")
    till = Till(store, members, token_of=hasher.token)
    began, cpu, commit_s = time.perf_counter(), time.process_time(), 0.0
    for block in till.batches(transactions, BATCH):
        before = time.perf_counter()
        result = await store.commit(block, lambda: True)
        commit_s += time.perf_counter() - before
        assert result is CommitResult.DURABLE
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    figures.add(
        f"{transactions:,} transactions decided and committed",
        f"{took_s:.0f} s ({commit_s:.0f} s committing), {cpu_s / transactions * 1e6:.0f} µs of CPU each",
    )
    in_memory = [store.reader.book(MemberId(at + 1)) for at in range(min(members, COMPARED))]
    await store.close()
    figures.add("size of the books", f"{shop.books.stat().st_size / 1e6:,.0f} MB")
    return in_memory


def _tools(shop: Shop, in_memory: list[MemberBook], figures: Figures) -> None:
    """The commands on books at rest."""
    took_s, peak_mb = shop.timed("ledger", "verify")
    figures.add("ledger verify", f"{took_s:.1f} s, {peak_mb:.0f} MB", "60 s, 200 MB")
    began = time.perf_counter()
    differed = rebuild(shop.books).count
    took_s = time.perf_counter() - began
    with closing(open_for_reading(shop.books)) as database:
        differed += sum(load_book(database, MemberId(book.owner)) != book for book in in_memory)
    figures.add("ledger rebuild, and memory beside it", f"{took_s:.1f} s, {differed} differ", "0")
    copy = shop.folder.with_name("copy.db")
    took_s, peak_mb = shop.timed("ledger", "backup", str(copy), "--drill")
    copy.unlink()
    figures.add("ledger backup --drill", f"{took_s:.1f} s, {peak_mb:.0f} MB")
    lines = shop.folder.with_name("books.ndjson")
    took_s, peak_mb = shop.timed("ledger", "export", str(lines))
    size_mb = lines.stat().st_size / 1e6
    lines.unlink()
    figures.add("ledger export", f"{took_s:.1f} s, {peak_mb:.0f} MB for {size_mb:,.0f} MB of lines")


def _starts(shop: Shop, rate: int, figures: Figures) -> None:
    """Starts after an orderly end, and after kill -9 under load."""
    with shop.serving() as (_, took_s):
        figures.add("ready", f"{took_s:.2f} s", "10 s")
    killed_s = []
    for _ in range(3):
        with shop.serving() as (address, _):
            generator = subprocess.Popen(_load(address, rate, 30), stdout=subprocess.DEVNULL)
            time.sleep(2)
        generator.kill()
        generator.wait()
        with shop.serving() as (_, took_s):
            killed_s.append(took_s)
    figures.add("ready after kill -9 under load", f"{max(killed_s):.2f} s at most of 3", "2 s")


def _answers(shop: Shop, rate: int, seconds: int, figures: Figures) -> None:
    """Latencies of a running switch: alone, and while its books are verified and copied."""
    copy = shop.folder.with_name("copy.db")
    alone: list[float] = []
    for name, words in (
        ("alone", ()),
        ("during ledger verify", ("ledger", "verify")),
        ("alone again", ()),
        ("during ledger backup", ("ledger", "backup", str(copy))),
    ):
        with shop.serving() as (address, _):
            subprocess.run(_load(address, rate, 5), check=True, stdout=subprocess.DEVNULL)  # caches are warm
            told = _under_load(shop, address, rate, seconds, words, copy)
        late_ms = told["latency_ms"]["p99"]
        figure = f"p50 {told['latency_ms']['p50']:.1f} ms, p99 {late_ms:.1f} ms"
        if words:
            figures.add(f"answers {name}", f"{figure}: {late_ms / min(alone):.2f} of alone", "1.5")
        else:
            alone.append(late_ms)
            figures.add(f"answers {name}, {rate} a second", figure)


def _under_load(
    shop: Shop, address: str, rate: int, seconds: int, words: tuple[str, ...], copy: Path
) -> dict[str, Any]:
    """What ``puntual load`` tells while the command *words* is run again and again."""
    with subprocess.Popen(_load(address, rate, seconds), stdout=subprocess.PIPE, text=True) as generator:
        while words and generator.poll() is None:
            shop.timed(*words)
            copy.unlink(missing_ok=True)
        assert generator.stdout is not None
        told: dict[str, Any] = json.loads(generator.stdout.read())
    return told


def _load(address: str, rate: int, seconds: int) -> list[str]:
    return [
        *_PUNTUAL, "load", "--switch", address, "--rate", str(rate), "--seconds", str(seconds),
        "--cards", str(CARDS_OF_LOAD), "--seed", str(time.monotonic_ns() % 100_000), "--json",
    ]  # fmt: skip


if __name__ == "__main__":
    run()
