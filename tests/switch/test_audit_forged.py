"""Edits of somebody who wants points and knows the tables: swapped and backdated rows, huge numbers."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ledger.account import AccountKind, account
from ledger.block import COLUMNS
from rules.parse import version_of
from switch.audit import verify
from switch.block import Block, ProgrammeEntry
from switch.outcome import Side
from tests.switch.books import NOON, always, available, commit, earn, open_store, outcome, record
from tests.switch.test_audit import forge

_COPIED = ", ".join(COLUMNS["decision"][2:])


def copied(seq: int, block: int = 1) -> str:
    """SQL that books decision 1 again under another number."""
    return (
        f"INSERT INTO decision SELECT {seq}, 'another key', {_COPIED}, {block}, rrn_sent, digest"
        " FROM decision WHERE seq = 1;"
        f"INSERT INTO posting SELECT {seq}, line, debit, credit, points, lot, reason"
        " FROM posting WHERE seq = 1;"
    )


def swapped(table: str, column: str, one: int, other: int, key: str = "seq") -> str:
    """SQL that exchanges what two rows have in a column."""
    value = f"(SELECT {column} FROM {table} WHERE {key} = {{}})"
    return (
        f"CREATE TEMP TABLE kept AS SELECT {value.format(one)} AS one, {value.format(other)} AS other;"
        f"UPDATE {table} SET {column} = (SELECT other FROM kept) WHERE {key} = {one};"
        f"UPDATE {table} SET {column} = (SELECT one FROM kept) WHERE {key} = {other};"
    )


HUGE = 2**62


@pytest.mark.parametrize(
    ("script", "first"),
    [
        # Rows that are put where there was room between numbers, before the first and behind the last.
        (copied(5), "I17 decision 5"),
        (copied(5, 2), "I18 decision 5"),
        (copied(5, 2) + "UPDATE block SET decisions = 3 WHERE number = 2", "I18 decision 5"),
        (copied(0), "I17 decision 0"),
        (copied(-3), "I17 decision -3"),
        (copied(50), "I17 decision 50"),
        (copied(HUGE), f"I17 decision {HUGE}"),
        (copied(HUGE, 3) + f"UPDATE block SET last_seq = {HUGE} WHERE number = 3", f"I18 decision {HUGE}"),
        # What one has is given to another.
        (swapped("decision", "owner", 1, 2), "I18 decision 1"),
        (swapped("decision", "earned", 1, 2), "I18 decision 1"),
        (swapped("decision", "digest", 1, 2), "I18 decision 1"),
        (swapped("decision", "block", 1, 8), "I17 decision 1"),
        (swapped("posting", "credit", 1, 2), "I18 decision 1"),
        (swapped("posting", "points", 1, 8), "I18 decision 1"),
        (swapped("lot", "owner", 16, 32, "lot"), "I18 decision 1"),
        (swapped("lot", "expires_on", 16, 128, "lot"), ""),  # the same day
        (swapped("lot", "points", 16, 128, "lot"), "I18 decision 1"),
        (swapped("fact", "salt", 1, 2), ""),  # these tests draw no salts
        (swapped("fact", "facts", 1, 8), "I18 decision 1"),
        (swapped("block", "hash", 1, 2, "number"), "I18 block 1"),
        (swapped("block", "committed_at", 1, 2, "number"), ""),  # the same moment
        (swapped("tally", "whose", 9, 10), "I18 decision 9"),
        (swapped("tally", "total", 9, 10), "I18 decision 9"),
        (swapped("balance", "points", 16, 128, "lot"), "I7 balance of available.1, lot 16"),
        # Accounts and days that there are not.
        (f"UPDATE posting SET credit = {2001 * 2**40 + 1} WHERE seq = 1", "I18 decision 1"),
        (f"UPDATE posting SET debit = {1101 * 2**40} WHERE seq = 1", "I18 decision 1"),
        (f"UPDATE posting SET points = {-(2**63)} WHERE seq = 1", "I18 decision 1"),
        (f"UPDATE posting SET lot = {-(2**63)} WHERE seq = 1", "I18 decision 1"),
        (f"UPDATE lot SET points = {2**63 - 1} WHERE lot = 16", "I18 decision 1"),
        ("UPDATE lot SET expires_on = 'never' WHERE lot = 16", "I18 decision 1"),
        (f"UPDATE lot SET expires_on = '{'9' * 6000}' WHERE lot = 16", "I18 decision 1"),
        ("UPDATE decision SET business_date = '' WHERE seq = 8", "I18 decision 8"),
        ("UPDATE decision SET at = '2020' WHERE seq = 2", "I18 decision 2"),
        (f"INSERT INTO balance VALUES ({-(2**63)}, 1, 1)", f"I7 balance of account {-(2**63)}, lot 1"),
        (f"INSERT INTO balance VALUES ({2**63 - 1}, 1, 1)", f"I7 balance of account {2**63 - 1}, lot 1"),
        (f"UPDATE balance SET account = {available(2)} WHERE lot = 16", "I7 balance of available.2, lot 16"),
        (f"UPDATE balance SET account = {account(AccountKind.PENDING, 1)} WHERE lot = 16", "I7 balance of"),
        ("UPDATE sequence_lease SET next_seq = 4", "I17 decision 10"),
        ("DELETE FROM sequence_lease", "I17 decision 10"),
        # What was there is taken away.
        ("DELETE FROM tally WHERE seq = 10", "I18 decision 10"),
        ("DELETE FROM lot WHERE lot = 16", "I18 decision 1"),
        (f"INSERT INTO lot VALUES ({2**63 - 1}, 1, 1, '', '', '', '', 0)", f"I17 lot {2**63 - 1}"),
        (f"INSERT INTO lot VALUES ({-(2**63)}, 1, 1, '', '', '', '', 0)", f"I17 lot {-(2**63)}"),
        ("DELETE FROM decision; DELETE FROM posting; DELETE FROM lot", "I17 block 1"),
        ("UPDATE block SET number = number + 1 WHERE number = 3", "I17 block 4"),
        ("UPDATE block SET decisions = 1 WHERE number = 2", "I17 block 2"),
        ("UPDATE block SET first_seq = NULL, last_seq = NULL WHERE number = 3", "I17 block 3"),
        ("UPDATE block SET card_entries = 1 WHERE number = 2", "I17 block 2"),
        ("UPDATE block SET format = 9 WHERE number = 1", "I18 block 1"),
    ],
)
async def test_what_was_forged_is_named(tmp_path: Path, script: str, first: str) -> None:
    """Decisions 1 and 2, then 4 and 6, then 8 to 10: numbers are left out after a crash."""
    store = await open_store(tmp_path)
    await commit(store, earn(1, 100), earn(2, 50, owner=2))
    await commit(store, outcome(record(4)), outcome(record(6)))
    counted = [Side("tally", ("visits", str(owner), "day", owner, owner)) for owner in (1, 2)]
    sides = [outcome(record(seq), sides=(side,)) for seq, side in zip((9, 10), counted, strict=True)]
    await commit(store, earn(8, 70), *sides)
    await store.close()
    path = tmp_path / "puntual.db"
    assert verify(path) == []
    forge(path, script)
    told = [f"{finding.invariant} {finding.where}" for finding in verify(path)][:1]
    assert [each[: len(first)] for each in told] == ([first] if first else [])


async def test_a_decision_that_another_block_has_already_is_named(tmp_path: Path) -> None:
    """A block that tells of rows of the one before it."""
    store = await open_store(tmp_path)
    await commit(store, earn(1, 100))
    await commit(store, earn(2, 50))
    await store.close()
    path = tmp_path / "puntual.db"
    forge(path, "UPDATE block SET first_seq = 1, decisions = 2 WHERE number = 2")
    assert str(verify(path)[0]).startswith("I17 block 2: 1 decisions are there and 2 were written")
    with closing(sqlite3.connect(path)) as books:
        assert books.execute("SELECT count(*) FROM decision").fetchone() == (2,)


GENEROUS = "x"


@pytest.mark.parametrize(
    ("script", "first"),
    [
        # One that decides late advices, and refunds of sales of that time.
        (
            f"INSERT INTO programme VALUES (3, '{NOON.isoformat()}', '{version_of(GENEROUS)}', '{GENEROUS}')",
            "I20 programme 3",
        ),
        ("UPDATE programme SET since = '2020-01-01T00:00:00+00:00' WHERE number = 2", "I20 programme 2"),
        ("UPDATE programme SET number = 3 WHERE number = 2", "I20 programme 3"),
        ("UPDATE programme SET number = -2 WHERE number = 2", "I20 programme -2"),
        ("DELETE FROM programme WHERE number = 2", "I20 programme 2"),
        (
            f"UPDATE programme SET text = '{GENEROUS}', version = '{version_of(GENEROUS)}' WHERE number = 1",
            "I20 programme 1",
        ),
        ("UPDATE programme SET text = 'generous' WHERE number = 1", "I18 programme 1"),
        ("DELETE FROM card_entry WHERE card_id = 0", "I17 block 1"),
        # Books whose programmes are from before the journal told of them.
        ("DELETE FROM block; DELETE FROM card_entry; DELETE FROM sequence_lease", ""),
    ],
)
async def test_a_programme_that_was_put_between_is_named(tmp_path: Path, script: str, first: str) -> None:
    store = await open_store(tmp_path)
    for number, text in ((1, "own"), (2, "next")):
        since = NOON.replace(hour=number)
        entry = ProgrammeEntry(number=number, since=since, version=version_of(text), text=text)
        await store.commit(Block(outcomes=(), committed_at=NOON, programmes=[entry]), always)
    await store.close()
    path = tmp_path / "puntual.db"
    assert verify(path) == []
    forge(path, script)
    told = [f"{finding.invariant} {finding.where}" for finding in verify(path)][:1]
    assert told == ([first] if first else [])
