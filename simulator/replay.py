"""A day of baskets, replayed from a till in every store over TCP.

Baskets come in the order of their times, and the clock of the switch is moved on with them. Several visits
are in work at once, but those of one household and those of one till follow each other, so that what a till
hears does not depend on the machine.
"""

import asyncio
import heapq
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from loyalty.errors import LoyaltyError
from simulator.account import Account
from simulator.client import Address
from simulator.journey.sample import Basket
from simulator.till import Identity
from simulator.visit import Checkout, Fate, Heard, Purchase, Return, Visit

IN_WORK_MAX: Final = 16


class ReplayClock:
    """Stands at the time of the basket that is being bought; goes on by itself when that is wanted."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._running_since: float | None = None

    def now(self) -> datetime:
        if self._running_since is None:
            return self._now
        return self._now + timedelta(seconds=time.monotonic() - self._running_since)

    def set(self, now: datetime) -> None:
        """Stand at *now*."""
        self._now = now

    def go_on(self) -> None:
        """Run from here, a second a second."""
        self._running_since = time.monotonic()


class Replay:
    """One replay. *account* keeps what the tills hear, *watch* is told of it.

    Args:
        clock: The switch's; it is set to the time of each basket.
        identity_of: The till of each store.
        is_plain: Whether a household's card cannot be used, so that only the sale happens.
        step_points: Points are used in multiples of this, and each pays one minor unit.

    Attributes:
        skipped: Baskets that sum to nothing.
        latencies_s: Of the messages whose first answer was heard.
    """

    def __init__(
        self,
        address: Address,
        clock: ReplayClock,
        account: Account,
        *,
        identity_of: Callable[[int], Identity],
        is_plain: Callable[[int], bool],
        step_points: int,
        seed: int = 1,
        watch: Callable[[Heard], None] = lambda _heard: None,
    ) -> None:
        self.baskets = 0
        self.skipped = 0
        self.fates: Counter[Fate] = Counter()
        self.latencies_s = array("d")
        self._address = address
        self._clock = clock
        self._account = account
        self._identity_of = identity_of
        self._is_plain = is_plain
        self._step_points = step_points
        self._seed = seed
        self._watch = watch
        self._checkouts: dict[int, Checkout] = {}
        self._later: list[tuple[datetime, int, Return]] = []
        self._last: dict[tuple[str, int], asyncio.Task[None]] = {}

    @property
    def stores(self) -> int:
        """How many stores something was bought in."""
        return len(self._checkouts)

    async def run(self, baskets: Iterable[Basket]) -> None:
        """Replay *baskets*, which come in the order of their times.

        Raises:
            LoyaltyError: The switch does not answer.
        """
        gate = asyncio.Semaphore(IN_WORK_MAX)
        try:
            async with asyncio.TaskGroup() as group:
                for visit in self._in_order(baskets):
                    await gate.acquire()
                    self._clock.set(visit.at)
                    keys = (("store", visit.basket.store), ("household", visit.basket.household))
                    before = {self._last[key] for key in keys if key in self._last}
                    task = group.create_task(self._after(before, visit, gate))
                    self._last |= dict.fromkeys(keys, task)
        except* LoyaltyError as several:
            raise several.exceptions[0] from several
        finally:
            for checkout in self._checkouts.values():
                await checkout.close()

    async def _after(
        self, before: Iterable[asyncio.Task[None]], visit: Visit, gate: asyncio.Semaphore
    ) -> None:
        """Let *visit* take place when those that it follows have."""
        try:
            for earlier in before:
                await earlier
            checkout = self._checkout(visit)
            checkout.clock.set(visit.at)
            await visit.take_place(checkout)
        finally:
            gate.release()

    def _in_order(self, baskets: Iterable[Basket]) -> Iterator[Visit]:
        """Purchases and what is brought back, in the order of their times."""
        for basket in baskets:
            while self._later and self._later[0][0] <= basket.at:
                yield heapq.heappop(self._later)[2]
            if basket.amount_minor == 0:
                self.skipped += 1
                continue
            self.baskets += 1
            purchase = Purchase(
                basket,
                self._seed,
                is_plain=self._is_plain(basket.household),
                step_points=self._step_points,
            )
            self.fates[purchase.fate] += 1
            yield purchase
            if purchase.fate is Fate.RETURN:
                later = Return(purchase)
                heapq.heappush(self._later, (later.at, basket.basket_id, later))
        while self._later:
            yield heapq.heappop(self._later)[2]

    def _checkout(self, visit: Visit) -> Checkout:
        store = visit.basket.store
        if store not in self._checkouts:
            self._checkouts[store] = Checkout(
                store,
                self._identity_of(store),
                self._address,
                self._account,
                self.latencies_s,
                self._watch,
                opens_at=visit.at,
            )
        return self._checkouts[store]
