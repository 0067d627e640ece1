"""A whole switch, put together from the inside to the outside: the constructor calls are its plan.

Tests, the demo and the process that serves all start the product by ``running``.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from config.key import load_key
from config.register import load_register
from config.schema import CardSettings, LimitsSettings, ListenerSettings, Settings
from loyalty.clock import Clock
from loyalty.errors import LoyaltyError, Problems
from loyalty.terminal import Register, TerminalRegister
from loyalty.terms import Terms
from members.identifiers import Hasher
from messages.link import Link
from messages.profile import Profile, profile_named
from rules.programme import Programme
from switch.admin import AdminServer, answers
from switch.administration import Administration
from switch.aside import aside
from switch.builder import build_file, build_recorded, release_when_unused
from switch.connection import TerminalConnection
from switch.corrections import CorrectionPolicy
from switch.database import open_for_reading
from switch.deployed import LARGE_SIZE, own_programme, size_of
from switch.duereader import Due
from switch.enactment import Build, Restorer, built_ahead, recorded
from switch.lateness import Lateness
from switch.listener import listen
from switch.lock import LockHeldError
from switch.management import Management, Policy, warn_of_outdated
from switch.metrics import Metrics
from switch.ops import OpsServer
from switch.peers import Peers
from switch.pulse import Pulse
from switch.safeguards import Safeguards
from switch.sequencer import Sequencer
from switch.shadow import Shadow
from switch.speech import speech_of
from switch.store import SqliteStore
from switch.witness import MeasuredStore
from switch.work import Work

log: Final = structlog.get_logger()

STALL_TIMEOUT_S: Final = 10.0  # answers that a peer leaves unread for so long: it is gone, or hostile
DRAIN_S: Final = 6.0  # for what is in work at the end: some commits, on a disk that is in trouble
FAREWELL_S: Final = 1.5  # for the last answers to leave
LOCK_TRIES: Final = 30
LOCK_PAUSE_S: Final = 0.1
FREE_MIN: Final = 1 << 20  # bytes of the disk below which the next commits may find no room

Address = tuple[str, int]
Tell = Callable[[Sequence[Work]], None]


class Line:
    """How one listener speaks. Makes the protocol of each of its connections."""

    def __init__(
        self,
        settings: ListenerSettings,
        cards: CardSettings,
        folder: Path,
        limits: LimitsSettings,
        peers: Peers,
        clock: Clock,
        time: Callable[[], float],
        submit: Callable[[Work], None],
        terms: Terms,
        register: Register,
    ) -> None:
        self._settings = settings
        self._limits = limits
        self._peers = peers
        self._clock = clock
        self._submit = submit
        self._time = time
        self._speech = speech_of(settings, cards, folder)
        self.profile = self._speaking_for(terms, register)
        self.profile.check(self._speech.codec.dialect)

    def connect(self) -> TerminalConnection:
        """The protocol of a new connection."""
        link = Link(
            framing=self._speech.framing,
            codec=self._speech.codec,
            profile=self.profile,
            frame_size_max=self._limits.frame_size_max,
            mac_key=self._speech.mac_key,
            pin_key=self._speech.pin_key,
            owns_day=self._speech.owns_day,
        )
        return TerminalConnection(
            self._peers, link, self._clock, self._time, self._submit, in_work_max=self._limits.in_work_max
        )

    def speak(self, terms: Terms, register: Register) -> None:
        """Speak for these from the next message on, on every connection."""
        former, self.profile = self.profile, self._speaking_for(terms, register)
        for peer in self._peers:
            if peer.link.profile is former:
                peer.link.profile = self.profile

    def _speaking_for(self, terms: Terms, register: Register) -> Profile:
        return profile_named(
            self._settings.profile,
            terms=terms,
            register=register,
            acquirer_id=self._settings.acquirer or None,
            codes=self._settings.codes,
        )


class Lines(list[Line]):
    """All listeners, and the register of terminals for which they speak."""

    def __init__(self, register: TerminalRegister) -> None:
        super().__init__()
        self.register = register

    def speak(self, terms: Terms) -> None:
        """Speak for *terms* and the register from the next message on."""
        for line in self:
            line.speak(terms, self.register)


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of reading the files again, each of which stands on its own.

    Attributes:
        programme: The version in force now.
        terminals: How many the register has now.
        refused: What is wrong with the ``register`` or the ``programme``; the one before it goes on.
    """

    programme: str
    terminals: int
    refused: Mapping[str, LoyaltyError]


