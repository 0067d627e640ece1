"""ACTIVATE: an issued card becomes active; with 010 it also gets that identifier."""

from collections.abc import Iterator

import pytest

from tests.conformance import cards
from tests.conformance.answers import check_answer
from tests.conformance.till import Answer, Link, Message, Till, tags


def ask(link: Link, request: Message) -> Answer:
    answer = link.ask(request)
    check_answer(request, answer)
    return answer


def test_an_issued_card_becomes_active(link: Link, till: Till, issued: Iterator[str]) -> None:
    card = next(issued)
    assert ask(link, till.message("earn", card=card, amount=1000)).code == "78"
    assert ask(link, till.message("inquiry", card=card)).reason == "CARD_NOT_ACTIVE"
    assert ask(link, till.message("activate", card=card)).code == "00"
    assert ask(link, till.message("earn", card=card, amount=1000)).figure("052") == 10


def test_an_active_card_is_active(link: Link, till: Till, card: str) -> None:
    """Twice under two keys, and a repeat of each."""
    for _ in range(2):
        request = till.message("activate", card=card)
        answer = ask(link, request)
        assert answer.code == "00"
        assert link.ask(request).raw == answer.raw


def test_any_de_3_that_begins_with_90(link: Link, till: Till, issued: Iterator[str]) -> None:
    assert ask(link, till.message("activate", card=next(issued), elements={3: "901234"})).code == "00"


def test_activation_by_track_two(link: Link, till: Till, issued: Iterator[str]) -> None:
    card = next(issued)
    assert ask(link, till.message("activate", elements={35: f"{card}=49121010000"})).code == "00"
    assert ask(link, till.message("inquiry", card=card)).code == "00"


def test_activation_by_011_beside_a_payment_card(link: Link, till: Till, issued: Iterator[str]) -> None:
    """011, else 2, else 35: DE 2 is then the payment card."""
    card = next(issued)
    request = till.message("activate", card=cards.PAYMENT, values=[("011", f"{card}=49121010000")])
    assert ask(link, request).code == "00"
    assert ask(link, till.message("inquiry", card=card)).code == "00"


@pytest.mark.parametrize(
    ("card", "code"),
    [
        (cards.UNKNOWN, "14"),
        (cards.WRONG_CHECK, "14"),
        (cards.OUTSIDE, "14"),
        (cards.LOST, "41"),
        (cards.STOLEN, "43"),
        (cards.BLOCKED, "62"),
        (cards.EXPIRED, "54"),
        (cards.ISSUED_EXPIRED, "54"),
    ],
)
def test_cards_that_cannot_be_activated(link: Link, till: Till, card: str, code: str) -> None:
    """Card status is looked at for ACTIVATE, save 78, which it is for."""
    assert ask(link, till.message("activate", card=card)).code == code


LINKED = (
    "PHON34600999{:03d}",
    "MAILmember{}@example.org",
    "BARC40000000{:05d}",
    "RFIDE0040100{:08X}",
    "UUID{}",
)


@pytest.mark.parametrize("number", range(len(LINKED)))
def test_010_is_linked_to_the_card(link: Link, till: Till, issued: Iterator[str], number: int) -> None:
    """The identifier then names the card: for EARN, and for INQUIRY unless it is a PHON or a MAIL."""
    identifier = LINKED[number].format("0f8fad5b-d9cb-469f-a165-70867728950e" if number == 4 else number + 7)
    card = next(issued)
    assert ask(link, till.message("earn", amount=1000, values=[("010", identifier)])).code == "14"
    activation = till.message("activate", card=card, values=[("010", identifier)])
    assert ask(link, activation).code == "00"
    assert ask(link, till.message("earn", amount=1000, values=[("010", identifier)])).figure("052") == 10
    asked = ask(link, till.message("inquiry", values=[("010", identifier)]))
    assert asked.code == ("57" if identifier[:4] in {"PHON", "MAIL"} else "00")


def test_010_of_another_member(link: Link, till: Till, issued: Iterator[str]) -> None:
    """57, and the card stays as it was."""
    first, second = next(issued), next(issued)
    values = [("010", "BARC5000000000001")]
    assert ask(link, till.message("activate", card=first, values=values)).code == "00"
    assert ask(link, till.message("activate", card=first, values=values)).code == "00"
    assert ask(link, till.message("activate", card=second, values=values)).code == "57"
    assert ask(link, till.message("inquiry", card=second)).code == "78"
    assert ask(link, till.message("inquiry", values=values)).code == "00"


def test_an_active_card_gets_an_identifier(link: Link, till: Till, card: str) -> None:
    values = [("010", "RFIDE004015000000077")]
    assert ask(link, till.message("activate", card=card, values=values)).code == "00"
    assert ask(link, till.message("earn", amount=1000, values=values)).figure("052") == 10


def test_an_activation_needs_a_card(link: Link, till: Till) -> None:
    """010 alone names no card here: it is what would be linked."""
    request = till.message("activate", values=[("010", "BARC5000000000002")])
    answer = ask(link, request)
    assert (answer.code, answer.element(44)) == ("30", "002")


def test_a_known_key(link: Link, till: Till, card: str, pool: Iterator[str]) -> None:
    request = till.message("activate", card=card)
    assert ask(link, request).code == "00"
    assert ask(link, request.but({2: next(pool)})).code == "94"
    assert ask(link, request.but({48: tags([("777", "x")])})).code == "00"
