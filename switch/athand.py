"""What a decision needs and is not at hand: it is fetched while everything else goes on.

A decision looks things up at once, in some microseconds. What takes longer (a programme that is not in
memory, the totals of a very large batch) raises ``NotAtHand`` instead. The message is then set apart, with
all that its terminal sends behind it, so that answers to one terminal keep their order; it is decided when
the thing is there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Final

import structlog

from switch.work import Work

_TERMINAL: Final = 41  # DE 41
GRACE_S: Final = 0.01  # behind the deadline, so that it is over for certain

log: Final = structlog.get_logger()

Place = tuple[int, str | None]  # a connection, and a terminal behind it


class NotAtHand(Exception):  # noqa: N818  (a state of knowledge, not a mistake)
    """Something has to be fetched before this can be decided.

    Attributes:
        fetch: Makes it at hand, for some time; called again while it does so, it waits for the same.
    """

    def __init__(self, fetch: Callable[[], Awaitable[None]]) -> None:
        super().__init__("it has to be fetched")
        self.fetch = fetch


class Apart:
    """The works that wait for something, each with those of its terminal that came behind it.

    Attributes:
        waiting: Those works, by connection and terminal.
        late: All that were ever set apart and are not answered yet.

    Args:
        again: Takes works that can be decided now, in order, to be decided before all others.
        time: The event loop's clock, in seconds.
        deadline_s: Of a request: then it is told that it is too late, whether the thing is there or not.
    """

    def __init__(
        self, again: Callable[[Sequence[Work]], None], time: Callable[[], float], deadline_s: float
    ) -> None:
        self._again = again
        self._time = time
        self._deadline_s = deadline_s
        self.waiting: dict[Place, list[Work]] = {}
        self.late: dict[int, Work] = {}  # by id
        self._tasks: set[asyncio.Future[None]] = set()

    def __len__(self) -> int:
        return sum(len(works) for works in self.waiting.values())

    def takes(self, work: Work) -> bool:
        """Whether *work* has to wait behind another one of its terminal; if so, it does."""
        behind = self.waiting.get(_place_of(work))
        if behind is None:
            return False
        behind.append(work)
        self._note(work)
        return True

    def put(self, work: Work, missing: NotAtHand) -> None:
        """Set *work* apart until what is *missing* is there, or its time is over."""
        place = _place_of(work)
        assert place not in self.waiting
        self.waiting[place] = [work]
        self._note(work)
        self._keep(asyncio.ensure_future(self._bring(place, work, missing)))

    def answered(self, works: Iterable[Work]) -> Iterator[Work]:
        """*works*, each of which is answered before the next one is asked for."""
        for work in works:
            if self.late.pop(id(work), None) is not None:
                work.connection.set_apart(is_apart=False)
            yield work

    def _note(self, work: Work) -> None:
        if id(work) not in self.late:
            self.late[id(work)] = work
            work.connection.set_apart(is_apart=True)

    async def _bring(self, place: Place, work: Work, missing: NotAtHand) -> None:
        try:
            left_s = None
            if work.has_deadline:
                left_s = max(work.arrived + self._deadline_s - self._time(), 0) + GRACE_S
            fetching = self._keep(
                asyncio.ensure_future(missing.fetch())
            )  # goes on when nobody waits any more
            await asyncio.wait({fetching}, timeout=left_s)
            if fetching.done():
                fetching.result()
        except Exception:  # the boundary of what is fetched; whoever waits may ask again
            log.exception("fetch.failed")
            work.is_lost = True
        finally:
            self._again(self.waiting.pop(place))

    def _keep(self, task: "asyncio.Future[None]") -> "asyncio.Future[None]":
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _place_of(work: Work) -> Place:
    return id(work.connection), work.event.message.elements.get(_TERMINAL)
