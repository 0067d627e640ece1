"""A business day that is opened: in the order of everything, once, and not at all when it was not written."""

from datetime import date, timedelta

import pytest

from switch.block import CommitResult
from switch.days import OpenDay
from switch.work import StoreFull
from tests.switch.story import NOON, starter
from tests.switch.test_sequencer import Bench, bench, settled

TODAY = NOON.date()
NEXT = TODAY + timedelta(days=1)


def opening(desk: Bench, day: date | None = None) -> OpenDay:
    return OpenDay(day=day, by="ana", programme=starter(), sequence=desk.store)


def days_told(desk: Bench) -> list[str]:
    return [told["15"] for _, told in desk.connection.told]


async def test_what_follows_stands_in_the_new_day() -> None:
    """Also within the same batch; what came before it stands where it stood."""
    async with bench() as desk:
        desk.store.gate.clear()
        desk.ask("EARN card=A amount=100")
        await settled()
        desk.ask("EARN card=A amount=100")
        ordered = desk.sequencer.order(opening(desk))
        desk.ask("EARN card=A amount=100")
        await settled()
        desk.store.gate.set()
        assert (await ordered)["business_date"] == NEXT.isoformat()
        await desk.sequencer.drain()
        assert days_told(desk) == [f"{day:%m%d}" for day in (TODAY, TODAY, NEXT)]
        assert desk.store.opened_day() == NEXT


async def test_a_day_that_was_not_written_did_not_begin() -> None:
    """What was decided on top of it is decided again, in the day before."""
    async with bench() as desk:
        desk.store.gate.clear()
        desk.store.results = [CommitResult.UNWRITTEN]
        ordered = desk.sequencer.order(opening(desk))
        await settled()
        desk.ask("EARN card=A amount=100")
        await settled()
        desk.store.gate.set()
        with pytest.raises(StoreFull):
            await ordered
        await desk.sequencer.drain()
        assert days_told(desk) == [f"{TODAY:%m%d}"]
        assert await desk.sequencer.order(opening(desk))
        desk.ask("EARN card=A amount=100")
        await desk.sequencer.drain()
        assert days_told(desk)[1:] == [f"{NEXT:%m%d}"]


async def test_a_day_is_opened_once() -> None:
    """The day after that of the clock, however often it is asked; one entry tells it."""
    async with bench() as desk:
        for _ in range(3):
            assert (await desk.sequencer.order(opening(desk)))["business_date"] == NEXT.isoformat()
        assert len(desk.store.records) == 1
