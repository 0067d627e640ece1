"""One order, shared commits, and what happens when a commit does not: with a store in dictionaries."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from loyalty.clock import ManualClock
from loyalty.decision import Decision, Declined, Reason
from loyalty.transaction import Transaction
from messages.link import TransactionReceived
from messages.message import Message
from switch.block import Block, CommitResult
from switch.case import Moment
from switch.programmes import Programmes
from switch.sequencer import Sequencer
from switch.work import Change, StoreFull, Work
from switch.worksheet import Worksheet
from tests.switch.books import rrn_of
from tests.switch.memory import MemoryStore
from tests.switch.story import NOON, Story, starter, token_of


class FakeProfile:
    """Tells reason and balance; refuses to render what it is told to choke on."""

    choke: object = None

    def elements(self, decision: Decision, *, seq: int, business_date: date, **_: object) -> dict[int, str]:
        if isinstance(decision, Declined):
            return {39: decision.reason.name}
        if self.choke is not None and decision.earned == self.choke:
            raise ValueError("choked")
        left = decision.balance.available if decision.balance else None
        return {15: f"{business_date:%m%d}", 37: rrn_of(seq, business_date), 39: "00", 54: str(left)}

    def elements_as_advice(self, stored: Mapping[int, str]) -> dict[int, str]:
        return {**stored, 39: "00"}


class FakeLink:
    """Answers in JSON."""

    def __init__(self) -> None:
        self.profile = FakeProfile()

    def answer(self, request: Message, elements: Mapping[int, str]) -> bytes:
        return json.dumps([request.mti, {str(key): value for key, value in elements.items()}]).encode()


class FakeConnection:
    """Keeps what it was told, and counts how often it was written."""

    def __init__(self) -> None:
        self.link: Any = FakeLink()
        self.told: list[tuple[str, dict[str, str]]] = []
        self.flushes = 0
        self.apart = 0

    def answered(self, data: bytes) -> None:
        mti, elements = json.loads(data)
        self.told.append((mti, elements))

    def flush(self) -> None:
        self.flushes += 1

    def set_apart(self, *, is_apart: bool) -> None:
        self.apart += 1 if is_apart else -1

    @property
    def codes(self) -> list[str]:
        return [elements["39"] for _, elements in self.told]


class SlowStore(MemoryStore):
    """Each commit waits until it is let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.sizes: list[int] = []
        self.looks = 0

    def prefetch(self, keys: Sequence[str]) -> None:  # noqa: ARG002  (a store's form)
        self.looks += 1

    async def commit(self, block: Block, in_time: Callable[[], bool]) -> CommitResult:
        self.sizes.append(len(block.outcomes))
        await self.gate.wait()
        return await super().commit(block, in_time)


class Bench:
    """A sequencer on a slow store, one connection, and messages from stories."""

    def __init__(self, store: SlowStore, sequencer: Sequencer, story: Story) -> None:
        self.store, self.sequencer, self.story = store, sequencer, story
        self.connection = FakeConnection()
        self.number = 0

    def ask(self, line: str, *, arrived: float | None = None, mti: str = "0200") -> Transaction:
        transaction = self.story.transaction(line.split())
        self.number += 1
        self.story.asked[f"n{self.number}"] = transaction
        self.submit(transaction, arrived=arrived, mti=mti)
        return transaction

    def submit(self, transaction: Transaction, *, arrived: float | None = None, mti: str = "0200") -> None:
        now = asyncio.get_running_loop().time() if arrived is None else arrived
        event = TransactionReceived(Message(mti, {}), transaction)
        self.sequencer.submit(Work(event, self.connection, now))


@asynccontextmanager
async def bench(**knobs: Any) -> AsyncIterator[Bench]:
    """A bench, drained at the end."""
    story = Story()
    store = SlowStore()
    store.card_of, store.cards_by_id = story.store.card_of, story.store.cards_by_id
    programmes = Programmes(((datetime.min.replace(tzinfo=UTC), starter()),))
    limits = {"deadline_s": 10.0, "queue_depth_max": 1000, "observe": lambda _: None, **knobs}
    sequencer = Sequencer(store, programmes, ManualClock(NOON), token_of, **limits)
    run = asyncio.create_task(sequencer.run())
    yield Bench(store, sequencer, story)
    await sequencer.drain()
    run.cancel()


