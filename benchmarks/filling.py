"""Fills a deployment that stays: members, then transactions, decided and committed through the store."""

import argparse
import asyncio
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

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

MILLION: Final = 1_000_000
BATCH: Final = 256
COMPARED: Final = 20_000  # members whose books in memory are held against those on the disk
PUNTUAL: Final = (sys.executable, "-P", "-m", "console")
_TOLD_EVERY: Final = 100_000


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
    """A deployment in a folder that may not exist yet."""

    folder: Path

    @property
    def books(self) -> Path:
        """Its file."""
        return self.folder / "puntual.db"

    @property
    def _filled(self) -> Path:
        """There when it was filled to the end."""
        return self.folder / "filled"

    @property
    def is_filled(self) -> bool:
        """Whether it was filled to the end."""
        return self._filled.exists()

    def fill(self, transactions: int, members: int, figures: Figures) -> None:
        """Make it and write everything; then hold what memory has against what the entries tell."""
        if self.folder.exists():
            raise SystemExit(f"{self.folder} is there and was not filled to its end: remove it first")
        subprocess.run([*PUNTUAL, "init", str(self.folder)], check=True, stdout=subprocess.DEVNULL)
        in_memory = asyncio.run(_fill(self, transactions, members, figures))
        figures.add("size of the books", f"{self.books.stat().st_size / 1e6:,.0f} MB")
        differed = rebuild(self.books).count
        with closing(open_for_reading(self.books)) as database:
            differed += sum(load_book(database, MemberId(book.owner)) != book for book in in_memory)
        figures.add(f"memory of {len(in_memory):,} members, and rebuild", f"{differed} differ", "0")
        self._filled.write_text(f"{transactions} transactions of {members} members\n")


async def _fill(shop: Shop, transactions: int, members: int, figures: Figures) -> list[MemberBook]:
    """Write everything; gives the books of those members who came last, as memory has them."""
    hasher = Hasher(load_key(shop.folder / "card.key"))
    store = await SqliteStore.open(shop.books)
    began = time.perf_counter()
    await enrol(store, members, hasher.token)
    figures.add(f"{members:,} members enrolled", f"{time.perf_counter() - began:.0f} s")
    till = Till(store, members, token_of=hasher.token)
    began, cpu, commit_s, done = time.perf_counter(), time.process_time(), 0.0, 0
    recent: dict[int, None] = {}  # owners, the last one at the end
    for block in till.batches(transactions, BATCH):
        before = time.perf_counter()
        result = await store.commit(block, lambda: True)
        commit_s += time.perf_counter() - before
        assert result is CommitResult.DURABLE
        for owner in [book.owner for outcome in block.outcomes for book in outcome.books]:
            recent.pop(owner, None)
            recent[owner] = None
        done += len(block.outcomes)
        if done // _TOLD_EVERY > (done - len(block.outcomes)) // _TOLD_EVERY:
            print(f"{done:,} transactions after {time.perf_counter() - began:.0f} s", flush=True)
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    figures.add(
        f"{transactions:,} transactions decided and committed",
        f"{took_s:.0f} s ({commit_s:.0f} s committing), {cpu_s / transactions * 1e6:.0f} µs of CPU each",
    )
    in_memory = [store.reader.book(MemberId(owner)) for owner in list(recent)[-COMPARED:]]
    await store.close()
    return in_memory


def main() -> None:
    """Fill the folder that is named."""
    parser = argparse.ArgumentParser(description="Fill a deployment with members and transactions.")
    parser.add_argument("folder", type=Path, help="where it is made")
    parser.add_argument("--transactions", type=int, default=MILLION)
    parser.add_argument("--members", type=int, default=MILLION)
    asked = parser.parse_args()
    Shop(asked.folder).fill(asked.transactions, asked.members, Figures(Console()))


if __name__ == "__main__":
    main()
