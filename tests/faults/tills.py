"""Tills that keep what they sent and were told, and know from that alone what the books must hold."""

import contextlib
import random
import threading
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.conformance.till import Answer, HungUp, Link, Message, Till, frame, original

IN_FLIGHT: Final = 6  # messages that a till has sent and not been answered
WARM: Final = 50  # messages after which a till counts as busy
TRANSIENT: Final = frozenset({"91", "96"})  # nothing was booked, and nothing is remembered


@dataclass(slots=True)
class Exchange:
    """A message and, once it came, its answer."""

    message: Message
    sent: bytes
    told: bytes | None = None

    @property
    def answer(self) -> Answer:
        """What it was told."""
        assert self.told is not None
        return Answer.decode(self.told)

    @property
    def is_settled(self) -> bool:
        """It was answered for good: the same bytes will bring the same answer for ever."""
        return self.told is not None and self.answer.code not in TRANSIENT


class BusyTill:
    """One terminal with cards of its own, busy on one connection until it is cut off."""

    def __init__(self, terminal_id: str, cards: list[str], stans: Iterator[int], seed: int) -> None:
        self.exchanges: list[Exchange] = []
        self.wrong: list[str] = []
        self.cards = cards
        self._till = Till(terminal_id, stans)
        self._random = random.Random(seed)
        self._reversed: set[int] = set()
        self._settled = 0  # exchanges before this one are answered for good
        self._counted = 0  # ... and these are in the points of the cards
        self._points: Counter[str] = Counter()
        self._thread = threading.Thread(daemon=True)
        self.is_busy = threading.Event()

    # Work

    def begin(self, address: tuple[str, int]) -> None:
        """Work on a connection to *address*, until it is cut off."""
        self._thread = threading.Thread(target=self._work, args=(address,), daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Wait until it is cut off."""
        self._thread.join()

    def _work(self, address: tuple[str, int]) -> None:
        with contextlib.suppress(HungUp, ConnectionError), Link(address, timeout_s=20) as link:
            open_ones: deque[Exchange] = deque()
            while True:
                while len(open_ones) < IN_FLIGHT:
                    exchange = self._next()
                    open_ones.append(exchange)
                    link.send(exchange.sent)
                self._hear(open_ones.popleft(), link.receive())
                if len(self.exchanges) > WARM:
                    self.is_busy.set()

    def _next(self) -> Exchange:
        """What comes in at the till next: mostly sales, some redemptions, some regrets."""
        dice = self._random.random()
        card = self._random.choice(self.cards)
        if dice < 0.6:
            message = self._till.message("earn", card=card, amount=self._random.randint(1, 20_000))
        elif dice < 0.85:
            message = self._till.message("redeem", card=card, amount=self._random.randint(1, 100))
        elif (sale := self._regretted()) is not None:
            elements = {90: original(sale.message)}
            card = sale.message.elements[2]
            message = self._till.message("reverse", card=card, amount=None, elements=elements)
        else:
            message = self._till.message("inquiry", card=card)
        exchange = Exchange(message, frame(message.encode()))
        self.exchanges.append(exchange)
        return exchange

    def _regretted(self) -> Exchange | None:
        """A sale of this till that was approved and is not taken back yet."""
        at = self._random.randrange(max(1, len(self.exchanges)))
        for place in range(at, min(at + 20, len(self.exchanges))):
            sale = self.exchanges[place]
            is_sale = sale.message.elements[3] == "000000" and sale.message.mti == "0200"
            if is_sale and sale.is_settled and place not in self._reversed:
                self._reversed.add(place)
                return sale
        return None

    def _hear(self, exchange: Exchange, told: bytes) -> None:
        exchange.told = told
        got, asked = exchange.answer.element(11), exchange.message.elements[11]
        if got != asked:
            self.wrong.append(f"the answer to {asked} came as that of {got}")

    # Judgement

    @property
    def in_the_dark(self) -> int:
        """Messages of this life of the switch whose answer never came."""
        return sum(exchange.told is None for exchange in self.exchanges[self._settled :])

    def settle(self, address: tuple[str, int], *, sample: int) -> int:
        """Send again what was not answered, and of what was the last *sample*; how many that was.

        Nothing else is known of the dark time, so this is what a till would do.
        """
        with Link(address, timeout_s=20) as link:
            open_ones = [one for one in self.exchanges[self._settled :] if not one.is_settled]
            for exchange in open_ones:
                link.send(exchange.sent)
                self._hear(exchange, link.receive())
                if not exchange.is_settled:
                    self.wrong.append(f"a repeat of {exchange.message.elements[11]} was told to come again")
            self._settled = len(self.exchanges)
            known = [one for one in self.exchanges[-2 * sample :] if self._is_remembered(one)][-sample:]
            for exchange in known:
                link.send(exchange.sent)
                if link.receive() != exchange.told:
                    self.wrong.append(
                        f"{exchange.message.elements[11]} was told something else the second time"
                    )
        return len(open_ones) + len(known)

    def check_balances(self, address: tuple[str, int]) -> None:
        """Each card has what its answers add up to."""
        points = self._points
        for exchange in self.exchanges[self._counted :]:
            answer, card = exchange.answer, exchange.message.elements[2]
            if answer.code != "00" or not self._is_remembered(exchange):
                continue
            given_back = exchange.message.mti == "0400"
            points[card] += answer.figure("050")
            points[card] += answer.figure("051") if given_back else -answer.figure("051")
        self._counted = len(self.exchanges)
        with Link(address, timeout_s=20) as link:
            for card in self.cards:
                answer = link.ask(self._till.message("inquiry", card=card))
                if answer.figure("052") != points[card]:
                    told = f"has {answer.figure('052')} points, and {points[card]} by its answers"
                    self.wrong.append(f"card ending in {card[-4:]} {told}")

    @staticmethod
    def _is_remembered(exchange: Exchange) -> bool:
        return exchange.is_settled and exchange.message.elements[3] != "300000"
