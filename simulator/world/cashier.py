"""Who works at a till: what is bought, paid, brought back and undone there, and what no answer leads to.

The till is the simulator's own, with its rule for messages that stay unanswered; it speaks through the client
of real terminals, whose connections are wires of the world.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Final

from loyalty.clock import Clock
from loyalty.transaction import BasketLine
from simulator.client import AsyncHostLink, Writer
from simulator.message import Answer, Card, Ending, Request
from simulator.terminal import Answered, NotSent, Terminal, Unanswered
from simulator.till import Identity, Till
from simulator.world.diary import TRANSIENT, Diary
from simulator.world.history import History
from simulator.world.network import Call, Network
from simulator.world.perils import Perils, happens

_PAUSE_S: Final = (0.05, 6.0)
_BACK_OFF_S: Final = (1.0, 10.0)
_CONNECTING_S: Final = 0.01
_TRIES_MAX: Final = 40  # of settling in the end, on wires and a disk that work

_SALE, _PAID, _REDEEM, _REFUND, _VOID, _REVERSAL, _BALANCE, _QUOTE, _TRANSFER = range(9)
_MIX: Final = (
    [_SALE] * 45 + [_PAID] * 9 + [_REDEEM] * 16 + [_REFUND] * 8 + [_VOID] * 5 + [_REVERSAL] * 7
    + [_BALANCE] * 8 + [_QUOTE] * 2 + [_TRANSFER] * 6
)  # fmt: skip


_PARTLY: Final = frozenset({"sale", "redeem", "transfer"})
_UNDOABLE: Final = _PARTLY | {"refund"}


class _Wire(Writer):
    """The till's end of a connection."""

    def __init__(self, note_sent: Callable[[bytes], None]) -> None:
        self.reader = asyncio.StreamReader()
        self.has_ended = False
        self.call: Call
        self._note_sent = note_sent

    def end(self) -> None:
        """The other side has hung up."""
        if not self.has_ended:
            self.has_ended = True
            self.reader.feed_eof()

    def write(self, data: bytes) -> None:
        self._note_sent(data)
        self.call.send(data)

    def close(self) -> None:
        self.has_ended = True
        self.call.hang_up()

    async def wait_closed(self) -> None:
        """It is closed at once."""


