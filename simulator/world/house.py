"""The machine on which the switch runs: it starts, serves, is killed, and starts again from its disk.

The switch is put together here as ``switch.running`` does it, from the same parts and without sockets. Every
life of the process has a folder of its own, in which it finds what the one before it left on the disk.
"""

import asyncio
import contextlib
import itertools
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from config.schema import LimitsSettings
from loyalty.clock import Clock
from messages.framing import framing_named
from messages.link import Link
from simulator.world.disk import Disk, DiskConnection, left_on_disk
from simulator.world.ground import Ground
from simulator.world.history import History
from switch.admin import Handler
from switch.administration import Administration
from switch.block import CommitUnknown
from switch.connection import TerminalConnection
from switch.corrections import CorrectionPolicy
from switch.database import open_for_reading
from switch.duereader import Due
from switch.enactment import recorded
from switch.management import Management, Policy
from switch.peers import Peers
from switch.pulse import Pulse
from switch.running import DRAIN_S, FAREWELL_S, STALL_TIMEOUT_S
from switch.sequencer import Sequencer
from switch.shadow import Shadow
from switch.store import SqliteStore

CORRECTIONS: Final = CorrectionPolicy(checker_above=50)
_LIMITS: Final = LimitsSettings()
_SWEEP_S: Final = 2.0  # nothing here is so quick that a life should be made of looking
_POLICY: Final = Policy(Path("programme.toml"), four_eyes=False)  # nobody reads it here


@dataclass(slots=True)
class _Life:
    """A process of the switch, from its start to its end."""

    path: Path
    store: SqliteStore
    connection: DiskConnection
    sequencer: Sequencer
    deciding: "asyncio.Task[None]"
    peers: Peers
    due: Due
    beating: "asyncio.Task[None]"
    orders: Mapping[str, Handler]
    over: asyncio.Event


