"""The books leave and come back: exported and imported, backed up and restored, rebuilt. Nothing changes."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ledger.caches import Difference
from ledger.tables import guards
from loyalty.card import MemberId
from loyalty.errors import LoyaltyError
from loyalty.transaction import OriginalReference
from members.card import CardStatus
from rules.parse import version_of
from rules.text import Text
from switch.anchoring import anchor_of
from switch.archive import lines_of
from switch.audit import verify
from switch.backup import back_up, drill, restore
from switch.block import Enrolment, Person, ProgrammeEntry, ProgrammeText
from switch.database import _PRAGMAS, open_for_reading, open_for_writing
from switch.importing import import_books
from switch.outcome import CardChange, Link
from switch.rebuild import rebuild
from switch.store import SqliteStore
from tests.switch.books import (
    NOON,
    card,
    claw_back_to_debt,
    commit,
    early_reversal,
    earn,
    inline,
    open_store,
    outcome,
    record,
    redeem,
    token,
    transfer,
)


async def _write(path: Path) -> None:
    """Some of everything, with a person, a replaced card and a programme."""
    store = await open_store(path)
    person = Person(name="Ana", phone="+34600", mail="ana@example.org", birthday=None)
    first = Enrolment(
        card=card(1, status=CardStatus.ISSUED),
        token=token(1),
        person=person,
        identifiers=(("PHON", token(9)),),
    )
    second = card(2, member=2, type="rfid")
    await commit(store, enrolments=(first, Enrolment(card=second, token=token(2))))
    activated = outcome(
        record(1, operation="ACTIVATE"), card_changes=(CardChange(card=first.card, status=CardStatus.ACTIVE),)
    )
    await commit(store, activated, earn(2, 100), earn(3, 50, owner=2, rrn="OWN000000001"))
    await commit(store, redeem(4, store.reader.book(MemberId(1)), 30))
    await commit(store, transfer(5, store.reader.book(MemberId(1)), store.reader.book(MemberId(2)), 20))
    refund = outcome(record(6, operation="REFUND"), links=(Link(seq=6, original=2, clawed=10),))
    owed = claw_back_to_debt(8, store.reader.book(MemberId(2)), 20)
    await commit(store, refund, early_reversal(7, OriginalReference(stan="000009")), owed)
    replacing = Enrolment(card=card(3), token=token(3), replaces=first.card.card_id)
    await commit(store, enrolments=(replacing,), card_changes=(CardChange(card=second, type="virtual"),))
    text = "[" + "1, " * 30_000 + "1]"
    entry = ProgrammeEntry(number=1, since=NOON.replace(hour=13), version=version_of(text), text="")
    packed = ProgrammeText(version=entry.version, parts=Text.of(text).parts)
    await commit(store, programmes=(entry,), texts=(packed,))
    await store.close()


@pytest.fixture
def books(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    asyncio.run(_write(folder))
    return folder / "puntual.db"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Where books are to be made."""
    folder = tmp_path / "other"
    folder.mkdir()
    return folder / "puntual.db"


