"""The first failure wins: pairs of faults, each answered by the earlier step."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from tests.conformance import cards
from tests.conformance.answers import check_answer
from tests.conformance.conftest import Check
from tests.conformance.till import Link, Till


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A message with two faults and the answer that the earlier one gets."""

    faults: str
    operation: str = "earn"
    code: str
    element: str = ""
    card: str | None = cards.UNKNOWN
    amount: int | None = 1000
    elements: Mapping[int, str | None]


NO_TERMINAL = {41: "NOBODY01"}
NO_OPERATION = {3: "500000"}
NO_ORIGINAL = {90: "0200" + "999997" + "1122112233" + "0" * 22}
PAIRS = [
    Pair(faults="30 and 58", amount=None, elements=NO_TERMINAL, code="30", element="004"),
    Pair(faults="30 and 12", card=None, elements={3: "50000x"}, code="30", element="003"),
    Pair(faults="30 and 13", card=None, amount=0, elements={}, code="30", element="002"),
    Pair(faults="30 and 14", elements={48: "01"}, code="30", element="048"),
    Pair(faults="30 and 25", operation="refund", amount=None, elements=NO_ORIGINAL, code="30", element="004"),
    Pair(faults="58 and 12", elements=NO_TERMINAL | NO_OPERATION, code="58"),
    Pair(faults="58 and 13", amount=0, elements=NO_TERMINAL, code="58"),
    Pair(faults="58 and 14", elements=NO_TERMINAL, code="58"),
    Pair(faults="58 and 25", operation="refund", elements=NO_TERMINAL | NO_ORIGINAL, code="58"),
    Pair(faults="58 by 42 and 12", elements=NO_OPERATION | {42: "X" * 15}, code="58"),
    Pair(faults="58 by 32 and 12", elements=NO_OPERATION | {32: "77777777777"}, code="58"),
    Pair(faults="58 by status and 12", elements=NO_OPERATION | {41: "BLOCKED1"}, code="58"),
    Pair(faults="12 and 13 by 49", elements=NO_OPERATION | {49: "840"}, code="12"),
    Pair(faults="13 and 14", operation="hold", elements={49: "840"}, code="13"),
    Pair(faults="14 and 51", operation="hold_points", elements={}, code="14"),
    Pair(faults="13 and 14", operation="transfer", amount=0, elements={}, code="13"),
    Pair(faults="12 and 14", elements=NO_OPERATION, code="12"),
    Pair(faults="13 and 25", operation="refund", amount=0, elements=NO_ORIGINAL, code="13"),
    Pair(faults="13 and 14", amount=0, elements={}, code="13"),
    Pair(faults="13 by 49 and 14", elements={49: "840"}, code="13"),
    Pair(faults="13 by 63 and 14", elements={63: "0015milk\\1\\U\\999\\\\"}, code="13"),
    Pair(faults="25 and 14", operation="refund", elements=NO_ORIGINAL, code="25"),
    Pair(faults="14 and 51", operation="redeem", elements={}, code="14"),
]  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.faults} {pair.operation}")
def test_the_earlier_step_answers(link: Link, till: Till, pair: Pair) -> None:
    """1 format 30, 3 terminal 58, 4 operation 12, 5 amount 13, 8 original 25, 9 card 14, 12 points 51."""
    request = till.message(pair.operation, card=pair.card, amount=pair.amount, elements=pair.elements)
    answer = link.ask(request)
    check_answer(request, answer, malformed={3} if pair.element == "003" else ())
    assert (answer.code, answer.element(44)) == (pair.code, pair.element), answer.message


