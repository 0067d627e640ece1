"""What happens at a till when a household buys a basket, with all that goes wrong there.

Whether something goes wrong is drawn from the seed and the basket, so a visit is the same in every replay.
"""

import enum
import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final, Protocol

from loyalty.clock import ManualClock
from loyalty.errors import LoyaltyError
from loyalty.transaction import BasketLine
from simulator.account import Account
from simulator.cards import card_number
from simulator.client import Address, AsyncHostLink, connect_to
from simulator.journey.sample import Basket
from simulator.message import Answer, Card, Request
from simulator.terminal import Answered, Terminal, Unanswered
from simulator.till import Identity, Till
from simulator.wire import FrameReader, read_body

_STRANGERS_FROM: Final = 900_000_000  # their cards were never issued
_NOT_ACTIVE: Final = "78"
_REVERSED_BEFORE: Final = "12"


class Fate(enum.Enum):
    """What happens at a visit beside the sale."""

    NOTHING = "nothing"
    STRANGER = "the card is not known"
    BALANCE = "the balance is asked for"
    QUOTE = "the customer asks what it would bring"
    ANSWER_LOST = "the answer to the sale is lost"
    VOID = "the cashier voids the sale and does it again"
    LESS = "one thing is taken off the ticket"
    OVERTAKEN = "a reversal overtakes its sale"
    RETURN = "things are brought back later"


# Of a thousand visits.
_FATES: Final = {
    Fate.STRANGER: 10,
    Fate.BALANCE: 20,
    Fate.QUOTE: 30,
    Fate.ANSWER_LOST: 30,
    Fate.VOID: 10,
    Fate.LESS: 10,
    Fate.OVERTAKEN: 10,
    Fate.RETURN: 60,
}
# Of a thousand visits of customers who have the points.
_REDEEMS: Final = 800
# Of a thousand redemptions: in the sale itself, by tag 020; one answer is lost; two are.
_REDEEMS_IN_SALE: Final = 250
_ONE_ANSWER_LOST: Final = 150
_TWO_ANSWERS_LOST: Final = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An answer, for those who watch."""

    at: datetime
    store: int
    household: int | None
    request: Request
    answer: Answer
    lines: Sequence[BasketLine]


class LossyLink(AsyncHostLink):
    """A line that loses the next *to_lose* answers. The till does not wait: its time is up at once."""

    def __init__(self, terminal: Terminal, address: Address) -> None:
        super().__init__(terminal, connect_to(address))
        self.to_lose = 0
        self.lost: list[Mapping[str, str]] = []
        self._reader = FrameReader()

    def hear(self, data: bytes) -> bytes:
        if not self.to_lose:
            return super().hear(data)
        bodies = self._reader.receive_data(data)
        assert len(bodies) <= 1  # one message is in work
        if not bodies:
            return b""
        self.to_lose -= 1
        self.lost.append(read_body(bodies[0]))
        return self.terminal.no_answer()


class Checkout:
    """The till of a store. One visit at a time takes place there; its *clock* stands at the visit's time."""

    def __init__(
        self,
        store: int,
        identity: Identity,
        address: Address,
        account: Account,
        latencies_s: "array[float]",
        watch: Callable[[Heard], None],
        *,
        opens_at: datetime,
    ) -> None:
        self.account = account
        self.clock = ManualClock(opens_at)
        self.till = till = Till(identity, self.clock)
        self._store = store
        self._link = LossyLink(Terminal(till), address)
        self._latencies_s = latencies_s
        self._watch = watch

    async def ask(
        self,
        basket: Basket,
        request: Request,
        *,
        lose: int = 0,
        known: bool = True,
        lines: Sequence[BasketLine] = (),
    ) -> Answered | None:
        """The answer to *request*, of which the first *lose* ones are lost; ``None`` when all of them were.

        *lines* are those of the request, and *known* is whether the card is the household's own.

        Raises:
            LoyaltyError: There is none though none was lost.
        """
        link = self._link
        link.to_lose, link.lost = lose, []
        begin = time.perf_counter()
        result = await link.exchange(request)
        if not lose:
            self._latencies_s.append(time.perf_counter() - begin)
        for kept, answer in link.terminal.settled:
            self.account.hear_undone(kept, answer)
        if isinstance(result, Unanswered) and lose:
            return None
        if not isinstance(result, Answered):
            raise LoyaltyError(
                f"did not answer a {request.operation}", where="the switch", hint="look at its log"
            )
        self.account.repeated[request.operation] += bool(link.lost)
        for lost in link.lost:
            same = {**lost, "t": ""} == {**result.answer.elements, "t": ""}
            self.account.expect(f"a repeat of {result.answer.rrn} got another answer", holds=same)
        household = basket.household if known else None
        self.account.hear(household, request, result.answer)
        self._watch(
            Heard(
                at=basket.at,
                store=self._store,
                household=household,
                request=result.request,
                answer=result.answer,
                lines=lines,
            )
        )
        return result

    async def close(self) -> None:
        """Hang up."""
        await self._link.close()


class Visit(Protocol):
    """Something that a household does at a time in a store."""

    @property
    def at(self) -> datetime: ...

    @property
    def basket(self) -> Basket: ...

    async def take_place(self, checkout: Checkout) -> None: ...


