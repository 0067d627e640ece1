"""Mandatory elements, one by one and per operation: 30 and the number in DE 44."""

import pytest

from tests.conformance.answers import check_answer
from tests.conformance.deployment import MERCHANT
from tests.conformance.till import OPERATIONS, Link, Till

CARD_NEEDED = (
    "earn", "redeem", "hold", "hold_points", "quote", "inquiry", "transfer", "exchange", "pay_certificate",
    "activate",
)  # fmt: skip
AMOUNT_NEEDED = (
    "earn", "redeem", "hold", "hold_points", "quote", "refund", "transfer", "exchange", "pay_certificate",
)  # fmt: skip
CARD_FREE = ("reverse", "void")  # and a REFUND that names its original


@pytest.mark.parametrize("element", [3, 41])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_always_mandatory(link: Link, till: Till, card: str, operation: str, element: int) -> None:
    """Reading: a DE 41 that is not there is missing (30), not unreadable (a hang-up)."""
    request = till.message(operation, card=card, amount=1000, elements={element: None})
    answer = link.ask(request)
    check_answer(request, answer)
    assert (answer.code, answer.element(44)) == ("30", f"{element:03d}")


@pytest.mark.parametrize("operation", ["earn", "inquiry", "reverse", "void"])
def test_the_trace_number(link: Link, till: Till, card: str, operation: str) -> None:
    """Reading: as for DE 41."""
    request = till.message(operation, card=card, amount=1000, elements={11: None})
    answer = link.ask(request)
    check_answer(request, answer)
    assert (answer.code, answer.element(44)) == ("30", "011")


def test_the_trace_number_of_a_network_message(link: Link, till: Till) -> None:
    request = till.network("301", elements={11: None})
    answer = link.ask(request)
    check_answer(request, answer)
    assert (answer.code, answer.element(44)) == ("30", "011")


@pytest.mark.parametrize("operation", AMOUNT_NEEDED)
def test_an_amount_where_it_is_read(link: Link, till: Till, card: str, operation: str) -> None:
    request = till.message(operation, card=card)
    answer = link.ask(request)
    check_answer(request, answer)
    assert (answer.code, answer.element(44)) == ("30", "004")


@pytest.mark.parametrize("operation", [*CARD_NEEDED, "refund"])
def test_a_card(link: Link, till: Till, operation: str) -> None:
    """Missing: 002. A REFUND that names no original needs one too."""
    request = till.message(operation, amount=1000)
    answer = link.ask(request)
    check_answer(request, answer)
    assert (answer.code, answer.element(44)) == ("30", "002")


@pytest.mark.parametrize(
    ("removed", "element"),
    [((7, 12, 13), "007"), ((7, 12), "012"), ((7, 13), "013"), ((12, 13), None), ((7,), None), ((12,), None)],
    ids=str,
)
def test_dates_and_times(
    link: Link, till: Till, card: str, removed: tuple[int, ...], element: str | None
) -> None:
    """7, or 12 and 13. Reading: with one of 12 and 13 but no 7 the other of the pair is missing."""
    request = till.message("earn", card=card, amount=1000, elements=dict.fromkeys(removed))
    answer = link.ask(request)
    check_answer(request, answer)
    assert (answer.code, answer.element(44)) == (("30", element) if element else ("00", ""))


@pytest.mark.parametrize("kept", [(7,), (12, 13)])
@pytest.mark.parametrize("operation", ["earn", "redeem", "quote", "inquiry", "refund", "activate"])
def test_the_least_that_a_till_sends(
    link: Link, till: Till, card: str, operation: str, kept: tuple[int, ...]
) -> None:
    """Level 1: 3, 4, 11, 41, 12+13 or 7, and 2."""
    link.ask(till.message("earn", card=card, amount=100_000))
    changes: dict[int, str | None] = {n: None for n in (7, 12, 13) if n not in kept}
    request = till.message(operation, card=card, amount=1000, elements=changes)
    assert set(request.elements) == {2, 3, 4, 11, 41, *kept}
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == "00"
    assert answer.element(62)


def test_optional_elements(link: Link, till: Till, card: str) -> None:
    """32, 42 and 49 as registered are the same as none."""
    request = till.message(
        "earn", card=card, amount=1000, elements={32: "00000000001", 42: MERCHANT, 49: "978"}
    )
    answer = link.ask(request)
    check_answer(request, answer)
    assert (answer.code, answer.figure("050")) == ("00", 10)


def test_the_connection_stays_open_after_a_30(link: Link, till: Till, card: str) -> None:
    for _ in range(3):
        assert link.ask(till.message("earn", card=card)).code == "30"
    assert link.ask(till.message("earn", card=card, amount=1000)).code == "00"