async def settled() -> None:
    """Let everything that can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_nothing_is_answered_before_its_commit() -> None:
    """The first goes alone; what comes while it commits shares the next commit, and one write."""
    async with bench() as desk:
        desk.store.gate.clear()
        desk.ask("EARN card=A amount=1000")
        await settled()
        for _ in range(5):
            desk.ask("EARN card=A amount=1000")
        await settled()
        assert desk.connection.told == []
        desk.store.gate.set()
        await desk.sequencer.drain()
        assert desk.store.sizes == [1, 5]
        assert [told["54"] for _, told in desk.connection.told] == ["10", "20", "30", "40", "50", "60"]
        assert desk.connection.flushes == 2


async def test_a_batch_has_its_largest_size() -> None:
    """However much waits, one commit takes so many."""
    async with bench(batch_size_max=4) as desk:
        desk.store.gate.clear()
        for _ in range(10):
            desk.ask("EARN card=A amount=100")
        await settled()
        desk.store.gate.set()
        await desk.sequencer.drain()
        assert max(desk.store.sizes) <= 4
        assert sum(desk.store.sizes) == 10
        assert desk.connection.codes == ["00"] * 10


async def test_a_batch_that_was_not_written_is_told_so() -> None:
    """Its requests get 91, an advice 96; what was decided on top of it is decided again, without it."""
    async with bench() as desk:
        desk.store.gate.clear()
        desk.store.results = [CommitResult.UNWRITTEN]
        desk.ask("EARN card=A amount=1000")
        desk.ask("EARN* card=A amount=1000")
        desk.ask("INQUIRY card=A")
        await settled()
        desk.ask("EARN card=A amount=500")
        await settled()
        desk.store.gate.set()
        await desk.sequencer.drain()
        assert desk.connection.codes == ["STORE_UNAVAILABLE", "OWN_FAULT", "00", "00"]
        assert [told.get("54") for _, told in desk.connection.told[2:]] == ["0", "5"]
        assert len(desk.store.records) == 1


async def test_a_lost_message_may_be_sent_again() -> None:
    """91 is not remembered: the same message is decided afresh."""
    async with bench() as desk:
        desk.store.results = [CommitResult.UNWRITTEN]
        asked = desk.ask("EARN card=A amount=1000")
        await desk.sequencer.drain()
        desk.submit(replace(asked, is_repeat=True), mti="0201")
        await desk.sequencer.drain()
        assert desk.connection.codes == ["STORE_UNAVAILABLE", "00"]


async def test_too_late_just_before_the_commit() -> None:
    """The late one is told so, its neighbour is decided again; an advice is never too late."""
    async with bench(deadline_s=100.0) as desk:
        long_ago = asyncio.get_running_loop().time() - 1000
        desk.store.gate.clear()
        desk.store.results = [CommitResult.LATE]
        desk.ask("EARN card=A amount=1000")
        desk.ask("EARN* card=A amount=1000", arrived=long_ago)
        desk.ask("REVERSAL card=B stan=77", arrived=long_ago)
        desk.ask("EARN card=A amount=200", arrived=long_ago)
        await settled()
        desk.store.gate.set()
        await desk.sequencer.drain()
        assert desk.connection.codes == ["00", "00", "00", "TOO_LATE"]


async def test_a_repeat_is_never_too_late() -> None:
    """A decided transaction gets its stored answer, whenever it is asked again."""
    async with bench(deadline_s=100.0) as desk:
        asked = desk.ask("EARN card=A amount=1000")
        await desk.sequencer.drain()
        desk.submit(asked, arrived=asyncio.get_running_loop().time() - 1000)
        await desk.sequencer.drain()
        assert desk.connection.told[0] == desk.connection.told[1]


async def test_a_fault_of_ours_stays_alone() -> None:
    """One transaction that cannot be answered gets 96 and is not booked; its neighbours stand."""
    async with bench() as desk:
        desk.connection.link.profile.choke = 7
        desk.ask("EARN card=A amount=100")
        desk.ask("EARN card=A amount=700")
        desk.ask("EARN card=A amount=100")
        await desk.sequencer.drain()
        assert desk.connection.codes == ["00", "OWN_FAULT", "00"]
        assert len(desk.store.records) == 2
        assert desk.connection.told[2][1]["54"] == "2"


async def test_an_unknown_commit_answers_nobody() -> None:
    """Whoever runs the sequencer is told, and no answer leaves."""
    async with bench() as desk:

        async def fail(block: Block, in_time: Callable[[], bool]) -> CommitResult:  # noqa: ARG001  (a commit)
            raise OSError("the disk went away")

        desk.store.commit = fail  # type: ignore[method-assign]  # a disk that goes away
        desk.ask("EARN card=A amount=100")
        with pytest.raises(OSError, match="went away"):
            await desk.sequencer.run()
        assert desk.connection.told == []
        desk.sequencer._idle.set()


class Note:
    """A command that says which decisions it saw."""

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        return Change(result={"seq": moment.seq, "cards": len(worksheet.cards("CPAN", token_of_card()))})


def token_of_card() -> Any:
    identifier = Story().transaction(["EARN", "card=A", "amount=1"]).identifier
    assert identifier is not None
    return token_of(identifier)


async def test_commands_wait_for_one_another() -> None:
    """A command is carried out when what the one before it wrote is durable."""
    async with bench() as desk:
        desk.store.gate.clear()
        first, second = desk.sequencer.order(Note()), desk.sequencer.order(Note())
        await settled()
        assert desk.store.sizes == [0]
        desk.store.gate.set()
        results: Sequence[Mapping[str, Any]] = await asyncio.gather(first, second)
        assert results[0]["seq"] < results[1]["seq"]
        assert desk.store.sizes == [0, 0]


async def test_a_command_that_waits_is_not_asked_for_ever() -> None:
    """Until the commit before it is done nobody looks again whether it may go on."""
    async with bench() as desk:
        desk.store.gate.clear()
        orders = [desk.sequencer.order(Note()) for _ in range(3)]
        await settled()
        looks = desk.store.looks
        await settled()
        assert desk.store.looks == looks
        desk.store.gate.set()
        await asyncio.gather(*orders)


@pytest.mark.parametrize("result", [CommitResult.DURABLE, CommitResult.UNWRITTEN])
async def test_whoever_ordered_may_be_gone(result: CommitResult) -> None:
    """What becomes of the order is nobody's business then; the next one is served."""
    async with bench() as desk:
        desk.store.results = [result]
        desk.store.gate.clear()
        left, failing = desk.sequencer.order(Note()), desk.sequencer.order(Failing())
        await settled()
        left.cancel()
        desk.store.gate.set()
        with pytest.raises(ValueError, match="mistake"):
            await failing
        gone = desk.sequencer.order(Failing())
        gone.cancel()
        assert (await desk.sequencer.order(Note()))["cards"] == 1


