"""The books as lines of JSON: every block with all its rows, for archives, auditors and other programs.

The first line says what it is and the last one that it is all. Between them is one line for each block, then
one for each row of the tables beside the chain. Rows are arrays in the order of the columns, bytes Base64.
What is told of persons in clear is left out unless it is asked for.
"""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from ledger.block import COLUMNS, SIDES
from ledger.caches import CACHES
from ledger.slices import Row, Slice, slices
from switch.database import migrations, read_through
from switch.statements import TABLES

NAME: Final = "books of a Puntual switch"
VERSION: Final = 1  # of these lines

_CHAINED_TABLES: Final = {*COLUMNS, *SIDES, "fact"}
_TOLD_BY_OTHERS: Final = {*CACHES, "party"}  # an import works them out again
PERSONAL: Final = ("person",)
# Tables beside the chain, in the order of their lines.
BESIDE: Final = tuple(sorted(TABLES.keys() - _CHAINED_TABLES - _TOLD_BY_OTHERS - set(PERSONAL)))

SLICE_SIZE: Final = 5_000  # rows
_ROW: Final = len(COLUMNS["decision"])
_encode: Final = msgspec.json.Encoder().encode


def lines_of(
    database: sqlite3.Connection, progress: Callable[[int, int], None], *, with_persons: bool = False
) -> Iterator[bytes]:
    """All lines, each with its end; beside a running switch up to the block that is now the last."""
    read_through(database)
    total: int = database.execute("SELECT coalesce(sum(decisions), 0) FROM block").fetchone()[0]
    yield _line({"puntual": NAME, "version": VERSION, "schema": len(migrations())})
    blocks = decisions = 0
    last = b""
    for some in slices(database):
        for block, mine in _by_block(some):
            yield _line(_block(block, mine, some))
            last = block[-1]
        blocks += len(some.blocks)
        decisions += len(some.decisions)
        progress(decisions, total)
    for table in (*BESIDE, *(PERSONAL if with_persons else ())):
        for row in _rows(database, table):
            yield _line({table: row})
    yield _line({"end": {"blocks": blocks, "decisions": decisions, "hash": last.hex()}})


def _line(value: object) -> bytes:
    return _encode(value) + b"\n"


def _by_block(some: Slice) -> Iterator[tuple[Row, list[Row]]]:
    """Each block with its decisions."""
    at = 0
    for block in some.blocks:
        mine: list[Row] = []
        while at < len(some.decisions) and some.decisions[at][0] <= (block[3] or 0):
            mine.append(some.decisions[at])
            at += 1
        yield block, mine


def _block(block: Row, decisions: list[Row], some: Slice) -> dict[str, Any]:
    *header, previous, hash_ = block
    told: dict[str, Any] = {"block": header, "previous": previous.hex(), "hash": hash_.hex()}
    if decisions:
        told["decisions"] = [_decision(decision, some) for decision in decisions]
    if some.entries.get(block[0]):
        told["card_entries"] = some.entries[block[0]]
    return told


def _decision(decision: Row, some: Slice) -> dict[str, Any]:
    """A decision with all rows that came with it, by table; those without rows are left out."""
    seq = decision[0]
    _, digest, rrn_sent = decision[_ROW:]
    told: dict[str, Any] = {"decision": decision[:_ROW], "digest": digest, "rrn_sent": rrn_sent}
    told |= {name: of_seq[seq] for name, of_seq in some.children.items() if seq in of_seq}
    if seq in some.facts:
        told["fact"] = some.facts[seq]
    return told


def _rows(database: sqlite3.Connection, table: str) -> Iterator[Row]:
    """All rows of *table* by its key, in slices."""
    columns = list(TABLES[table].columns.keys())
    keys = list(TABLES[table].primary_key.columns.keys())
    key, marks = ", ".join(keys), ", ".join("?" for _ in keys)
    after: tuple[Any, ...] | None = None
    while True:
        beyond = "" if after is None else f" WHERE ({key}) > ({marks})"
        rows = database.execute(
            f"SELECT {', '.join(columns)} FROM {table}{beyond} ORDER BY {key} LIMIT {SLICE_SIZE}", after or ()
        ).fetchall()
        if not rows:
            return
        yield from rows
        after = tuple(rows[-1][columns.index(name)] for name in keys)
