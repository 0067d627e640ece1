"""The feed: every decided transaction at least once, in order.

Records are read after the cursor, published, and only when they are acknowledged the cursor moves. So after
a crash the feed goes on at or before the first record that was not acknowledged; who reads it drops what he
has by ``seq``. Memory holds one batch: a broker that is away lets the books grow, and nothing else.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from analytics.cursor import Cursor
from analytics.source import BlockSource, FeedRecord

# Seconds between two batches that are not full. A record is that late at most while all is well, and the feed
# does not make the disk flush, which answers wait for too, more often than that.
_PAUSE_S: Final = 0.2
# Seconds between tries while the other side is away: soon for a restart, seldom for a night.
_BACKOFF_S: Final = (0.5, 1, 2, 5, 10, 30)


class ExportError(Exception):
    """The other side did not acknowledge; the same records will be published again."""


class Exporter(Protocol):
    """Brings records to somebody."""

    async def publish(self, records: Sequence[FeedRecord]) -> None:
        """Bring *records* over, and return when they are acknowledged.

        Raises:
            ExportError: They were not; some of them may have arrived.
        """
        ...

    async def close(self) -> None:
        """Let go of the connection or file."""
        ...


class Feed:
    """Moves records from *source* to *exporter*, at most *batch_size_max* at once.

    Args:
        delayed: Told why a try failed, each time.
        resumed: Told of the first success after that.
    """

    def __init__(
        self,
        source: BlockSource,
        exporter: Exporter,
        cursor: Cursor,
        *,
        batch_size_max: int,
        delayed: Callable[[ExportError], None],
        resumed: Callable[[], None],
    ) -> None:
        assert batch_size_max > 0
        self._source = source
        self._exporter = exporter
        self._cursor = cursor
        self._acknowledged = cursor.seq
        self._batch_size_max = batch_size_max
        self._delayed, self._resumed = delayed, resumed

    async def step(self) -> int:
        """Publish the next batch and give its size; 0 when there is nothing new.

        Raises:
            ExportError: It was not acknowledged, or the cursor cannot follow; the next step goes on there.
        """
        await self._move_cursor()
        records = await asyncio.to_thread(self._source.read, self._acknowledged, self._batch_size_max)
        if records:
            await self._exporter.publish(records)
            self._acknowledged = records[-1].seq
            await self._move_cursor()
        return len(records)

    async def _move_cursor(self) -> None:
        # On a full disk it lags behind; until it follows, nothing more is published that a restart repeats.
        if self._acknowledged > self._cursor.seq:
            try:
                await asyncio.to_thread(self._cursor.move, self._acknowledged)
            except OSError as error:
                raise ExportError(f"the cursor cannot be written: {error.strerror}") from error

    async def drain(self) -> int:
        """Publish all that is there now, and give how many records it was.

        Raises:
            ExportError: One batch was not acknowledged.
        """
        total = 0
        while count := await self.step():
            total += count
        return total

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until *stop* is set, whatever happens to the other side; then finish the batch at hand."""
        failures = 0
        while not stop.is_set():
            try:
                count = await self.step()
            except ExportError as error:
                self._delayed(error)
                pause = _BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)]
                failures += 1
                await wait(stop, pause)
                continue
            if failures:
                self._resumed()
                failures = 0
            if count < self._batch_size_max:
                await wait(stop, _PAUSE_S)


async def wait(stop: asyncio.Event, pause_s: float) -> None:
    """Wait for *stop*, *pause_s* at most."""
    try:
        async with asyncio.timeout(pause_s):
            await stop.wait()
    except TimeoutError:
        return


def lines_of(records: Sequence[FeedRecord]) -> bytes:
    """*records* as JSON lines: one object and one line end for each."""
    return "".join(
        json.dumps(record.fields, separators=(",", ":"), ensure_ascii=False) + "\n" for record in records
    ).encode()
