"""When Python's garbage is collected: while nobody waits.

What the start builds (tables, programmes, code) lives as long as the process and is frozen, so that no
collection looks at it again. After that a collection runs between transactions and not within one:
the young objects every second, all of them every hour.
"""

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_YOUNG: Final = 1  # generation: what came since the last time, and what survived it once
YOUNG_S: Final = 1.0
YOUNG_LATEST_S: Final = 10.0  # also when it is never idle
ALL_S: Final = 3600.0


class Collector:
    """Collects on the running event loop whenever *is_idle*, from its making until ``stop``."""

    def __init__(self, is_idle: Callable[[], bool]) -> None:
        self._is_idle = is_idle
        self._loop = asyncio.get_running_loop()
        gc.collect()
        gc.freeze()
        gc.disable()
        self._young_at = self._all_at = self._loop.time()
        self._timer = self._loop.call_later(YOUNG_S, self._look)

    def stop(self) -> None:
        """Leave it to Python again."""
        self._timer.cancel()
        gc.enable()
        gc.unfreeze()

    def _look(self) -> None:
        self._timer = self._loop.call_later(YOUNG_S, self._look)
        now, is_idle = self._loop.time(), self._is_idle()
        if is_idle and now - self._all_at > ALL_S:
            self._all_at = self._young_at = now
            gc.collect()
        elif is_idle or now - self._young_at > YOUNG_LATEST_S:
            self._young_at = now
            gc.collect(_YOUNG)


@contextmanager
def without_collector() -> Iterator[None]:
    """Nothing is collected within: for what goes through millions of rows, which are in no cycles."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
