"""The echo table byte for byte, and what answers never carry."""

import pytest

from tests.conformance.answers import check_answer
from tests.conformance.deployment import ACQUIRER
from tests.conformance.till import Link, Till

EVERYTHING: dict[int, str | None] = {
    14: "4912",
    18: "5411",
    22: "051",
    24: "007",
    25: "00",
    26: "04",
    32: ACQUIRER,
    33: "77",
    36: "99" * 20,
    37: "AB 12       ",
    42: "MERCH0000000001",
    43: "Calle Mayor 1          Madrid        ES ",
    45: "B4532015112830366^DOE/JOHN^4912101",
    49: "978",
    52: "0123456789ABCDEF",
    53: "9701100001000000",
    55: "9F2608A1B2C3D4E5F60708",
    60: "PRIVATE",
    61: "MORE",
    102: "ACCOUNT1",
    127: "LAST",
}
ECHOED = {2, 3, 4, 7, 11, 12, 13, 24, 25, 32, 33, 37, 41, 42, 49}
NEVER = {14, 22, 26, 35, 36, 45, 52, 53, 55}
APPROVED = {"earn", "redeem", "quote", "inquiry", "refund", "activate", "hold", "hold_points"}


@pytest.mark.parametrize("operation", sorted(APPROVED))
def test_everything_at_once(link: Link, till: Till, card: str, operation: str) -> None:
    """A request with 35 elements: the fifteen of the table come back as they were, byte for byte.

    A REFUND would take the DE 37 for its original, so it goes without one.
    """
    link.ask(till.message("earn", card=card, amount=100_000))
    changes = {**EVERYTHING, 35: f"{card}=49121010000"}
    if operation == "refund":
        changes[37] = None
    request = till.message(operation, card=card, amount=100, elements=changes)
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == "00"
    for element in ECHOED & set(request.elements):
        assert answer.message.elements[element] == request.elements[element], element
    assert not NEVER & set(answer.message.elements)
    own = {15, 37, 38, 39, 48, 54, 62}
    assert set(answer.message.elements) <= ECHOED | own


@pytest.mark.parametrize("element", sorted(set(EVERYTHING) - {52, 37}))
def test_one_at_a_time(link: Link, till: Till, card: str, element: int) -> None:
    """Each optional element alone changes nothing of the sale; it comes back when it is in the table."""
    request = till.message("earn", card=card, amount=1000, elements={element: EVERYTHING[element]})
    answer = link.ask(request)
    check_answer(request, answer)
    assert (answer.code, answer.figure("050")) == ("00", 10)
    assert (element in answer.message.elements) == (element in ECHOED)


@pytest.mark.parametrize("element", [24, 25, 32, 33, 37, 42, 49])
def test_a_decline_echoes_too(link: Link, till: Till, card: str, element: int) -> None:
    request = till.message("redeem", card=card, amount=1000, elements={element: EVERYTHING[element]})
    answer = link.ask(request)
    check_answer(request, answer)
    assert (answer.code, answer.element(element)) == ("51", EVERYTHING[element])


@pytest.mark.parametrize("element", [24, 25, 33, 37])
def test_a_30_echoes_what_is_well_formed(link: Link, till: Till, card: str, element: int) -> None:
    """The malformed element is missing in the answer; the others are there."""
    elements = {element: EVERYTHING[element], 4: "00000000100x"}
    request = till.message("earn", card=card, elements=elements)
    answer = link.ask(request)
    check_answer(request, answer, malformed=[4])
    assert (answer.code, answer.element(44), answer.element(element)) == ("30", "004", EVERYTHING[element])


@pytest.mark.parametrize("rrn", ["ABC         ", "         ABC", "000000000000", "a/b-c d.e:f "])
def test_padding_of_37(link: Link, till: Till, card: str, rrn: str) -> None:
    request = till.message("earn", card=card, amount=1000, elements={37: rrn})
    answer = link.ask(request)
    assert (answer.code, answer.element(37)) == ("00", rrn)


def test_a_redemption_in_part_is_the_only_change_of_de_4(link: Link, till: Till, card: str) -> None:
    link.ask(till.message("earn", card=card, amount=10_000))
    sale = till.message("earn", card=card, amount=1000, values=[("020", "300"), ("040", "P")])
    assert link.ask(sale).element(4) == "000000001000"
    redemption = till.message("redeem", card=card, amount=300, values=[("040", "P")])
    answer = link.ask(redemption)
    check_answer(redemption, answer)
    assert (answer.code, answer.element(4)) == ("10", f"{9:012d}")
