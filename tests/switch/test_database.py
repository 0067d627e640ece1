"""The file: its schema is what the tables say, its guards hold, and others' files are refused."""

import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Index, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

import ledger.tables
import members.tables
from ledger.block import COLUMNS, SIDES
from loyalty.amount import Rate
from loyalty.errors import LoyaltyError
from switch.database import (
    APPLICATION_ID,
    InlineConnection,
    migrate,
    migrations,
    open_for_reading,
    open_for_writing,
)
from switch.past import past_sales
from switch.positions import positions
from switch.purchases import Purchases
from tests.switch.books import at_once

METADATA = (ledger.tables.metadata, members.tables.metadata)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "puntual.db"


@pytest.fixture
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """Guarded, with one row in every append-only table."""
    database = open_for_writing(path)
    for table in ledger.tables.APPEND_ONLY:
        database.execute(ledger.tables.sql_of(table.insert()), [_any(column) for column in table.columns])
    yield database
    database.close()


def _any(column: object) -> object:
    kind = str(getattr(column, "type", ""))
    return {"TEXT": "x", "BLOB": b"x"}.get(kind, 1)


def schema_of(database: sqlite3.Connection) -> dict[str, object]:
    """Everything that SQLite knows of the tables and indexes."""
    database.set_authorizer(None)
    found: dict[str, object] = {}
    for _, name, _, columns, without_rowid, strict in database.execute("PRAGMA table_list"):
        if name.startswith("sqlite_"):
            continue
        found[name] = (
            columns,
            without_rowid,
            strict,
            database.execute("SELECT * FROM pragma_table_xinfo(?)", (name,)).fetchall(),
        )
        for _, index, unique, origin, partial in database.execute(f"PRAGMA index_list({name})"):
            row = database.execute("SELECT sql FROM sqlite_master WHERE name = ?", (index,)).fetchone()
            found[index] = (
                name,
                unique,
                origin,
                partial,
                database.execute("SELECT * FROM pragma_index_xinfo(?)", (index,)).fetchall(),
                "" if row is None or row[0] is None else row[0].partition(" WHERE ")[2],
            )
    return found


def _ddl_of(made: Table | Index) -> str:
    """The text that makes a table or an index in SQLite."""
    create = CreateTable(made) if isinstance(made, Table) else CreateIndex(made)
    return str(create.compile(dialect=sqlite.dialect()))


def test_the_migrations_make_what_the_tables_say(database: sqlite3.Connection) -> None:
    """Whoever changes a table adds a migration, and the other way round."""
    by_metadata = sqlite3.connect(":memory:")
    for metadata in METADATA:
        for table in metadata.sorted_tables:
            by_metadata.execute(_ddl_of(table))
            for index in table.indexes:
                by_metadata.execute(_ddl_of(index))
    assert schema_of(database) == schema_of(by_metadata)
    triggers = dict(database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    assert triggers == ledger.tables.guards()
    by_metadata.close()


def test_a_partial_index_is_compared_too(database: sqlite3.Connection) -> None:
    other = sqlite3.connect(":memory:")
    migrate(other)
    assert schema_of(database) == schema_of(other)
    other.execute("DROP INDEX decision_rrn")
    other.execute("CREATE INDEX decision_rrn ON decision (rrn) WHERE rrn_sent = 0")
    assert schema_of(database) != schema_of(other)
    other.close()


def test_the_canonical_form_has_the_columns_of_the_tables() -> None:
    """The chain covers every column, except those that hold the chain itself or an index together."""
    tables = ledger.tables.metadata.tables
    left_out = {name: set(tables[name].columns.keys()) - set(columns) for name, columns in COLUMNS.items()}
    assert left_out == {
        "decision": {"block", "rrn_sent", "digest"},
        "posting": set(),
        "lot": set(),
        "link": set(),
        "early_reversal": set(),
        "card_entry": set(),
        "block": {"previous", "hash"},
    }
    for name, columns in COLUMNS.items():
        assert tables[name].columns.keys()[: len(columns)] == list(columns)
    for name, columns in SIDES.items():
        assert tables[name].columns.keys() == list(columns)
        assert list(tables[name].primary_key.columns.keys()) == ["seq", "line"]
        assert tables[name] in ledger.tables.APPEND_ONLY


NAMES = [table.name for table in ledger.tables.APPEND_ONLY]
KEY_OF = {table.name: next(iter(table.primary_key.columns)).name for table in ledger.tables.APPEND_ONLY}


@pytest.mark.parametrize("table", NAMES)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET {key} = {key}",
        "DELETE FROM {table}",
        "DROP TRIGGER {table}_no_update",
        "DROP TABLE {table}",
        "ALTER TABLE {table} RENAME TO gone",
        "CREATE TRIGGER sly BEFORE INSERT ON {table} BEGIN SELECT RAISE(IGNORE); END",
    ],
)
def test_the_writing_connection_cannot_change_the_past(
    database: sqlite3.Connection, table: str, statement: str
) -> None:
    """Not by mistake and not by an injected statement: SQLite refuses to prepare it."""
    with pytest.raises(sqlite3.DatabaseError, match=r"not authorized|prohibited"):
        database.execute(statement.format(table=table, key=KEY_OF[table]))


