"""Putting a programme into force: its text is in the books before it decides anything.

What is done to the programme by somebody is an act of the journal. The files of the deployment count again
when they have changed since they were read last; so a version that was rolled back does not come back with
the next start, and what was paused stays paused until somebody resumes it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from loyalty.errors import LoyaltyError
from rules.amend import STOPPABLE, amended, amends, is_amendment, paused_by, restored
from rules.programme import Programme
from switch.athand import NotAtHand
from switch.block import ProgrammeAct, ProgrammeEntry, ProgrammeHead, ProgrammeText
from switch.case import Moment
from switch.people import is_same_person
from switch.programmes import KEPT_SIZE_MAX, Programmes
from switch.recall import Recall
from switch.work import Change
from switch.worksheet import Worksheet

_EVER: Final = datetime.min.replace(tzinfo=UTC)
Build = Callable[[str], Awaitable[Programme]]
LetGo = Callable[[list[Programme]], Awaitable[None]]
_RECALLED_MAX: Final = 2  # programmes made of their texts that are kept for the next question


class Restorer:
    """Makes programmes of their texts in the books.

    Args:
        reader: Of the books.
        ready: Programmes that need not be made.
        build: Makes a version while others are served; without it all wait until it is made.
        let_go: Is handed the reference to one that is kept no longer, so that nobody waits while it goes.
    """

    def __init__(
        self, reader: Recall, *ready: Programme, build: Build | None = None, let_go: LetGo | None = None
    ) -> None:
        self._reader = reader
        self._let_go = let_go
        self._leaving: set[asyncio.Future[None]] = set()
        self._ready = {programme.version: programme for programme in ready}
        self._recalled: OrderedDict[str, Programme] = OrderedDict()
        self._build = build
        self._building: dict[str, asyncio.Future[None]] = {}

    def __call__(self, version: str) -> Programme:
        """The programme of that version, which is in the books.

        Raises:
            NotAtHand: It has to be built.
        """
        known = self._ready.get(version) or self._recalled.get(version)
        if known is not None:
            return known
        text = self._reader.short_text(version)
        if self._build is not None and (text is None or not is_amendment(text)):
            raise NotAtHand(lambda: self._fetch(version))
        text = text or self._reader.programme_text(version)
        assert text is not None
        programme = restored(text, self)
        self._keep(version, programme)
        return programme

    async def _fetch(self, version: str) -> None:
        """Have *version* built, once for all who wait for it."""
        building = self._building.get(version)
        if building is None:
            building = asyncio.ensure_future(self._built(version))
            self._building[version] = building
            building.add_done_callback(lambda _: self._building.pop(version))
        await asyncio.shield(building)

    async def _built(self, version: str) -> None:
        assert self._build is not None
        self._keep(version, await self._build(version))

    def _keep(self, version: str, programme: Programme) -> None:
        self._recalled[version] = programme
        while len(self._recalled) > _RECALLED_MAX:
            _, *left = self._recalled.popitem(last=False)
            if self._let_go is not None:
                leaving = asyncio.ensure_future(self._let_go(left))
                self._leaving.add(leaving)
                leaving.add_done_callback(self._leaving.discard)


def recorded(
    reader: Recall,
    *ready: Programme,
    build: Build | None = None,
    let_go: LetGo | None = None,
) -> Programmes:
    """The programmes of the books; where they have none, the first of those that are *ready*.

    *build* makes those that are asked for later and are not in memory, while others are served; *let_go*
    gives them up again.
    """
    older, kept = _kept(reader.programmes())
    recall = Restorer(reader, build=build, let_go=let_go)
    if not kept:
        return Programmes(((_EVER, ready[0]),), recall=recall)
    restore = Restorer(reader, *ready)
    versions = tuple([(head.since, restore(head.version)) for head in kept])
    return Programmes(versions, tuple([(head.since, head.version) for head in older]), recall=recall)


def _kept(heads: Sequence[ProgrammeHead]) -> tuple[Sequence[ProgrammeHead], Sequence[ProgrammeHead]]:
    """*heads* that are left to the books, and those whose programmes are in memory: as many as fit."""
    size = at = 0
    for at in reversed(range(len(heads))):
        size += heads[at].size
        if size > KEPT_SIZE_MAX and at < len(heads) - 1:
            return heads[: at + 1], heads[at + 1 :]
    return (), heads


async def built_ahead(reader: Recall, build: Build, *own: Programme) -> list[Programme]:
    """Large programmes that are in memory from the start, and are not the deployment's *own*.

    Made here, they would take as long, and scatter what is made for transactions over more memory.
    """
    made = {each.version: each for each in own}
    for head in reversed(_kept(reader.programmes())[1]):
        text = reader.short_text(head.version)
        version = amends(text) if text is not None and is_amendment(text) else head.version
        if version not in made and reader.short_text(version) is None:
            made[version] = await build(version)
    return [each for each in made.values() if each not in own]


@dataclass(frozen=True, slots=True)
class History:
    """What the books tell of the programme's life."""

    heads: Sequence[ProgrammeHead]
    acts: Sequence[ProgrammeAct]

    @classmethod
    def of(cls, reader: Recall) -> "History":
        """As of the last commit."""
        return cls(reader.programmes(), reader.programme_acts())

    @property
    def last_read(self) -> str | None:
        """The version of the deployment's own files when they were put into force last."""
        by_others = {act.entry for act in self.acts if act.entry and not act.is_own}
        return next((head.version for head in reversed(self.heads) if head.number not in by_others), None)

    def proposal(self, version: str) -> ProgrammeAct | None:
        """The last proposal of *version*."""
        return next(
            (act for act in reversed(self.acts) if act.act == "proposed" and act.version == version), None
        )


