"""Who works at a till: sends what customers want, does what no answer leads to, and closes the batch.

The till is the simulator's own, with its rule for messages that stay unanswered; it speaks through the client
of real terminals, whose connections are wires of the world.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Final

from loyalty.clock import Clock
from simulator.client import AsyncHostLink, Writer
from simulator.message import Answer, Ending, Request
from simulator.terminal import Answered, Result, Terminal, Unanswered
from simulator.till import Identity, Till
from simulator.world.customers import Customers
from simulator.world.diary import TRANSIENT, Diary
from simulator.world.errands import Errand, Errands
from simulator.world.history import History
from simulator.world.network import Call, Network
from simulator.world.perils import Perils, happens
from simulator.world.tillbook import TillBook, line_of

_PAUSE_S: Final = (0.05, 6.0)
_BACK_OFF_S: Final = (1.0, 10.0)
_CONNECTING_S: Final = 0.01
_TRIES: Final = 3
_TRIES_MAX: Final = (
    40  # of settling in the end, on wires and a disk that work; and of what must not be given up
)
_OFFLINE: Final = 40  # per mille: a sale that nobody sends to the switch while it happens
_CLOSING: Final = 50  # ... a customer after whom the batch is closed


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
    """Works at the till *identity*, for *who* of the *customers*. *perils* may be replaced.

    Attributes:
        faults: What the switch told that the till cannot believe.
    """

    def __init__(
        self,
        identity: Identity,
        customers: Customers,
        who: Sequence[int],
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
        self.faults: list[str] = []
        self._who = who
        self._till = Till(identity, clock, stan=stan)
        self._errands = Errands(self._till, customers, who, random)
        self._book = TillBook()
        self._closing: Request | None = None  # a RECONCILE of which nothing is known yet
        self._is_closed = True
        self._network = network
        self._diary = diary
        self._history = history
        self._random = random
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
            if self._closing is not None or happens(self._random, _CLOSING):
                await self._close_batch()
            if self._closing is None:
                await self._serve()
            if happens(self._random, self.perils.shut):
                await self._shut()

    async def settle(self) -> None:
        """Send what is owed, close the batch, and ask for every balance; the world is in order now."""
        for _ in range(_TRIES_MAX):
            if not self.owes:
                break
            await self._ask(self._errands.balance())
            await asyncio.sleep(1)
        self._is_closed = False
        for _ in range(_TRIES_MAX):
            await self._close_batch()
            if self.faults or self._is_closed:
                break
        else:
            self.faults.append(f"{self.name}: its batch could not be closed")
        for customer in self._who:
            await self._ask(self._errands.balance(customer))
        await self._line.close()

    # Customers

    async def _serve(self) -> None:
        if happens(self._random, _OFFLINE):
            sale = self._errands.sale().request
            self._book.took_place(sale)
            self._history.tell(self.name, f"sells offline, stan {sale.stan}")
            self._history.count("sale offline")
            return
        await self._ask(self._errands.next())

    async def _ask(self, errand: Errand) -> None:
        """Send the request of *errand* by the till's rule, and again where that is right or harmless."""
        request = errand.request
        must_be = request.is_reversal or request.operation == "upload"
        for _ in range(_TRIES_MAX if must_be else _TRIES):
            result = await self._exchange(request)
            if isinstance(result, Unanswered):
                self._heard_nothing(errand, result)
                return
            if isinstance(result, Answered) and result.answer.code not in TRANSIENT:
                self._heard(errand, result.request, result.answer)
                if happens(self._random, self.perils.impatient):
                    self._history.count("asked again by hand")
                    await self._exchange(replace(result.request.as_repeat(), ending=Ending.FORGET))
                return
            await asyncio.sleep(self._random.uniform(*_BACK_OFF_S))
            if isinstance(result, Answered):
                request = result.request.as_repeat()
            elif not must_be and request is errand.request:  # nothing of it ever left
                if request.operation == "sale" and request.ending is Ending.ADVISE:
                    self._book.took_place(request)
                return
        await self._give_up(errand.request)

    def _heard_nothing(self, errand: Errand, result: Unanswered) -> None:
        request, kept = result.request, result.kept
        kind = "forgets" if kept is None else f"keeps a {kept.mti}"
        self._history.tell(self.name, f"has no answer to stan {request.stan} and {kind}")
        if kept is None or (kept.is_reversal and not request.is_reversal):
            return
        if request.operation == "sale":
            self._book.took_place(errand.request)
        else:
            self._book.count(errand, request)  # it will be told

    async def _give_up(self, request: Request) -> None:
        """Nobody knows whether a copy of *request* is on its way still: let that make no difference."""
        match request.ending:
            case Ending.ADVISE if request.operation == "sale":
                self._book.took_place(request)
            case Ending.ADVISE | Ending.REVERSE if request.operation != "upload" and not request.is_reversal:
                await self._ask(Errand(self._till.reversal(request)))
            case _:
                pass

    def _heard(self, errand: Errand, request: Request, answer: Answer) -> None:
        if request.operation == "upload":
            self._book.told.add(line_of(request))
        elif answer.is_approved and (request.operation != "sale" or answer.approval):
            self._history.count(request.operation)
            self._book.count(errand, request, answer)
            self._errands.approved(errand, request, answer)

    async def _exchange(self, request: Request) -> Result:
        result = await self._line.exchange(request)
        for kept, answer in self._terminal.settled:
            if kept.operation == "upload":
                self._book.told.add(line_of(kept))
            elif kept.operation == "sale":
                self._book.settled(kept, answer)
        return result

    async def _shut(self) -> None:
        """The power goes at the till. Reversals and completions stay in its memory, sales in its journal."""
        await self._line.close()
        kept = [request for request in self._terminal.kept if request.operation not in ("sale", "upload")]
        self._history.tell(self.name, f"is switched off and on, with {len(kept)} messages to send")
        self._history.count("till switched off")
        self._terminal = Terminal(self._till, kept=kept)
        self._line = AsyncHostLink(self._terminal, self._connect)

    # The batch

    async def _close_batch(self) -> None:
        """Ask the switch whether it counts what the till counts, unless something has to be told first."""
        if self._closing is None:
            if self.owes:
                await self._ask(self._errands.balance())
            if self.owes:
                return
            self._closing = self._till.reconcile(self._book.claim())
        for _ in range(_TRIES):
            result = await self._exchange(self._closing)
            if isinstance(result, Answered) and result.answer.code not in TRANSIENT:
                self._closing = None
                await self._reconciled(result.answer)
                return
            if not isinstance(result, Unanswered):
                await asyncio.sleep(self._random.uniform(*_BACK_OFF_S))
            self._closing = self._closing.as_repeat()

    async def _reconciled(self, answer: Answer) -> None:
        book = self._book
        if answer.is_approved:
            self._history.count("batch closed")
            self._is_closed = True
            book.close()
            return
        self._history.count("batch differs")
        untold = [line for key, line in book.lines.items() if key not in book.told]
        if not untold:
            told = {element: _figure(answer.elements[element]) for element in book.claim()}
            unheard = book.without_effect(told)
            if unheard is None:
                self.faults.append(f"{self.name}: claimed {dict(book.claim())}, and was told {told}")
                return
            book.forget(unheard)
        for line in untold:
            self._history.count("line uploaded")
            await self._ask(Errand(self._till.upload(line)))
        if not self.owes:
            self._closing = self._till.reconcile(book.claim(), trailer=True)

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


def _figure(text: str) -> int:
    """The number of a total; negative with a D before it."""
    return -int(text[1:]) if text[0] == "D" else int(text.removeprefix("C"))
