"""What is due is posted for members who never come back, and nothing else is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import switch.duereader
from ledger.account import AccountKind, account
from loyalty.card import MemberId
from loyalty.clock import ManualClock
from rules.parse import MAIN, parse_programme
from switch.audit import verify
from switch.database import open_for_reading
from switch.duereader import Due
from switch.programmes import Programmes
from switch.pulse import Pulse
from switch.sequencer import Sequencer
from switch.store import SqliteStore
from tests.switch.books import NOON, TODAY, commit, open_store
from tests.switch.story import starter_text, token_of
from tests.switch.test_audit_holds import draft_on, drafted

DAY = timedelta(days=1)


class Bench:
    """A pulse over real books under a clock that is set by hand."""

    def __init__(self, store: SqliteStore, pulse: Pulse, clock: ManualClock) -> None:
        self.store, self.pulse, self.clock = store, pulse, clock

    def points(self, owner: int) -> tuple[int, int, int]:
        """Available, pending and held, as they are posted."""
        book = self.store.reader.book(MemberId(owner))
        return sum(lot.points for lot in book.lots), book.waiting, book.held

    async def beat_until_idle(self) -> int:
        """How many beats it took."""
        beats = 1
        while await self.pulse.beat():
            beats += 1
            assert beats < 100
        return beats


@asynccontextmanager
async def bench(path: Path, text: str = starter_text(), *, has_room: bool = True) -> AsyncIterator[Bench]:
    """Members 1 to 5 earned 100 points each, that last a day longer for each; member 1 and 2 hold 30."""
    store = await open_store(path)
    for owner in range(1, 6):
        draft = draft_on(owner, store.reader.book(MemberId(owner)))
        draft.earn(100, TODAY, TODAY + owner * DAY)
        draft.earn(10, TODAY + 2 * DAY, TODAY + 99 * DAY)
        await commit(store, drafted(draft, owner, "EARN"))
    for owner in (1, 2):
        draft = draft_on(10 + owner, store.reader.book(MemberId(owner)))
        draft.hold(30, "REDEEM", NOON + owner * timedelta(hours=1))
        await commit(store, drafted(draft, 10 + owner))
    clock = ManualClock(NOON)
    programme = parse_programme({MAIN: text})
    sequencer = Sequencer(
        store,
        Programmes(((datetime.min.replace(tzinfo=UTC), programme),)),
        clock,
        token_of,
        deadline_s=10.0,
        queue_depth_max=10,
        observe=lambda _: None,
    )
    run = asyncio.create_task(sequencer.run())
    due = Due(open_for_reading(path / "puntual.db"))
    pulse = Pulse(sequencer, due, store.sequence, clock, store.reader.opened_day, lambda: has_room)
    yield Bench(store, pulse, clock)
    await sequencer.drain()
    run.cancel()
    due.close()
    await store.close()
    assert verify(path / "puntual.db") == []


async def test_holds_that_are_over_are_released(tmp_path: Path) -> None:
    """Each at its time, to the second, and once."""
    async with bench(tmp_path) as desk:
        await desk.beat_until_idle()
        assert (desk.points(1), desk.points(2)) == ((70, 10, 30), (70, 10, 30))
        desk.clock.set(NOON + timedelta(hours=1))
        assert await desk.beat_until_idle() == 1
        desk.clock.set(NOON + timedelta(hours=1, microseconds=1))
        assert await desk.beat_until_idle() == 2
        assert (desk.points(1), desk.points(2)) == ((100, 10, 0), (70, 10, 30))
        (step,) = desk.store.reader.hold_steps(11)
        assert (step.points, step.ended) == (30, True)
        swept = desk.store.reader.by_seq(step.seq)
        assert swept is not None
        assert (swept.operation, swept.owner, swept.earned, swept.used) == ("SWEEP", 1, 0, 0)


@pytest.mark.parametrize(("owners_max", "rows_max"), [(50, 500), (1, 500), (50, 1), (2, 3)])
async def test_points_expire_and_become_available(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owners_max: int, rows_max: int
) -> None:
    """All of them, in however small slices, and once a day."""
    monkeypatch.setattr(switch.duereader, "OWNERS_MAX", owners_max)
    monkeypatch.setattr(switch.duereader, "ROWS_MAX", rows_max)
    async with bench(tmp_path) as desk:
        desk.clock.set(NOON + 3 * DAY)
        await desk.beat_until_idle()
        assert [desk.points(owner) for owner in range(1, 6)] == [
            (10, 0, 0), (10, 0, 0), (110, 0, 0), (110, 0, 0), (110, 0, 0),
        ]  # fmt: skip
        before = desk.store.head
        assert await desk.beat_until_idle() == 1
        assert desk.store.head == before
        desk.clock.set(NOON + 5 * DAY)
        await desk.beat_until_idle()
        assert [desk.points(owner)[0] for owner in range(1, 6)] == [10, 10, 10, 10, 110]


async def test_a_switch_that_has_much_to_do_sweeps_later(tmp_path: Path) -> None:
    async with bench(tmp_path, has_room=False) as desk:
        desk.clock.set(NOON + 9 * DAY)
        assert await desk.beat_until_idle() == 1
        assert desk.points(1) == (70, 10, 30)


async def test_points_of_a_dead_lot_have_days_of_grace(tmp_path: Path) -> None:
    """What was held when its lot expired comes back by the programme's policy."""
    text = starter_text().replace('shortfall = "debt"', 'shortfall = "debt"\ngrace = "30 days"')
    async with bench(tmp_path, text) as desk:
        desk.clock.set(NOON + 9 * DAY)
        await desk.beat_until_idle()
        assert desk.points(1) == (40, 0, 0)  # 10 that were pending, and 30
        book = desk.store.reader.book(MemberId(1))
        assert (book.lots[0].points, book.lots[0].expires_on) == (30, TODAY + 39 * DAY)


async def test_the_pulse_goes_on_after_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One beat fails; the next one sweeps."""
    monkeypatch.setattr("switch.pulse.PERIOD_S", 0.0)
    async with bench(tmp_path) as desk:
        desk.clock.set(NOON + timedelta(hours=9))
        fails = [RuntimeError("a mistake")]
        holds = Due.holds_over

        def failing(due: Due, now: datetime) -> object:
            if fails:
                raise fails.pop()
            return holds(due, now)

        monkeypatch.setattr(Due, "holds_over", failing)
        running = asyncio.create_task(desk.pulse.run())
        async with asyncio.timeout(10):
            while desk.points(2)[2]:  # noqa: ASYNC110  (the pulse goes on by itself; nobody tells of it)
                await asyncio.sleep(0)
        running.cancel()
        assert not fails


def test_only_members_accounts_are_looked_at() -> None:
    """The walk ends before held points, which holds have, and debts."""
    assert account(AccountKind.AVAILABLE) < account(AccountKind.PENDING) < account(AccountKind.HELD)
