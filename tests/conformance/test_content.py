"""Content classes, dates and lengths: 30 with the element where MTI, DE 11 and DE 41 can be read."""

import pytest
from iso8583.specs import default_ascii

from tests.conformance.answers import check_answer
from tests.conformance.till import Answer, HungUp, Link, Message, Till, frame

# DE 2-4, 7, 11-27, 32, 33, 49-51, 66-90 hold digits only; 2, 11 and 41 have tests of their own.
NUMERIC = (3, 4, 7, *range(12, 28), 32, 33, 49, 50, 51, *range(66, 70), *range(71, 91))
PRINTABLE = (
    5,
    9,
    28,
    31,
    34,
    36,
    37,
    38,
    40,
    42,
    43,
    45,
    47,
    54,
    56,
    60,
    62,
    91,
    98,
    100,
    102,
    104,
    112,
    127,
)
HEXADECIMAL = (52, 64, 128)


def filler(element: int, character: str) -> str:
    """A value of the right length (short where the length varies) with a wrong character at its end."""
    field = default_ascii[str(element)]
    length = int(str(field["max_len"])) if field["len_type"] == 0 else 6
    return "1" * (length - 1) + character


def ask(link: Link, request: Message, element: int) -> Answer:
    answer = link.ask(request)
    check_answer(request, answer, malformed=[element])
    return answer


@pytest.mark.parametrize("element", NUMERIC)
def test_digits_only(link: Link, till: Till, card: str, element: int) -> None:
    request = till.message("earn", card=card, amount=1000, elements={element: filler(element, "A")})
    answer = ask(link, request, element)
    assert (answer.code, answer.element(44)) == ("30", f"{element:03d}")


@pytest.mark.parametrize("character", ["\x1f", "\x7f"])
@pytest.mark.parametrize("element", PRINTABLE)
def test_printable_ascii_elsewhere(link: Link, till: Till, card: str, element: int, character: str) -> None:
    request = till.message("earn", card=card, amount=1000, elements={element: filler(element, character)})
    answer = ask(link, request, element)
    assert (answer.code, answer.element(44)) == ("30", f"{element:03d}")


@pytest.mark.parametrize("element", [43, 48, 60, 62, 63])
def test_bytes_above_127(link: Link, till: Till, card: str, element: int) -> None:
    """A Latin-1 letter is not printable ASCII, wherever it stands."""
    text = {48: "030004Peña", 63: "0015ñ\\1\\U\\1000\\\\"}.get(element, filler(element, "ñ"))
    request = till.message("earn", card=card, amount=1000, elements={element: text.replace("ñ", "n")})
    body = request.damaged(data={element: text.encode("latin-1")})
    answer = link.ask_bytes(body)
    assert (answer.code, answer.element(44)) == ("30", f"{element:03d}")


@pytest.mark.parametrize("element", HEXADECIMAL)
def test_hexadecimal_elements(link: Link, till: Till, card: str, element: int) -> None:
    """DE 52, 64 and 128 are 16 hex characters. Reading: anything else is a format fault of that element."""
    request = till.message("earn", card=card, amount=1000, elements={element: "0123456789ABCDEG"})
    answer = ask(link, request, element)
    assert (answer.code, answer.element(44)) == ("30", f"{element:03d}")


@pytest.mark.parametrize("card_number", ["63901200000000AB", "6390 12000000013"])
def test_letters_in_the_card_number(link: Link, till: Till, card_number: str) -> None:
    request = till.message("earn", card=card_number, amount=1000)
    answer = ask(link, request, 2)
    assert (answer.code, answer.element(44)) == ("30", "002")


DATES = [
    (7, "1301101112"),
    (7, "0001101112"),
    (7, "1132101112"),
    (7, "1100101112"),
    (7, "1121241112"),
    (7, "1121106012"),
    (7, "1121101160"),
    (7, "0230101112"),
    (12, "240000"),
    (12, "236000"),
    (12, "235960"),
    (13, "1301"),
    (13, "0001"),
    (13, "1100"),
    (13, "0431"),
    (13, "0230"),
]