@pytest.mark.parametrize(
    "statement",
    [
        "PRAGMA writable_schema = ON",
        "PRAGMA recursive_triggers = OFF",
        "PRAGMA synchronous = OFF",
        "ATTACH ':memory:' AS other",
        "CREATE TABLE more (a)",
        "DROP INDEX decision_key",
        "VACUUM",
        "INSERT INTO sqlite_master VALUES ('a', 'b', 'c', 1, 'd')",
    ],
)
def test_the_writing_connection_cannot_change_the_rules(database: sqlite3.Connection, statement: str) -> None:
    with pytest.raises(
        sqlite3.DatabaseError, match=r"not authorized|authorization denied|may not be modified"
    ):
        database.execute(statement)


@pytest.mark.parametrize("table", NAMES)
@pytest.mark.parametrize("statement", ["UPDATE {table} SET {key} = {key}", "DELETE FROM {table}"])
def test_others_cannot_change_the_past_either(
    database: sqlite3.Connection, path: Path, table: str, statement: str
) -> None:
    """The triggers are in the file: they stop whoever opens it with other tools."""
    del database
    stranger = sqlite3.connect(path, isolation_level=None)
    sql = statement.format(table=table, key=KEY_OF[table])
    if table == "fact" and "DELETE" in sql:
        stranger.execute(sql)  # what it says of a customer can be erased
    else:
        with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
            stranger.execute(sql)
    stranger.close()


@pytest.mark.parametrize("table", NAMES)
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_replace_is_no_way_round(
    database: sqlite3.Connection, path: Path, table: str, recursive: str
) -> None:
    """REPLACE deletes the row in its way, and asks no trigger against DELETE when these are not recursive."""
    del database
    stranger = sqlite3.connect(path, isolation_level=None)
    stranger.execute(f"PRAGMA recursive_triggers = {recursive}")
    for verb in ("REPLACE", "INSERT OR REPLACE", "INSERT OR IGNORE"):
        with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
            stranger.execute(f"{verb} INTO {table} SELECT * FROM {table}")
    stranger.close()


def test_replace_by_the_other_key_is_no_way_round(database: sqlite3.Connection, path: Path) -> None:
    """A new sequence with a known key would throw the known decision out."""
    del database
    stranger = sqlite3.connect(path, isolation_level=None)
    row = list(stranger.execute("SELECT * FROM decision").fetchone())
    row[0] = 2
    with pytest.raises(sqlite3.IntegrityError, match="decision is append-only"):
        stranger.execute(f"REPLACE INTO decision VALUES ({', '.join('?' * len(row))})", row)
    stranger.close()


