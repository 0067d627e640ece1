"""Putting a programme into force: its text is in the books before it decides anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from loyalty.errors import LoyaltyError
from rules.parse import restore_programme
from rules.programme import Programme
from switch.block import ProgrammeEntry
from switch.case import Moment
from switch.programmes import Programmes
from switch.sequencer import Sequencer
from switch.store import SqliteStore
from switch.work import Change, StoreFull
from switch.worksheet import Worksheet

_EVER: Final = datetime.min.replace(tzinfo=UTC)


def recorded(entries: Sequence[ProgrammeEntry], otherwise: Programme) -> Programmes:
    """The programmes of the books; *otherwise* where they have none yet."""
    if not entries:
        return Programmes(((_EVER, otherwise),))
    return Programmes(tuple((entry.since, restore_programme(entry.text)) for entry in entries))


@dataclass(frozen=True, slots=True)
class Enact:
    """Put *programme* into force, unless it is; *before* are those in force so far."""

    programme: Programme
    before: Programmes
    entries: int

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:  # noqa: ARG002  (a command's form)
        told = {"version": self.programme.version}
        if self.entries and self.programme.version == self.before.current.version:
            return Change(result=told)
        latest = self.before.versions[-1][0]
        since = max(moment.now, latest)  # the clock may have gone back since the last one
        entry = ProgrammeEntry(
            number=self.entries + 1,
            since=since,
            version=self.programme.version,
            text=self.programme.text,
        )
        after = self.before.then(since, self.programme) if self.entries else None
        return Change(result=told, entry=entry, programmes=after)


async def enact(sequencer: Sequencer, store: SqliteStore, programme: Programme) -> None:
    """Put *programme* into force, unless it is; when this returns, the books have its text.

    Raises:
        LoyaltyError: The books could not take it.
    """
    entries = len(store.reader.programmes())
    try:
        await sequencer.order(Enact(programme, sequencer.programmes, entries))
    except StoreFull as error:
        hint = "make room on the disk"
        raise LoyaltyError("the books could not take it", where="the programme", hint=hint) from error
