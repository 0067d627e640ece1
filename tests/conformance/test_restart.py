"""kill -9 and start again: what was answered is there once, and every repeat gets the same bytes."""

import contextlib
import itertools
import json
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conformance import cards
from tests.conformance.deployment import STARTER_TERMINALS, Deployment
from tests.conformance.disorder import Disorder
from tests.conformance.till import Answer, HungUp, Link, Message, Till, original, trace_numbers


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A deployment of its own, with a few cards."""
    made = Deployment(tmp_path_factory.mktemp("restart") / "puntual")
    settings = made.folder / "puntual.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(re.sub(r'kind = "off"', 'kind = "jsonl"', text), encoding="utf-8")
    rows = [cards.row(card, cards.member_of(card)) for card in itertools.islice(cards.pool(), 60)]
    assert made.import_cards(cards.as_csv(rows)).returncode == 0
    return made


@pytest.fixture(scope="module")
def seen() -> list[str]:
    """DE 37 of every decision that these tests saw answered, in order of the tests."""
    return []


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


def test_repeats_after_a_kill_get_the_same_bytes(fresh: Deployment, seen: list[str]) -> None:
    """Approvals, declines, an early reversal and its refused sale, advices: as before."""
    stans, pool = trace_numbers(), cards.pool()
    till = Till(STARTER_TERMINALS[0], stans)
    requests = story(till, pool)
    with fresh.serve() as switch, Link(switch.iso8583) as link:
        before = [link.ask(request).raw for request in requests]
        seen += [Answer.decode(raw).element(37) for raw in before]
        balances = [link.ask(till.message("inquiry", card=r.elements[2])).tags for r in requests[:1]]
        switch.kill()
    with fresh.serve() as switch, Link(switch.iso8583) as link:
        assert [link.ask(request).raw for request in requests] == before
        again = [link.ask(till.message("inquiry", card=r.elements[2])).tags for r in requests[:1]]
        assert again == balances
        highest = max(Answer.decode(raw).element(37) for raw in before)
        fresh_answer = link.ask(till.message("earn", card=requests[0].elements[2], amount=1))
        assert fresh_answer.element(37) > highest, "the sequence went back"
        switch.kill()
    verified = fresh.run("ledger", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_state_is_the_same_after_a_kill(fresh: Deployment, stans: Iterator[int]) -> None:
    """What a decision needs survives: originals, returns so far, tickets, early reversals, identifiers."""
    till = Till(STARTER_TERMINALS[1], stans)
    card, issued = itertools.islice(cards.pool(), 20, 22)
    other = Till(STARTER_TERMINALS[2], stans)
    barcode = ("010", "BARC40012345")
    sale = till.message("earn", card=card, amount=50_000)
    overtaken = till.message("earn", card=card, amount=7000)
    first = [
        sale,
        till.message("refund", card=card, amount=20_050, elements={90: original(sale)}),
        till.message("redeem", card=card, amount=100, values=[("023", "K1")]),
        till.message("reverse", card=card, amount=7000, elements={90: original(overtaken)}),
        till.message("activate", card=issued, values=[barcode]),
    ]
    with fresh.serve() as switch, Link(switch.iso8583) as link:
        answers = [link.ask(request) for request in first]
        assert [answer.code for answer in answers] == ["00"] * 5
        switch.kill()
    second = [
        (till.message("earn", card=card, amount=1000, values=[("023", "K1")]), "00", 9),
        (
            other.message("refund", card=card, amount=30_000, values=[("013", answers[0].element(37))]),
            "13",
            0,
        ),
        (
            other.message("refund", card=card, amount=29_950, values=[("013", answers[0].element(37))]),
            "00",
            -299,
        ),
        (till.message("void", elements={90: original(sale)}), "12", 0),
        (overtaken, "12", 0),
        (till.message("reverse", elements={90: original(sale)}), "00", 0),
        (till.message("earn", amount=1000, values=[barcode]), "00", 10),
    ]
    with fresh.serve() as switch, Link(switch.iso8583) as link:
        for request, code, points in second:
            answer = link.ask(request)
            assert (answer.code, answer.figure("050")) == (code, points), (request, answer.message)
        switch.kill()


REFUSED_EARLY = ("OPERATION_NOT_SUPPORTED", "KEY_CONFLICT", "BASKET_OUT_OF_BALANCE")


def test_disorder_is_the_same_after_a_kill(fresh: Deployment, stans: Iterator[int]) -> None:
    """Whatever was decided, in whatever order: the same bytes again, and the same balances."""
    used = list(itertools.islice(cards.pool(), 40, 43))
    disorder = Disorder(99, stans, iter(used), terminals=STARTER_TERMINALS[:3])
    till = Till(STARTER_TERMINALS[0], stans)
    with fresh.serve() as switch, Link(switch.iso8583) as link:
        asked = [*disorder.opening(), *(disorder.next() for _ in range(120))]
        answers = [link.ask(request) for request in asked]
        balances = [link.ask(till.message("inquiry", card=card)).tags for card in used]
        switch.kill()
    kept = [
        (request, answer)
        for request, answer in zip(asked, answers, strict=True)
        if request.mti[1] != "1" and answer.reason not in REFUSED_EARLY
    ]
    assert len(kept) > 60
    with fresh.serve() as switch, Link(switch.iso8583) as link:
        for request, answer in kept:
            assert link.ask(request).raw == answer.raw, request
        assert [link.ask(till.message("inquiry", card=card)).tags for card in used] == balances
        switch.kill()


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


def test_a_kill_under_load_loses_nothing_and_books_nothing_twice(fresh: Deployment, seen: list[str]) -> None:
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
    with fresh.serve() as switch, Link(switch.iso8583) as link:
        for shopper in shoppers:
            for request, raw in shopper.answered:
                assert link.ask(request.but(mti="0201")).raw == raw
                seen.append(Answer.decode(raw).element(37))
            for request in shopper.unanswered:
                assert link.ask(request.but(mti="0201")).code == "00"
            look = shopper.till.message("inquiry", card=shopper.card)
            expected = len(shopper.answered) + len(shopper.unanswered)
            assert link.ask(look).figure("052") == expected
        assert switch.terminate() == 0
    assert fresh.run("ledger", "verify").returncode == 0


def test_the_feed_has_every_decision(fresh: Deployment, seen: list[str]) -> None:
    """JSON lines of the exporter, after three kills: in order, declines included, nothing left out."""
    path = fresh.folder / "transactions.jsonl"
    with fresh.serve() as switch:
        end = time.monotonic() + 10
        while not path.read_text(encoding="utf-8").count(seen[-1]):
            assert time.monotonic() < end, "the feed stands still"
        assert switch.terminate() == 0
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert all({"seq", "rrn", "operation", "code", "points", "at"} <= set(record) for record in records)
    numbers = list(dict.fromkeys(record["seq"] for record in records))
    assert numbers == sorted(numbers)
    assert set(seen) <= {record["rrn"] for record in records}
    assert {"00", "10", "12", "14", "51"} <= {record["code"] for record in records}
    assert {"EARN", "REDEEM", "REFUND", "VOID", "REVERSAL", "ACTIVATE"} <= {r["operation"] for r in records}


def test_verify_finds_a_change(fresh: Deployment, tmp_path: Path) -> None:
    """A missing guard and an unreadable database are found: exit 1."""
    folder = tmp_path / "damaged"
    shutil.copytree(fresh.folder, folder, ignore=shutil.ignore_patterns("*.sock", "*.lock"))
    damaged = Deployment(folder)
    with contextlib.closing(sqlite3.connect(folder / "puntual.db")) as database:
        guards = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        assert guards
        database.execute(f'DROP TRIGGER "{guards[0][0]}"')
        database.commit()
    assert damaged.run("ledger", "verify").returncode == 1
    (folder / "puntual.db").write_bytes(b"not a database" * 1000)
    assert damaged.run("ledger", "verify").returncode == 1


SECRETS: dict[int, str | None] = {
    2: cards.PAYMENT,
    35: f"{cards.PAYMENT}=49121010000012345678",
    36: "9" * 7 + cards.PAYMENT_19 + "=" * 4,
    45: f"B{cards.PAYMENT}^DOE/JOHN^49121010000012345678",
    52: "52B1CDE3A4F50617",
    55: "9F2608A1B2C3D4E5F60708",
}


def test_no_secret_is_in_the_files(fresh: Deployment, stans: Iterator[int]) -> None:
    """No card number, track or PIN block, as text, hex or BCD, in the database, the feed or the log."""
    till, card = Till(STARTER_TERMINALS[3], stans), next(itertools.islice(cards.pool(), 50, None))
    values = [("011", f"{card}=49121010000087654321"), ("014", "X7Q9Z3K1")]
    request = till.message("earn", amount=1000, values=values, elements=SECRETS)
    damaged = request.damaged(data={4: b"00000000x000"})
    with fresh.serve() as switch, Link(switch.iso8583) as link:
        assert link.ask(request).code == "00"
        assert link.ask_bytes(damaged).code == "30"
        assert switch.terminate() == 0
    used = [*itertools.islice(cards.pool(), 60), cards.PAYMENT, cards.PAYMENT_19, cards.UNKNOWN]
    texts = [*used, "49121010000012345678", "49121010000087654321", "52B1CDE3A4F50617", "X7Q9Z3K1"]
    forms = {text: (text.encode(), text.encode().hex().encode()) for text in texts}
    for path in sorted(path for path in fresh.folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if path.name == "cards.csv":
            continue
        for text, (plain, hexadecimal) in forms.items():
            assert plain not in data, f"{path.name} holds {text}"
            assert hexadecimal not in data.lower(), f"{path.name} holds {text} as hex"
            assert (
                not text.isdecimal() or bytes.fromhex(text.ljust(len(text) + len(text) % 2, "0")) not in data
            )