class Switch:
    """A switch that runs.

    Attributes:
        iso8583: Where terminals connect, one address for each listener of the settings.
        http: Where it is watched.
        deciding: Ends with the error after which nothing may be decided any more; else never.
    """

    def __init__(
        self,
        settings: Settings,
        sequencer: Sequencer,
        management: Management,
        lines: Lines,
        *,
        iso8583: Sequence[Address],
        http: Address,
        deciding: "asyncio.Task[None]",
    ) -> None:
        self.iso8583 = iso8583
        self.http = http
        self.deciding = deciding
        self._settings = settings
        self._sequencer = sequencer
        self._management = management
        self._lines = lines
        self._reloading = asyncio.Lock()

    @property
    def is_idle(self) -> bool:
        """Nothing waits for a decision."""
        return self._sequencer.queue_depth == 0

    async def reload(self) -> Reloaded:
        """Put in register and programme as they are in the files now, each unless something is wrong with it.

        Where both are new they count from the same message on: a register may name partners of the programme.
        """
        async with self._reloading:
            refused: dict[str, LoyaltyError] = {}
            try:
                self._lines.register = await aside(load_register, self._settings.terminals)
            except LoyaltyError as error:
                refused["register"] = error
            try:
                await self._management.reread()
            except LoyaltyError as error:
                refused["programme"] = error
            in_force = self._sequencer.programmes.current
            self._lines.speak(in_force.terms)
            return Reloaded(in_force.version, len(self._lines.register), refused)


@contextlib.asynccontextmanager
async def running(
    settings: Settings,
    *,
    clock: Clock,
    time: Callable[[], float],
    metrics: Metrics,
    tell: Tell,
) -> AsyncGenerator[Switch]:
    """Run the switch of the deployment *settings*, until the context is left.

    Args:
        settings: Its folder is there; the books are made if there are none.
        clock: Tells the time of decisions.
        time: Tells when messages came, in seconds, as the event loop's clock does.
        metrics: Gets counted into.
        tell: Told of every finished batch.

    Raises:
        LoyaltyError: Something in the deployment is wrong, or another process runs it.
    """
    limits = settings.limits
    register = load_register(settings.terminals)
    hasher = Hasher(load_key(settings.path(settings.cards.key_file)))
    # What is entered last is left first: nothing more comes in, then all is answered, then the books close.
    async with contextlib.AsyncExitStack() as house:
        store = await _opened(settings)
        house.push_async_callback(store.close)
        build = partial(build_recorded, settings.database)
        own = await _own_programme(settings, store, build)
        due = Due(open_for_reading(settings.database))
        house.callback(due.close)
        measured = MeasuredStore(store, metrics, time)
        shadow = Shadow(store.reader.profile, store.reader.card)
        sequencer = Sequencer(
            measured,
            recorded(
                store.reader,
                own,
                *await built_ahead(store.reader, build, own),
                build=build,
                let_go=release_when_unused,
            ),
            clock,
            hasher.token,
            deadline_s=limits.deadline_s,
            queue_depth_max=limits.queue_depth_max,
            batch_size_max=limits.batch_size_max,
            observe=lambda works: _show(works, tell, shadow.see, lateness.see),
            not_before=store.last_committed_at(),
        )
        lateness = Lateness(
            sequencer.order,
            store.sequence,
            lambda: sequencer.programmes.current.version,
            time,
            limits.deadline_s,
        )
        deciding = asyncio.create_task(sequencer.run())
        house.callback(deciding.cancel)
        lines = Lines(register)
        management = Management(
            sequencer,
            store,
            Policy(settings.programme, four_eyes=settings.rules.four_eyes),
            shadow=shadow,
            speak=lines.speak,
            tell=_tell_of_order,
        )
        await management.begin(own)
        del own  # or it would never go

        peers = Peers(
            connections_max=limits.connections_max,
            per_address_max=limits.connections_per_address_max,
            frame_timeout_s=limits.frame_timeout_s,
            idle_timeout_s=limits.idle_timeout_s,
            stall_timeout_s=STALL_TIMEOUT_S,
            has_room=lambda: not sequencer.is_full,
        )
        metrics.gauge("connections", "Open connections of terminals.", lambda: len(peers))
        metrics.gauge("queue_depth", "Messages that wait for a commit.", lambda: sequencer.queue_depth)
        metrics.counter(
            "connections_ended_total",
            "Connections that the switch refused or ended.",
            "event",
            lambda: peers.ended,
        )

        def not_ready() -> str | None:
            if peers.is_stopping:
                return "it is stopping"
            if measured.took_nothing_lately:
                return "the books took nothing"
            disk = os.statvfs(settings.folder)
            if disk.f_bavail * disk.f_frsize < FREE_MIN:
                return "the disk is full"
            return None

        ops = OpsServer(not_ready=not_ready, metrics=metrics.text)
        watched = await ops.listen(settings.http.host, settings.http.port)
        house.callback(watched.close)
        house.push_async_callback(_see_off, peers, sequencer, deciding)

        pulse = Pulse(
            sequencer,
            due,
            store.sequence,
            clock,
            opened_day=store.reader.opened_day,
            has_room=lambda: not (sequencer.is_full or measured.took_nothing_lately),
        )
        beating = asyncio.create_task(pulse.run())
        house.callback(beating.cancel)

        orders = Administration(sequencer, store, CorrectionPolicy.of(settings.corrections)).handlers
        admin = AdminServer({**orders, **management.handlers})
        await admin.listen(settings.socket)
        house.push_async_callback(admin.close)

        house.callback(peers.stop_reading)
        terms = sequencer.programmes.current.terms
        speaks = settings.cards, settings.folder, limits, peers, clock, time, sequencer.submit
        lines += [Line(each, *speaks, terms, register) for each in settings.listener]
        listeners = []
        for line, each in zip(lines, settings.listener, strict=True):
            listener = await listen(each.host, each.port, line.connect)
            house.callback(listener.close)
            listeners.append(listener)
        yield Switch(
            settings,
            sequencer,
            management,
            lines,
            iso8583=[listener.address for listener in listeners],
            http=watched.address,
            deciding=deciding,
        )


