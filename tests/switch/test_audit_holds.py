"""Holds that were changed by hand, or booked wrongly, are found."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.account import AccountKind, PostingReason, account
from ledger.book import MemberBook
from ledger.entry import Posting
from ledger.tables import guards
from loyalty.card import MemberId
from switch.audit import verify
from switch.database import open_for_reading
from switch.outcome import Outcome, Side
from switch.postings import Draft
from switch.queries import open_holds
from tests.switch.books import NOON, TODAY, available, commit, earn, open_store, outcome, record

UNTIL = NOON + timedelta(days=7)


def drafted(draft: Draft, seq: int, operation: str = "HOLD") -> Outcome:
    assert draft.book is not None
    owner = MemberId(draft.book.owner)
    return outcome(
        record(seq, operation=operation, owner=owner, member_id=owner),
        postings=tuple(draft.postings),
        lots=tuple(draft.lots),
        books=draft.books,
        sides=tuple(draft.sides),
    )


def draft_on(seq: int, book: MemberBook) -> Draft:
    return Draft(seq, book, TODAY, NOON)


async def write(path: Path) -> MemberBook:
    """Holds 2, 3 and 4 of 30, 20 and 0 points; 3 is captured in part, of 2 ten are released."""
    store = await open_store(path)
    await commit(store, earn(1, 100))
    for seq, points in ((2, 30), (3, 20), (4, 0)):
        draft = draft_on(seq, store.reader.book(MemberId(1)))
        draft.hold(points, "REDEEM", UNTIL)
        await commit(store, drafted(draft, seq))
    draft = draft_on(5, store.reader.book(MemberId(1)))
    third = store.reader.book(MemberId(1)).hold(3)
    assert third is not None
    draft.capture(third, 15)
    await commit(store, drafted(draft, 5, "REDEEM"))
    draft = draft_on(6, store.reader.book(MemberId(1)))
    second = store.reader.book(MemberId(1)).hold(2)
    assert second is not None
    draft.release(second, 10)
    await commit(store, drafted(draft, 6, "REVERSAL"))
    book = store.reader.book(MemberId(1))
    await store.close()
    return book


@pytest.fixture
def books(tmp_path: Path) -> Path:
    asyncio.run(write(tmp_path))
    return tmp_path / "puntual.db"


async def test_open_holds_come_back_after_a_restart(tmp_path: Path) -> None:
    """With what is left of each, and the other accounts as they were."""
    book = await write(tmp_path)
    assert verify(tmp_path / "puntual.db") == []
    store = await open_store(tmp_path)
    assert store.reader.book(MemberId(1)) == book
    assert [(hold.hold, hold.points, hold.kept_until) for hold in book.holds] == [
        (2, 20, UNTIL),
        (4, 0, UNTIL),
    ]
    assert (book.available(TODAY), book.held) == (65, 20)
    steps = store.reader.hold_steps(2)
    assert [(step.seq, step.points, step.ended) for step in steps] == [(6, 10, False)]
    hold = store.reader.hold(3)
    assert hold is not None
    assert (hold.points, hold.held_for, store.reader.hold(1)) == (20, "REDEEM", None)
    await store.close()


FORGERIES = [
    ("UPDATE hold SET points = 31 WHERE seq = 2", "I18 decision 2"),
    ("UPDATE hold SET kept_until = '2099-01-01' WHERE seq = 4", "I18 decision 4"),
    ("DELETE FROM hold WHERE seq = 4", "I18 decision 4"),
    ("INSERT INTO hold VALUES (1, 0, 1, 'EARN', 0, '')", "I18 decision 1"),
    ("INSERT INTO hold VALUES (99, 0, 1, 'EARN', 0, '')", "I17 hold 99"),
    ("UPDATE hold_step SET ended = 0 WHERE seq = 5", "I18 decision 5"),
    ("INSERT INTO hold_step VALUES (99, 0, 2, 20, 1)", "I17 hold_step 99"),
    ("DELETE FROM open_hold WHERE hold = 2", "I7 hold 2"),
    ("UPDATE open_hold SET owner = 2 WHERE hold = 2", "I7 hold 2"),
    ("UPDATE open_hold SET kept_until = '' WHERE hold = 4", "I7 hold 4"),
    ("INSERT INTO open_hold VALUES (1, 3, '')", "I7 hold 3"),
    ("INSERT INTO open_hold VALUES (1, 77, '')", "I26 open_hold of hold 77"),
]


@pytest.mark.parametrize(("script", "first"), FORGERIES)
def test_every_change_is_named(books: Path, script: str, first: str) -> None:
    forger = sqlite3.connect(books, isolation_level=None)
    for name in guards():
        forger.execute(f"DROP TRIGGER {name}")
    forger.executescript(script)
    for sql in guards().values():
        forger.execute(sql)
    forger.close()
    findings = verify(books)
    assert [f"{finding.invariant} {finding.where}" for finding in findings][:1] == [first]


HELD = account(AccountKind.HELD, 1)
MISTAKES = [
    # What a bug of ours could commit, with a chain that is right.
    ((), (Side("hold_step", (2, 20, 1)),), "I11 held.1: 20 is held and open holds reserve 0"),
    ((), (Side("hold_step", (3, 0, 1)),), "I11 hold 3: ends 2 times"),
    ((), (Side("hold_step", (2, 21, 0)),), "I11 hold 2: gave 31 and had 30"),
    ((), (Side("hold_step", (4, 0, 1)), Side("hold_step", (2, 5, 1))), "I11 hold 2: gave 15 and had 30"),
    ((), (Side("hold", (1, "EARN", 5, "")),), "I11 hold 8: reserves 5 and 0 were posted"),
    (
        (Posting(available(1), HELD, 5, 16, PostingReason.HOLD),),
        (),
        "I11 held.1: 25 is held and open holds reserve 20",
    ),
]


@pytest.mark.parametrize(("postings", "sides", "told"), MISTAKES)
async def test_our_own_mistakes_are_found(
    tmp_path: Path, postings: tuple[Posting, ...], sides: tuple[Side, ...], told: str
) -> None:
    await write(tmp_path)
    store = await open_store(tmp_path)
    await commit(store, outcome(record(8), postings=postings, sides=sides))
    await store.close()
    assert told in [str(finding) for finding in verify(tmp_path / "puntual.db")]


def test_people_see_the_holds_that_are_open(books: Path) -> None:
    """Oldest first, with what is left of each."""
    with closing(open_for_reading(books)) as database:
        held = list(open_holds(database))
    assert [(row.seq, row.points, row.held_for, row.owner) for row in held] == [
        (2, 20, "REDEEM", 1),
        (4, 0, "REDEEM", 1),
    ]
    assert {row.kept_until for row in held} == {UNTIL}
