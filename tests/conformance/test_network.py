"""NETWORK messages: answered by the link, with an echo of 70 and without 15 and 37."""

import pytest

from tests.conformance.answers import check_answer
from tests.conformance.till import Link, Till

STAMP = "1121101112"


@pytest.mark.parametrize("terminal", [None, "T0000001", "NOBODY01", "BLOCKED1"])
@pytest.mark.parametrize("code", ["001", "002", "301"])
def test_sign_on_sign_off_and_echo(link: Link, till: Till, code: str, terminal: str | None) -> None:
    """00 to the byte; DE 41 is not checked."""
    request = till.network(code, elements={7: STAMP, 41: terminal})
    answer = link.ask(request)
    expected = {7: STAMP, 11: request.elements[11], 39: "00", 41: terminal, 70: code}
    assert answer.message.mti == "0810"
    assert answer.message.elements == {n: value for n, value in expected.items() if value is not None}


@pytest.mark.parametrize("mti", ["0800", "0801", "0802", "0803", "0804", "0805", "0820", "0821"])
def test_mtis_of_the_class(link: Link, till: Till, mti: str) -> None:
    """0820 is a network advice and is answered 0830."""
    request = till.network("301").but(mti=mti)
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == "00"


@pytest.mark.parametrize("processing_code", ["990000", "920000"])
def test_de_3_in_place_of_70(link: Link, till: Till, processing_code: str) -> None:
    """Reading: 99 00 00 is an echo and 92 00 00 a sign-on, as tills without DE 70 say them."""
    request = till.network(None, elements={3: processing_code})
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == "00"
    assert answer.element(3) == processing_code
    assert 70 not in answer.message.elements


def test_neither_70_nor_3(link: Link, till: Till) -> None:
    request = till.network(None)
    answer = link.ask(request)
    check_answer(request, answer)
    assert (answer.code, answer.element(44)) == ("30", "070")


@pytest.mark.parametrize("code", ["000", "003", "161", "302", "999"])
def test_an_unknown_70(link: Link, till: Till, code: str) -> None:
    request = till.network(code)
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == "12"
    assert answer.reason == "OPERATION_NOT_SUPPORTED"


def test_an_unknown_3_without_70(link: Link, till: Till) -> None:
    """Reading: 3 stands for 70, an unknown one is an unknown operation; beside a 70 it counts for nothing."""
    request = till.network(None, elements={3: "500000"})
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == "12"
    assert link.ask(till.network("301", elements={3: "500000"})).code == "00"


def test_cut_over_is_taken_only_from_a_link_that_owns_a_day(link: Link, till: Till) -> None:
    request = till.network("201")
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == "58"


@pytest.mark.parametrize(
    ("elements", "element"), [({70: "30x"}, "070"), ({7: "1340101112"}, "007"), ({12: "256161"}, "012")]
)
def test_malformed_elements(link: Link, till: Till, elements: dict[int, str | None], element: str) -> None:
    request = till.network("301", elements=elements)
    answer = link.ask(request)
    check_answer(request, answer, malformed=elements)
    assert (answer.code, answer.element(44)) == ("30", element)


def test_only_the_trace_number_is_mandatory(link: Link, till: Till) -> None:
    request = till.network("301", elements={7: None})
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.message.elements == {11: request.elements[11], 39: "00", 70: "301"}


def test_network_messages_are_not_remembered(link: Link, till: Till) -> None:
    """The same key again, as another one, is simply answered."""
    request = till.network("001")
    assert link.ask(request).code == "00"
    assert link.ask(request).code == "00"
    assert link.ask(request.but({70: "002"})).code == "00"
