"""Approvals whose answer left too late are put down behind them; nothing else is."""

import asyncio
from datetime import date
from typing import Any

from switch.block import CommitResult
from switch.lateness import Lateness
from switch.marks import LATE
from tests.switch.memory import MemoryStore
from tests.switch.test_sequencer import Bench, FakeProfile, bench

AFTER_S = 10.0


def noted(store: MemoryStore) -> list[tuple[str, int]]:
    """Operation of each decision that was noted, and after how many seconds it was answered."""
    marks = [side for each in store.outcomes.values() for side in each.sides if side.table == "mark"]
    assert all(side.values[0] == LATE for side in marks)
    told = [str(side.values[1]).split("|") for side in marks]
    return [(store.records[int(seq)].operation, int(after_ms) // 1000) for seq, after_ms in told]


class Numbered(FakeProfile):
    """Gives declines a DE 37 too, so that they can be remembered."""

    def elements(self, *told: Any, seq: int, **more: Any) -> dict[int, str]:
        return {37: str(seq)} | super().elements(*told, seq=seq, **more)


def watch(desk: Bench) -> None:
    desk.connection.link.profile = Numbered()
    desk.sequencer._observe = Lateness(
        desk.sequencer.order, desk.store.sequence, lambda: "v", asyncio.get_running_loop().time, AFTER_S
    ).see


async def test_only_late_approvals_are_noted() -> None:
    """An advice and a reversal are sent until they are answered; a decline and an inquiry moved nothing."""
    async with bench(deadline_s=1000.0) as desk:
        watch(desk)
        now = asyncio.get_running_loop().time()
        desk.ask("EARN card=A amount=1000", arrived=now - 12)
        desk.ask("EARN card=A amount=1000")
        desk.ask("EARN* card=A amount=1000", arrived=now - 12)
        desk.ask("EARN card=F amount=1000", arrived=now - 12)
        desk.ask("INQUIRY card=A", arrived=now - 12)
        desk.ask("REVERSAL of=n2", arrived=now - 12)
        desk.ask("REDEEM card=A amount=5", arrived=now - 30)
        await desk.sequencer.drain()
        assert desk.connection.codes == ["00", "00", "00", "CARD_LOST", "00", "00", "00"]
        assert sorted(noted(desk.store)) == [("EARN", 12), ("REDEEM", 30)]
        (entry,) = [each for each in desk.store.records.values() if each.operation == "LATE"]
        assert (entry.terminal_id, entry.owner, entry.business_date) == ("", None, date(2026, 3, 2))


async def test_an_ordinary_batch_leaves_nothing() -> None:
    async with bench(deadline_s=1000.0) as desk:
        watch(desk)
        desk.ask("EARN card=A amount=1000", arrived=asyncio.get_running_loop().time() - 9)
        await desk.sequencer.drain()
        assert len(desk.store.blocks) == 1
        assert noted(desk.store) == []


async def test_what_could_not_be_noted_is_noted_with_the_next_batch() -> None:
    """The books took nothing then; each late answer is told once."""
    async with bench(deadline_s=1000.0) as desk:
        watch(desk)
        desk.store.results = [CommitResult.DURABLE, CommitResult.UNWRITTEN]
        desk.ask("EARN card=A amount=1000", arrived=asyncio.get_running_loop().time() - 12)
        await desk.sequencer.drain()
        await asyncio.sleep(0)
        assert noted(desk.store) == []
        desk.ask("EARN card=A amount=1000")
        await desk.sequencer.drain()
        desk.ask("EARN card=A amount=1000")
        await desk.sequencer.drain()
        assert noted(desk.store) == [("EARN", 12)]
