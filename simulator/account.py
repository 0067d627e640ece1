"""The tills' own account of what they were told, kept apart from the switch, and how the books differ.

A till knows its answers only: points that came or went by them, the balance that the last of them named, the
number (DE 37) of each. If the books say anything else, one of both is wrong.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from simulator.message import Answer, Request

_UNDOING: Final = frozenset({"refund", "void", "reversal"})
_BOOKED: Final = frozenset({"sale", "redeem", "refund", "void", "reversal", "activate"})


class Decided(Protocol):
    """A decision as the books have it."""

    @property
    def rrn(self) -> str: ...

    @property
    def code(self) -> str: ...

    @property
    def points(self) -> int:
        """What the member gained by it; negative when he lost points."""
        ...


@dataclass(slots=True)
class Customer:
    """What the tills know of a customer. *told* is the balance that the last answer named."""

    visits: int = 0
    spent_minor: int = 0
    earned: int = 0
    used: int = 0
    points: int = 0
    told: int | None = None


@dataclass(slots=True)
class Account:
    """All that the tills heard.

    Attributes:
        codes: How often each operation was answered with each code and reason.
        heard: Code and points of every answer that is remembered, by DE 37.
        unheard: Messages of which no till ever heard the answer.
        repeated: Messages by operation of which only the answer to a repeat was heard.
        contradictions: Where two answers do not fit each other.
    """

    customers: dict[int, Customer] = field(default_factory=dict)
    codes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    heard: dict[str, tuple[str, int]] = field(default_factory=dict)
    unheard: int = 0
    repeated: Counter[str] = field(default_factory=Counter)
    contradictions: list[str] = field(default_factory=list)
    earned: int = 0
    used: int = 0
    taken_back: int = 0
    given_back: int = 0
    paid_with_points_minor: int = 0

    def customer(self, household: int) -> Customer:
        """What is known of *household*."""
        return self.customers.setdefault(household, Customer())

    def hear(self, household: int | None, request: Request, answer: Answer) -> None:
        """Take in the answer to *request* of *household*; ``None`` when nobody knows the card."""
        self.codes[request.operation, answer.code, answer.reason] += 1
        points = self._points(household, request, answer)
        if answer.rrn and request.operation in _BOOKED:
            self.heard[answer.rrn] = (answer.code, points)
        if household is None or answer.available is None:
            return
        customer = self.customer(household)
        customer.told = answer.available
        if customer.told != customer.points:
            self.contradictions.append(
                f"household {household}: told {customer.told} points after {request.operation} {answer.rrn}, "
                f"and the answers make {customer.points}"
            )

    def hear_undone(self, request: Request, answer: Answer) -> None:
        """Take in the answer to a reversal of what nobody heard the answer of: together they are nothing."""
        self.codes[request.operation, answer.code, answer.reason] += 1
        self.unheard += 1
        self.heard[answer.rrn] = (answer.code, _gained(request, answer))

    def expect(self, what: str, *, holds: bool) -> None:
        """Note a contradiction unless it holds."""
        if not holds:
            self.contradictions.append(what)

    def disagreements(self, decided: Iterable[Decided], balances: Mapping[int, int]) -> list[str]:
        """What the books say otherwise; *decided* is all that they have, *balances* are by household."""
        found = list(self.contradictions)
        missing = dict(self.heard)
        unknown = 0
        for decision in decided:
            known = missing.pop(decision.rrn, None)
            if known is None:
                unknown += 1
            elif known != (decision.code, decision.points):
                booked = (decision.code, decision.points)
                found.append(f"transaction {decision.rrn}: the till heard {known}, the books have {booked}")
        found += [f"transaction {rrn}: a till heard of it, the books did not" for rrn in missing]
        if unknown != self.unheard:
            found.append(
                f"the books have {unknown} transactions that no till heard of, and {self.unheard} were lost"
            )
        for household, customer in self.customers.items():
            balance = balances.get(household, 0)
            if balance != customer.points:
                found.append(
                    f"household {household}: {customer.points} points by the tills, {balance} by the books"
                )
        return found

    def _points(self, household: int | None, request: Request, answer: Answer) -> int:
        """What the member gained; noted with the customer and in the totals."""
        if not answer.is_approved or request.operation not in _BOOKED:
            return 0
        earned, used = answer.earned or 0, answer.used or 0
        gained = _gained(request, answer)
        if request.operation in _UNDOING:
            self.taken_back -= earned
            self.given_back += used
        else:
            self.earned += earned
            self.used += used
            self.paid_with_points_minor += answer.value_minor or 0
        if household is not None:
            customer = self.customer(household)
            customer.points += gained
            customer.earned += earned
            customer.used += -used if request.operation in _UNDOING else used
        return gained


def _gained(request: Request, answer: Answer) -> int:
    earned, used = answer.earned or 0, answer.used or 0
    return earned + used if request.operation in _UNDOING else earned - used