def test_the_cache_and_the_cards_may_change(database: sqlite3.Connection) -> None:
    database.execute("INSERT INTO balance VALUES (1, 1, 1)")
    database.execute("UPDATE balance SET points = 2")
    database.execute("DELETE FROM balance")
    database.execute("INSERT INTO person VALUES (1, 'Ana', '', '', NULL)")
    database.execute("DELETE FROM person")


def test_the_file_syncs_every_commit_and_is_private(database: sqlite3.Connection, path: Path) -> None:
    """NORMAL would lose what terminals were told when the power fails."""
    database.set_authorizer(None)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert database.execute("PRAGMA recursive_triggers").fetchone() == (1,)
    assert database.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_reader_cannot_write(database: sqlite3.Connection, path: Path) -> None:
    reader = open_for_reading(path)
    for statement in (
        "DELETE FROM balance",
        "INSERT INTO balance VALUES (1, 1, 1)",
        "PRAGMA user_version = 9",
    ):
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute(statement)
    reader.close()
    assert database.execute("SELECT count(*) FROM balance").fetchone() == (0,)


@pytest.mark.parametrize(
    "reading",
    [Purchases, lambda books: list(past_sales(books)), lambda books: positions(books, Rate(1))],
    ids=["goals", "past sales", "positions"],
)
def test_who_reads_all_of_it_maps_nothing(
    path: Path, reading: Callable[[sqlite3.Connection], object]
) -> None:
    """What is mapped counts as memory: of large books all would be, a gigabyte of them."""
    open_for_writing(path).close()
    with closing(open_for_reading(path)) as books:
        assert books.execute("PRAGMA mmap_size").fetchone() != (0,)
        reading(books)
        assert books.execute("PRAGMA mmap_size").fetchone() == (0,)


def foreign(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipe (a)")
    other.close()


def later(path: Path) -> None:
    open_for_writing(path).close()
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 99")
    other.close()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: path.write_text("Dear diary, this is no database. " * 9), "file is not a database"),
        (foreign, "is a database of another program"),
        (later, rf"has version 99, and this program knows {len(migrations())}"),
        (lambda path: path.mkdir(), "cannot be used|there are no books"),
    ],
)
def test_what_is_not_ours_is_left_alone(path: Path, make: object, told: str) -> None:
    assert callable(make)
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    for open_ in (open_for_writing, open_for_reading):
        with pytest.raises(LoyaltyError, match=told):
            open_(path)
    assert not path.is_file() or path.read_bytes() == before


def test_books_that_are_not_there_are_not_made_by_a_reader(path: Path) -> None:
    with pytest.raises(LoyaltyError, match="there are no books"):
        open_for_reading(path)
    assert not path.exists()


def test_a_migration_happens_wholly_or_not_at_all(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut in the middle leaves the version before."""
    open_for_writing(path).close()
    broken = [*migrations(), (len(migrations()) + 1, "CREATE TABLE half (a); CREATE TABLE half (a);")]
    monkeypatch.setattr("switch.database.migrations", lambda: broken)
    with pytest.raises(LoyaltyError, match="already exists"):
        open_for_writing(path)
    with pytest.raises(LoyaltyError, match="start the switch once"):
        open_for_reading(path)
    monkeypatch.undo()
    reader = open_for_reading(path)
    assert reader.execute("SELECT count(*) FROM sqlite_master WHERE name = 'half'").fetchone() == (0,)
    reader.close()


async def test_a_connection_rolls_back(database: sqlite3.Connection) -> None:
    connection = InlineConnection(database, at_once)
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO balance VALUES (?, ?, ?)", [(1, 1, 1)])
    assert connection.in_transaction
    connection.rollback()
    assert not connection.in_transaction
    await connection.commit()
    assert database.execute("SELECT count(*) FROM balance").fetchone() == (0,)