class Purchase:
    """A basket is bought.

    Args:
        is_plain: The customer's card cannot be used, and nothing else shall happen.
        step_points: Points are used in multiples of this, and each pays one minor unit.
    """

    def __init__(self, basket: Basket, seed: int, *, is_plain: bool, step_points: int) -> None:
        self.basket = basket
        self.at = basket.at
        self.random = Random(f"{seed}/{basket.basket_id}")  # noqa: S311  (a game, no secret)
        fate = self.random.choices((*_FATES, Fate.NOTHING), (*_FATES.values(), 1000 - sum(_FATES.values())))[
            0
        ]
        self.fate = Fate.NOTHING if is_plain else fate
        self.sale: Answered | None = None
        self._card = Card(number=card_number(basket.household))
        self._ticket = str(basket.basket_id)
        self._step = step_points

    async def take_place(self, checkout: Checkout) -> None:
        """From asking for the balance to the sale and its correction."""
        basket, till = self.basket, checkout.till
        quoted = None
        match self.fate:
            case Fate.STRANGER:
                self._card = Card(number=card_number(_STRANGERS_FROM + basket.household))
                await checkout.ask(basket, self._sale(till), known=False)
                return
            case Fate.BALANCE:
                await checkout.ask(basket, till.balance(self._card))
            case Fate.QUOTE:
                request = till.quote(self._card, basket.amount_minor, lines=basket.lines)
                quoted = await checkout.ask(basket, request)
            case Fate.OVERTAKEN:
                await self._overtake(checkout)
        points = self._points_to_use(checkout.account)
        in_sale = points if self.random.randrange(1000) < _REDEEMS_IN_SALE else 0
        if points and not in_sale:
            await self._redeem(checkout, points)
        self.sale = await self._sell(checkout, in_sale)
        if quoted is not None and not points:
            same = quoted.answer.earned == self.sale.answer.earned
            checkout.account.expect(f"the sale {self.sale.answer.rrn} earned what was quoted", holds=same)
        if self.sale.answer.is_approved:
            await self._correct(checkout, self.sale)

    def _sale(self, till: Till, points: int = 0) -> Request:
        basket = self.basket
        return till.sale(
            self._card, basket.amount_minor, lines=basket.lines, points=points or None, ticket=self._ticket
        )

    async def _overtake(self, checkout: Checkout) -> None:
        """The reversal arrives first; its sale must have no effect."""
        request = self._sale(checkout.till)
        await checkout.ask(self.basket, checkout.till.reversal(request))
        late = await checkout.ask(self.basket, request)
        refused = late is not None and late.answer.code == _REVERSED_BEFORE
        checkout.account.expect(f"sale {request.stan}, reversed before it came, was refused", holds=refused)

    def _points_to_use(self, account: Account) -> int:
        points = min(account.customer(self.basket.household).points, self.basket.amount_minor)
        wants = self.random.randrange(1000) < _REDEEMS
        return points // self._step * self._step if wants and points > 0 else 0

    async def _redeem(self, checkout: Checkout, points: int) -> None:
        chance = self.random.randrange(1000)
        lose = 2 if chance < _TWO_ANSWERS_LOST else int(chance < _TWO_ANSWERS_LOST + _ONE_ANSWER_LOST)
        if self.fate is Fate.ANSWER_LOST:
            lose = 0  # one trouble a visit
        request = checkout.till.redeem(self._card, points, ticket=self._ticket)
        await checkout.ask(self.basket, request, lose=lose)

    async def _sell(self, checkout: Checkout, points: int) -> Answered:
        account, basket = checkout.account, self.basket
        lose = 1 if self.fate is Fate.ANSWER_LOST else 0
        answered = await checkout.ask(
            basket, self._sale(checkout.till, points), lose=lose, lines=basket.lines
        )
        if answered is not None and answered.answer.code == _NOT_ACTIVE:
            await checkout.ask(basket, checkout.till.activate(self._card))
            answered = await checkout.ask(basket, self._sale(checkout.till, points))
        assert answered is not None
        answer = answered.answer
        if answer.is_approved:
            owed = basket.amount_minor - (answer.value_minor or 0)
            account.expect(f"{answer.rrn} left {owed} to pay", holds=answer.left_to_pay_minor == owed)
            account.customer(basket.household).spent_minor += basket.amount_minor
        account.customer(basket.household).visits += 1
        return answered

    async def _correct(self, checkout: Checkout, sale: Answered) -> None:
        basket, till = self.basket, checkout.till
        if self.fate is Fate.VOID:
            await checkout.ask(basket, till.void(sale.request))
            self.sale = await checkout.ask(basket, self._sale(till))
        if self.fate is Fate.LESS:
            wrong = [line for line in basket.lines if 0 < line.amount_minor < basket.amount_minor]
            if wrong:
                final_minor = basket.amount_minor - self.random.choice(wrong).amount_minor
                await checkout.ask(basket, till.reversal(sale.request, final_minor=final_minor, advice=False))


class Return:
    """Up to three things of a purchase are brought back, 20 minutes to three hours later."""

    def __init__(self, purchase: Purchase) -> None:
        self.basket = purchase.basket
        self.at = purchase.at + timedelta(minutes=purchase.random.randrange(20, 180))
        self._purchase = purchase

    async def take_place(self, checkout: Checkout) -> None:
        """The receipt's number names the sale, so no card is needed."""
        sale = self._purchase.sale
        sold = [line for line in self.basket.lines if line.amount_minor > 0]
        if sale is None or not sale.answer.is_approved or not sold:
            return
        random = self._purchase.random
        returned = random.sample(sold, random.randint(1, min(3, len(sold))))
        amount_minor = sum(line.amount_minor for line in returned)
        request = checkout.till.refund(amount_minor, original=sale.answer.rrn, lines=returned)
        await checkout.ask(self.basket, request, lines=returned)