def contents(path: Path, *without: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, in order."""
    with closing(open_for_reading(path)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: sorted(database.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for name in names
            if name not in without
        }


def exported(path: Path, *, with_persons: bool = True) -> list[bytes]:
    with closing(open_for_reading(path)) as database:
        return list(lines_of(database, lambda _done, _total: None, with_persons=with_persons))


def edit(path: Path, script: str) -> None:
    """As somebody does who knows SQLite well."""
    with closing(sqlite3.connect(path, isolation_level=None)) as forger:
        for name in guards():
            forger.execute(f"DROP TRIGGER {name}")
        forger.executescript(script)
        for sql in guards().values():
            forger.execute(sql)


def test_what_is_exported_and_imported_is_the_same(books: Path, other: Path) -> None:
    """Every row of every table, chain, caches and cards, whoever adds a table."""
    assert import_books(exported(books), other) == []
    assert contents(other) == contents(books)
    assert anchor_of(other) == anchor_of(books)
    assert exported(other) == exported(books)
    assert not list(other.parent.glob("*.import*"))


def test_lines_of_an_earlier_release_are_taken_in(books: Path, other: Path) -> None:
    """They lack the columns that came later: of a card and of a profile, with something to begin with."""
    lines = []
    for line in map(json.loads, exported(books)):
        for table, columns in (("card", 7), ("profile", 4)):
            if table in line:
                del line[table][columns:]
        lines.append(json.dumps(line).encode())
    assert import_books(lines, other) == []
    assert contents(other) == contents(books)


def test_persons_stay_at_home_unless_asked_for(books: Path, other: Path) -> None:
    lines = exported(books, with_persons=False)
    assert b"Ana" not in b"".join(lines)
    assert import_books(lines, other) == []
    assert contents(other, "person") == contents(books, "person")


def test_the_lines_can_be_read_by_anybody(books: Path) -> None:
    first, *blocks = [json.loads(line) for line in exported(books)]
    assert first["puntual"] == "books of a Puntual switch"
    sale = blocks[1]["decisions"][1]
    assert (sale["decision"][0], sale["posting"], sale["lot"][0][:3]) == (
        2,
        [[2, 0, 1000 << 40, 2000 << 40 | 1, 100, 32, 1]],
        [32, 1, 100],
    )
    assert blocks[-1]["end"]["blocks"] == 7


def test_a_switch_goes_on_with_what_was_imported(books: Path, other: Path) -> None:
    assert import_books(exported(books), other) == []

    async def go_on() -> None:
        store = await SqliteStore.open(other)
        await commit(store, earn(store.sequence.next(), 5))
        await store.close()

    asyncio.run(go_on())
    assert verify(other) == []


FORGED: dict[str, tuple[Callable[[list[bytes]], Iterable[bytes]], str]] = {
    "no end": (lambda lines: lines[:-1], "ends before its last line"),
    "two ends": (lambda lines: [*lines, lines[-1]], "is no line of exported books"),
    "a block less": (lambda lines: [lines[0], *lines[2:]], "is no line of exported books"),
    "no beginning": (lambda lines: lines[1:], "line 1: is no line of exported books"),
    "no JSON": (lambda lines: [lines[0], b"{\n"], "line 2: is no line of exported books"),
    "no object": (lambda lines: [lines[0], b"[]\n"], "line 2: is no line of exported books"),
    "half a block": (lambda lines: [lines[0], b'{"block":[1],"previous":"","hash":""}\n'], "ends before"),
    "a cache": (lambda lines: [lines[0], b'{"balance":[1,1,1]}\n'], "line 2: is no line of exported books"),
    "a block twice": (lambda lines: [lines[0], lines[1], *lines[1:]], "is no line of exported books"),
    "nothing": (lambda _: [], "line 0: ends before its last line"),
    "another version": (
        lambda lines: [lines[0].replace(b'"version":1', b'"version":9'), *lines[1:]],
        "line 1: is no line",
    ),
}


@pytest.mark.parametrize("name", list(FORGED))
def test_other_lines_are_refused(books: Path, other: Path, name: str) -> None:
    forge, told = FORGED[name]
    with pytest.raises(LoyaltyError) as refused:
        import_books(forge(exported(books)), other)
    assert told in str(refused.value)
    assert [path.name for path in other.parent.iterdir()] == ["puntual.lock"]


@pytest.mark.parametrize(
    ("old", "new", "invariant"),
    [
        (
            b"[2,0,1099511627776000,2199023255552001,100,",
            b"[2,0,1099511627776000,2199023255552001,101,",
            "I18",
        ),
        (b'{\\"base\\":100}', b'{\\"base\\":999}', "I18"),
        (b'"issued', b'"active', "I18"),
    ],
)
def test_changed_lines_are_found_and_nothing_is_made(
    books: Path, other: Path, old: bytes, new: bytes, invariant: str
) -> None:
    """The chain tells, whoever edits the file."""
    lines = exported(books)
    changed = [line.replace(old, new) for line in lines]
    assert changed != lines
    assert invariant in {finding.invariant for finding in import_books(changed, other)}
    assert not other.exists()


def test_books_are_never_imported_over_others(books: Path) -> None:
    before = contents(books)
    with pytest.raises(LoyaltyError, match="there are books already"):
        import_books(exported(books), books)
    assert contents(books) == before


def test_a_rebuild_says_what_differed_and_puts_it_right(books: Path) -> None:
    right = contents(books)
    assert rebuild(books).count == 0
    edit(
        books,
        "UPDATE balance SET points = 7 WHERE lot = 48; DELETE FROM balance WHERE lot = 32;"
        "INSERT INTO balance VALUES (2199023255552009, 3, 5)",
    )
    rebuilt = rebuild(books)
    assert contents(books) == right
    assert verify(books) == []
    assert rebuilt.count == len(rebuilt.differences)
    assert Difference("balance", ((2000 << 40) + 9, 3), (5,), None) in rebuilt.differences
    assert Difference("balance", ((2000 << 40) + 2, 48), (7,), (50,)) in rebuilt.differences
    assert Difference("balance", ((2000 << 40) + 1, 32), None, (50,)) in rebuilt.differences


async def test_nothing_is_rebuilt_beside_a_switch(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    with pytest.raises(LoyaltyError, match=r"another process .* writes these books"):
        rebuild(tmp_path / "puntual.db")
    await store.close()
    with pytest.raises(LoyaltyError, match="there are no books"):
        rebuild(tmp_path / "none.db")


TEXT = "text" * 100_000  # five of these fill the log: the next commit takes it in


def test_a_backup_beside_a_switch_is_one_state(
    books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is committed while it is copied is in it up to some commit; the copy needs no file beside it."""
    monkeypatch.setattr("switch.slicedcopy.SLICE_SIZE", 65_536)
    monkeypatch.setattr("switch.database._PRAGMAS", (*_PRAGMAS, "wal_autocheckpoint = 1000"))
    before = anchor_of(books)
    switch = open_for_writing(books)
    calls = commits = committed_by_then = 0

    def go_on(done: int, total: int) -> None:
        """Commits between slices, by the connection that the switch has, which takes the log in."""
        nonlocal calls, commits, committed_by_then
        calls += 1
        is_held = done > total // 2
        if is_held and calls % 5:
            return
        for _ in range(1 if is_held else 3):
            commits += 1
            switch.execute("INSERT INTO person VALUES (?, ?, '', '', NULL)", (1_000 + commits, TEXT))
        if not is_held:
            committed_by_then = commits

    last = back_up(books, tmp_path / "copy.db", go_on)
    switch.close()
    assert committed_by_then > 5
    assert commits > committed_by_then + 5
    assert last == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("copy.db")] == ["copy.db"]
    numbers = sorted(row[0] - 1_000 for row in contents(tmp_path / "copy.db")["person"] if row[0] > 1_000)
    assert numbers == list(range(1, len(numbers) + 1))
    assert committed_by_then <= len(numbers) <= commits
    copy = sqlite3.connect(tmp_path / "copy.db")
    assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    copy.close()
    assert verify(tmp_path / "copy.db") == []
    assert drill(tmp_path / "copy.db") == (before, [])
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600