def paused_campaigns(reader: Recall) -> frozenset[str]:
    """The campaigns that are paused in what is in force by the books, by order and not by their files."""
    heads = reader.programmes()
    text = reader.programme_text(heads[-1].version) if heads else None
    return paused_by(text) if text is not None and is_amendment(text) else frozenset()


def waits_for_approval(history: History, version: str) -> bool:
    """Whether *version* needs an approval where two people must agree: unless it was in force before."""
    return bool(history.heads) and all(head.version != version for head in history.heads)


def refuse_self_approval(history: History, version: str, by: str | None) -> None:
    """Nobody approves what he proposed.

    Raises:
        LoyaltyError: *by* tries to, or nobody proposed *version*.
    """
    proposal = history.proposal(version)
    where = f"programme {version}"
    if proposal is None:
        raise LoyaltyError("nobody proposed it", where=where, hint="propose it: puntual rules activate")
    if by is not None and is_same_person(proposal.by, by):
        raise LoyaltyError(f"was proposed by {proposal.by}", where=where, hint="let somebody else approve it")


class InForce(Protocol):
    """Where the programmes are that decide when a command is carried out."""

    @property
    def programmes(self) -> Programmes: ...


@dataclass(frozen=True, slots=True)
class Enact:
    """Put *programme* into force, unless it is. What is paused stays paused.

    Attributes:
        by: Who ordered it; ``None`` for the deployment's own files when the switch reads them.
        act: ``activated``, ``approved`` or ``rolled_back``.
        is_own: It is the programme of the deployment's own files.
        four_eyes: It is only proposed unless it was approved before.
    """

    programme: Programme
    before: InForce
    reader: Recall
    by: str | None = None
    act: str = "activated"
    is_own: bool = True
    four_eyes: bool = False

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:  # noqa: ARG002  (a command's form)
        history, before = History.of(self.reader), self.before.programmes
        current = before.current
        counting = {campaign.id for each in self.programme.all for campaign in each.campaigns}
        after = amended(self.programme, paused=current.paused & counting, stopped=current.stopped)
        told = {"version": after.version, "in_force": True}
        if history.heads and after.version == current.version:
            return Change(result=told)
        version = self.programme.version
        if self.act == "approved":
            refuse_self_approval(history, version, self.by)
        if self.four_eyes and waits_for_approval(history, version):
            assert self.by is not None
            said = history.proposal(version)
            if said is not None and (said.by, said.is_own) == (self.by, self.is_own):
                return Change(result={"version": version, "in_force": False})  # it was said before
            proposed = ProgrammeAct(
                act="proposed",
                version=version,
                by=self.by,
                at=moment.now,
                is_own=self.is_own,
                text=self.programme.source.plain,
            )
            text = _text_for(self.reader, self.programme)
            return Change(result={"version": version, "in_force": False}, act=proposed, text=text)
        act = ProgrammeAct(act=self.act, version=version, by=self.by or "", at=moment.now, is_own=self.is_own)
        return _into_force(
            self.reader, history, before, after, moment, told, None if self.by is None else act
        )


@dataclass(frozen=True, slots=True)
class Stop:
    """Pause *what* (a campaign, ``earn``, ``redeem``) at once, or resume it."""

    what: str
    by: str
    is_resumed: bool
    before: InForce
    reader: Recall

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:  # noqa: ARG002  (a command's form)
        before = self.before.programmes
        current = before.current
        paused, stopped = set(current.paused), set(current.stopped)
        if self.what in STOPPABLE:
            of = stopped
        else:
            of = paused
            known = {
                campaign.id for each in before.whole.all for campaign in each.campaigns if campaign.counts
            }
            if self.what not in known | paused:
                names = ", ".join(sorted(known) or ["no campaign"])
                hint = f"earn, redeem, or one that counts: {names}"
                raise LoyaltyError("is no campaign of the programme", where=self.what, hint=hint)
        (of.discard if self.is_resumed else of.add)(self.what)
        after = amended(before.whole, paused=frozenset(paused), stopped=frozenset(stopped))
        told = {"version": after.version, "paused": sorted(paused | stopped)}
        if after.version == current.version:
            return Change(result=told)
        act = ProgrammeAct(
            act="resumed" if self.is_resumed else "paused",
            version=after.version,
            by=self.by,
            at=moment.now,
            about=self.what,
        )
        return _into_force(self.reader, History.of(self.reader), before, after, moment, told, act)


def _text_for(reader: Recall, programme: Programme, *, is_part: bool = False) -> ProgrammeText | None:
    """The text of *programme* for the books, if they do not have it and it is not told beside.

    One that *is_part* is only named by what is told: something of it is paused.
    """
    source = programme.source
    parts = source.packed if is_part else source.parts
    if not parts or reader.has_text(programme.version):
        return None
    return ProgrammeText(version=programme.version, parts=parts)


def _into_force(
    reader: Recall,
    history: History,
    before: Programmes,
    after: Programme,
    moment: Moment,
    told: Mapping[str, object],
    act: ProgrammeAct | None,
) -> Change:
    """*after* decides from now on; the books have its text first."""
    number = len(history.heads) + 1
    since = max(moment.now, before.versions[-1][0])  # the clock may have gone back since the last one
    entry = ProgrammeEntry(number=number, since=since, version=after.version, text=after.source.plain)
    return Change(
        result=told,
        entry=entry,
        text=_text_for(reader, after.whole or after, is_part=after.whole is not None),
        act=None if act is None else replace(act, entry=number),
        programmes=before.then(since, after) if history.heads else None,
    )
