"""Books of every earlier version come up to date, with their guards, and nothing in them changes."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ledger.tables import guards
from loyalty.errors import LoyaltyError
from switch import database
from switch.audit import verify
from switch.database import APPLICATION_ID, migrations, open_for_reading, open_for_writing

WRITTEN = Path(__file__).with_name("data") / "books_0001.sql"  # by the program that had version 1
TABLES = (
    "decision",
    "posting",
    "lot",
    "link",
    "early_reversal",
    "fact",
    "card_entry",
    "block",
    "balance",
    "card",
)


_SINCE_THE_FIRST = {"card": "card_id, token, last4, member_id, status, expires_on, replaced_by"}


def books_of(version: int, path: Path) -> Path:
    """Books as *version* has them."""
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        made.executescript(WRITTEN.read_text("utf-8"))
        for number, script in migrations():
            if 1 < number <= version:
                made.executescript(f"BEGIN;{script};PRAGMA user_version = {number};COMMIT;")
        made.execute("PRAGMA journal_mode = WAL")
    return path


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """What is in the books, whatever their version."""
    with closing(sqlite3.connect(path)) as read:
        columns = {name: _SINCE_THE_FIRST.get(name, "*") for name in TABLES}
        return {name: read.execute(f"SELECT {columns[name]} FROM {name}").fetchall() for name in TABLES}


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as read:
        version: int = read.execute("PRAGMA user_version").fetchone()[0]
    return version


LATEST = len(migrations())


@pytest.mark.parametrize("version", range(1, LATEST + 1))
def test_books_of_every_version_come_up_to_date(tmp_path: Path, version: int) -> None:
    path = books_of(version, tmp_path / "puntual.db")
    before = rows_of(path)
    assert len(before["decision"]) == 7
    open_for_writing(path).close()
    assert version_of(path) == LATEST
    assert rows_of(path) == before
    assert verify(path) == []
    with closing(open_for_reading(path)) as read:
        triggers = dict(read.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    assert triggers == guards()


def test_readers_wait_for_the_writer_to_upgrade(tmp_path: Path) -> None:
    path = books_of(1, tmp_path / "puntual.db")
    with pytest.raises(LoyaltyError, match=f"has version 1, and this program reads {LATEST}"):
        open_for_reading(path)


@pytest.mark.parametrize("breaks_at", range(2, LATEST + 1))
def test_an_upgrade_that_is_interrupted_leaves_a_whole_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breaks_at: int
) -> None:
    """Each step is one transaction: what broke is not there at all, and the next start goes on from there."""
    path = books_of(1, tmp_path / "puntual.db")
    before = rows_of(path)
    broken = [
        (number, script + ("\nINSERT INTO nowhere VALUES (1);" if number == breaks_at else ""))
        for number, script in migrations()
    ]
    with monkeypatch.context() as patched:
        patched.setattr(database, "migrations", lambda: broken)
        with pytest.raises(LoyaltyError, match="no such table: nowhere"):
            open_for_writing(path)
    assert version_of(path) == breaks_at - 1
    assert rows_of(path) == before
    open_for_writing(path).close()
    assert (version_of(path), rows_of(path)) == (LATEST, before)
    assert verify(path) == []


def _of_another_program(made: sqlite3.Connection) -> None:
    made.execute("PRAGMA application_id = 1")


def _of_a_later_version(made: sqlite3.Connection) -> None:
    made.execute(f"PRAGMA user_version = {LATEST + 1}")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_of_another_program, "is a database of another program"),
        (_of_a_later_version, f"has version {LATEST + 1}, and this program knows {LATEST}"),
    ],
)
def test_what_it_does_not_know_it_leaves_alone(
    tmp_path: Path, change: Callable[[sqlite3.Connection], None], told: str
) -> None:
    path = books_of(1, tmp_path / "puntual.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        assert made.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        change(made)
    before = path.read_bytes()
    with pytest.raises(LoyaltyError, match=told):
        open_for_writing(path)
    assert path.read_bytes() == before
