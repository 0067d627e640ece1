"""The switch's own beat: it orders sweeps, a little at a time, so that what is due is posted for everybody.

Nothing depends on it: whoever looks sees what is due either way. It only keeps the books from carrying dead
points, holds, certificates and coupons of members who never come back, and looks at everybody's tier once a
day.
"""

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Final

import structlog

from loyalty.clock import Clock
from switch.duereader import START, Due
from switch.freeing import FreeKept
from switch.programmes import business_date
from switch.rounds import Round, rounds
from switch.sequencer import Sequencer
from switch.sweep import Sweep
from switch.work import Command, Numbering, StoreFull

PERIOD_S: Final = 5.0  # between two looks for holds that are over
PAUSE_S: Final = 0.02  # between two slices of a round: transactions come first

log: Final = structlog.get_logger()


class Pulse:
    """Beats until it is cancelled.

    Args:
        due: Where it is looked up what is due.
        sequence: Gives entries their numbers.
        opened_day: The last business date that somebody opened.
        has_room: Whether the switch has time for something that can wait.
    """

    def __init__(
        self,
        sequencer: Sequencer,
        due: Due,
        sequence: Numbering,
        clock: Clock,
        opened_day: Callable[[], date],
        has_room: Callable[[], bool],
    ) -> None:
        self._sequencer = sequencer
        self._due = due
        self._sequence = sequence
        self._clock = clock
        self._opened_day = opened_day
        self._has_room = has_room
        self._done: date | None = None  # the last day whose rounds were made
        self._day: date | None = None  # of the rounds that are under way
        self._round: Round | None = None
        self._holds_seen = START  # what ended before it is free; a start looks at all that ever did
        self._unwritten: Command | None = None  # that found no room on the disk

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
        """Look at one slice, and order what is due there, if there is room; whether there may be more."""
        if not self._has_room():
            return False
        now, programmes = self._clock.now(), self._sequencer.programmes
        owners = self._due.holds_over(now)
        if owners:
            await self._order(Sweep(owners, programmes, self._sequence))
            return True
        ended = self._due.holds_ended(self._holds_seen)
        if ended.holds:
            await self._order(FreeKept(ended.holds, programmes, self._sequence))
        self._holds_seen = ended.reached
        if ended.holds or ended.is_more:
            return True
        if self._round is None:
            day = max(business_date(programmes.current, now), self._opened_day())
            if day == self._done:
                return False
            self._day = day
            self._round = rounds(self._due, lambda: self._sequencer.programmes, self._sequence, day)
        try:
            await self._walk(self._round)
        except StoreFull:
            raise  # the order is given again
        except Exception:
            self._round, self._unwritten = None, None  # the rounds of the day begin again
            raise
        return True

    async def _walk(self, under_way: Round) -> None:
        if self._unwritten is None:
            try:
                self._unwritten = next(under_way)
            except StopIteration:
                self._done, self._round = self._day, None
                return
        if self._unwritten is not None:
            await self._order(self._unwritten)
            self._unwritten = None

    async def _order(self, command: Command) -> None:
        # The end of the switch cancels the beat, not what it has ordered.
        await asyncio.shield(self._sequencer.order(command))