class Failing:
    """A command with a mistake."""

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:  # noqa: ARG002  (a command's form)
        raise ValueError("a mistake")


async def test_a_command_that_was_not_written_says_so() -> None:
    """Whoever ordered it may order it again."""
    async with bench() as desk:
        desk.store.results = [CommitResult.UNWRITTEN]
        with pytest.raises(StoreFull):
            await desk.sequencer.order(Note())
        assert (await desk.sequencer.order(Note()))["cards"] == 1


async def test_time_does_not_go_back() -> None:
    """A decision is not earlier than the one before it, whatever the clock says."""
    async with bench() as desk:
        desk.ask("EARN card=A amount=100")
        late = desk.story.transaction(["EARN", "card=A", "amount=100"])
        desk.submit(replace(late, received_at=NOON.replace(hour=1)))
        await desk.sequencer.drain()
        first, second = desk.store.records.values()
        assert second.at == first.at


async def test_time_does_not_go_back_in_a_restart() -> None:
    """... nor the business day: lots of the former process would have been earned tomorrow."""
    tomorrow = NOON.replace(day=NOON.day + 1)
    async with bench(not_before=tomorrow) as desk:
        desk.ask("EARN card=A amount=100")
        await desk.sequencer.drain()
        (record,) = desk.store.records.values()
        assert (record.at, record.business_date) == (tomorrow, tomorrow.date())


def test_transient_reasons_are_those_of_the_store_and_ourselves() -> None:
    """They alone promise that nothing was booked and that the same message may come again."""
    transient = {reason for reason in Reason if reason.is_transient}
    assert transient == {Reason.TOO_LATE, Reason.STORE_UNAVAILABLE, Reason.OWN_FAULT}