class Cashier:
    """Works at the till *identity*, for the customers with *cards*. *perils* may be replaced."""

    def __init__(
        self,
        identity: Identity,
        cards: Sequence[str],
        clock: Clock,
        network: Network,
        diary: Diary,
        history: History,
        perils: Perils,
        random: Random,
        *,
        stan: int,
    ) -> None:
        self.perils = perils
        self.name = identity.terminal_id
        self._cards = [Card(number=number) for number in cards]
        self._till = Till(identity, clock, stan=stan)
        self._network = network
        self._diary = diary
        self._history = history
        self._random = random
        self._done: list[tuple[Request, Answer]] = []  # approved, and not undone by this cashier
        self._wire: _Wire | None = None
        self._terminal = Terminal(self._till)
        self._line = AsyncHostLink(self._terminal, self._connect)

    @property
    def owes(self) -> int:
        """Messages that the till keeps until they are answered."""
        return len(self._terminal.kept)

    async def work(self, steps: int) -> None:
        """Serve *steps* customers."""
        for _ in range(steps):
            await asyncio.sleep(self._random.uniform(*_PAUSE_S))
            await self._ask(self._next())
            if happens(self._random, self.perils.shut):
                await self._shut()

    async def settle(self) -> None:
        """Send what is owed, and ask for every balance; the world is in order now."""
        for _ in range(_TRIES_MAX):
            if not self.owes:
                break
            await self._ask(self._till.balance(self._cards[0]))
            await asyncio.sleep(1)
        for card in self._cards:
            await self._ask(self._till.balance(card))
        await self._line.close()

    # What a cashier does

    def _next(self) -> Request:
        """What comes in at the till next."""
        random, till = self._random, self._till
        card = random.choice(self._cards)
        amount_minor = random.choice((random.randint(1, 400), random.randint(100, 9000)))
        done = random.choice(self._done) if self._done else None
        match random.choice(_MIX):
            case 0:
                ticket = random.choice((None, None, f"A{random.randint(1, 3)}"))
                return till.sale(card, amount_minor, lines=self._basket(amount_minor), ticket=ticket)
            case 1:
                return till.sale(card, amount_minor, points=random.randint(1, 60))
            case 2:
                ticket = random.choice((None, f"A{random.randint(1, 3)}"))
                return till.redeem(card, random.randint(1, 80), ticket=ticket)
            case 3 if done is not None and done[0].operation == "sale":
                whole = int(done[0].elements["4"])
                part = random.choice((whole, random.randint(1, whole)))
                return till.refund(part, original=self._named(*done))
            case 3:
                return till.refund(amount_minor, card=card)
            case 4 if done is not None:
                self._done.remove(done)
                return till.void(self._named(*done))
            case 5 if done is not None:
                self._done.remove(done)
                return self._regret(*done)
            case 7:
                return till.quote(card, amount_minor)
            case 8 if len(self._cards) > 1:
                to = random.choice([other for other in self._cards if other != card])
                return till.transfer(card, random.randint(1, 60), to.number)
        return till.balance(card)

    def _basket(self, amount_minor: int) -> Sequence[BasketLine]:
        if self._random.random() < 0.7:
            return ()
        first = self._random.randint(0, amount_minor)
        return (
            BasketLine("milk", 1000, "U", first, "", ""),
            BasketLine("pears", 850, "K", amount_minor - first, "", ""),
        )

    def _named(self, request: Request, answer: Answer) -> Request | str:
        """An original, named by itself or by its receipt."""
        return self._random.choice((request, answer.rrn))

    def _regret(self, request: Request, answer: Answer) -> Request:
        """A reversal by hand, of all or of a part."""
        final = None
        if request.operation in _PARTLY and self._random.random() < 0.4:
            final = self._random.randint(1, int(answer.elements["4"]))
        return self._till.reversal(request, final_minor=final, advice=self._random.random() < 0.5)

    async def _ask(self, request: Request) -> None:
        """Send *request* by the till's rule, and again where that is right or harmless."""
        for _ in range(3):
            result = await self._line.exchange(request)
            match result:
                case Answered(request=request, answer=answer) if answer.code in TRANSIENT:
                    await asyncio.sleep(self._random.uniform(*_BACK_OFF_S))
                    request = request.as_repeat()
                case Answered(request=request, answer=answer):
                    if answer.is_approved and request.operation in _UNDOABLE:
                        self._done.append((request, answer))
                    if happens(self._random, self.perils.impatient):
                        self._history.count("asked again by hand")
                        again = replace(request.as_repeat(), ending=Ending.FORGET)
                        await self._line.exchange(again)
                    return
                case Unanswered(kept=kept):
                    kind = "forgets" if kept is None else f"keeps a {kept.mti}"
                    self._history.tell(self.name, f"has no answer to stan {request.stan} and {kind}")
                    return
                case NotSent():
                    await asyncio.sleep(self._random.uniform(*_BACK_OFF_S))
                    return

    async def _shut(self) -> None:
        """The power goes at the till: reversals are in a memory that keeps them, advices are not."""
        await self._line.close()
        kept = [request for request in self._terminal.kept if request.is_reversal]
        self._history.tell(self.name, f"is switched off and on, with {len(kept)} reversals to send")
        self._history.count("till switched off")
        self._terminal = Terminal(self._till, kept=kept)
        self._line = AsyncHostLink(self._terminal, self._connect)

    # Its wire

    async def _connect(self) -> tuple[asyncio.StreamReader, Writer]:
        await asyncio.sleep(_CONNECTING_S)
        wire = _Wire(self._note_sent)
        wire.call = self._network.call(self.name, self._hear, wire.end)
        self._wire = wire
        return wire.reader, wire

    def _note_sent(self, frame: bytes) -> None:
        elements = self._diary.sent(frame)
        words = [elements["t"], elements.get("3", ""), f"stan {elements['11']}"]
        if "4" in elements:
            words.append(f"amount {int(elements['4'])}")
        if "95" in elements:
            words.append(f"final {int(elements['95'][:12])}")
        if "90" in elements:
            words.append(f"of stan {elements['90'][4:10]}")
        self._history.tell(self.name, "sends " + " ".join(filter(None, words)), frame)

    def _hear(self, frame: bytes) -> None:
        wire = self._wire
        if wire is None or wire.has_ended:
            self._history.tell("wire", f"has nobody to bring an answer to at {self.name}")
            return
        answer = self._diary.told(frame)
        words = [answer.elements["t"], f"stan {answer.elements['11']}", answer.code, answer.reason]
        for name, points in (("earned", answer.earned), ("used", answer.used), ("balance", answer.available)):
            if points is not None:
                words.append(f"{name} {points}")
        self._history.tell(self.name, "hears " + " ".join(filter(None, words)), frame)
        wire.reader.feed_data(frame)
