"""An older copy of the books, or one whose end was cut off, is noticed: its chain alone is right."""

import asyncio
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from ledger.anchor import Anchor, read_anchors, write_anchor
from ledger.block import GENESIS
from ledger.tables import guards
from loyalty.errors import LoyaltyError
from switch.anchoring import FORK_GAP, accept_fork, anchor_of
from switch.audit import verify
from switch.safeguards import Safeguards
from switch.store import SqliteStore
from tests.switch.books import commit, earn, inline


def _write(path: Path, anchor: Path | None, *seqs: int) -> None:
    """A block for each of *seqs*."""
    asyncio.run(_commit_each(path, anchor, seqs))


async def _commit_each(path: Path, anchor: Path | None, seqs: Sequence[int]) -> None:
    store = await SqliteStore.open(path, connect=inline, safeguards=Safeguards(anchor=anchor))
    while store.sequence.next() < 100:
        pass
    for seq in seqs:
        await commit(store, earn(seq, 100))
    await store.close()


@pytest.fixture
def books(tmp_path: Path) -> Path:
    return tmp_path / "puntual.db"


@pytest.fixture
def anchor(tmp_path: Path) -> Path:
    return tmp_path / "shop.anchor"


def test_each_start_and_end_is_anchored(books: Path, anchor: Path) -> None:
    """Also without a command that somebody has to remember."""
    _write(books, anchor, 1, 2)
    _write(books, anchor)
    assert [each.number for each in read_anchors(anchor)] == [0, 2]
    assert read_anchors(anchor)[-1] == anchor_of(books)
    assert verify(books, anchors=read_anchors(anchor)) == []


def test_an_older_copy_is_refused(books: Path, anchor: Path, tmp_path: Path) -> None:
    """Its own chain is right; only what is kept elsewhere knows more."""
    _write(books, anchor, 1, 2)
    older = shutil.copy(books, tmp_path / "older.db")
    _write(books, anchor, 3)
    shutil.copy(older, books)
    assert verify(books) == []
    assert [str(finding) for finding in verify(books, anchors=read_anchors(anchor))] == [
        "I18 block 3: is anchored and is not there"
    ]
    before = books.read_bytes()
    with pytest.raises(LoyaltyError, match="block 3 is anchored and is not there: these books are an older"):
        _write(books, anchor)
    assert books.read_bytes() == before  # not even a number is reserved


def test_a_tail_that_was_cut_off_is_found(books: Path, anchor: Path) -> None:
    """Somebody who knows SQLite takes the last sale away, with its block and its points."""
    _write(books, anchor, 1, 2, 3)
    forger = sqlite3.connect(books, isolation_level=None)
    for name in guards():
        forger.execute(f"DROP TRIGGER {name}")
    for table, where in (
        ("block", "number = 3"),
        ("decision", "seq = 3"),
        ("posting", "seq = 3"),
        ("lot", "lot >= 48"),
        ("fact", "seq = 3"),
        ("balance", "lot >= 48"),
    ):
        forger.execute(f"DELETE FROM {table} WHERE {where}")
    for sql in guards().values():
        forger.execute(sql)
    forger.close()
    assert verify(books) == []
    assert [str(finding) for finding in verify(books, anchors=read_anchors(anchor))] == [
        "I18 block 3: is anchored and is not there"
    ]


def test_another_chain_is_refused(books: Path, anchor: Path, tmp_path: Path) -> None:
    """Written anew from the beginning, with right hashes."""
    _write(tmp_path / "other.db", None, 1, 3)
    _write(books, anchor, 1, 2)
    shutil.copy(tmp_path / "other.db", books)
    assert [str(finding) for finding in verify(books, anchors=read_anchors(anchor))] == [
        "I18 block 2: is another one than was anchored"
    ]
    with pytest.raises(LoyaltyError, match="block 2 is another one than was anchored"):
        _write(books, anchor)


def test_books_that_are_gone_are_not_begun_anew(books: Path, anchor: Path) -> None:
    _write(books, anchor, 1)
    books.unlink()
    with pytest.raises(LoyaltyError, match="block 1 is anchored, and there are no books"):
        _write(books, anchor)
    assert not books.exists()


def test_anchors_that_are_gone_are_missed(books: Path, anchor: Path) -> None:
    """A disk that is not mounted must not switch the guard off."""
    _write(books, None, 1)
    with pytest.raises(LoyaltyError, match="cannot be read: No such file"):
        _write(books, anchor)


def test_a_fork_is_accepted_by_word_and_no_number_comes_twice(
    books: Path, anchor: Path, tmp_path: Path
) -> None:
    _write(books, anchor, 1, 2)
    older = shutil.copy(books, tmp_path / "older.db")
    _write(books, anchor, 3)
    shutil.copy(older, books)
    accepted = accept_fork(books)
    write_anchor(anchor, accepted)
    assert read_anchors(anchor) == [accepted]
    assert _next_number(books) > FORK_GAP
    _write(books, anchor, 3)
    assert verify(books, anchors=read_anchors(anchor)) == []


def _next_number(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        number: int = database.execute("SELECT max(next_seq) FROM sequence_lease").fetchone()[0]
    return number


def test_no_fork_of_nothing(books: Path) -> None:
    with pytest.raises(LoyaltyError, match="there are no books"):
        accept_fork(books)
    assert not books.exists()


def test_a_line_that_was_not_finished_is_left_out_and_overwritten(anchor: Path) -> None:
    one, other = Anchor(1, bytes(range(32))), Anchor(2, bytes(32))
    write_anchor(anchor, one)
    anchor.write_bytes(anchor.read_bytes() + b"2 00aa")
    assert read_anchors(anchor) == [one]
    write_anchor(anchor, other)
    assert read_anchors(anchor) == [one, other]
    assert anchor.read_text("ascii").splitlines()[1] == f"2 {bytes(32).hex()}"


def test_a_line_that_only_lacks_its_end_counts(anchor: Path) -> None:
    """Whoever copies what the command prints leaves the line end out, and means the anchor all the same."""
    one, other = Anchor(1, bytes(range(32))), Anchor(2, bytes(32))
    anchor.write_text(str(one), encoding="ascii")
    assert read_anchors(anchor) == [one]
    write_anchor(anchor, other)
    assert read_anchors(anchor) == [one, other]


@pytest.mark.parametrize(
    "line", ["", "1", "x 00", "1 " + "0" * 63, "1 " + "G" * 64, "fork", "\xff", "-1 " + "0" * 64]
)
def test_other_files_are_told(anchor: Path, line: str) -> None:
    anchor.write_bytes(f"{Anchor(0, GENESIS)}\n{line}\n".encode("latin-1"))
    with pytest.raises(LoyaltyError, match="line 2: is no anchor"):
        read_anchors(anchor)


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(LoyaltyError, match="cannot be written: Is a directory"):
        write_anchor(tmp_path, Anchor(0, GENESIS))
