"""The tills' account notices whatever the books have differently."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pytest

from simulator.account import Account
from simulator.message import Answer, Request
from simulator.private import write_tags


@dataclass(frozen=True, slots=True)
class Booked:
    """A decision of the books."""

    rrn: str
    code: str
    points: int


def told(
    rrn: str, *, earned: str | None = None, used: int | None = None, balance: int, code: str = "00"
) -> Answer:
    tags = [("052", f"{'D' if balance < 0 else 'C'}{abs(balance):012}")]
    tags += [] if earned is None else [("050", earned)]
    tags += [] if used is None else [("051", f"{used:012}")]
    return Answer({"39": code, "37": rrn, "48": write_tags(sorted(tags))})


def asked(operation: str) -> Request:
    return Request(operation=operation, elements={"t": "0200", "11": "000001"})


def a_day() -> Account:
    """Household 7 earns 120, uses 50 in two ways, returns and voids; one redemption is never heard of."""
    account = Account()
    account.hear(7, asked("sale"), told("A", earned="C000000000120", balance=120))
    account.hear(7, asked("redeem"), told("B", used=30, balance=90))
    account.hear(7, asked("sale"), told("C", earned="C000000000010", used=20, balance=80))
    account.hear(7, asked("refund"), told("D", earned="D000000000100", used=5, balance=-15))
    account.hear(7, asked("void"), told("E", used=30, balance=15))
    account.hear(None, asked("sale"), Answer({"39": "14", "37": "F"}))
    account.hear(7, asked("balance"), told("Z", balance=15))
    account.hear_undone(asked("reversal"), told("H", used=10, balance=15))
    return account


BOOKS: Final = (
    Booked("A", "00", 120), Booked("B", "00", -30), Booked("C", "00", -10), Booked("D", "00", -95),
    Booked("E", "00", 30), Booked("F", "14", 0), Booked("G", "00", -10), Booked("H", "00", 10),
)  # fmt: skip


def test_the_same() -> None:
    """An account and books of the same day agree, with the redemption that nobody heard of."""
    account = a_day()
    assert account.disagreements(BOOKS, {7: 15}) == []
    customer = account.customer(7)
    assert (customer.earned, customer.used, customer.points) == (30, 15, 15)
    totals = (account.earned, account.taken_back, account.used, account.given_back)
    assert totals == (130, 100, 50, 35)


@pytest.mark.parametrize(
    ("books", "balance", "says"),
    [
        (BOOKS[1:], 15, "transaction A: a till heard of it, the books did not"),
        (
            (*BOOKS, Booked("X", "00", 5)),
            15,
            "the books have 2 transactions that no till heard of, and 1 were lost",
        ),
        ((Booked("A", "00", 121), *BOOKS[1:]), 15, "transaction A: the till heard"),
        ((Booked("A", "51", 120), *BOOKS[1:]), 15, "transaction A: the till heard"),
        (BOOKS, 16, "household 7: 15 points by the tills, 16 by the books"),
    ],
)
def test_other_books(books: tuple[Booked, ...], balance: int, says: str) -> None:
    """A lost, invented, changed or wrongly added transaction is told."""
    (found,) = a_day().disagreements(books, {7: balance})
    assert found.startswith(says)


@pytest.mark.parametrize(
    ("contradict", "says"),
    [
        (
            lambda account: account.hear(7, asked("balance"), told("Y", balance=14)),
            "household 7: told 14 points",
        ),
        (
            lambda account: account.expect("the repeat got another answer", holds=False),
            "the repeat got another",
        ),
    ],
)
def test_contradictions(contradict: Callable[[Account], None], says: str) -> None:
    """What does not fit among the answers themselves is told too."""
    account = a_day()
    contradict(account)
    (found,) = account.disagreements(BOOKS, {7: 15})
    assert found.startswith(says)
