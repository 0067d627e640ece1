"""The switch's own elements: 15, 37, 38, 44, 54, 62, and the tags that every approval carries."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.answers import check_answer, check_found_card
from tests.conformance.till import Answer, Link, Message, Till

OPERATIONS = ("earn", "redeem", "quote", "inquiry", "refund", "activate")


def ask(link: Link, request: Message) -> Answer:
    answer = link.ask(request)
    check_answer(request, answer)
    return answer


def sequence(answer: Answer) -> str:
    """The eight characters of DE 37; as text they sort as the numbers that they are."""
    return answer.element(37)[4:]


def test_37_rises_with_every_decision(link: Link, till: Till, card: str) -> None:
    """Approvals, declines, quotes, advices, refusals: never back and never twice."""
    requests = [
        till.message("earn", card=card, amount=1000),
        till.message("redeem", card=card, amount=999_999),
        till.message("quote", card=card, amount=1000),
        till.message("inquiry", card=card),
        till.message("earn", card=card, amount=1000).but(mti="0220"),
        till.message("refund", card=card, amount=1000),
        till.message("reverse", card=card, amount=1000),
        till.message("activate", card=card),
        till.message("hold", card=card, amount=1000),
        till.message("earn", card=card, amount=1000, elements={42: "X" * 15}),
        till.message("earn", card=card, amount=0),
    ]
    numbers = [sequence(ask(link, request)) for request in requests]
    assert numbers == sorted(set(numbers))


def test_37_begins_with_the_day(link: Link, till: Till, card: str) -> None:
    """Year digit and day of the year, n3."""
    today = datetime.now(UTC)
    rrn = ask(link, till.message("earn", card=card, amount=1000)).element(37)
    assert rrn[:4] == f"{today:%Y}"[-1] + f"{today:%j}"


def test_38_is_of_the_same_sequence(link: Link, till: Till, card: str) -> None:
    """Reading: 38 is the last six of the eight characters in DE 37."""
    for _ in range(3):
        answer = ask(link, till.message("earn", card=card, amount=1000))
        assert answer.element(38) == sequence(answer)[-6:]


def test_38_stands_on_approvals_that_book(link: Link, till: Till, card: str) -> None:
    sale = ask(link, till.message("earn", card=card, amount=10_000))
    redemption = ask(link, till.message("redeem", card=card, amount=10))
    refund = ask(link, till.message("refund", card=card, amount=1000))
    void = ask(link, till.message("void", values=[("013", redemption.element(37))]))
    assert all(answer.element(38) for answer in (sale, redemption, refund, void))
    assert len({answer.element(38) for answer in (sale, redemption, refund, void)}) == 4


@pytest.mark.parametrize("operation", OPERATIONS)
def test_balances_stand_in_every_approval(link: Link, till: Till, card: str, operation: str) -> None:
    """052, 053 and DE 54; 054 when points expire; 060 is one version for all."""
    first = ask(link, till.message("earn", card=card, amount=100_000))
    answer = ask(link, till.message(operation, card=card, amount=100))
    assert answer.code == "00"
    check_found_card(answer)
    assert answer.tag("054")
    assert answer.tag("053") == "0" * 12
    assert first.tag("060")
    assert answer.tag("060") in {first.tag("060"), ""}


def test_054_is_the_next_expiry(link: Link, till: Till, card: str) -> None:
    """All points of today expire on one day; without points there is no 054."""
    assert "054" not in ask(link, till.message("inquiry", card=card)).tags
    ask(link, till.message("earn", card=card, amount=1000))
    answer = ask(link, till.message("earn", card=card, amount=2000))
    assert answer.tag("054")[:12] == f"{30:012d}"
    expires_on = datetime.strptime(answer.tag("054")[12:], "%Y%m%d").replace(tzinfo=UTC)
    assert 729 <= (expires_on - datetime.now(UTC)).days <= 731
    ask(link, till.message("redeem", card=card, amount=30))
    assert "054" not in ask(link, till.message("inquiry", card=card)).tags


def test_054_is_the_earliest_of_several(link: Link, till: Till, card: str) -> None:
    """Points of an older advice expire first, and are used first."""
    older = (datetime.now(UTC) - timedelta(days=20)).strftime("%m%d")
    first = ask(link, till.message("earn", card=card, amount=1000, elements={13: older}).but(mti="0220"))
    second = ask(link, till.message("earn", card=card, amount=500))
    assert second.tag("054") == first.tag("054")
    assert ask(link, till.message("redeem", card=card, amount=4)).tag("054")[:12] == f"{6:012d}"
    last = ask(link, till.message("redeem", card=card, amount=7)).tag("054")
    assert last[:12] == f"{4:012d}"
    assert last[12:] > first.tag("054")[12:]


@pytest.mark.parametrize("operation", ["earn", "quote"])
def test_050_and_062_always_stand_in_earn_and_quote(
    link: Link, till: Till, card: str, operation: str
) -> None:
    answer = ask(link, till.message(operation, card=card, amount=50))
    assert answer.tag("050") == "C000000000000"
    assert answer.tag("062") == "000000000050"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_receipts(link: Link, till: Till, card: str, operation: str) -> None:
    """At most 38 characters of plain ASCII a line, joined by a bar (checked on every answer); not empty."""
    link.ask(till.message("earn", card=card, amount=100_000))
    answer = ask(link, till.message(operation, card=card, amount=100))
    assert answer.element(62).strip("| ")


def test_a_declines_display_line(link: Link, till: Till, card: str) -> None:
    answer = ask(link, till.message("redeem", card=card, amount=100))
    assert answer.element(62).strip()
    assert "|" not in answer.element(62)


def test_44_is_three_digits(link: Link, till: Till, card: str) -> None:
    answer = ask(link, till.message("earn", card=card, amount=1000, elements={4: None}))
    assert answer.message.elements[44] == "004"
    assert set(answer.message.elements) - {62} == {2, 3, 7, 11, 12, 13, 39, 41, 44, 48}
    assert dict(answer.tags) == {"059": ["FORMAT_ERROR"]}


def test_levels_of_tills(link: Link, till: Till, pool: Iterator[str]) -> None:
    """1 reads 39 and 62; 2 reads the money tags too; 3 sends a basket. The sale is worth the same to each."""
    level_1 = till.message("earn", card=next(pool), amount=1000)
    level_2 = till.message(
        "earn",
        card=next(pool),
        amount=1000,
        values=[("023", "L2"), ("031", "CASH000000001000"), ("040", "PD")],
    )
    level_3 = till.message(
        "earn", card=next(pool), amount=1000, elements={63: "0015milk\\1\\U\\1000\\food\\"}
    )
    answers = [ask(link, request) for request in (level_1, level_2, level_3)]
    assert [answer.code for answer in answers] == ["00"] * 3
    assert [answer.figure("050") for answer in answers] == [10] * 3
    assert [answer.figure("062") for answer in answers] == [1000] * 3
    assert all(answer.element(62) for answer in answers)
