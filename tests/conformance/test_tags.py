"""DE 48 of requests: what is malformed or does not fit its layout is 30/048, unknown tags are ignored."""

import pytest

from tests.conformance.answers import check_answer
from tests.conformance.till import Link, Till, tags

MALFORMED = {
    "a tag without a length": "030",
    "a tag with half a length": "03000",
    "a value shorter than its length": "030010CASHIER",
    "a length that is not digits": "03000xA",
    "a tag that is not digits": "A30001A",
    "something behind the last tag": "030001A0",
    "a signed length": "030+01A",
    "spaces": "      ",
    "a good tag and a bad one": "030001A031",
}

MISFITS = {
    "an unknown kind of 010": ("010", "XXXX6390120000000013"),
    "a kind in small letters": ("010", "cpan6390120000000013"),
    "010 without a kind": ("010", "CPA"),
    "010 without an identifier": ("010", "CPAN"),
    "an empty 010": ("010", ""),
    "an empty 011": ("011", ""),
    "a code of 3": ("014", "123"),
    "a code of 9": ("014", "123456789"),
    "points with a letter": ("020", "12A"),
    "points with a sign": ("020", "-12"),
    "points of 13 digits": ("020", "0" * 13),
    "empty points": ("020", ""),
    "a ticket of 21": ("023", "T" * 21),
    "an empty ticket": ("023", ""),
    "a batch of 5": ("024", "00001"),
    "a batch with a letter": ("024", "00000A"),
    "a tender of 11 digits": ("031", "CASH00000000100"),
    "a tender with a letter": ("031", "CASH00000000010A"),
    "cash with a card's digits": ("031", "CASH000000000100453201"),
    "a card's first 5 digits": ("031", "CARD00000000010045320"),
    "a card's first 9 digits": ("031", "CARD000000000100453201511"),
    "a card's digits with a letter": ("031", "CARD00000000010045320A"),
    "a channel of 3": ("032", "POS"),
    "a channel of 5": ("032", "POSDX"),
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
def test_malformed(link: Link, till: Till, card: str, text: str) -> None:
    request = till.message("earn", card=card, amount=1000, elements={48: text})
    answer = link.ask(request)
    check_answer(request, answer)
    assert (answer.code, answer.element(44)) == ("30", "048")


@pytest.mark.parametrize("tag", MISFITS.values(), ids=MISFITS)
def test_values_that_do_not_fit(link: Link, till: Till, card: str, tag: tuple[str, str]) -> None:
    request = till.message("earn", card=card, amount=1000, values=[tag])
    answer = link.ask(request)
    check_answer(request, answer)
    assert (answer.code, answer.element(44)) == ("30", "048")


FITTING = {
    "a code of 4": ("014", "12ab"),
    "a code of 8": ("014", "12345678"),
    "points of 12 digits": ("020", "0" * 12),
    "a ticket of 1": ("023", "9"),
    "a ticket of 20": ("023", "T" * 20),
    "a batch": ("024", "000001"),
    "a cashier": ("030", "Maria 7"),
    "a card's 6 digits": ("031", "CARD000000000100453201"),
    "a card's 8 digits": ("031", "CARD00000000010045320151"),
    "other tender": ("031", "OTHR000000000100"),
    "a channel": ("032", "ECOM"),
    "no capability": ("040", ""),
    "an unknown tag": ("999", "x" * 200),
    "an empty unknown tag": ("500", ""),
    "a tag of answers": ("052", "C000000000999"),
}


@pytest.mark.parametrize("tag", FITTING.values(), ids=FITTING)
def test_values_that_fit(link: Link, till: Till, card: str, tag: tuple[str, str]) -> None:
    """None of these changes what a sale of 10.00 earns; nothing of it comes back."""
    request = till.message("earn", card=card, amount=1000, values=[tag])
    answer = link.ask(request)
    check_answer(request, answer)
    assert (answer.code, answer.figure("050"), answer.figure("052")) == ("00", 10, 10)
    assert tag[0] not in answer.tags or tag[0] >= "050"


def test_the_order_of_tags_is_free(link: Link, till: Till, card: str) -> None:
    link.ask(till.message("earn", card=card, amount=50_000))
    values = [("040", "P"), ("999", "?"), ("020", "300"), ("023", "ORDER1"), ("001", "?")]
    answer = link.ask(till.message("earn", card=card, amount=1000, values=values))
    assert (answer.code, answer.figure("051"), answer.figure("050")) == ("00", 300, 7)


def test_a_full_de_48(link: Link, till: Till, card: str) -> None:
    """999 characters: one tag that fills it to the end."""
    text = tags([("777", "x" * 987), ("778", "")])
    assert len(text) == 999
    request = till.message("earn", card=card, amount=1000, elements={48: text})
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == "00"
