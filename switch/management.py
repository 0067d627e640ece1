"""Orders about the programme: who puts which version into force, takes one back, or pauses a part of it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog

from loyalty.errors import LoyaltyError, Problems
from loyalty.terms import Terms
from rules.amend import amends, is_amendment
from rules.programme import Programme
from switch.admin import Handler
from switch.builder import build_file, build_recorded, release, release_when_unused
from switch.enactment import Enact, History, Stop, refuse_self_approval, waits_for_approval
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
        await self._enact(Enact(own, self._sequencer, self._store.reader))

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
            await self._enact(Enact(built, self._sequencer, self._store.reader))
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
                built,
                self._sequencer,
                self._store.reader,
                by=str(order["by"]),
                is_own=path == self._policy.own,
                four_eyes=self._policy.four_eyes,
            )
        )

    async def _approve(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        version = str(order["version"])
        history = History.of(self._store.reader)
        refuse_self_approval(history, version, str(order["by"]))  # the order itself looks again
        proposal = history.proposal(version)
        assert proposal is not None
        command = Enact(
            await self._made(version),
            self._sequencer,
            self._store.reader,
            by=str(order["by"]),
            act="approved",
            is_own=proposal.is_own,
        )
        return await self._enact(command)

    async def _roll_back(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        reader = self._store.reader
        current = self._sequencer.programmes.whole.version
        named = order.get("version")
        for head in reversed(reader.programmes()):
            text = reader.short_text(head.version) or ""
            version = amends(text) if is_amendment(text) else head.version
            if version == named or (named is None and version != current):
                command = Enact(
                    await self._made(version),
                    self._sequencer,
                    reader,
                    by=str(order["by"]),
                    act="rolled_back",
                    is_own=False,
                )
                return await self._enact(command)
        where = "the programme" if named is None else f"programme {named}"
        raise LoyaltyError("was never in force" if named else "has no version before this one", where=where)

    async def _pause(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._stop(order, is_resumed=False)

    async def _resume(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._stop(order, is_resumed=True)

    async def _stop(self, order: Mapping[str, Any], *, is_resumed: bool) -> Mapping[str, Any]:
        what, by = str(order["what"]), str(order["by"])
        return await self._carry_out(Stop(what, by, is_resumed, self._sequencer, self._store.reader))

    async def _cast_shadow(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._shadow is None:
            hint = "start it: puntual serve; or try it on the past: puntual rules backtest"
            raise LoyaltyError("does not run, so there is nothing to see", where="the switch", hint=hint)
        if order.get("path"):
            built = await build_file(Path(order["path"]))
            assert isinstance(built, Programme)
            await release(self._shadow.cast(built))
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
