"""The switch's own beat: it orders sweeps, a little at a time, so that what is due is posted for everybody.

Nothing depends on it: whoever looks sees what is due either way. It only keeps the books from carrying dead
points and holds of members who never come back.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

import structlog

from loyalty.clock import Clock
from switch.programmes import business_date
from switch.sequencer import Sequencer
from switch.sweep import START, Due, SweepHolds, SweepLots
from switch.work import Command, Numbering, StoreFull

PERIOD_S: Final = 5.0  # between two looks for holds that are over
PAUSE_S: Final = 0.02  # between two orders of a sweep: transactions come first

log: Final = structlog.get_logger()


class Pulse:
    """Beats until it is cancelled.

    Args:
        due: Where it is looked up what is due.
        sequence: Gives entries their numbers.
        has_room: Whether the switch has time for something that can wait.
    """

    def __init__(
        self,
        sequencer: Sequencer,
        due: Due,
        sequence: Numbering,
        clock: Clock,
        has_room: Callable[[], bool],
    ) -> None:
        self._sequencer = sequencer
        self._due = due
        self._sequence = sequence
        self._clock = clock
        self._has_room = has_room
        self._swept: date | None = None  # the last day for which all lots were looked at
        self._day: date | None = None  # for which they are being looked at
        self._after = START

    async def run(self) -> None:
        """Beat every ``PERIOD_S``, and faster while there is more to do."""
        while True:
            more = False
            try:
                more = await self.beat()
            except StoreFull:
                log.warning("sweep.failed", error="the disk is full")
            except Exception:  # a mistake of ours in a sweep must not end the sweeps
                log.exception("sweep.failed")
            await asyncio.sleep(PAUSE_S if more else PERIOD_S)

    async def beat(self) -> bool:
        """Order one sweep, if something is due and there is room for it; whether there may be more."""
        if not self._has_room():
            return False
        now, programmes = self._clock.now(), self._sequencer.programmes
        if self._due.holds(now):
            await self._order(SweepHolds(self._due, programmes, self._sequence))
            return True
        today = business_date(programmes.current, now)
        if today == self._swept:
            return False
        if self._day is None:
            self._day, self._after = today, START
        order = SweepLots(self._due, programmes, self._sequence, self._after)
        reached = (await self._order(order))["reached"]
        if reached is None:
            self._swept, self._day = self._day, None
        else:
            self._after = reached
        return True

    async def _order(self, command: Command) -> Mapping[str, Any]:
        # The end of the switch cancels the beat, not what it has ordered.
        return await asyncio.shield(self._sequencer.order(command))