def test_a_backup_never_overwrites(books: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken.db"
    taken.write_text("mine")
    with pytest.raises(LoyaltyError, match="is there already"):
        back_up(books, taken, lambda _done, _total: None)
    assert taken.read_text() == "mine"


def test_a_copy_comes_back_and_the_former_books_are_kept(books: Path, tmp_path: Path) -> None:
    """With the log that belongs to each: an old log must not be played into a copy."""
    copy = tmp_path / "copy.db"
    last = back_up(books, copy, lambda _done, _total: None)

    async def go_on() -> SqliteStore:
        store = await SqliteStore.open(books, connect=inline)
        await commit(store, earn(200, 5))
        store._lock.release()  # and nothing else: as of a process that was killed
        return store

    killed = asyncio.run(go_on())
    assert books.with_name("puntual.db-wal").exists()
    former, findings = restore(copy, books)
    assert findings == []
    assert anchor_of(books) == last
    assert former is not None
    assert anchor_of(former).number == last.number + 1
    asyncio.run(killed._connection.close())


def test_a_broken_copy_is_refused(books: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    back_up(books, copy, lambda _done, _total: None)
    edit(copy, "UPDATE decision SET earned = 999 WHERE seq = 2")
    before = contents(books)
    former, findings = restore(copy, books)
    assert former is None
    assert [str(finding) for finding in findings][:1] == [
        "I18 decision 2: it, or a row that came with it, was changed"
    ]
    assert contents(books) == before
    assert drill(copy)[0] is None
    with pytest.raises(LoyaltyError, match="there is no such copy"):
        restore(tmp_path / "none.db", books)
