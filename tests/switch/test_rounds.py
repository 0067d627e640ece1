"""Once a business day the switch itself lets papers lapse and looks at tiers, in slices; nothing twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import switch.duereader
import switch.rounds
from loyalty.card import MemberId
from loyalty.clock import ManualClock
from loyalty.errors import LoyaltyError
from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from switch.audit import verify
from switch.block import Block, CommitResult, Enrolment
from switch.database import open_for_reading
from switch.days import OpenDay
from switch.duereader import Due
from switch.programmes import Programmes
from switch.pulse import Pulse
from switch.queries import history_of
from switch.sequencer import Sequencer
from switch.store import SqliteStore
from switch.tallies import ISSUED, LAPSED, USED, rows_of
from switch.work import StoreFull
from tests.switch.books import (
    NEXT_YEAR,
    NOON,
    TODAY,
    card,
    commit,
    earn,
    exchange,
    open_store,
    outcome,
    pay_certificate,
    record,
    token,
)
from tests.switch.story import starter_text, token_of
from tests.switch.test_tiering import TIERS

DAY = timedelta(days=1)


def tiered(day_starts: str = "00:00") -> Programme:
    text = starter_text().replace("tiers = []", 'tiers = ["basic", "gold", "black"]')
    text = text.replace('day_starts = "00:00"', f'day_starts = "{day_starts}"')
    return parse_programme({MAIN: text + TIERS})


class Bench:
    """A pulse over the books under *path*, as a process that was just started has it."""

    def __init__(self, store: SqliteStore, sequencer: Sequencer, due: Due, clock: ManualClock) -> None:
        self.store, self.sequencer, self.clock = store, sequencer, clock
        self.pulse = Pulse(sequencer, due, store.sequence, clock, store.reader.opened_day, lambda: True)

    async def beat_until_idle(self) -> int:
        """How many beats it took."""
        beats = 1
        while await self.pulse.beat():
            beats += 1
            assert beats < 200
        return beats

    def booked(self) -> list[str]:
        """What the pulse booked, in order: operation and what was told of it."""
        own = [self.store.reader.by_seq(seq) for seq in range(100, 400)]
        return [f"{each.operation} {each.rules}".strip() for each in own if each is not None]


@asynccontextmanager
async def bench(path: Path, clock: ManualClock, made: Programme | None = None) -> AsyncIterator[Bench]:
    store = await open_store(path)
    sequencer = Sequencer(
        store,
        Programmes(((datetime.min.replace(tzinfo=UTC), made or tiered()),)),
        clock,
        token_of,
        deadline_s=10.0,
        queue_depth_max=10,
        observe=lambda _: None,
    )
    run = asyncio.create_task(sequencer.run())
    due = Due(open_for_reading(path / "puntual.db"))
    yield Bench(store, sequencer, due, clock)
    await sequencer.drain()
    run.cancel()
    due.close()
    await store.close()
    assert verify(path / "puntual.db") == []


async def some_papers(store: SqliteStore) -> None:
    """Certificates C2 (15 of 40 left), C4 (used up) and C6 (whole); coupons of all kinds, ended today."""
    reader = store.reader
    for seq, owner in ((1, 1), (3, 2), (5, 3)):
        await commit(store, earn(seq, 100, owner=owner))
        await commit(store, exchange(seq + 1, reader.book(MemberId(owner)), 40))
    await commit(store, pay_certificate(7, "C2", 25), pay_certificate(8, "C4", 40))
    day = TODAY.isoformat()
    issued = {
        (f"{ISSUED}FRESH", "1/come-back", (TODAY + DAY).isoformat()): 1,
        (f"{ISSUED}LEFT", "1/come-back", day): 1,
        (f"{ISSUED}SPENT", "1/come-back", day): 1,
        (f"{ISSUED}TAKEN", "1/come-back", day): 1,
        (f"{USED}SPENT", "", ""): 1,
        (f"{USED}SPENT", "1", ""): 1,
    }
    await commit(store, outcome(record(9), sides=rows_of(issued, lambda _: 0)))
    withdrawn = {(f"{ISSUED}TAKEN", "1/come-back", day): -1}
    await commit(store, outcome(record(10), sides=rows_of(withdrawn, lambda _: 1)))


@pytest.mark.parametrize("papers_max", [100, 1])
async def test_papers_lapse_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, papers_max: int
) -> None:
    """What is left of them, after their last day, once, in however small slices."""
    monkeypatch.setattr(switch.rounds, "PAPERS_MAX", papers_max)
    async with bench(tmp_path, ManualClock(NOON)) as desk:
        reader = desk.store.reader
        await some_papers(desk.store)
        await desk.beat_until_idle()
        assert desk.booked() == []
        desk.clock.set(NOON + DAY)
        await desk.beat_until_idle()
        assert desk.booked() == ["LAPSE"]
        day = TODAY.isoformat()
        codes = ("LEFT", "SPENT", "TAKEN")
        assert [reader.tally((f"{LAPSED}{code}", "1/come-back", day)) for code in codes] == [1, 0, 0]
        for later in (2, 3):
            desk.clock.set(NOON + later * DAY)
            await desk.beat_until_idle()
        assert reader.tally((f"{LAPSED}FRESH", "1/come-back", (TODAY + DAY).isoformat())) == 1
        desk.clock.set(datetime.combine(NEXT_YEAR + DAY, NOON.time(), UTC))
        await desk.beat_until_idle()
        left = [certificate.left for code in ("C2", "C4", "C6") if (certificate := reader.certificate(code))]
        assert left == [0, 0, 0]
        # The points themselves expired that day, too.
        assert desk.booked().count("SWEEP") == 3
        assert desk.booked().count("LAPSE") == (3 if papers_max > 1 else 4)


async def some_holders(store: SqliteStore, count: int) -> None:
    """Members 1 to *count* came to gold, by what they bought thirty days ago."""
    cards = [card(each, member=each) for each in range(1, count + 1)]
    enrolments = tuple(Enrolment(card=each, token=token(each.card_id)) for each in cards)
    bought = {("spend/member", str(each), TODAY.isoformat()): 1000 for each in range(1, count + 1)}
    held = {("tier/member", str(each), "gold"): 1 for each in range(1, count + 1)}
    await commit(store, outcome(record(1), sides=rows_of(bought | held, lambda _: 0)), enrolments=enrolments)


@pytest.mark.parametrize(("holders_max", "rows_max"), [(20, 500), (1, 2)])
async def test_tiers_are_looked_at_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holders_max: int, rows_max: int
) -> None:
    """The grace begins on one day and ends on another; between them, and twice a day, nothing is booked."""
    monkeypatch.setattr(switch.rounds, "HOLDERS_MAX", holders_max)
    monkeypatch.setattr(switch.rounds, "ROWS_MAX", rows_max)
    async with bench(tmp_path, ManualClock(NOON)) as desk:
        await some_holders(desk.store, 5)
        for days, booked in ((29, []), (30, ["TIER"] * 5), (39, ["TIER"] * 5)):
            desk.clock.set(NOON + days * DAY)
            await desk.beat_until_idle()
            assert desk.booked() == booked
            assert await desk.beat_until_idle() == 1
        desk.clock.set(NOON + 40 * DAY)
        await desk.beat_until_idle()
        assert desk.booked() == ["TIER"] * 5 + ["TIER tier basic"] * 5


@pytest.mark.parametrize("beats", range(1, 12))
async def test_a_crash_in_the_middle_of_the_rounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beats: int
) -> None:
    """After however many slices: the next process begins again, books nothing twice, and goes to the end."""
    monkeypatch.setattr(switch.rounds, "HOLDERS_MAX", 1)
    monkeypatch.setattr(switch.rounds, "PAPERS_MAX", 1)
    clock = ManualClock(NOON)
    async with bench(tmp_path, clock) as desk:
        await some_papers(desk.store)
        await some_holders_behind(desk.store)
        clock.set(NOON + 30 * DAY)
        for _ in range(beats):
            assert await desk.pulse.beat()
    async with bench(tmp_path, clock) as desk:
        await desk.beat_until_idle()
        before = desk.store.head
        assert await desk.beat_until_idle() == 1
        day = TODAY.isoformat()
        assert desk.store.reader.tally((f"{LAPSED}LEFT", "1/come-back", day)) == 1
        database = open_for_reading(tmp_path / "puntual.db")
        booked = [
            operation
            for (operation,) in database.execute("SELECT operation FROM decision WHERE seq > 99 ORDER BY seq")
        ]
        database.close()
        assert booked == ["LAPSE", "LAPSE", "TIER", "TIER", "TIER"]
        assert desk.store.head == before


async def some_holders_behind(store: SqliteStore) -> None:
    cards = [card(each, member=each) for each in range(1, 4)]
    enrolments = tuple(Enrolment(card=each, token=token(each.card_id)) for each in cards)
    held = {("tier/member", str(each), "gold"): 1 for each in range(1, 4)}
    await commit(store, outcome(record(20), sides=rows_of(held, lambda _: 0)), enrolments=enrolments)


async def test_the_rounds_begin_when_the_business_day_does(tmp_path: Path) -> None:
    """Not at midnight, and at once when somebody opens the next day."""
    clock = ManualClock(NOON)
    async with bench(tmp_path, clock, tiered("05:00")) as desk:
        await some_papers(desk.store)
        await desk.beat_until_idle()
        clock.set(datetime.combine(TODAY + DAY, datetime.min.time(), UTC) + timedelta(hours=4, minutes=59))
        assert await desk.beat_until_idle() == 1
        clock.set(clock.now() + timedelta(minutes=1))
        await desk.beat_until_idle()
        assert desk.booked() == ["LAPSE"]
        programme = desk.sequencer.programmes.current
        opening = OpenDay(day=TODAY + 2 * DAY, by="ana", programme=programme, sequence=desk.store.sequence)
        await desk.sequencer.order(opening)
        await desk.beat_until_idle()
        assert desk.booked() == ["LAPSE", "OPEN_DAY ana", "LAPSE"]


async def test_a_slice_that_found_no_room_is_ordered_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk costs a beat, and no slice."""
    async with bench(tmp_path, ManualClock(NOON)) as desk:
        await some_papers(desk.store)
        desk.clock.set(NOON + DAY)
        fails = [CommitResult.UNWRITTEN]
        real = desk.store.commit

        async def failing(block: Block, in_time: object) -> CommitResult:
            return fails.pop() if fails and block.outcomes else await real(block, in_time)  # type: ignore[arg-type]  # (passed on as it is)

        monkeypatch.setattr(desk.store, "commit", failing)
        with pytest.raises(StoreFull):
            await desk.beat_until_idle()
        await desk.beat_until_idle()
        assert desk.booked() == ["LAPSE"]
        assert not fails


async def test_a_mistake_begins_the_rounds_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came before the slice that failed is booked already, and the day is not given up."""
    async with bench(tmp_path, ManualClock(NOON)) as desk:
        await some_papers(desk.store)
        desk.clock.set(NOON + DAY)
        fails = [LoyaltyError("a mistake", where="a test")]
        look = Due.coupons_left

        def failing(due: Due, after: str, count_max: int, before: date) -> object:
            if fails:
                raise fails.pop()
            return look(due, after, count_max, before)

        monkeypatch.setattr(Due, "coupons_left", failing)
        with pytest.raises(LoyaltyError):
            await desk.beat_until_idle()
        await desk.beat_until_idle()
        assert desk.booked() == ["LAPSE"]
        assert history_of(open_for_reading(tmp_path / "puntual.db"), MemberId(9), 1) == []
