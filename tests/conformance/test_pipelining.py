"""Many messages in flight: answers to one terminal keep their order, and every message gets its own."""

import threading
from collections.abc import Iterator

import pytest

from tests.conformance.deployment import STARTER_TERMINALS, Switch
from tests.conformance.till import Answer, Link, Message, Till, frame


def pipeline(link: Link, requests: list[Message]) -> list[Answer]:
    """Send all, then read all."""
    link.send(b"".join(frame(request.encode()) for request in requests))
    return [Answer.decode(link.receive()) for _ in requests]


@pytest.mark.parametrize("count", [2, 64, 65, 300])
def test_answers_of_one_terminal_keep_their_order(link: Link, till: Till, card: str, count: int) -> None:
    """More than the 64 that a connection may have in work: the rest waits unread."""
    requests = [till.message("earn", card=card, amount=100 * (1 + number % 3)) for number in range(count)]
    answers = pipeline(link, requests)
    assert [answer.element(11) for answer in answers] == [request.elements[11] for request in requests]
    points = [1 + number % 3 for number in range(count)]
    assert [answer.figure("050") for answer in answers] == points
    assert [answer.figure("052") for answer in answers] == [sum(points[: n + 1]) for n in range(count)]


def test_each_sees_what_came_before_it(link: Link, till: Till, card: str) -> None:
    """A sale, its redemption, its refusal, its void and a repeat, all in one segment."""
    sale = till.message("earn", card=card, amount=10_000)
    requests = [
        sale,
        till.message("redeem", card=card, amount=60),
        till.message("redeem", card=card, amount=60),
        till.message("redeem", card=card, amount=40),
        sale.but(mti="0201"),
        till.message("inquiry", card=card),
    ]
    answers = pipeline(link, requests)
    assert [answer.code for answer in answers] == ["00", "00", "51", "00", "00", "00"]
    assert answers[4].raw == answers[0].raw
    assert answers[5].figure("052") == 0


def test_an_early_reversal_in_the_same_segment(link: Link, till: Till, card: str) -> None:
    sale = till.message("earn", card=card, amount=1000)
    undo = till.message("reverse", card=card, amount=1000, elements={11: sale.elements[11]})
    undo = undo.but({n: sale.elements[n] for n in (7, 12, 13)})
    answers = pipeline(link, [undo, sale, sale.but(mti="0220")])
    assert [answer.code for answer in answers[:2]] == ["00", "12"]
    assert link.ask(till.message("inquiry", card=card)).figure("052") == 0


def test_several_terminals_on_one_connection(link: Link, stans: Iterator[int], pool: Iterator[str]) -> None:
    """Each terminal's answers keep their order; all come."""
    tills = [Till(terminal, stans) for terminal in STARTER_TERMINALS]
    card = next(pool)
    requests = [till.message("earn", card=card, amount=100) for _ in range(8) for till in tills]
    answers = pipeline(link, requests)
    for terminal in STARTER_TERMINALS:
        sent = [r.elements[11] for r in requests if r.elements[41] == terminal]
        got = [a.element(11) for a in answers if a.element(41) == terminal]
        assert got == sent


def test_mixed_kinds_keep_the_terminals_order(link: Link, till: Till, card: str) -> None:
    """A 30, a 58, a 12, a decline and approvals, answered in the order in which they were asked."""
    requests = [
        till.message("earn", card=card, amount=1000),
        till.message("earn", card=card),
        till.message("earn", card=card, amount=1000),
        till.message("earn", card=card, amount=1000, elements={42: "X" * 15}),
        till.message("earn", card=card, amount=1000, elements={3: "500000"}),
        till.message("redeem", card=card, amount=99_999),
        till.message("earn", card=card, amount=0),
        till.message("inquiry", card=card),
    ]
    answers = pipeline(link, requests)
    assert [answer.element(11) for answer in answers] == [request.elements[11] for request in requests]
    assert [answer.code for answer in answers] == ["00", "30", "00", "58", "12", "51", "13", "00"]


def test_a_till_that_does_not_read_hurts_nobody(switch: Switch, link: Link, till: Till, card: str) -> None:
    """Its requests are left unread sooner or later, others are served, and in the end it has its answers."""
    requests = [till.message("inquiry", card=card) for _ in range(3000)]
    data = b"".join(frame(request.encode()) for request in requests)
    with Link(switch.iso8583, timeout_s=20) as deaf:
        writer = threading.Thread(target=deaf.send, args=(data,))
        writer.start()
        for _ in range(20):
            assert link.ask(till.message("inquiry", card=card)).code == "00"
        answers = [Answer.decode(deaf.receive()) for _ in requests]
        writer.join(10)
    assert [answer.element(11) for answer in answers] == [request.elements[11] for request in requests]


def test_a_race_of_repeats_books_once(switch: Switch, link: Link, till: Till, card: str) -> None:
    """Eight connections send the same bytes at once: one transaction, eight equal answers."""
    request = till.message("earn", card=card, amount=1000)
    barrier = threading.Barrier(8)
    received: list[bytes] = []

    def send_once() -> None:
        with Link(switch.iso8583) as own:
            barrier.wait(5)
            received.append(own.ask(request).raw)

    threads = [threading.Thread(target=send_once) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(received) == 8
    assert len(set(received)) == 1
    assert link.ask(till.message("inquiry", card=card)).figure("052") == 10


def test_a_race_for_the_last_points(switch: Switch, link: Link, till: Till, card: str) -> None:
    """Eight redemptions of all points at once: one wins, seven are 51, nobody is below zero."""
    assert link.ask(till.message("earn", card=card, amount=10_000)).code == "00"
    requests = [till.message("redeem", card=card, amount=100) for _ in range(8)]
    barrier = threading.Barrier(8)
    codes: list[str] = []

    def redeem(request: Message) -> None:
        with Link(switch.iso8583) as own:
            barrier.wait(5)
            codes.append(own.ask(request).code)

    threads = [threading.Thread(target=redeem, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(codes) == ["00", *["51"] * 7]
    assert link.ask(till.message("inquiry", card=card)).figure("052") == 0
