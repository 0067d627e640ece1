"""What customers want at a till next, and what they may want to undo of what they did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from loyalty.transaction import BasketLine
from simulator.message import Answer, Card, Request
from simulator.till import Till
from simulator.world.customers import Customers
from simulator.world.ground import GIFT

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
        self._wishes: Sequence[Callable[[], Errand | None]] = (
            [self.sale] * 30 + [self._paid] * 7 + [self._redeem] * 11 + [self._refund] * 8 + [self._void] * 5
            + [self._regret] * 8 + [self._ask] * 4 + [self._quote] + [self._transfer] * 6 + [self._hold] * 12
            + [self._complete] * 10 + [self._exchange] * 5 + [self._pay] * 6
        )  # fmt: skip

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
        """What comes in at the till next; a sale when what somebody wanted makes no sense yet."""
        return self._random.choice(self._wishes)() or self.sale()

    def approved(self, errand: Errand, request: Request, answer: Answer) -> None:
        """*errand* was approved; *request* is the form of it that was answered."""
        self._customers.took(answer)
        if request.operation in _UNDOABLE:
            self._done.append(Done(request, answer, errand.of))
        if request.operation == "hold":
            self._held.append(self._done[-1])

    def _card(self) -> Card:
        return self._customers.card(self._random.choice(self._who))

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

    def _ask(self) -> Errand:
        return self.balance(self._random.choice(self._who))

    def _quote(self) -> Errand:
        return Errand(self._till.quote(self._card(), self._amount()))

    def _paid(self) -> Errand:
        return Errand(self._till.sale(self._card(), self._amount(), points=self._random.randint(1, 60)))

    def _redeem(self) -> Errand:
        ticket = self._random.choice((None, f"A{self._random.randint(1, 3)}"))
        return Errand(self._till.redeem(self._card(), self._random.randint(1, 80), ticket=ticket))

    def _void(self) -> Errand | None:
        if not self._done:
            return None
        done = self._undone()
        return Errand(self._till.void(self._random.choice((done.request, done.answer.rrn))), done)

    def _transfer(self) -> Errand | None:
        if len(self._who) < 2:
            return None
        one, other = self._random.sample(self._who, 2)
        to = self._customers.card(other).number
        return Errand(self._till.transfer(self._customers.card(one), self._random.randint(1, 60), to))

    def _exchange(self) -> Errand:
        return Errand(self._till.exchange(self._card(), self._random.randint(1, 60)))

    def _pay(self) -> Errand:
        code = self._customers.certificate(self._random)
        if code is None:
            return self._exchange()
        return Errand(self._till.pay_certificate(self._card(), self._random.randint(1, 40), code))

    def _refund(self) -> Errand:
        sales = [done for done in self._done if done.request.operation == "sale"]
        if not sales:
            return Errand(self._till.refund(self._amount(), card=self._card()))
        sale = self._random.choice(sales)
        part = self._random.choice((sale.amount_minor, self._random.randint(1, sale.amount_minor)))
        named = self._random.choice((sale.request, sale.answer.rrn))
        return Errand(self._till.refund(part, original=named), sale)

    def _hold(self) -> Errand:
        card = self._card()
        if self._random.random() < 0.6:
            return Errand(self._till.hold(card, self._random.randint(1, 80), pays=True))
        points = self._random.choice((None, self._random.randint(1, 60)))
        return Errand(self._till.hold(card, self._amount(), points=points))

    def _complete(self) -> Errand:
        """A hold takes place, in part, not at all; now and then somebody tries it a second time."""
        if not self._held:
            return self._hold()
        random = self._random
        hold = random.choice(self._held)
        if random.random() < 0.6:
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

    def _regret(self) -> Errand | None:
        """A reversal by hand, of all or of a part."""
        if not self._done:
            return None
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
