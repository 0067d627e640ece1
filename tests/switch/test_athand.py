"""What takes long to fetch is fetched beside the order of everything: others are answered meanwhile."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import switch.sequencer
from loyalty.transaction import Operation
from messages.link import TransactionReceived
from messages.message import Message
from rules.amend import amended
from rules.parse import MAIN, parse_programme, restore_programme
from rules.programme import Programme
from switch.athand import NotAtHand
from switch.block import ProgrammeEntry
from switch.case import Case
from switch.decide import decide
from switch.enactment import recorded
from switch.outcome import Known, Outcome
from switch.programmes import KEPT_SIZE_MAX
from switch.work import Work
from tests.switch.books import NOON, commit, open_store
from tests.switch.story import starter, starter_text
from tests.switch.test_sequencer import Bench, FakeConnection, bench, settled

ALWAYS = datetime.min.replace(tzinfo=UTC)


class Shelf:
    """Lets no refund be decided before it was fetched."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.asked = 0
        self.is_there = False
        self.error: Exception | None = None

    async def fetch(self) -> None:
        self.asked += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.is_there = True

    def decide(self, case: Case) -> Outcome | Known:
        if case.transaction.operation is Operation.REFUND and not self.is_there:
            raise NotAtHand(self.fetch)
        return decide(case)


@asynccontextmanager
async def shelved(monkeypatch: pytest.MonkeyPatch, **knobs: Any) -> AsyncIterator[tuple[Bench, Shelf]]:
    """A sale of 10.00, and a shelf for its refund."""
    shelf = Shelf()
    monkeypatch.setattr(switch.sequencer, "decide", shelf.decide)
    async with bench(**knobs) as desk:
        desk.ask("EARN card=A amount=1000")
        await settled()
        yield desk, shelf


def ask_at(desk: Bench, line: str, terminal_id: str, connection: FakeConnection) -> None:
    """Ask from another terminal, or another connection."""
    transaction = desk.story.transaction([*line.split(), f"at={terminal_id}"])
    now = asyncio.get_running_loop().time()
    event = TransactionReceived(Message("0200", {41: terminal_id}), transaction)
    desk.sequencer.submit(Work(event, connection, now))


async def test_others_are_answered_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal's own messages wait behind it and keep their order; those of all others do not."""
    async with shelved(monkeypatch) as (desk, shelf):
        mine, others = FakeConnection(), FakeConnection()
        ask_at(desk, "REFUND card=A of=n1 amount=500", "T2", mine)
        ask_at(desk, "INQUIRY card=A", "T2", mine)
        ask_at(desk, "INQUIRY card=A", "T3", mine)
        ask_at(desk, "EARN card=A amount=300", "T2", others)
        await settled()
        assert [told["54"] for _, told in mine.told] == ["10"]  # T3's
        assert others.codes == ["00"]
        assert desk.sequencer.queue_depth == 2
        assert (mine.apart, others.apart) == (2, 0)  # what the link answers by itself waits for these
        drained = asyncio.ensure_future(desk.sequencer.drain())
        await settled()
        assert not drained.done()
        shelf.gate.set()
        await drained
        # The sale of the other terminal was decided first: 10 + 3 - 5.
        assert [told["54"] for _, told in mine.told] == ["10", "8", "8"]
        assert shelf.asked == 1
        assert desk.sequencer.queue_depth == 0
        assert mine.apart == 0


async def test_it_is_asked_again_until_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something else was needed first, or it was let go in between; what waits behind goes on waiting."""
    async with shelved(monkeypatch) as (desk, shelf):
        fetches = [shelf.fetch, shelf.fetch]

        async def fetch_nothing() -> None:
            fetches.pop()
            if not fetches:
                shelf.is_there = True

        monkeypatch.setattr(shelf, "fetch", fetch_nothing)
        desk.ask("REFUND card=A of=n1 amount=500")
        desk.ask("INQUIRY card=A")
        await settled()
        await desk.sequencer.drain()
        assert [told["54"] for _, told in desk.connection.told] == ["10", "5", "5"]
        assert desk.connection.apart == 0


async def test_a_request_is_told_in_time_that_it_is_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it needs is fetched nevertheless, so the same message finds it there."""
    async with shelved(monkeypatch, deadline_s=0.02) as (desk, shelf):
        refund = desk.ask("REFUND card=A of=n1 amount=500")
        await desk.sequencer.drain()
        assert desk.connection.codes == ["00", "TOO_LATE"]
        shelf.gate.set()
        await settled()
        desk.submit(refund)
        await desk.sequencer.drain()
        assert desk.connection.codes == ["00", "TOO_LATE", "00"]
        assert shelf.asked == 1


