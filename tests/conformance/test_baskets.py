"""DE 63 and its continuation in 120-123: shapes, sums, and cuts anywhere."""

import pytest

from tests.conformance import baskets
from tests.conformance.answers import check_answer
from tests.conformance.till import Answer, Link, Till


def sell(link: Link, till: Till, card: str, amount: int, elements: dict[int, str | None]) -> Answer:
    request = till.message("earn", card=card, amount=amount, elements=elements)
    answer = link.ask(request)
    check_answer(request, answer)
    return answer


WELL_SHAPED = {
    "one line": "0015milk\\1\\U\\1000\\food\\",
    "an empty category": "0015milk\\1\\U\\1000\\\\",
    "three decimals": "0015cheese\\0.375\\K\\1000\\food\\",
    "one decimal": "0015cheese\\1.5\\K\\1000\\food\\",
    "quantity zero": "0015milk\\0\\U\\1000\\food\\",
    "litres": "0015fuel\\41.37\\L\\1000\\\\",
    "metres": "0015cable\\3\\M\\1000\\\\",
    "no flags of six": "0016milk\\1\\U\\1000\\food\\\\",
    "both flags on another line": "0026milk\\1\\U\\1000\\food\\\\bag\\1\\U\\0\\\\ND\\",
    "a negative line": "0025milk\\1\\U\\1100\\food\\bottle\\1\\U\\-100\\\\",
    "the product MISC": "0015MISC\\1\\U\\1000\\\\",
    "a product with spaces": "0015red wine, 0.75\\1\\U\\1000\\wine|red\\",
    "leading zeros": "0015milk\\001\\U\\000001000\\food\\",
}

MISSHAPEN = {
    "empty": "",
    "a head of three": "001",
    "no lines but parts": "0005milk\\1\\U\\1000\\food\\",
    "one line promised, two there": "0015milk\\1\\U\\500\\food\\milk\\1\\U\\500\\food\\",
    "two lines promised, one there": "0025milk\\1\\U\\1000\\food\\",
    "four parts": "0014milk\\1\\U\\1000\\",
    "seven parts": "0017milk\\1\\U\\1000\\food\\\\\\",
    "six promised, five there": "0016milk\\1\\U\\1000\\food\\",
    "five promised, six there": "0015milk\\1\\U\\1000\\food\\N\\",
    "lines not digits": "0x15milk\\1\\U\\1000\\food\\",
    "parts not a digit": "001xmilk\\1\\U\\1000\\food\\",
    "no last backslash": "0015milk\\1\\U\\1000\\food",
    "something behind it": "0015milk\\1\\U\\1000\\food\\x",
    "a quantity with a letter": "0015milk\\1x\\U\\1000\\food\\",
    "a quantity with four decimals": "0015milk\\1.2345\\U\\1000\\food\\",
    "a quantity with two points": "0015milk\\1.2.3\\U\\1000\\food\\",
    "a quantity with a comma": "0015milk\\1,5\\U\\1000\\food\\",
    "a negative quantity": "0015milk\\-1\\U\\1000\\food\\",
    "no quantity": "0015milk\\\\U\\1000\\food\\",
    "an unknown unit": "0015milk\\1\\X\\1000\\food\\",
    "no unit": "0015milk\\1\\\\1000\\food\\",
    "a unit in small letters": "0015milk\\1\\u\\1000\\food\\",
    "an amount with a letter": "0015milk\\1\\U\\10x0\\food\\",
    "an amount with decimals": "0015milk\\1\\U\\10.00\\food\\",
    "an amount with a plus": "0015milk\\1\\U\\+1000\\food\\",
    "no amount": "0015milk\\1\\U\\\\food\\",
    "a minus alone": "0015milk\\1\\U\\-\\food\\",
    "an unknown flag": "0016milk\\1\\U\\1000\\food\\X\\",
}


@pytest.mark.parametrize("text", WELL_SHAPED.values(), ids=WELL_SHAPED)
def test_well_shaped(link: Link, till: Till, card: str, text: str) -> None:
    answer = sell(link, till, card, 1000, {63: text})
    assert (answer.code, answer.figure("050"), answer.figure("062")) == ("00", 10, 1000)


@pytest.mark.parametrize("text", MISSHAPEN.values(), ids=MISSHAPEN)
def test_misshapen(link: Link, till: Till, card: str, text: str) -> None:
    """Wrong count or shape: 30/063."""
    answer = sell(link, till, card, 1000, {63: text})
    assert (answer.code, answer.element(44)) == ("30", "063")


@pytest.mark.parametrize("amount", [0, 1, 999, 1001, 2000])
def test_a_sum_that_is_not_de_4(link: Link, till: Till, card: str, amount: int) -> None:
    """13 BASKET_OUT_OF_BALANCE, and nothing is booked."""
    answer = sell(link, till, card, amount, baskets.elements("milk:500,wine:500"))
    assert answer.code == "13"
    if amount:
        assert answer.reason == "BASKET_OUT_OF_BALANCE"
    assert link.ask(till.message("inquiry", card=card)).figure("052") == 0


def large_basket(count: int) -> list[baskets.Line]:
    """Lines with different texts, so that a cut at any place would show."""
    return [
        baskets.Line(product=f"P{number:05d}", amount_minor=100 + number, category=f"C{number % 7}")
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [60, 120, 190])
def test_a_basket_that_needs_continuations(link: Link, till: Till, card: str, count: int) -> None:
    lines = large_basket(count)
    total = baskets.total(lines)
    elements = baskets.cut(baskets.wire(lines))
    assert len(elements) > 1
    answer = sell(link, till, card, total, elements)
    assert (answer.code, answer.figure("050")) == ("00", total // 100)


TEXT = baskets.wire(large_basket(3))


def test_a_cut_may_fall_anywhere(link: Link, till: Till, card: str) -> None:
    """A piece may be shorter than 999."""
    for place in range(1, len(TEXT)):
        answer = sell(link, till, card, 303, baskets.cut(TEXT, place))
        assert (answer.code, answer.figure("050")) == ("00", 3), f"cut at {place}"


@pytest.mark.parametrize("cuts", [(1, 2, 3, 4), (4, 20, 30, 50), (10, 11, 12, 60)])
def test_five_pieces(link: Link, till: Till, card: str, cuts: tuple[int, ...]) -> None:
    answer = sell(link, till, card, 303, baskets.cut(TEXT, *cuts))
    assert (answer.code, answer.figure("050")) == ("00", 3)


@pytest.mark.parametrize("element", [120, 121, 122, 123])
def test_a_continuation_without_63(link: Link, till: Till, card: str, element: int) -> None:
    answer = sell(link, till, card, 303, {element: TEXT})
    assert (answer.code, answer.element(44)) == ("30", "063")


@pytest.mark.parametrize("operation", ["quote", "refund"])
def test_baskets_of_other_operations(link: Link, till: Till, card: str, operation: str) -> None:
    """A basket is checked wherever it is read."""
    good = till.message(operation, card=card, amount=303, elements={63: TEXT})
    assert link.ask(good).code == "00"
    bad = till.message(operation, card=card, amount=302, elements={63: TEXT})
    assert link.ask(bad).code == "13"
    misshapen = till.message(operation, card=card, amount=303, elements={63: TEXT[:-1]})
    assert link.ask(misshapen).code == "30"
