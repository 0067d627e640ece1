"""A commit of which nobody can tell: nobody is answered, and after the restart the key tells the truth."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from loyalty.card import Identifier, IdentifierKind, MemberId
from loyalty.clock import ManualClock
from loyalty.transaction import Transaction
from messages.link import TransactionReceived
from messages.message import Message
from switch.audit import verify
from switch.block import CommitUnknown, Enrolment
from switch.programmes import Programmes
from switch.sequencer import Sequencer
from switch.store import Connect, SqliteStore
from switch.work import Work
from tests.switch.books import Breaking, commit, inline, sqlite_error
from tests.switch.story import NOON, NUMBERS, Story, new_card, starter, token_of
from tests.switch.test_booking import Bonus
from tests.switch.test_sequencer import FakeConnection

EVER = datetime.min.replace(tzinfo=UTC)


@dataclass
class Life:
    """One life of a switch, from its start to its end."""

    store: SqliteStore
    sequencer: Sequencer
    connection: FakeConnection

    def submit(self, transaction: Transaction, mti: str = "0200") -> None:
        event = TransactionReceived(Message(mti, {}), transaction)
        self.sequencer.submit(Work(event, self.connection, asyncio.get_running_loop().time()))


@asynccontextmanager
async def living(path: Path, connect: Connect) -> AsyncIterator[Life]:
    store = await SqliteStore.open(path, connect=connect)
    sequencer = Sequencer(
        store,
        Programmes(((EVER, starter()),)),
        ManualClock(NOON),
        token_of,
        deadline_s=100,
        queue_depth_max=100,
        observe=lambda _: None,
    )
    yield Life(store, sequencer, FakeConnection())
    await store.close()


async def enrol(path: Path) -> None:
    store = await SqliteStore.open(path, connect=inline)
    number = Identifier(IdentifierKind.CARD, NUMBERS["A"])
    await commit(store, enrolments=(Enrolment(card=new_card("A"), token=token_of(number)),))
    await store.close()


def breaking(*, is_done: bool) -> Connect:
    async def connect(database: sqlite3.Connection) -> Breaking:
        return Breaking(database, sqlite_error("SQLITE_IOERR_FSYNC"), kind="COMMIT", is_done=is_done)

    return connect


@pytest.mark.parametrize("is_done", [True, False])
async def test_a_transaction_in_doubt(tmp_path: Path, *, is_done: bool) -> None:
    """Booked or not, it is booked once in the end, and what came with it knows how it ended."""
    path = tmp_path / "puntual.db"
    await enrol(path)
    story = Story()
    sale, inquiry = (
        story.transaction(line.split()) for line in ("EARN card=A amount=1000", "INQUIRY card=A")
    )
    async with living(path, breaking(is_done=is_done)) as first:
        first.submit(sale)
        with pytest.raises(CommitUnknown):
            await first.sequencer.run()
        first.submit(inquiry)
        await asyncio.sleep(0)
        assert first.connection.told == []
    async with living(path, inline) as second:
        run = asyncio.create_task(second.sequencer.run())
        second.submit(inquiry)
        second.submit(replace(sale, is_repeat=True), "0201")
        await second.sequencer.drain()
        run.cancel()
        assert second.connection.codes == ["00", "00"]
        assert [told["54"] for _, told in second.connection.told] == ["10" if is_done else "0", "10"]
        assert second.store.reader.book(MemberId(ord("A"))).available(NOON.date()) == 10
    assert verify(path) == []


@pytest.mark.parametrize("is_done", [True, False])
async def test_an_order_in_doubt(tmp_path: Path, *, is_done: bool) -> None:
    """Given again with its key, it is told what was told, or carried out now."""
    path = tmp_path / "puntual.db"
    await enrol(path)
    async with living(path, breaking(is_done=is_done)) as first:
        ordered = first.sequencer.order(Bonus(first.store.sequence, 5, ("one",)))
        with pytest.raises(CommitUnknown):
            await first.sequencer.run()
        assert not ordered.done()
    async with living(path, inline) as second:
        run = asyncio.create_task(second.sequencer.run())
        told = await second.sequencer.order(Bonus(second.store.sequence, 5, ("one",)))
        run.cancel()
        assert told == {"told": [5]}
        assert second.store.reader.book(MemberId(ord("A"))).available(NOON.date()) == 5
    assert verify(path) == []