class House:
    """Holds at most one living process.

    Args:
        folder: Holds the lives; the first one begins with the books of *ground*.
        gone: Called when the process is no more, so that its connections break.

    Attributes:
        faults: What went wrong in the switch that must not.
        is_ending: A process closes its books; nobody may start another one meanwhile.
    """

    def __init__(
        self,
        folder: Path,
        ground: Ground,
        clock: Clock,
        disk: Disk,
        history: History,
        gone: Callable[[], None],
    ) -> None:
        self.faults: list[str] = []
        self.is_ending = False
        self._folder = folder
        self._books = ground.books
        self._ground = ground
        self._clock = clock
        self._disk = disk
        self._history = history
        self._gone = gone
        self._loop = asyncio.get_running_loop()
        self._life: _Life | None = None
        self._lives: list[_Life] = []
        self._numbers = itertools.count(1)

    @property
    def is_up(self) -> bool:
        """A process serves."""
        return self._life is not None

    @property
    def books(self) -> Path:
        """The file of the books, as the last process left it."""
        return self._books

    def answer(self) -> asyncio.Protocol | None:
        """The switch's side of a new connection; ``None`` when nobody is there."""
        life, ground = self._life, self._ground
        if life is None:
            return None
        link = Link(
            framing=framing_named("bin2"),
            codec=ground.codec,
            profile=ground.profile,
            frame_size_max=_LIMITS.frame_size_max,
        )
        return TerminalConnection(
            life.peers,
            link,
            self._clock,
            self._loop.time,
            life.sequencer.submit,
            in_work_max=_LIMITS.in_work_max,
        )

    async def start(self) -> None:
        """Begin a new life with what is on the disk."""
        assert self._life is None
        path = left_on_disk(self._books, self._folder / f"life-{next(self._numbers)}")
        made: list[DiskConnection] = []

        async def take_over(database: sqlite3.Connection) -> DiskConnection:
            made.append(DiskConnection(database, self._disk, path))
            return made[0]

        store = await SqliteStore.open(path, connect=take_over, random_bytes=self._disk.random.randbytes)
        sequencer = Sequencer(
            store,
            recorded(store.reader, self._ground.programme),
            self._clock,
            self._ground.hasher.token,
            deadline_s=_LIMITS.deadline_s,
            queue_depth_max=_LIMITS.queue_depth_max,
            batch_size_max=_LIMITS.batch_size_max,
            observe=lambda _works: None,
            not_before=store.last_committed_at(),
        )
        peers = Peers(
            connections_max=_LIMITS.connections_max,
            per_address_max=_LIMITS.connections_per_address_max,
            frame_timeout_s=_LIMITS.frame_timeout_s,
            idle_timeout_s=_LIMITS.idle_timeout_s,
            stall_timeout_s=STALL_TIMEOUT_S,
            has_room=lambda: not sequencer.is_full,
            sweep_s=_SWEEP_S,
        )
        deciding = self._loop.create_task(sequencer.run())
        due = Due(open_for_reading(path))
        pulse = Pulse(
            sequencer,
            due,
            store.sequence,
            self._clock,
            opened_day=store.reader.opened_day,
            has_room=lambda: not sequencer.is_full,
        )
        beating = self._loop.create_task(pulse.run())
        management = Management(sequencer, store, _POLICY, shadow=Shadow())
        orders = {**Administration(sequencer, store, CORRECTIONS).handlers, **management.handlers}
        life = _Life(path, store, made[0], sequencer, deciding, peers, due, beating, orders, asyncio.Event())
        deciding.add_done_callback(lambda task: self._died(life, task))
        self._lives.append(life)
        self._life = life
        self._books = path
        self._history.tell("switch", f"serves, with {store.head.number} blocks")

    async def order(self, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Have an order carried out; ``None`` when nobody knows whether it was.

        Raises:
            LoyaltyError: It was refused.
        """
        life = self._life
        if life is None:
            return None
        order = self._loop.create_task(_carried_out(life.orders[name], arguments))
        over = self._loop.create_task(life.over.wait())
        await asyncio.wait({order, over}, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if order.done():
            return order.result()
        order.cancel()
        return None

    def kill(self, *, torn: bool = False) -> None:
        """The process ends at once, or the machine loses its power."""
        life = self._life
        assert life is not None
        self._life = None
        life.beating.cancel()
        life.over.set()
        life.connection.cut_off(torn=torn)
        # What it left must be seen before the next one opens it: from now on nobody writes there.
        for peer in list(life.peers):
            assert isinstance(peer, TerminalConnection)
            peer.connection_lost(None)
        self._loop.create_task(life.peers.close(0)).add_done_callback(lambda _: None)
        self._gone()
        self._history.tell("switch", "is dead")

    async def end(self) -> None:
        """The process is told to end: it answers what it has, and closes the books."""
        life = self._life
        assert life is not None
        self._life = None
        self.is_ending = True
        life.peers.stop_reading()
        life.beating.cancel()
        draining = self._loop.create_task(life.sequencer.drain())
        await asyncio.wait({draining, life.deciding}, timeout=DRAIN_S, return_when=asyncio.FIRST_COMPLETED)
        draining.cancel()
        await life.peers.close(FAREWELL_S)
        life.deciding.cancel()
        life.over.set()
        life.due.close()
        await life.store.close()
        self._lives.remove(life)
        self.is_ending = False
        self._history.tell("switch", "has ended in peace")

    async def bury(self) -> None:
        """Give back what the dead still hold."""
        for life in self._lives:
            life.deciding.cancel()
            life.connection.cut_off(torn=False)
            life.due.close()
            with contextlib.suppress(sqlite3.Error):
                await life.store.close()
        self._lives.clear()

    def _died(self, life: _Life, task: "asyncio.Task[None]") -> None:
        """The sequencer gave up: after a commit in doubt that is right, after anything else it is not."""
        if task.cancelled() or self._life is not life:
            return
        error = task.exception()
        if not isinstance(error, CommitUnknown):
            self.faults.append(f"the switch ended with {error!r}")
        self.kill()


async def _carried_out(handler: Handler, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return await handler(arguments)