async def _opened(settings: Settings) -> SqliteStore:
    """The store, as soon as a command that has the books for a moment lets go of them."""
    for _ in range(LOCK_TRIES):
        try:
            return await SqliteStore.open(settings.database, safeguards=Safeguards.of(settings))
        except LockHeldError:
            if answers(settings.socket):
                raise  # it is another switch
            await asyncio.sleep(LOCK_PAUSE_S)
    return await SqliteStore.open(settings.database, safeguards=Safeguards.of(settings))


async def _own_programme(settings: Settings, store: SqliteStore, build: Build) -> Programme:
    """That of the deployment's files. While something is wrong with them, the one in force goes on."""
    heads = store.reader.programmes()
    known = {each.version for each in heads}
    if size_of(settings.programme) > LARGE_SIZE:
        # What parsing leaves behind would scatter what is made for transactions over much memory, which costs
        # each of them microseconds. Mistakes are told below.
        with contextlib.suppress(LoyaltyError):
            built = await build_file(settings.programme, known=known, outdated=warn_of_outdated)
            assert isinstance(built, Programme)
            return built
    try:
        own, refused = own_programme(settings.programme, lambda: known)
    except Problems as problems:
        if not heads:
            raise
        log.error("programme.rejected", problems=str(problems).splitlines(), programme=heads[-1].version)
        ready = await built_ahead(store.reader, build)
        in_force = Restorer(store.reader, *ready)(heads[-1].version)
        return in_force.whole or in_force  # what is paused of it stays paused
    if refused is not None:
        warn_of_outdated(own.version, refused)
    return own


def _tell_of_order(programme: Programme, by: str) -> None:
    paused = sorted(programme.paused | programme.stopped)
    log.info("programme.ordered", programme=programme.version, by=by, paused=paused)


def _show(works: Sequence[Work], *watchers: Tell) -> None:
    """Show a finished batch to all *watchers*, in order."""
    for see in watchers:
        see(works)


async def _see_off(peers: Peers, sequencer: Sequencer, deciding: "asyncio.Task[None]") -> None:
    """Answer what is in work, unless nothing can be decided any more, and close all connections."""
    draining = asyncio.ensure_future(sequencer.drain())
    await asyncio.wait({draining, deciding}, timeout=DRAIN_S, return_when=asyncio.FIRST_COMPLETED)
    draining.cancel()
    await peers.close(FAREWELL_S)
