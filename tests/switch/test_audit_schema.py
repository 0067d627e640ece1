"""Whoever changes tables, indexes or triggers is found, and so is an index that lacks rows of its table."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ledger import filecheck
from ledger.filecheck import check_file
from ledger.finding import Findings
from loyalty.transaction import OriginalReference
from switch.audit import verify
from switch.block import Enrolment
from switch.database import open_for_reading
from switch.marks import BATCH, mark
from tests.switch.books import card, commit, early_reversal, earn, open_store, outcome, record, token


async def written(path: Path) -> Path:
    store = await open_store(path)
    enrolments = tuple(Enrolment(card=card(at, member=at), token=token(at)) for at in (1, 2, 3))
    await commit(store, *(earn(seq, 10, owner=seq % 3 + 1) for seq in range(1, 12)), enrolments=enrolments)
    await commit(store, outcome(record(12, rrn="TILL00004711"), sides=(mark(BATCH, "1|T1|000001"),)))
    await commit(store, early_reversal(13, OriginalReference(stan="000099")))
    await store.close()
    return path / "puntual.db"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("DROP INDEX decision_key", "schema index decision_key: is missing"),  # a key could decide twice
        (
            "DROP INDEX decision_key; CREATE INDEX decision_key ON decision (key)",
            "schema index decision_key: is not what it should be",
        ),
        (
            "DROP INDEX card_token; CREATE INDEX card_token ON card (token, member_id)",
            "schema index card_token: is not what it should be",
        ),
        (
            "CREATE UNIQUE INDEX once ON posting (debit, seq)",
            "schema index once: does not belong there",
        ),
        (
            "CREATE TRIGGER gift AFTER UPDATE ON balance BEGIN UPDATE card SET status = 'active'; END",
            "schema trigger gift: does not belong there",
        ),
        ("ALTER TABLE member ADD COLUMN note TEXT", "schema table member: is not what it should be"),
        ("DROP TABLE person", "schema table person: is missing"),
        ("CREATE TABLE mine (a); CREATE VIEW also_mine AS SELECT 1; ANALYZE", None),
    ],
)
async def test_a_schema_that_was_changed(tmp_path: Path, script: str, told: str | None) -> None:
    path = await written(tmp_path)
    assert verify(path) == []
    with closing(sqlite3.connect(path, isolation_level=None)) as forger:
        forger.executescript(script)
    assert [str(finding) for finding in verify(path)][:1] == ([] if told is None else [told])


def in_slices(path: Path) -> list[str]:
    findings = Findings()
    with closing(open_for_reading(path)) as database:
        check_file(database, findings, in_slices=True)
    return [str(finding) for finding in findings.found]


# An index that is made with other columns or rows, and then said to be what it was.
@pytest.mark.parametrize(
    ("index", "made", "told"),
    [
        ("decision_key", "(stan)", "I26 the file: row 1 of decision is missing"),
        (
            "decision_terminal",
            "(terminal_id, rrn)",
            "row 1 of decision is missing",
        ),
        ("decision_rrn", "(rrn) WHERE rrn_sent = 0", "row 12 of decision is missing"),
        ("decision_rrn", "(rrn)", "index decision_rrn has 13 entries for 1 rows of decision"),
        (
            "decision_owner",
            "(owner, seq) WHERE seq < 9",
            "row 9 of decision is missing",
        ),
        ("mark_value", "(kind, value, line)", "row 12 0 of mark is missing"),
        ("card_token", "(last4)", "row 1 of card is missing"),
        ("identifier_member", "(kind)", None),
    ],
)
async def test_an_index_that_has_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: str, made: str, told: str | None
) -> None:
    path = await written(tmp_path)
    monkeypatch.setattr(filecheck, "SLICE_SIZE", 2)
    assert in_slices(path) == []
    forge_index(path, index, made)
    found = in_slices(path)
    assert (found == []) if told is None else (told in found[0] and index in found[0])


def forge_index(path: Path, index: str, made: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as forger:
        right, table = forger.execute(
            "SELECT sql, tbl_name FROM sqlite_master WHERE name = ?", (index,)
        ).fetchone()
        forger.execute(f"DROP INDEX {index}")
        forger.execute(f"CREATE INDEX {index} ON {table} {made}")
        forger.execute("PRAGMA writable_schema = ON")
        forger.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (right, index))


@pytest.mark.parametrize("sliced", [True, False])
async def test_a_key_that_is_there_twice_is_told_as_such(tmp_path: Path, *, sliced: bool) -> None:
    """Its index was made when nothing asked for keys to be unique."""
    path = await written(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as forger:
        right = forger.execute("SELECT sql FROM sqlite_master WHERE name = 'card_token'").fetchone()[0]
        forger.executescript(
            "DROP INDEX card_token; UPDATE card SET token = x'01'; CREATE INDEX card_token ON card (token)"
        )
        forger.execute("PRAGMA writable_schema = ON")
        forger.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'card_token'", (right,))
    findings = Findings()
    with closing(open_for_reading(path)) as database:
        check_file(database, findings, in_slices=sliced)
    assert "I15" in [finding.invariant for finding in findings.found]
