"""A table of what few decisions have joins the books in one place."""

import sqlite3
from pathlib import Path

import pytest

from ledger.block import FORMAT, FORMAT_WITH_SIDES, SIDES
from switch import database, statements
from switch.audit import verify
from switch.outcome import Outcome, Side
from switch.store import SqliteStore
from tests.switch.books import ISSUE, commit, earn, open_store, outcome, record


@pytest.fixture(autouse=True)
def _note(monkeypatch: pytest.MonkeyPatch) -> None:
    """A side table as a stream of work would add one."""
    monkeypatch.setitem(SIDES, "note", ("seq", "line", "text", "account"))
    monkeypatch.setitem(statements.INSERT_SIDE, "note", "INSERT INTO note VALUES (?, ?, ?, ?)")
    monkeypatch.setattr(database, "_INSERTABLE", database._INSERTABLE | {"note"})


async def _open(path: Path) -> SqliteStore:
    sqlite = database.open_for_writing(path / "puntual.db")
    sqlite.set_authorizer(None)
    sqlite.execute("CREATE TABLE note (seq INT, line INT, text TEXT, account INT, PRIMARY KEY (seq, line))")
    sqlite.close()
    return await open_store(path)


def noted(seq: int, *texts: str) -> Outcome:
    return outcome(record(seq), sides=tuple(Side("note", (text, ISSUE)) for text in texts))


async def _write(path: Path) -> None:
    store = await _open(path)
    await commit(store, earn(1, 100))
    await commit(store, noted(2, "a", "b"), earn(3, 50, owner=2), noted(4, "c"))
    await store.close()


def _edit(path: Path, script: str) -> None:
    forger = sqlite3.connect(path / "puntual.db", isolation_level=None)
    forger.executescript(script)
    forger.close()


async def test_only_blocks_that_have_rows_in_it_change(tmp_path: Path) -> None:
    """The bytes of all others stay what they were before there was such a table."""
    await _write(tmp_path)
    books = sqlite3.connect(tmp_path / "puntual.db")
    assert books.execute("SELECT format FROM block").fetchall() == [(FORMAT,), (FORMAT_WITH_SIDES,)]
    assert books.execute("SELECT seq, line, text FROM note").fetchall() == [
        (2, 0, "a"),
        (2, 1, "b"),
        (4, 0, "c"),
    ]
    books.close()
    assert verify(tmp_path / "puntual.db") == []


@pytest.mark.parametrize(
    ("script", "first"),
    [
        ("UPDATE note SET text = 'x' WHERE seq = 4", "I18 decision 4"),
        ("UPDATE note SET line = 2 WHERE text = 'a'", "I18 decision 2"),
        ("DELETE FROM note WHERE text = 'b'", "I18 decision 2"),
        ("INSERT INTO note VALUES (3, 0, 'x', 1)", "I18 decision 3"),
        ("INSERT INTO note VALUES (99, 0, 'x', 1)", "I17 note 99"),
        ("INSERT INTO note VALUES (0, 0, 'x', 1)", "I17 note 0"),
    ],
)
async def test_its_rows_are_chained(tmp_path: Path, script: str, first: str) -> None:
    await _write(tmp_path)
    _edit(tmp_path, script)
    findings = verify(tmp_path / "puntual.db")
    assert f"{findings[0].invariant} {findings[0].where}" == first
