"""A commit is durable, or nothing of it is there, or the process ends."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from ledger.book import MemberBook
from loyalty.card import MemberId
from loyalty.errors import LoyaltyError
from loyalty.transaction import OriginalReference
from members.card import CardStatus
from switch.audit import verify
from switch.block import CommitResult, CommitUnknown, Enrolment, Person
from switch.database import ThreadedConnection
from switch.lookups import load_book
from switch.numbers import LEASE_SIZE, Sequence
from switch.outcome import CardChange, Link
from switch.recall import Recall
from switch.store import SqliteStore
from tests.switch.books import (
    Breaking,
    always,
    block,
    card,
    claw_back_to_debt,
    commit,
    early_reversal,
    earn,
    never,
    open_store,
    outcome,
    record,
    redeem,
    sqlite_error,
    token,
)


def book_of(store: SqliteStore, owner: int = 1) -> MemberBook:
    return store.reader.book(MemberId(owner))


def same_from_disk(store: SqliteStore, *owners: int) -> None:
    """What memory tells of *owners* is what another reader finds in the file."""
    database = store.reader._database
    for owner in owners:
        assert load_book(database, MemberId(owner)) == book_of(store, owner)


async def test_what_is_reloaded_is_what_was_in_memory(tmp_path: Path) -> None:
    """Nothing is lost by a restart: records, books, debt, early reversals, the chain."""
    store = await open_store(tmp_path)
    await commit(store, earn(1, 100), earn(2, 50, owner=2))
    await commit(store, redeem(3, book_of(store), 30))
    await commit(store, redeem(4, book_of(store), 70), claw_back_to_debt(5, book_of(store, 2), 20))
    await commit(store, early_reversal(6, OriginalReference(message_class="2", stan="000009")))
    same_from_disk(store, 1, 2)
    head, books = store.head, [book_of(store, 1), book_of(store, 2)]
    records = [store.reader.by_seq(seq) for seq in range(1, 7)]
    early = store.reader.early_reversals(("00000000001", "T0000001"), "000009", None)
    await store.close()

    again = await open_store(tmp_path)
    assert (
        [again.reader.book(MemberId(owner)) for owner in (1, 2)]
        == books
        == [
            MemberBook(1),
            structs.replace(books[1], debt=20),
        ]
    )
    assert [again.reader.by_seq(seq) for seq in range(1, 7)] == records
    assert again.reader.early_reversals(("00000000001", "T0000001"), "000009", None) == early != []
    assert again.head == head
    assert (head.number, head.last_seq) == (4, 6)
    await again.close()
    assert verify(tmp_path / "puntual.db") == []


async def test_the_connection_of_production_does_the_same(tmp_path: Path) -> None:
    store = await open_store(tmp_path, ThreadedConnection.start)
    await commit(store, earn(1, 100))
    assert await store.commit(block(earn(2, 100)), never) is CommitResult.LATE
    await commit(store, redeem(2, book_of(store), 30))
    same_from_disk(store, 1)
    await store.close()
    assert verify(tmp_path / "puntual.db") == []


async def test_what_is_late_is_rolled_back(tmp_path: Path) -> None:
    """A deadline that is over just before COMMIT leaves nothing, and the same block can come again."""
    store = await open_store(tmp_path)
    assert await store.commit(block(earn(1, 100)), never) is CommitResult.LATE
    assert store.head.number == 0
    assert book_of(store) == MemberBook(1)
    assert store.reader.by_seq(1) is None
    await commit(store, earn(1, 100))
    assert book_of(store).lots[0].points == 100
    await store.close()
    assert verify(tmp_path / "puntual.db") == []


ERRORS = {
    "nothing left": sqlite_error("SQLITE_FULL"),
    "busy": sqlite_error("SQLITE_BUSY"),
    "a bad disk": sqlite_error("SQLITE_IOERR_WRITE"),
    "a rule": sqlite3.IntegrityError("UNIQUE constraint failed: decision.key"),
    "no memory": MemoryError(),
}


@pytest.mark.parametrize("name", ERRORS)
async def test_an_error_before_commit_leaves_nothing(tmp_path: Path, name: str) -> None:
    """Whichever statement fails: unwritten, nothing is there, and the next block is taken."""
    calls = ["BEGIN", *["INSERT"] * 6, "DELETE", "INSERT"]  # six tables, the balances twice, the block
    for left in range(1, len(calls) + 1):
        path = tmp_path / str(left)
        path.mkdir()
        store, broken = await open_breaking(path, ERRORS[name])
        broken.left = 0
        await commit(store, earn(1, 100))
        book, head = book_of(store), store.head
        broken.left, broken.calls = left, []
        failing = redeem(2, book, 100), earn(3, 10), early_reversal(4, OriginalReference())
        assert await store.commit(block(*failing), always) is CommitResult.UNWRITTEN
        assert broken.calls == calls[:left]
        assert (store.head, book_of(store), store.reader.by_seq(2)) == (head, book, None)
        assert store.reader.early_reversals(("00000000001", "T0000001"), "000001", None) == []
        await commit(store, redeem(5, book, 100))
        await store.close()
        assert verify(path / "puntual.db") == []


@pytest.mark.parametrize(
    ("name", "is_done", "expected"),
    [
        ("SQLITE_FULL", False, CommitResult.UNWRITTEN),  # the frame that makes it count was never written
        ("SQLITE_BUSY", False, CommitResult.UNWRITTEN),
        ("SQLITE_IOERR_FSYNC", False, None),
        ("SQLITE_IOERR_FSYNC", True, None),  # an errored commit can be durable
        ("SQLITE_IOERR_WRITE", False, None),
    ],
)
async def test_an_error_of_commit_is_nothing_or_unknown(
    tmp_path: Path, name: str, *, is_done: bool, expected: CommitResult | None
) -> None:
    """Only what SQLite reports before its last frame proves that nothing is there."""
    store, _ = await open_breaking(tmp_path, sqlite_error(name), kind="COMMIT", is_done=is_done)
    try:
        ended = await store.commit(block(outcome(record(1))), always)
    except CommitUnknown:
        ended = None
    assert ended is expected
    await store.close()
    again = await open_store(tmp_path)
    assert (again.reader.by_seq(1) is not None) is is_done
    await again.close()


async def open_breaking(path: Path, error: Exception, **fault: Any) -> tuple[SqliteStore, Breaking]:
    """A store with a connection that breaks."""
    made: list[Breaking] = []

    async def breaking(database: sqlite3.Connection) -> Breaking:
        made.append(Breaking(database, error, **fault))
        return made[0]

    return await open_store(path, breaking), made[0]


async def test_nothing_is_written_behind_a_commit_that_nobody_knows(tmp_path: Path) -> None:
    """The next start finds the file as the failed commit left it."""
    store, broken = await open_breaking(tmp_path, sqlite_error("SQLITE_IOERR_FSYNC"), kind="COMMIT")
    with pytest.raises(CommitUnknown, match="COMMIT failed with SQLITE_IOERR_FSYNC"):
        await store.commit(block(outcome(record(1))), always)
    with pytest.raises(AssertionError):
        await store.commit(block(outcome(record(2))), always)
    await store.close()
    assert broken.calls.count("COMMIT") == 1
    assert broken.calls[-1] == "COMMIT"


async def test_a_mistake_of_ours_leaves_nothing(tmp_path: Path) -> None:
    """What cannot be stored costs its batch, not the switch."""
    store = await open_store(tmp_path)
    mistaken = outcome(record(1, amount=2**63))
    assert await store.commit(block(mistaken), always) is CommitResult.UNWRITTEN
    await commit(store, earn(2, 100))
    await store.close()
    assert verify(tmp_path / "puntual.db") == []


async def test_books_that_cannot_be_opened_are_let_go(tmp_path: Path) -> None:
    """The lock too: who mends the file can try again."""
    path = tmp_path / "puntual.db"
    path.write_text("Dear diary, this is no database. " * 9)
    for _ in range(2):
        with pytest.raises(LoyaltyError, match="file is not a database"):
            await open_store(tmp_path)
    path.unlink()
    await (await open_store(tmp_path)).close()


async def test_books_of_a_commit_are_told_only_when_it_is_durable(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    await commit(store, earn(1, 100))
    before = book_of(store)
    assert await store.commit(block(redeem(2, before, 30)), never) is CommitResult.LATE
    assert book_of(store) == before
    await store.close()


async def test_a_second_process_is_refused(tmp_path: Path) -> None:
    """Two writers would give numbers twice; the second is told who the first is."""
    store = await open_store(tmp_path)
    with pytest.raises(LoyaltyError, match=r"puntual\.lock: another process \(\d+\) writes these books"):
        await open_store(tmp_path)
    await store.close()
    await (await open_store(tmp_path)).close()


async def test_no_number_is_given_twice(tmp_path: Path) -> None:
    """Not after a crash either, when answers that nobody stored had higher ones."""
    path = tmp_path / "puntual.db"
    store = await SqliteStore.open(path)
    given = [store.sequence.next() for _ in range(3)]
    await store.close()
    store = await SqliteStore.open(path)
    given.append(store.sequence.next())
    # It crashes: nothing is given back.
    await store._connection.close()
    store._lock.release()
    store.reader.close()
    store = await SqliteStore.open(path)
    given.append(store.sequence.next())
    await store.close()  # before anything may fail: its thread would keep the process from ending
    assert given == [1, 2, 3, 4, 4 + LEASE_SIZE]


def test_numbers_go_on_past_what_is_reserved() -> None:
    """A full disk takes no lease: answers that nobody keeps get numbers, and the next commit catches up."""
    sequence = Sequence(0, 1)
    sequence.reserved(sequence.row(2))
    assert [sequence.next() for _ in range(3)] == [1, 2, 3]
    assert sequence.is_running_low
    sequence.reserved(sequence.row(LEASE_SIZE))
    assert not sequence.is_running_low
    assert sequence.next() == 4


async def test_more_numbers_are_reserved_by_a_commit(tmp_path: Path) -> None:
    """Also when the batch decided nothing that is remembered."""
    store = await open_store(tmp_path)
    store.sequence._next = LEASE_SIZE - 1
    assert store.sequence.is_running_low
    await commit(store)
    assert not store.sequence.is_running_low
    assert store.head.number == 0
    await store.close()


async def test_what_leaves_nothing_behind_is_not_written(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    await commit(store, structs.replace(outcome(record(1)), record=None))
    assert store.head.number == 0
    await store.close()


async def test_cards_are_enrolled_changed_and_replaced(tmp_path: Path) -> None:
    """What an order or an activation changes is told at once, and by every later process."""
    store = await open_store(tmp_path)
    first = Enrolment(
        card=card(1, status=CardStatus.ISSUED),
        token=token(1),
        identifiers=(("PHON", token(34)), ("ACCT", token(35))),
        person=Person(name="Ana"),
    )
    reader = store.reader
    assert reader.cards("CPAN", token(1)) == []
    await commit(store, enrolments=(first,))
    assert reader.cards("CPAN", token(1)) == reader.cards("PHON", token(34)) == [first.card]
    assert reader.person(MemberId(1)) == Person(name="Ana")

    activated = CardChange(card=first.card, status=CardStatus.ACTIVE, link=("RFID", token(99)))
    await commit(store, outcome(record(1, operation="ACTIVATE"), card_changes=(activated,)))
    active = replace(first.card, status=CardStatus.ACTIVE)
    assert reader.cards("RFID", token(99)) == reader.cards("CPAN", token(1)) == [active]
    assert reader.linked_members("RFID", token(99)) == [MemberId(1)]

    second = Enrolment(card=card(2, tier="gold"), token=token(2), replaces=first.card.card_id)
    unlinked = CardChange(card=active, unlink=("RFID", token(99)))
    await commit(store, enrolments=(second,), card_changes=(unlinked,))
    replaced = replace(active, status=CardStatus.REPLACED, tier="gold")
    for one in (reader, Recall(reader._database)):
        assert one.cards("CPAN", token(1)) == [replaced]
        assert one.cards("ACCT", token(35)) == [replaced, second.card]
        assert one.card(second.card.card_id) == second.card
        assert one.cards("RFID", token(99)) == []
        assert one.person(MemberId(1)) == Person(name="Ana")
    assert (store.numbers.member_id(), store.numbers.card_id()) == (1, 1)
    await store.close()
    again = await open_store(tmp_path)
    assert (again.numbers.member_id(), again.numbers.card_id()) == (2, 3)
    await again.close()
    assert verify(tmp_path / "puntual.db") == []


async def test_a_card_ends_a_block_as_its_journal_says(tmp_path: Path) -> None:
    """An activation and an order to block the card in one batch: the order is the last word in both."""
    store = await open_store(tmp_path)
    issued = card(1, status=CardStatus.ISSUED)
    activated = CardChange(card=issued, status=CardStatus.ACTIVE)
    await commit(
        store,
        outcome(record(1), card_changes=(activated,)),
        enrolments=(Enrolment(card=issued, token=token(1)),),
        card_changes=(CardChange(card=issued, status=CardStatus.BLOCKED),),
    )
    (found,) = store.reader.cards("CPAN", token(1))
    assert found.status is CardStatus.BLOCKED
    await store.close()
    assert verify(tmp_path / "puntual.db") == []


async def test_links_add_up_in_the_record(tmp_path: Path) -> None:
    """A record is its row and what was done to it since, from whichever block."""
    store = await open_store(tmp_path)
    await commit(store, earn(1, 100))
    store.prefetch([record(1).key])
    assert store.reader.by_key(record(1).key) == store.reader.by_seq(1)
    partial = Link(seq=2, original=1, refunded_minor=400, clawed=40, undone=1, final_minor=600)
    refund = Link(seq=3, original=1, refunded_minor=100, clawed=10)
    await commit(store, outcome(record(2), links=(partial,)))
    await commit(store, outcome(record(3), links=(refund,)))
    found = store.reader.by_key(record(1).key)
    assert found is not None
    assert (found.refunded_minor, found.clawed, found.undone, found.final_minor) == (500, 50, 1, 600)
    assert store.reader.links_to(1) == [partial, refund]
    assert store.reader.links_from(3) == [refund]
    await store.close()


async def test_lots_are_covered_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    one = earn(1, 100)
    another = replace(one.lots[0], lot=17)
    await commit(store, structs.replace(one, lots=(another, *one.lots)))
    await store.close()
    assert verify(tmp_path / "puntual.db") == []


async def test_links_are_covered_in_the_order_of_their_key(tmp_path: Path) -> None:
    """A refund takes back from a sale and from an older redemption, in whichever order it was decided."""
    store = await open_store(tmp_path)
    await commit(store, earn(1, 100))
    await commit(store, redeem(2, book_of(store), 40))
    links = (Link(seq=3, original=2, returned=40), Link(seq=3, original=1, refunded_minor=100))
    await commit(store, outcome(record(3), links=links))
    await store.close()
    assert verify(tmp_path / "puntual.db") == []
