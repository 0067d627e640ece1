"""Orders about the programme: who puts which version into force, takes one back, or pauses a part of it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog

from loyalty.errors import LoyaltyError, Problems
from loyalty.terms import Terms
from rules.amend import amends, is_amendment
from rules.bundle import refuse_other_currency
from rules.programme import Programme
from switch.admin import Handler
from switch.builder import build_file, build_recorded, release, release_when_unused
from switch.enactment import Enact, History, Stop, refuse_self_approval, waits_for_approval
from switch.people import check_name
from switch.recall import Recall
from switch.sequencer import Sequencer
from switch.shadow import Shadow
from switch.store import SqliteStore
from switch.work import StoreFull

log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Policy:
    """What a deployment asks of changes of its programme.

    Attributes:
        own: The deployment's own ``programme.toml``.
        four_eyes: A version that was never in force needs the word of a second person.
    """

    own: Path
    four_eyes: bool


class Management:
    """Carries out orders about the programme through *sequencer*.

    Args:
        shadow: Where sales are seen as they are decided; ``None`` where no switch runs.
        speak: Told the terms of what is in force, whenever that changes.
        tell: Told what is in force after an order, and who gave it.
    """

    def __init__(
        self,
        sequencer: Sequencer,
        store: SqliteStore,
        policy: Policy,
        *,
        shadow: Shadow | None = None,
        speak: Callable[[Terms], None] = lambda _: None,
        tell: Callable[[Programme, str], None] = lambda _programme, _by: None,
    ) -> None:
        self._sequencer = sequencer
        self._store = store
        self._policy = policy
        self._shadow = shadow
        self._speak = speak
        self._tell = tell
        self._leaving: set[asyncio.Future[None]] = set()

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What carries out each order, by its name."""
        return {
            "rules.activate": self._activate,
            "rules.approve": self._approve,
            "rules.rollback": self._roll_back,
            "rules.pause": self._pause,
            "rules.resume": self._resume,
            "rules.shadow": self._cast_shadow,
        }

    async def begin(self, own: Programme) -> None:
        """Put the deployment's *own* programme into force, if its files have changed since they were read.

        Raises:
            LoyaltyError: The books could not take it.
        """
        history = History.of(self._store.reader)
        if own.version == history.last_read:
            return  # what is in force since, it or another, stays
        if self._waits(history, own.version):
            _warn_of(history, own.version)
            return
        try:
            if self._store.reader.has_decided():
                self._refuse_other_currency(own)
        except LoyaltyError as error:
            in_force = self._sequencer.programmes.current.version
            log.error("programme.rejected", problems=[str(error)], programme=in_force)
            return
        await self._enact(Enact(own, self._sequencer, self._store.reader))

    def _refuse_other_currency(self, programme: Programme) -> None:
        refuse_other_currency(self._sequencer.programmes.whole, programme)

    async def _in_the_same_currency(self, built: Programme) -> Programme:
        """*built*, unless it is in another currency than what is in force: then it is given up."""
        try:
            self._refuse_other_currency(built)
        except LoyaltyError:
            await release([built])
            raise
        return built

    async def _fit_for_the_books(self, built: Programme) -> Programme:
        """*built*; books with decisions stay in the currency in which these are."""
        return await self._in_the_same_currency(built) if self._store.reader.has_decided() else built

    async def reread(self) -> str:
        """Read the deployment's own files again, and give the version that is in force then.

        What nobody approved is not put into force, and the log says so.

        Raises:
            LoyaltyError: Something is wrong with them; nothing is changed.
        """
        history = History.of(self._store.reader)

        def counts(version: str) -> bool:
            return version != history.last_read and not self._waits(history, version)

        known = {head.version for head in history.heads}
        built = await build_file(self._policy.own, counts, known=known, outdated=warn_of_outdated)
        if isinstance(built, Programme):
            await self._enact(
                Enact(await self._fit_for_the_books(built), self._sequencer, self._store.reader)
            )
        elif built != history.last_read:
            _warn_of(history, built)
        return self._sequencer.programmes.current.version

    def _waits(self, history: History, version: str) -> bool:
        return self._policy.four_eyes and waits_for_approval(history, version)

    async def _activate(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        path = Path(order["path"])
        built = await build_file(path)
        assert isinstance(built, Programme)
        return await self._enact(
            Enact(
                await self._fit_for_the_books(built),
                self._sequencer,
                self._store.reader,
                by=_who(order),
                is_own=path == self._policy.own,
                four_eyes=self._policy.four_eyes,
            )
        )

    async def _approve(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        version = str(order["version"])
        history = History.of(self._store.reader)
        refuse_self_approval(history, version, _who(order))  # the order itself looks again
        proposal = history.proposal(version)
        assert proposal is not None
        command = Enact(
            await self._fit_for_the_books(await self._made(version)),
            self._sequencer,
            self._store.reader,
            by=_who(order),
            act="approved",
            is_own=proposal.is_own,
        )
        return await self._enact(command)

    async def _roll_back(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        by, named = _who(order), order.get("version")
        reader = self._store.reader
        history = History.of(reader)
        meant = [_meant(reader, head.version) for head in history.heads]
        if named is None:
            before = _standing(history, meant)[-2:-1]
            if not before:
                hint = "name one that was in force: puntual rules history"
                raise LoyaltyError("has no version before this one", where="the programme", hint=hint)
            (version,) = before
        elif named in meant:
            version = str(named)
        else:
            hint = "look at: puntual rules history"
            raise LoyaltyError("was never in force", where=f"programme {named}", hint=hint)
        programme = await self._made(version)
        return await self._enact(
            Enact(programme, self._sequencer, reader, by=by, act="rolled_back", is_own=False)
        )

    async def _pause(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._stop(order, is_resumed=False)

    async def _resume(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._stop(order, is_resumed=True)

    async def _stop(self, order: Mapping[str, Any], *, is_resumed: bool) -> Mapping[str, Any]:
        stop = Stop(str(order["what"]), _who(order), is_resumed, self._sequencer, self._store.reader)
        return await self._carry_out(stop)

    async def _cast_shadow(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._shadow is None:
            hint = "start it: puntual serve; or try it on the past: puntual rules backtest"
            raise LoyaltyError("does not run, so there is nothing to see", where="the switch", hint=hint)
        if order.get("path"):
            built = await build_file(Path(order["path"]))
            assert isinstance(built, Programme)
            await release(self._shadow.cast(await self._in_the_same_currency(built)))
        elif order.get("stop"):
            told = self._shadow.told()
            await release(self._shadow.cast(None))
            return told
        return self._shadow.told()

    async def _made(self, version: str) -> Programme:
        """The programme *version* of the books, ready."""
        for programme in self._sequencer.programmes.wholes().values():
            if programme.version == version:
                return programme
        return await build_recorded(self._store.path, version)

    async def _enact(self, command: Enact) -> Mapping[str, Any]:
        """Carry out *command*. The versions that are not kept any more go as soon as nobody uses them."""
        before = self._sequencer.programmes.wholes()
        told = await self._carry_out(command)
        programmes = self._sequencer.programmes
        after = programmes.wholes()
        self._speak(programmes.current.terms)
        spare = {**before, id(command.programme): command.programme}
        for each in spare.keys() - after.keys():
            leaving = asyncio.ensure_future(release_when_unused([spare[each]]))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
        return told

    async def _carry_out(self, command: Enact | Stop) -> Mapping[str, Any]:
        before = self._sequencer.programmes.current
        try:
            told = await self._sequencer.order(command)
        except StoreFull as error:
            hint = "make room on the disk"
            raise LoyaltyError("the books could not take it", where="the programme", hint=hint) from error
        after = self._sequencer.programmes.current
        if command.by is not None and after is not before:
            self._tell(after, command.by)
        return told


def _who(order: Mapping[str, Any]) -> str:
    """Who gives *order*.

    Raises:
        LoyaltyError: It is no name that can stand in the books.
    """
    by = str(order["by"])
    check_name(by, "--by")
    return by


def _meant(reader: Recall, version: str) -> str:
    """The version of a programme that *version* is, or of which it pauses something."""
    text = reader.short_text(version) or ""
    return amends(text) if is_amendment(text) else version


def _standing(history: History, meant: Sequence[str]) -> list[str]:
    """The versions that came into force one after the other, without those that were taken back since.

    Args:
        history: All that was in force, and what was ordered.
        meant: The version of each programme of *history*, pauses apart.
    """
    taken_back = {act.entry for act in history.acts if act.act == "rolled_back"}
    standing: list[str] = []
    for head, version in zip(history.heads, meant, strict=True):
        if head.number in taken_back and version in standing:
            while standing[-1] != version:
                standing.pop()
        elif standing[-1:] != [version]:
            standing.append(version)
    return standing


def warn_of_outdated(version: str, problems: Problems) -> None:
    """Log what this release refuses of the files; *version* was in force already, and goes on as it was."""
    told = str(problems).splitlines()
    log.warning("programme.outdated", programme=version, problems=told, hint="write them anew")


def _warn_of(history: History, version: str) -> None:
    """Log that the files hold a *version* that nobody approved, and what can be done."""
    proposal = history.proposal(version)
    hint = "order it: puntual rules activate"
    if proposal is not None:
        hint = f"{proposal.by} proposed it; another one can approve it: puntual rules approve {version}"
    log.warning("programme.unapproved", programme=version, hint=hint)
