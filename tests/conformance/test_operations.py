"""The table of operations: which MTI and DE 3 are known, and which are answered 12."""

import pytest

from tests.conformance.answers import check_answer
from tests.conformance.till import Link, Message, Till

UNKNOWN = [
    ("0200", "380000"),  # a quote is asked by 0100
    ("0200", "500000"),
    ("0200", "010000"),
    ("0200", "409010"),
    ("0200", "401090"),
    ("0200", "910000"),
    ("0200", "920000"),
    ("0200", "990000"),
    ("0100", "200000"),
    ("0100", "020000"),
    ("0100", "900000"),
    ("0100", "409090"),
    ("0120", "000000"),
    ("0220", "020000"),
    ("0220", "300000"),
    ("0220", "900000"),
    ("0220", "409090"),
    ("0300", "000000"),
    ("0320", "010000"),
    ("0500", "000000"),
]


@pytest.mark.parametrize(("mti", "processing_code"), UNKNOWN)
def test_unknown_operations(link: Link, till: Till, card: str, mti: str, processing_code: str) -> None:
    """Reading: an MTI of a known class with a DE 3 that the table has not is an unknown operation."""
    request = till.message("earn", card=card, amount=1000, elements={3: processing_code}).but(mti=mti)
    answer = link.ask(request)
    check_answer(request, answer)
    assert (answer.code, answer.reason) == ("12", "OPERATION_NOT_SUPPORTED")


def test_a_request_that_names_a_hold_is_a_completion(link: Link, till: Till, card: str) -> None:
    """0200 with a DE 90 of class 1 is COMPLETE; DE 38 alone is not, as this card has no such hold open."""
    hold = "0100" + "000001" + "1121101112" + "0" * 22
    completion = link.ask(till.message("earn", card=card, amount=1000, elements={90: hold}))
    assert (completion.code, completion.reason) == ("25", "ORIGINAL_NOT_FOUND")
    sale = link.ask(till.message("earn", card=card, amount=1000, elements={38: "ABC123"}))
    assert (sale.code, sale.figure("052")) == ("00", 10)
    redemption = link.ask(till.message("redeem", card=card, amount=4, elements={38: "ABC123"}))
    assert (redemption.code, redemption.figure("052")) == ("00", 6)


KNOWN = [
    ("0200", "000000"),
    ("0200", "005500"),
    ("0200", "009900"),
    ("0220", "001234"),
    ("0100", "380000"),
    ("0100", "389060"),
    ("0100", "300000"),
    ("0100", "310000"),
    ("0200", "301234"),
    ("0200", "314321"),
    ("0200", "201234"),
    ("0220", "200000"),
    ("0200", "901234"),
]


@pytest.mark.parametrize(("mti", "processing_code"), KNOWN)
def test_known_operations(link: Link, till: Till, card: str, mti: str, processing_code: str) -> None:
    request = till.message("earn", card=card, amount=1000, elements={3: processing_code}).but(mti=mti)
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == "00"


# MTI of a request and of its answer; None is never answered.
MTIS = [
    ("0200", "0210"),
    ("0201", "0210"),
    ("0202", "0212"),
    ("0203", "0212"),
    ("0204", "0214"),
    ("0205", "0214"),
    ("0220", "0230"),
    ("0221", "0230"),
    ("0223", "0232"),
]


@pytest.mark.parametrize(("asked", "answered"), MTIS)
def test_the_answers_mti(link: Link, till: Till, card: str, asked: str, answered: str) -> None:
    request = till.message("earn", card=card, amount=1000).but(mti=asked)
    answer = link.ask(request)
    check_answer(request, answer)
    assert (answer.message.mti, answer.code) == (answered, "00")


@pytest.mark.parametrize("mti", ["0240", "0260", "0280", "0600", "0700", "0140", "0900", "0000"])
def test_other_mtis_are_unknown(link: Link, till: Till, card: str, mti: str) -> None:
    request = till.message("earn", card=card, amount=1000).but(mti=mti)
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == "12"


@pytest.mark.parametrize("mti", ["1200", "2200", "9200", "0206", "0207", "0209", "0226", "1804"])
def test_versions_and_origins_that_are_unknown(link: Link, till: Till, card: str, mti: str) -> None:
    """12, with the third digit raised; of the answer's fourth digit above 5 the page says nothing."""
    request = till.message("earn", card=card, amount=1000).but(mti=mti)
    answer = link.ask(request)
    assert (answer.message.mti[:3], answer.code) == (f"{mti[:2]}{int(mti[2]) + 1}", "12")
    assert answer.element(11) == request.elements[11]


@pytest.mark.parametrize(
    "mti", ["0210", "0230", "0250", "0270", "0290", "0110", "0410", "0430", "0810", "1210"]
)
def test_an_odd_third_digit_is_never_answered(link: Link, till: Till, card: str, mti: str) -> None:
    """An answer that strayed here: silence, and the connection goes on."""
    stray = till.message("earn", card=card, amount=1000).but(mti=mti)
    link.send(len(stray.encode()).to_bytes(2, "big") + stray.encode())
    assert_next_answer_is_an_echo(link, till)
    assert link.ask(till.message("inquiry", card=card)).figure("052") == 0


def assert_next_answer_is_an_echo(link: Link, till: Till) -> None:
    request: Message = till.network("301")
    assert link.ask(request).element(11) == request.elements[11]
