"""An event loop without sockets and threads whose time is made: it jumps to the next timer that is due.

An hour of waiting costs nothing, and what happens depends on nothing but the order in which it was asked for.
"""

import asyncio
import selectors
from collections.abc import Mapping
from typing import Any


class _Jumping(selectors.BaseSelector):
    """Waits for nobody: it moves the loop's time on by as much as it was told to wait."""

    def __init__(self) -> None:
        self.now = 0.0
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401  (the base class says so)
        key = selectors.SelectorKey(fileobj, 0, events, data)
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401  (as above)
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "the world stands still: nothing can go on, and nothing is due"
        self.now += timeout
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys


class WorldLoop(asyncio.SelectorEventLoop):
    """The loop. Its time begins at 0."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since the world began."""
        return self._jumping.now
