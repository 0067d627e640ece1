"""Durable transactions a second through the store, beside plain sqlite3 with the same rows in the same run.

The peer is one thread that binds rows which are ready made: the same tables, indexes and pragmas, one
transaction a batch, and no triggers, chain, memory or lock. Deciding is not timed on either side.
"""

import asyncio
import statistics
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.authorize import fsync_ms
from benchmarks.books import Till, enrol
from switch import statements as sql
from switch.block import CommitResult
from switch.blockrows import BlockRows, rows_of
from switch.database import open_for_writing
from switch.store import SqliteStore

BATCHES: Final = (1, 8, 64, 256)
CARDS: Final = 10_000
WARM_UP: Final = 20_000  # transactions
_SHARE: Final = {1: 400, 8: 1_600, 64: 9_600, 256: 15_360}  # transactions of a round, by size of batch


@dataclass(slots=True)
class Stretch:
    """Some batches of one size.

    Attributes:
        wall_s: And *cpu_s*: of the commits alone, all threads of the process.
    """

    count: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0

    def add(self, count: int, wall_s: float, cpu_s: float) -> None:
        """Count one commit."""
        self.count += count
        self.wall_s += wall_s
        self.cpu_s += cpu_s

    @property
    def rate(self) -> float:
        """Transactions a second."""
        return self.count / self.wall_s

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU a transaction."""
        return self.cpu_s / self.count * 1e6


class Plain:
    """The peer: rows into tables and indexes, and nothing else."""

    def __init__(self, path: Path) -> None:
        self._database: Connection = open_for_writing(path)
        self._database.set_authorizer(None)
        triggers = self._database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            self._database.execute(f"DROP TRIGGER {name}")

    def close(self) -> None:
        """Give up the file."""
        self._database.close()

    def commit(self, rows: BlockRows) -> None:
        """Write *rows*, durably."""
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        for statement, some in (
            (sql.INSERT_DECISION, rows.decisions),
            (sql.INSERT_POSTING, rows.postings),
            (sql.INSERT_LOT, rows.lots),
            (sql.INSERT_FACT, rows.facts),
            (sql.INSERT_LINK, rows.links),
        ):
            if some:
                database.executemany(statement, some)
        for name, side in rows.sides.items():
            database.executemany(sql.INSERT_SIDE[name], side)
        changed = [(account, lot, points) for (account, lot), points in rows.balances.items() if points]
        database.executemany(sql.ADD_TO_BALANCE, changed)
        database.execute(sql.INSERT_BLOCK, (*rows.header, rows.hash, rows.hash))
        database.execute("COMMIT")


async def _round(
    store: SqliteStore, plain: Plain, till: Till, size: int, count: int
) -> tuple[Stretch, Stretch]:
    """Commit *count* transactions in batches of *size* to both, in turn."""
    ours, theirs = Stretch(), Stretch()
    for block in till.batches(count, size):
        rows = rows_of(block, store.head.number + 1, store.head.hash, bytes)
        wall, cpu = time.perf_counter(), time.process_time()
        result = await store.commit(block, lambda: True)
        ours.add(len(block.outcomes), time.perf_counter() - wall, time.process_time() - cpu)
        assert result is CommitResult.DURABLE
        wall, cpu = time.perf_counter(), time.process_time()
        plain.commit(rows)
        theirs.add(len(block.outcomes), time.perf_counter() - wall, time.process_time() - cpu)
    return ours, theirs


async def _measure(folder: Path, rounds: int, told: Console) -> dict[int, list[tuple[Stretch, Stretch]]]:
    results: dict[int, list[tuple[Stretch, Stretch]]] = {size: [] for size in BATCHES}
    store = await SqliteStore.open(folder / "puntual.db")
    (folder / "plain").mkdir()
    with closing(Plain(folder / "plain" / "plain.db")) as plain, told.status("warming up") as status:
        await enrol(store, CARDS)
        till = Till(store, CARDS)
        await _round(store, plain, till, max(BATCHES), WARM_UP)
        for at in range(rounds):
            for size in BATCHES:
                status.update(f"round {at + 1} of {rounds}: batches of {size}")
                results[size].append(await _round(store, plain, till, size, _SHARE[size]))
    await store.close()
    return results


def run(rounds: int = 3) -> None:
    """Measure both and print the table."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="puntual-bench-") as name:
        folder = Path(name)
        median, late = fsync_ms(folder)
        results = asyncio.run(_measure(folder, rounds, console))
    console.print(_table(results))
    console.print(f"4 KiB append and fdatasync: median {median:.3f} ms, p99 {late:.3f} ms")


def _table(results: dict[int, list[tuple[Stretch, Stretch]]]) -> Table:
    table = Table(title="Durable transactions, medians of the rounds")
    for column in ("batch", "store", "a second", "of plain", "CPU µs", "CPU of plain"):
        table.add_column(column, justify="right")
    for size, rounds in results.items():
        for name, at in (("puntual", 0), ("plain sqlite3", 1)):
            own, plain = [one[at] for one in rounds], [one[1] for one in rounds]
            pairs = list(zip(own, plain, strict=True))
            table.add_row(
                str(size),
                name,
                f"{statistics.median(each.rate for each in own):,.0f}",
                f"{statistics.median(each.rate / peer.rate for each, peer in pairs):.2f}",
                f"{statistics.median(each.cpu_us for each in own):.1f}",
                f"{statistics.median(each.cpu_us / peer.cpu_us for each, peer in pairs):.2f}",
            )
    return table


if __name__ == "__main__":
    run()