async def test_what_cannot_be_fetched_costs_its_message_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was booked: a request may be sent again, an advice is asked to be."""
    async with shelved(monkeypatch) as (desk, shelf):
        shelf.error = RuntimeError("no")
        shelf.gate.set()
        desk.ask("REFUND card=A of=n1 amount=500")
        desk.ask("INQUIRY card=A")
        await settled()
        desk.ask("REFUND* card=A of=n1 amount=500")
        await desk.sequencer.drain()
        assert desk.connection.codes == ["00", "STORE_UNAVAILABLE", "00", "OWN_FAULT"]
        assert len(desk.store.records) == 1


def large_text(points: int) -> str:
    return starter_text() + f'\n[[rule]]\nid = "r"\ntext = "More"\nthen = {{ points = {points} }}\n'


async def test_a_version_that_is_not_in_memory_is_built_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for all who wait for it; what was paused of it is then made at once."""
    monkeypatch.setattr("switch.enactment.KEPT_SIZE_MAX", 1)
    assert KEPT_SIZE_MAX > 1
    old, new = (parse_programme({MAIN: large_text(points)}) for points in (1, 2))
    paused = amended(old, paused=frozenset(), stopped=frozenset({"earn"}))
    store = await open_store(tmp_path)
    entries = [
        ProgrammeEntry(
            number=number, since=NOON + number * timedelta(days=1), version=each.version, text=each.text
        )
        for number, each in enumerate((old, paused, new), 1)
    ]
    await commit(store, programmes=entries)
    gate = asyncio.Event()
    built: list[str] = []

    async def build(version: str) -> Programme:
        built.append(version)
        await gate.wait()
        return parse_programme({MAIN: large_text(1)})

    programmes = recorded(store.reader, starter(), build=build)
    assert programmes.current.version == new.version
    with pytest.raises(NotAtHand) as first:
        programmes.version(paused.version)
    with pytest.raises(NotAtHand) as second:
        programmes.at(NOON + timedelta(days=1, hours=1))
    waiting = [asyncio.ensure_future(each.value.fetch()) for each in (first, second)]
    await settled()
    assert len(built) == 1
    gate.set()
    await asyncio.gather(*waiting)
    assert programmes.version(old.version).version == old.version
    again = programmes.version(paused.version)
    assert (again.version, again.stopped) == (paused.version, frozenset({"earn"}))
    assert len(built) == 1
    await store.close()


async def test_a_build_that_fails_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("switch.enactment.KEPT_SIZE_MAX", 1)
    store = await open_store(tmp_path)
    old, new = (parse_programme({MAIN: large_text(points)}) for points in (1, 2))
    entries = [
        ProgrammeEntry(
            number=number, since=datetime.min.replace(tzinfo=UTC), version=each.version, text=each.text
        )
        for number, each in enumerate((old, new), 1)
    ]
    await commit(store, programmes=entries)
    fails = [RuntimeError("no")]

    async def build(version: str) -> Programme:
        if fails:
            raise fails.pop()
        assert version == old.version
        return old

    programmes = recorded(store.reader, starter(), build=build)
    for _ in range(2):
        with pytest.raises(NotAtHand) as missing:
            programmes.version(old.version)
        await asyncio.gather(missing.value.fetch(), return_exceptions=True)
    assert programmes.version(old.version) is old
    await store.close()


async def test_a_version_that_is_built_and_kept_no_longer_is_handed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the only reference to it, so that it need not go at once."""
    monkeypatch.setattr("switch.enactment.KEPT_SIZE_MAX", 1)
    made = [parse_programme({MAIN: large_text(points)}) for points in (1, 2, 3, 4)]
    store = await open_store(tmp_path)
    entries = [
        ProgrammeEntry(
            number=number, since=NOON + number * timedelta(days=1), version=each.version, text=each.text
        )
        for number, each in enumerate(made, 1)
    ]
    await commit(store, programmes=entries)
    gone: list[str] = []

    async def build(version: str) -> Programme:
        text = store.reader.programme_text(version)
        assert text is not None
        return restore_programme(text)

    async def let_go(left: list[Programme]) -> None:
        references = sys.getrefcount(left[0])
        assert references == 2  # that of the list, and the one while they are counted
        gone.extend(each.version for each in left)

    programmes = recorded(store.reader, starter(), build=build, let_go=let_go)
    for each in made[:3]:
        assert gone == []
        with pytest.raises(NotAtHand) as missing:
            programmes.version(each.version)
        await missing.value.fetch()
        assert programmes.version(each.version) == each
    await settled()
    assert gone == [made[0].version]
    await store.close()
