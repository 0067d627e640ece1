"""One world from its seed: it is built, lived through and judged, and its history is told.

tills -> wires -> connections, sequencer, decisions, store -> SQLite -> a disk
                        one event loop, one clock, one seed
"""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog

from simulator.till import Identity
from simulator.world.auditor import objections
from simulator.world.books import Books
from simulator.world.cashier import Cashier
from simulator.world.customers import Customers
from simulator.world.diary import Diary
from simulator.world.disk import Disk
from simulator.world.ground import Ground
from simulator.world.history import History
from simulator.world.house import House
from simulator.world.loop import WorldLoop
from simulator.world.network import Network
from simulator.world.office import Office
from simulator.world.perils import Perils, chance_of
from switch.audit import verify
from switch.block import CommitUnknown

STEPS: Final = 8
_CALM: Final = Perils()
_BEGINNINGS: Final = (
    datetime(2026, 3, 10, 12, 0, tzinfo=UTC),
    datetime(2027, 12, 31, 23, 59, 30, tzinfo=UTC),
    datetime(2028, 2, 28, 23, 58, 50, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 59, 0, tzinfo=UTC),
)
_STANS: Final = (1, 1, 1, 999_990)  # many tills have the same; some begin again at 1 soon
_STEP_S: Final = 4.0  # about, of one customer
_QUIET_S: Final = 45.0  # until everything is on its way no longer
_OWN_MISTAKES: Final = frozenset({"transaction.failed", "connection.failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a world.

    Attributes:
        objection: The first of the auditor's, or ``None``.
        digest: Of the whole history; the last line has the head of the books' own chain.
        befell: How often each kind of thing happened.
        lived_s: Its own time.
    """

    seed: int
    objection: str | None
    digest: str
    lines: tuple[str, ...]
    befell: Mapping[str, int]
    lived_s: float


class WorldClock:
    """The clock on the wall: the loop's time, and whatever it was set by."""

    def __init__(self, begins: datetime, loop: asyncio.AbstractEventLoop) -> None:
        self._begins = begins
        self._loop = loop

    def now(self) -> datetime:
        return self._begins + timedelta(microseconds=round(self._loop.time() * 1_000_000))

    def set_by(self, step: timedelta) -> None:
        """Move it by *step*, which may be negative."""
        self._begins += step


class _World:
    """Everything of one seed while it lives."""

    def __init__(self, seed: int, steps: int, folder: Path, ground: Ground) -> None:
        loop = asyncio.get_running_loop()
        self.history = History(loop.time)
        self.perils = Perils.drawn(chance_of(seed, "perils"))
        self._random = random = chance_of(seed, "fate")
        self._steps = steps
        self._clock = WorldClock(random.choice(_BEGINNINGS), loop)
        self._disk = Disk(_CALM, chance_of(seed, "disk"), self.history)
        self.house = House(
            folder, ground, self._clock, self._disk, self.history,
            gone=self._break_connections,
        )  # fmt: skip
        self._network = Network(self.house.answer, _CALM, chance_of(seed, "wires"), self.history)
        self.diary = Diary()
        customers = Customers(ground.cards)
        self.office = Office(self.house, ground, customers, chance_of(seed, "office"), self.history)
        self.cashiers = [
            Cashier(
                Identity(terminal_id=terminal_id, can=None),
                customers,
                random.sample(range(len(customers)), random.randint(1, len(customers))),
                self._clock,
                self._network,
                self.diary,
                self.history,
                self.perils,
                chance_of(seed, terminal_id),
                stan=random.choice(_STANS),
            )
            for terminal_id in ground.terminals[: random.randint(1, 4)]
        ]

    async def live(self) -> None:
        """All that happens, until it is quiet."""
        self._disk.perils = self._network.perils = self.perils
        self.history.tell("world", f"begins on {self._clock.now():%Y-%m-%d %H:%M:%S}, {self._told()}")
        await self.house.start()
        loop = asyncio.get_running_loop()
        watch = loop.create_task(self._keep_up())
        working = [cashier.work(self._steps) for cashier in self.cashiers]
        await asyncio.gather(self._strike(), self._administer(), *working)
        self._disk.perils = self._network.perils = _CALM
        self._disk.is_full = False
        for cashier in self.cashiers:
            cashier.perils = _CALM
        self.history.tell("world", "is quiet from now on")
        await asyncio.sleep(_QUIET_S)
        await asyncio.gather(*(cashier.settle() for cashier in self.cashiers))
        await asyncio.sleep(_QUIET_S)
        if watch.done():
            watch.result()  # it never ends by itself: the switch could not be started
        watch.cancel()
        await self.house.end()

    def _break_connections(self) -> None:
        self._network.drop_all()

    def judge(self) -> str | None:
        """The first thing that is not as it must be."""
        return next(self._objections(), None)

    def _objections(self) -> Iterator[str]:
        yield from self.house.faults
        for cashier in self.cashiers:
            if cashier.owes:
                yield f"{cashier.name}: {cashier.owes} messages were never answered"
            yield from cashier.faults
        yield from (str(finding) for finding in verify(self.house.books))
        books = Books.read(self.house.books)
        yield from objections(self.diary, books, self.office.ordered)

    def _told(self) -> str:
        names = [name for name in Perils.__slots__ if getattr(self.perils, name)]
        return f"{len(self.cashiers)} tills, perils: {', '.join(names) or 'none'}"

    async def _keep_up(self) -> None:
        """Whoever looks after the machine starts the switch again."""
        while True:
            await asyncio.sleep(self._random.uniform(0.3, 3.0))
            if not self.house.is_up and not self.house.is_ending:
                await self.house.start()

    async def _administer(self) -> None:
        """People order something, one after the other."""
        for _ in range(self.perils.orders):
            await asyncio.sleep(self._random.uniform(0, self._steps * _STEP_S / self.perils.orders))
            await self.office.act()

    async def _strike(self) -> None:
        """What befalls the machine and the clock, at moments of its own."""
        random, perils = self._random, self.perils
        horizon_s = self._steps * _STEP_S
        blows = [
            *["kill"] * perils.kills, *["end"] * perils.ends, *["night"] * perils.nights,
            *["back"] * perils.steps_back, *["full"] * perils.disk_full,
        ]  # fmt: skip
        moments = sorted((random.uniform(0, horizon_s), number) for number in range(len(blows)))
        for moment, number in moments:
            await asyncio.sleep(max(moment - asyncio.get_running_loop().time(), 0))
            await self._blow(blows[number])

    async def _blow(self, blow: str) -> None:
        random, house = self._random, self.house
        self.history.count(blow)
        match blow:
            case "kill" if house.is_up:
                house.kill(torn=self.perils.torn)
            case "end" if house.is_up:
                await house.end()
            case "night":
                hours = random.choice((6, 12, 24, 24, 60))
                self._clock.set_by(timedelta(hours=hours))
                self.history.tell("world", f"{hours} hours later: {self._clock.now():%Y-%m-%d %H:%M}")
            case "back":
                self._clock.set_by(timedelta(seconds=-random.randint(1, 4000)))
                self.history.tell("world", f"the clock is set back to {self._clock.now():%Y-%m-%d %H:%M:%S}")
            case "full":
                self._disk.is_full = True
                self.history.tell("disk", "is full")
                await asyncio.sleep(random.uniform(1, 15))
                self._disk.is_full = False
                self.history.tell("disk", "has room again")


def live(seed: int, ground: Ground, *, steps: int = STEPS) -> Report:
    """Live through the world of *seed*, in which each till serves *steps* customers, and judge it."""
    folder = Path(tempfile.mkdtemp(dir=ground.folder))
    try:
        with asyncio.Runner(loop_factory=WorldLoop) as runner:
            return runner.run(_lived(seed, steps, folder, ground))
    finally:
        shutil.rmtree(folder)


async def _lived(seed: int, steps: int, folder: Path, ground: Ground) -> Report:
    loop = asyncio.get_running_loop()
    world = _World(seed, steps, folder, ground)
    faults = world.house.faults
    loop.set_exception_handler(lambda _loop, context: _note_fault(faults, context))
    with _listening(world.history, faults):
        await world.live()
        objection = world.judge()
        history = world.history
        history.tell("books", f"end with block {Books.read(world.house.books).head}")
        loop.set_exception_handler(lambda _loop, _context: None)  # what the dead leave is no fault
        await world.house.bury()
    return Report(
        seed=seed,
        objection=objection,
        digest=history.digest,
        lines=tuple(history.lines),
        befell=dict(history.counts),
        lived_s=loop.time(),
    )


def _note_fault(faults: list[str], context: Mapping[str, Any]) -> None:
    """What nobody caught is a fault; after a commit in doubt nobody is left who could."""
    error = context.get("exception")
    if not isinstance(error, CommitUnknown):
        faults.append(f"{context['message']}: {error!r}")


@contextmanager
def _listening(history: History, faults: list[str]) -> Iterator[None]:
    """Let what the switch logs stand in *history*; what it calls its own mistake is a fault."""

    def listen(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        name = event.pop("event")
        if name in _OWN_MISTAKES or event.get("exc_info"):
            faults.append(f"the switch logged {name}: {event.get('exc_info') and _raised()}")
        facts = " ".join(f"{key}={value}" for key, value in event.items() if key != "exc_info")
        history.tell("switch", f"logs {name} {facts}")
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[listen], cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)


def _raised() -> str:
    return repr(sys.exception())
