"""Reads the books in slices of whole blocks, each in a transaction of its own.

A long read would keep the writer's log from being emptied; between slices the switch goes on writing and
checkpointing. What is read ends with the block that was the last one at the beginning.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.block import COLUMNS, SIDES
from ledger.entry import FURTHER_LOTS, LOTS_OF_SEQ, decision_of

SLICE_SIZE: Final = 1_000  # decisions; larger slices take more memory, and are slower
_BLOCKS_READ: Final = 1_000
_LAST_PAGE: Final = (2**63 - 1) // FURTHER_LOTS

Row = tuple[Any, ...]
BySeq = dict[int, list[Row]]

# What hangs on a decision, with the order of its rows: that of the table's key.
_CHILDREN: Final = {"posting": "seq, line", "link": "seq, original", "early_reversal": "seq"}
CHILDREN: Final = (*_CHILDREN, "lot")


@dataclass(frozen=True, slots=True)
class Slice:
    """Some blocks that follow one another, and every row between their first sequence and their last.

    Attributes:
        blocks: Columns of ``COLUMNS``, then ``previous`` and ``hash``.
        decisions: Columns of ``COLUMNS``, then ``block``, ``digest`` and ``rrn_sent``.
        children: What hangs on decisions, by table and sequence.
        facts: Salt and text, by sequence.
        rare: Sequences that have rows in tables that few decisions have some in: all but postings and lots.
        entries: Changes of cards, by block.
        last_seq: Up to which it goes.
    """

    blocks: list[Row]
    decisions: list[Row]
    children: dict[str, BySeq]
    facts: dict[int, tuple[bytes, str]]
    rare: frozenset[int]
    entries: BySeq
    last_seq: int


def slices(database: sqlite3.Connection, after: int = 0) -> Iterator[Slice]:
    """All blocks of *database* behind block *after*, in order."""
    last: int = database.execute("SELECT coalesce(max(number), 0) FROM block").fetchone()[0]
    seq: int = database.execute(
        "SELECT coalesce(max(last_seq), 0) FROM block WHERE number <= ?", (after,)
    ).fetchone()[0]
    pages = lot_pages(database)
    for blocks in _runs(database, after, last):
        one = _read(database, blocks, seq, pages)
        seq = one.last_seq
        yield one


def _runs(database: sqlite3.Connection, number: int, last: int) -> Iterator[list[Row]]:
    """Blocks that have up to ``SLICE_SIZE`` decisions and changes of cards together, or one block."""
    columns = ", ".join(COLUMNS["block"])
    while blocks := database.execute(
        f"SELECT {columns}, previous, hash FROM block WHERE number > ? AND number <= ?"
        f" ORDER BY number LIMIT {_BLOCKS_READ}",
        (number, last),
    ).fetchall():
        number = blocks[-1][0]
        some: list[Row] = []
        size = 0
        for block in blocks:
            weight = block[4] + block[5]
            if some and size + weight > SLICE_SIZE:
                yield some
                some, size = [], 0
            some.append(block)
            size += weight
        yield some


def _read(database: sqlite3.Connection, blocks: list[Row], first: int, pages: Sequence[int]) -> Slice:
    """*blocks* with all rows behind sequence *first*."""
    last = max(first, max((block[3] or 0 for block in blocks), default=0))
    children = {
        name: _by_first(database, name, f"seq > ? AND seq <= ? ORDER BY {order}", (first, last))
        for name, order in {**_CHILDREN, **dict.fromkeys(SIDES, "seq, line")}.items()
    }
    rare = frozenset().union(*(by_seq for name, by_seq in children.items() if name != "posting"))
    children["lot"] = _lots(database, first, last, pages)
    columns = ", ".join((*COLUMNS["decision"], "block", "digest", "rrn_sent"))
    return Slice(
        blocks=blocks,
        decisions=database.execute(
            f"SELECT {columns} FROM decision WHERE seq > ? AND seq <= ? ORDER BY seq", (first, last)
        ).fetchall(),
        children=children,
        facts={
            seq: (salt, text)
            for seq, salt, text in database.execute(
                "SELECT seq, salt, facts FROM fact WHERE seq > ? AND seq <= ?", (first, last)
            )
        },
        rare=rare,
        entries=_by_first(
            database,
            "card_entry",
            "block BETWEEN ? AND ? ORDER BY block, line",
            (blocks[0][0], blocks[-1][0]),
        ),
        last_seq=last,
    )


def _lots(database: sqlite3.Connection, first: int, last: int, pages: Sequence[int]) -> BySeq:
    """The lots of the decisions behind *first* up to *last*, by decision and in order."""
    found: BySeq = defaultdict(list)
    for page in pages:
        bounds = [page * FURTHER_LOTS + min(seq * LOTS_OF_SEQ, FURTHER_LOTS) for seq in (first + 1, last + 1)]
        where = "lot BETWEEN ? AND ? ORDER BY lot"
        for lot in _select(database, "lot", where, (bounds[0], bounds[1] - 1)):
            found[decision_of(lot[0])].append(lot)
    return found


def lot_pages(database: sqlite3.Connection) -> list[int]:
    """The pages of numbers that there are lots of, and the first one."""
    pages = [0]
    while pages[-1] < _LAST_PAGE:
        behind = (pages[-1] + 1) * FURTHER_LOTS
        lot = database.execute("SELECT min(lot) FROM lot WHERE lot >= ?", (behind,)).fetchone()[0]
        if lot is None:
            break
        pages.append(lot // FURTHER_LOTS)
    return pages


def _by_first(database: sqlite3.Connection, name: str, where: str, parameters: tuple[int, int]) -> BySeq:
    """Rows of a table by their first column."""
    found: BySeq = defaultdict(list)
    for row in _select(database, name, where, parameters):
        found[row[0]].append(row)
    return found


def _select(
    database: sqlite3.Connection, name: str, where: str, parameters: tuple[int, int]
) -> sqlite3.Cursor:
    columns = ", ".join(COLUMNS[name] if name in COLUMNS else SIDES[name])
    return database.execute(f"SELECT {columns} FROM {name} WHERE {where}", parameters)