@pytest.mark.parametrize(("element", "value"), DATES)
def test_dates_and_times_that_do_not_exist(
    link: Link, till: Till, card: str, element: int, value: str
) -> None:
    """7, 12 and 13 are a date and a time; 0229 is left alone, as the page does not say of which year."""
    request = till.message("earn", card=card, amount=1000, elements={element: value})
    answer = ask(link, request, element)
    assert (answer.code, answer.element(44)) == ("30", f"{element:03d}")


@pytest.mark.parametrize(
    ("element", "value"), [(7, "1231235959"), (7, "0101000000"), (12, "000000"), (12, "235959"), (13, "1231")]
)
def test_the_edges_of_dates_and_times(link: Link, till: Till, card: str, element: int, value: str) -> None:
    """No element is compared with the clock."""
    request = till.message("earn", card=card, amount=1000, elements={element: value})
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == "00"


LENGTHS = [
    (44, b"26", "longer than it may be"),
    (44, b"2x", "not digits"),
    (45, b"77", "longer than it may be"),
    (48, b"0x6", "not digits"),
    (48, b"999", "longer than what follows"),
    (48, b" 06", "a space in the length"),
    (48, b"+06", "a sign in the length"),
    (54, b"241", "longer than it may be"),
    (55, b"511", "longer than it may be"),
    (62, b"900", "longer than what follows"),
    (63, b"-01", "a negative length"),
]


@pytest.mark.parametrize(("element", "length", "story"), LENGTHS)
def test_lengths_that_cannot_be(
    link: Link, till: Till, card: str, element: int, length: bytes, story: str
) -> None:
    """DE 41 and 11 come before, so the answer is 30 with the element, and the connection stays open."""
    request = till.message("earn", card=card, amount=1000, elements={element: "030001"})
    answer = link.ask_bytes(request.damaged(lengths={element: length}))
    assert (answer.code, answer.element(44)) == ("30", f"{element:03d}"), story
    assert answer.element(11) == request.elements[11]
    assert link.ask(till.message("inquiry", card=card)).code == "00"


@pytest.mark.parametrize("lost", [1, 5, 30])
def test_a_message_that_ends_too_early(link: Link, till: Till, card: str, lost: int) -> None:
    """The bitmap promises DE 62 to its end."""
    request = till.message("earn", card=card, amount=1000, elements={62: "x" * 40})
    answer = link.ask_bytes(request.encode()[:-lost])
    assert (answer.code, answer.element(44)) == ("30", "062")


@pytest.mark.parametrize("tail", [b"0", b"\x00", b"000000000000", b" " * 40])
def test_data_behind_the_last_element(link: Link, till: Till, card: str, tail: bytes) -> None:
    """30; which number stands in DE 44 the page does not say."""
    request = till.message("earn", card=card, amount=1000)
    answer = link.ask_bytes(request.damaged(tail=tail))
    check_answer(request, answer)
    assert answer.code == "30"
    assert link.ask(till.message("inquiry", card=card)).figure("052") == 0


UNREADABLE = {
    "a trace number that is no number": {11: b"00A001"},
    "a terminal that is not printable": {41: b"T000\x00001"},
    "a trace number of spaces": {11: b"      "},
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_not_booked(link: Link, till: Till, card: str, name: str) -> None:
    """A DE 11 or DE 41 that cannot be read closes the connection.

    Reading: malformed is unreadable; a 30 that names the element would be as safe, so it is accepted.
    """
    request = till.message("earn", card=card, amount=1000)
    (element,) = UNREADABLE[name]
    link.send(frame(request.damaged(data=UNREADABLE[name])))
    try:
        answer = Answer.decode(link.receive())
    except HungUp:
        return
    assert (answer.code, answer.element(44)) == ("30", f"{element:03d}")
