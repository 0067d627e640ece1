"""What customers want at a till next, and what they may want to undo of what they did."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from loyalty.transaction import BasketLine
from simulator.message import Answer, Card, Request
from simulator.till import Till
from simulator.world.customers import Customers
from simulator.world.ground import GIFT

_SALE, _PAID, _REDEEM, _REFUND, _VOID, _REVERSAL, _BALANCE, _QUOTE = range(8)
_TRANSFER, _HOLD, _COMPLETE, _EXCHANGE, _PAY = range(8, 13)
_MIX: Final = (
    [_SALE] * 30 + [_PAID] * 7 + [_REDEEM] * 11 + [_REFUND] * 8 + [_VOID] * 5 + [_REVERSAL] * 8
    + [_BALANCE] * 4 + [_QUOTE] * 1 + [_TRANSFER] * 6 + [_HOLD] * 12 + [_COMPLETE] * 10 + [_EXCHANGE] * 5
    + [_PAY] * 6
)  # fmt: skip
_PARTLY: Final = frozenset({"sale", "redeem", "transfer", "complete", "exchange", "pay_certificate"})
_UNDOABLE: Final = _PARTLY | {"refund", "hold"}


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """Something that was approved, and that its cashier did not undo. *sale* is what a refund is of."""

    request: Request
    answer: Answer
    sale: "Done | None" = None

    @property
    def amount_minor(self) -> int:
        """DE 4 of the answer: what was asked, or the part of it that is covered."""
        return int(self.answer.elements["4"])


@dataclass(frozen=True, slots=True)
class Errand:
    """One message, and what it is about.

    Attributes:
        of: What it undoes or brings goods of back.
        final_minor: What shall stay of that.
    """

    request: Request
    of: Done | None = None
    final_minor: int = 0


class Errands:
    """Those of the customers whom the till *who* serves."""

    def __init__(self, till: Till, customers: Customers, who: Sequence[int], random: Random) -> None:
        self._till = till
        self._customers = customers
        self._who = who
        self._random = random
        self._done: list[Done] = []
        self._held: list[Done] = []

    def balance(self, customer: int | None = None) -> Errand:
        """Somebody asks what there is."""
        return Errand(
            self._till.balance(self._customers.card(self._who[0] if customer is None else customer))
        )

    def sale(self) -> Errand:
        """Somebody buys."""
        random, amount_minor = self._random, self._amount()
        ticket = random.choice((None, None, f"A{random.randint(1, 3)}"))
        lines = self._basket(amount_minor)
        return Errand(self._till.sale(self._card(), amount_minor, lines=lines, ticket=ticket))

    def next(self) -> Errand:
        """What comes in at the till next."""
        random, till, card = self._random, self._till, self._card()
        match random.choice(_MIX):
            case 1:
                return Errand(till.sale(card, self._amount(), points=random.randint(1, 60)))
            case 2:
                ticket = random.choice((None, f"A{random.randint(1, 3)}"))
                return Errand(till.redeem(card, random.randint(1, 80), ticket=ticket))
            case 3:
                return self._refund(card)
            case 4 if self._done:
                done = self._undone()
                return Errand(till.void(random.choice((done.request, done.answer.rrn))), done)
            case 5 if self._done:
                return self._regret()
            case 6:
                return self.balance(random.choice(self._who))
            case 7:
                return Errand(till.quote(card, self._amount()))
            case 8 if len(self._who) > 1:
                to = random.choice([other for other in self._cards() if other != card])
                return Errand(till.transfer(card, random.randint(1, 60), to.number))
            case 9:
                return self._hold(card)
            case 10:
                return self._complete() if self._held else self._hold(card)
            case 11:
                return Errand(till.exchange(card, random.randint(1, 60)))
            case 12:
                code = self._customers.certificate(random)
                if code is None:
                    return Errand(till.exchange(card, random.randint(1, 60)))
                return Errand(till.pay_certificate(card, random.randint(1, 40), code))
        return self.sale()

    def approved(self, errand: Errand, request: Request, answer: Answer) -> None:
        """*errand* was approved; *request* is the form of it that was answered."""
        self._customers.took(answer)
        if request.operation in _UNDOABLE:
            self._done.append(Done(request, answer, errand.of))
        if request.operation == "hold":
            self._held.append(self._done[-1])

    def _card(self) -> Card:
        return self._customers.card(self._random.choice(self._who))

    def _cards(self) -> list[Card]:
        return [self._customers.card(customer) for customer in self._who]

    def _amount(self) -> int:
        return self._random.choice((self._random.randint(1, 400), self._random.randint(100, 9000)))

    def _basket(self, amount_minor: int) -> Sequence[BasketLine]:
        if self._random.random() < 0.7:
            return ()
        first = self._random.randint(0, amount_minor)
        return (
            BasketLine("milk", 1000, "U", first, "", ""),
            BasketLine(GIFT, 850, "K", amount_minor - first, "", ""),
        )

    def _refund(self, card: Card) -> Errand:
        sales = [done for done in self._done if done.request.operation == "sale"]
        if not sales:
            return Errand(self._till.refund(self._amount(), card=card))
        sale = self._random.choice(sales)
        part = self._random.choice((sale.amount_minor, self._random.randint(1, sale.amount_minor)))
        named = self._random.choice((sale.request, sale.answer.rrn))
        return Errand(self._till.refund(part, original=named), sale)

    def _hold(self, card: Card) -> Errand:
        if self._random.random() < 0.6:
            return Errand(self._till.hold(card, self._random.randint(1, 80), pays=True))
        points = self._random.choice((None, self._random.randint(1, 60)))
        return Errand(self._till.hold(card, self._amount(), points=points))

    def _complete(self) -> Errand:
        """A hold takes place, in part, not at all; now and then somebody tries it a second time."""
        random = self._random
        hold = random.choice(self._held)
        if random.random() < 0.8:
            self._held.remove(hold)
        amount_minor = random.choice((hold.amount_minor, random.randint(1, hold.amount_minor), 0))
        advice = random.random() < 0.4
        named = hold.request if advice else random.choice((hold.request, hold.answer.approval))
        request = self._till.complete(
            Card(number=hold.request.elements["2"]),
            amount_minor,
            named,
            pays=hold.request.elements["3"] == "009000",
            advice=advice,
        )
        return Errand(request, hold)

    def _regret(self) -> Errand:
        """A reversal by hand, of all or of a part."""
        done = self._undone()
        final_minor = None
        if done.request.operation in _PARTLY and done.amount_minor and self._random.random() < 0.4:
            final_minor = self._random.randint(1, done.amount_minor)
        advice = self._random.random() < 0.5
        request = self._till.reversal(done.request, final_minor=final_minor, advice=advice)
        return Errand(request, done, final_minor or 0)

    def _undone(self) -> Done:
        """Something that is undone now; nobody undoes the refunds of what does not stand."""
        done = self._random.choice(self._done)
        self._done = [other for other in self._done if done not in (other, other.sale)]
        if done in self._held:
            self._held.remove(done)
        return done
