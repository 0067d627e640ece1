"""kill -9 and start again: what was answered is there once, and every repeat gets the same bytes."""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.conformance import cards
from tests.conformance.deployment import STARTER_TERMINALS, Deployment
from tests.conformance.till import Answer, HungUp, Link, Message, Till, original, tags, trace_numbers

READY_S = 5  # the process has to be loaded too; ready within 2 s after that is the product's own promise


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A deployment of its own, with a few cards."""
    made = Deployment(tmp_path_factory.mktemp("restart") / "puntual")
    rows = [cards.row(card, cards.member_of(card)) for card in itertools.islice(cards.pool(), 60)]
    assert made.import_cards(cards.as_csv(rows)).returncode == 0
    return made


def story(till: Till, pool: Iterator[str]) -> list[Message]:
    """Every kind of remembered message, in an order that makes sense."""
    first, second = next(pool), next(pool)
    sale = till.message("earn", card=first, amount=50_000)
    part = till.message("earn", card=first, amount=1000, values=[("020", "300"), ("023", "R1")])
    paid = till.message("redeem", card=first, amount=100)
    later = till.message("earn", card=second, amount=7000)
    return [
        sale,
        part,
        paid,
        till.message("redeem", card=first, amount=90_000),
        till.message("redeem", card=first, amount=90_000, values=[("040", "P")]),
        till.message("refund", card=first, amount=400, elements={90: original(part)}),
        till.message("void", elements={90: original(paid)}),
        till.message("reverse", card=second, amount=7000, elements={90: original(later)}),
        later,
        till.message("earn", card=second, amount=1234).but(mti="0220"),
        till.message("earn", card=cards.UNKNOWN, amount=1234).but(mti="0220"),
        till.message("earn", card=cards.UNKNOWN, amount=1234),
        till.message("activate", card=second),
        till.message("refund", card=second, amount=5000),
    ]


def test_repeats_after_a_kill_get_the_same_bytes(fresh: Deployment) -> None:
    """Approvals, declines, an early reversal and its refused sale, advices: as before, then a third time."""
    stans, pool = trace_numbers(), cards.pool()
    till = Till(STARTER_TERMINALS[0], stans)
    requests = story(till, pool)
    with fresh.serve() as switch, Link(switch.iso8583) as link:
        before = [link.ask(request).raw for request in requests]
        balances = [link.ask(till.message("inquiry", card=r.elements[2])).tags for r in requests[:1]]
        switch.kill()
    for _ in range(2):
        with fresh.serve(ready_s=READY_S) as switch, Link(switch.iso8583) as link:
            assert [link.ask(request).raw for request in requests] == before
            again = [link.ask(till.message("inquiry", card=r.elements[2])).tags for r in requests[:1]]
            assert again == balances
            highest = max(Answer.decode(raw).element(37) for raw in before)
            fresh_answer = link.ask(till.message("earn", card=requests[0].elements[2], amount=1))
            assert fresh_answer.element(37) > highest, "the sequence went back"
            switch.kill()
    verified = fresh.run("ledger", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


@dataclass(slots=True)
class Shopper:
    """A thread that sells one euro after the other and keeps what it asked and what it was answered."""

    address: tuple[str, int]
    till: Till
    card: str
    answered: list[tuple[Message, bytes]] = field(default_factory=list)
    unanswered: list[Message] = field(default_factory=list)

    def run(self) -> None:
        try:
            with Link(self.address) as link:
                while True:
                    request = self.till.message("earn", card=self.card, amount=100, values=tags_of(self.till))
                    self.unanswered.append(request)
                    answer = link.ask(request)
                    self.answered.append((self.unanswered.pop(), answer.raw))
        except (HungUp, OSError):
            return


def tags_of(till: Till) -> list[tuple[str, str]]:
    return [("030", till.terminal_id)]


def test_a_kill_under_load_loses_nothing_and_books_nothing_twice(fresh: Deployment) -> None:
    """Every approval a till saw is in the books once; what was open is decided once by its repeat."""
    pool = itertools.islice(cards.pool(), 30, None)
    with fresh.serve() as switch:
        shoppers = [
            Shopper(
                switch.iso8583, Till(terminal, iter(range(start * 10_000, start * 10_000 + 9999))), next(pool)
            )
            for start, terminal in enumerate(STARTER_TERMINALS[:8], 1)
        ]
        threads = [threading.Thread(target=shopper.run) for shopper in shoppers]
        for thread in threads:
            thread.start()
        waiter = threading.Event()
        while min(len(shopper.answered) for shopper in shoppers) < 20:
            assert any(thread.is_alive() for thread in threads)
            waiter.wait(0.01)
        switch.kill()
        for thread in threads:
            thread.join(10)
    with fresh.serve(ready_s=READY_S) as switch, Link(switch.iso8583) as link:
        for shopper in shoppers:
            for request, raw in shopper.answered:
                assert link.ask(request.but(mti="0201")).raw == raw
            for request in shopper.unanswered:
                assert link.ask(request.but(mti="0201")).code == "00"
            look = shopper.till.message("inquiry", card=shopper.card)
            expected = len(shopper.answered) + len(shopper.unanswered)
            assert link.ask(look).figure("052") == expected
        assert switch.terminate() == 0
    assert fresh.run("ledger", "verify").returncode == 0


def test_no_card_number_is_in_the_files(fresh: Deployment) -> None:
    """Neither as text nor as BCD, in the database, its log or the switch's log."""
    used = list(itertools.islice(cards.pool(), 60))
    for path in sorted(fresh.folder.rglob("*")):
        if not path.is_file() or path.name == "cards.csv":
            continue
        data = path.read_bytes()
        for card in used:
            assert card.encode() not in data, f"{path.name} holds a card number"
            assert bytes.fromhex(card) not in data, f"{path.name} holds a card number as BCD"
            assert tags([("010", f"CPAN{card}")]).encode() not in data