STORIES = {
    "30 before a known key": """
        earn A 1000 as=sale                -> 00
        again sale de4=-                   -> 30 de44=004
    """,
    "58 before a known key": """
        earn A 1000 as=sale                -> 00
        again sale de42=MERCH0000000077    -> 58
    """,
    "12 before a known key": """
        earn A 1000 as=sale                -> 00
        again sale pc=500000               -> 12 reason=OPERATION_NOT_SUPPORTED
    """,
    "13 before a known key": """
        earn A 1000 as=sale                -> 00
        again sale de4=000000000000        -> 13 reason=AMOUNT_NOT_ALLOWED
        again sale de49=840                -> 13 reason=CURRENCY_NOT_ACCEPTED
    """,
    "a known key before 14": """
        earn A 1000 as=sale                -> 00
        again sale card=?                  -> 94
    """,
    "a known key before 51": """
        earn A 1000 as=sale                -> 00
        again sale pc=009000 de4=000000099999 -> 94
    """,
    "reversed before, then 14": """
        later redeem ? 1000 as=paid        ->
        reverse ? 1000 of=paid             -> 00
        send paid                          -> 12
    """,
    "reversed before, then 51": """
        later redeem A 1000 as=paid        ->
        reverse A 1000 of=paid             -> 00
        send paid                          -> 12
    """,
    "reversed before, then 25": """
        later earn A 1000 as=sale          ->
        later refund A 1000 of=sale as=back ->
        reverse A 1000 of=back             -> 00
        send back                          -> 12
    """,
    "13 before reversed before": """
        later earn A 0 as=sale             ->
        reverse A 0 of=sale                -> 00
        send sale                          -> 13
    """,
    "an original: 12 before 13": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale             -> 00
        refund A 9999 of=sale              -> 12
    """,
    "61 before 51": """
        earn A 1000 020=1001               -> 61 reason=ABOVE_LIMIT
    """,
}  # fmt: skip


@pytest.mark.parametrize("text", STORIES.values(), ids=STORIES)
def test_the_order_around_keys_and_originals(check: Check, text: str) -> None:
    """5 amount, 6 key, 7 reversed before, 8 original, 9 card, 11 limit, 12 points."""
    check(text)


STATUS_ORDER = [
    (cards.LOST_EXPIRED, "41"),
    (cards.STOLEN_EXPIRED, "43"),
    (cards.BLOCKED_EXPIRED, "62"),
    (cards.ISSUED_EXPIRED, "54"),
]


@pytest.mark.parametrize(("card", "code"), STATUS_ORDER, ids=["41-54", "43-54", "62-54", "54-78"])
def test_the_order_of_card_answers(link: Link, till: Till, card: str, code: str) -> None:
    """14, 41, 43, 62, 54, 78."""
    request = till.message("redeem", card=card, amount=100_000)
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == code


@pytest.mark.parametrize("faulty", ["lost and not permitted"])
def test_a_card_answer_comes_before_permission(link: Link, till: Till, faulty: str) -> None:
    """An unknown phone number in an INQUIRY: 14 (step 9) before 57 (step 10)."""
    request = till.message("inquiry", values=[("010", "PHON34999999999")])
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == "14", faulty


@pytest.mark.parametrize(
    ("changes", "element"),
    [
        ({3: None, 4: None}, "003"),
        ({4: None, 12: "250000"}, "004"),
        ({2: None, 4: None}, "002"),
        ({2: None, 3: None}, "003"),
        ({12: "250000", 13: "1340"}, "012"),
        ({4: "00000000x000", 48: "0100"}, "004"),
        ({48: "0100", 63: "0015"}, "048"),
        ({7: None, 12: None, 13: None, 49: "9x8"}, "007"),
        ({24: "0x1", 25: "x0", 48: "9"}, "024"),
    ],
    ids=str,
)
def test_the_lowest_faulty_element_is_named(
    link: Link, till: Till, card: str, changes: dict[int, str | None], element: str
) -> None:
    """Several faults: the lowest number.

    Reading: without DE 3 the switch cannot know that the operation needs a card, so 003 stands alone.
    """
    request = till.message("earn", card=card, amount=1000, elements=changes)
    answer = link.ask(request)
    check_answer(request, answer, malformed={4, 12, 13, 24, 25, 49} & set(changes))
    assert (answer.code, answer.element(44)) == ("30", element)
