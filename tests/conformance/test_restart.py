"""kill -9 and start again: what was answered is there once, and every repeat gets the same bytes.

One deployment lives three lives. In the first it hears every kind of message and is killed; in the second it
is asked all of it again and is killed while it sells; the third is looked at and ends in good order.
"""

import contextlib
import itertools
import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conformance import cards
from tests.conformance.deployment import STARTER_TERMINALS, Deployment, Switch
from tests.conformance.disorder import Disorder
from tests.conformance.till import Answer, HungUp, Link, Message, Till, original

CARDS = tuple(itertools.islice(cards.pool(), 60))
BARCODE = ("010", "BARC40012345")
REFUSED_EARLY = ("OPERATION_NOT_SUPPORTED", "KEY_CONFLICT", "BASKET_OUT_OF_BALANCE")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A deployment of its own, with a few cards and the feed switched on."""
    made = Deployment(tmp_path_factory.mktemp("restart") / "puntual")
    settings = made.folder / "puntual.toml"
    settings.write_text(settings.read_text().replace('kind = "off"', 'kind = "jsonl"'))
    rows = [cards.row(card, cards.member_of(card)) for card in CARDS]
    assert made.import_cards(cards.as_csv(rows)).returncode == 0
    return made


@dataclass(slots=True, kw_only=True)
class FirstLife:
    """What was asked and answered before the first kill; *balances* of CARDS[:10] at its end."""

    asked: list[tuple[Message, Answer]]
    sale: Message
    sale_rrn: str
    overtaken: Message
    balances: list[dict[str, list[str]]]


def every_kind(till: Till) -> list[Message]:
    """Every kind of remembered message, in an order that makes sense."""
    first, second = CARDS[:2]
    part = till.message("earn", card=first, amount=1000, values=[("020", "300"), ("023", "R1")])
    paid = till.message("redeem", card=first, amount=100)
    later = till.message("earn", card=second, amount=7000)
    return [
        till.message("earn", card=first, amount=50_000),
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
        till.message("refund", card=second, amount=5000),
    ]


def balances(link: Link, till: Till) -> list[dict[str, list[str]]]:
    """What an INQUIRY tells of the first ten cards."""
    return [dict(link.ask(till.message("inquiry", card=card)).tags) for card in CARDS[:10]]


@pytest.fixture(scope="module")
def first_life(fresh: Deployment, stans: Iterator[int]) -> FirstLife:
    """Stories, an early reversal, an activation and seeded disorder; then kill -9."""
    till = Till(STARTER_TERMINALS[0], stans)
    sale = till.message("earn", card=CARDS[2], amount=50_000)
    overtaken = till.message("earn", card=CARDS[2], amount=7000)
    prepared = [
        sale,
        till.message("refund", card=CARDS[2], amount=20_050, elements={90: original(sale)}),
        till.message("redeem", card=CARDS[2], amount=100, values=[("023", "K1")]),
        till.message("reverse", card=CARDS[2], amount=7000, elements={90: original(overtaken)}),
        till.message("activate", card=CARDS[3], values=[BARCODE]),
    ]
    disorder = Disorder(99, stans, iter(CARDS[4:7]), terminals=STARTER_TERMINALS[1:4])
    messages = [*every_kind(till), *prepared, *disorder.opening(), *(disorder.next() for _ in range(120))]
    with fresh.serve() as switch, Link(switch.iso8583) as link:
        asked = [(message, link.ask(message)) for message in messages]
        at_the_end = balances(link, till)
        switch.kill()
    sale_rrn = next(answer.element(37) for message, answer in asked if message is sale)
    return FirstLife(asked=asked, sale=sale, sale_rrn=sale_rrn, overtaken=overtaken, balances=at_the_end)


def remembered(life: FirstLife) -> list[tuple[Message, Answer]]:
    """Without quotes, inquiries, conflicts and what was refused in the first steps."""
    return [
        (message, answer)
        for message, answer in life.asked
        if message.mti[1] != "1" and answer.reason not in REFUSED_EARLY
    ]


@pytest.fixture(scope="module")
def second_life(fresh: Deployment, first_life: FirstLife) -> Iterator[Switch]:
    """The switch after the first kill."""
    assert first_life.asked
    with fresh.serve() as switch:
        yield switch


def test_repeats_after_a_kill_get_the_same_bytes(
    first_life: FirstLife, second_life: Switch, stans: Iterator[int]
) -> None:
    """Approvals, declines, advices, an early reversal, disorder; and the balances are what they were."""
    till = Till(STARTER_TERMINALS[0], stans)
    known = remembered(first_life)
    assert len(known) > 80
    with Link(second_life.iso8583) as link:
        for message, answer in known:
            assert link.ask(message).raw == answer.raw, message
        assert balances(link, till) == first_life.balances
        highest = max(answer.element(37) for _, answer in first_life.asked)
        assert link.ask(till.message("quote", card=CARDS[0], amount=1)).element(37) > highest


def test_state_is_the_same_after_a_kill(
    first_life: FirstLife, second_life: Switch, stans: Iterator[int]
) -> None:
    """What a decision needs survives: originals, returns so far, tickets, early reversals, identifiers."""
    till, other = Till(STARTER_TERMINALS[0], stans), Till(STARTER_TERMINALS[5], stans)
    card, named = CARDS[2], [("013", first_life.sale_rrn)]
    of_sale: dict[int, str | None] = {90: original(first_life.sale)}
    expected = [
        (till.message("earn", card=card, amount=1000, values=[("023", "K1")]), "00", 9),
        (other.message("refund", card=card, amount=30_000, values=named), "13", 0),
        (other.message("refund", card=card, amount=29_950, values=named), "00", -299),
        (till.message("void", elements=of_sale), "12", 0),
        (first_life.overtaken, "12", 0),
        (till.message("reverse", elements=of_sale), "00", 0),
        (till.message("earn", amount=1000, values=[BARCODE]), "00", 10),
    ]
    with Link(second_life.iso8583) as link:
        for request, code, points in expected:
            answer = link.ask(request)
            assert (answer.code, answer.figure("050")) == (code, points), (request, answer.message)


@dataclass(slots=True)
class Shopper:
    """A thread that sells one euro after the other and keeps what it asked and what it was answered."""

    address: tuple[str, int]
    till: Till
    card: str
    answered: list[tuple[Message, Answer]] = field(default_factory=list)
    unanswered: list[Message] = field(default_factory=list)

    def run(self) -> None:
        with contextlib.suppress(HungUp, OSError), Link(self.address) as link:
            while True:
                request = self.till.message("earn", card=self.card, amount=100)
                self.unanswered.append(request)
                answer = link.ask(request)
                self.answered.append((self.unanswered.pop(), answer))


@pytest.fixture(scope="module")
def shoppers(second_life: Switch) -> list[Shopper]:
    """Eight connections under load until a kill -9 ends the second life."""
    made = [
        Shopper(second_life.iso8583, Till(terminal, iter(range(start * 10_000, start * 10_000 + 9999))), card)
        for start, (terminal, card) in enumerate(zip(STARTER_TERMINALS, CARDS[20:28], strict=False), 60)
    ]
    threads = [threading.Thread(target=shopper.run) for shopper in made]
    for thread in threads:
        thread.start()
    pause = threading.Event()
    while min(len(shopper.answered) for shopper in made) < 20:
        assert any(thread.is_alive() for thread in threads)
        pause.wait(0.01)
    second_life.kill()
    for thread in threads:
        thread.join(10)
    return made


@pytest.fixture(scope="module")
def third_life(fresh: Deployment, shoppers: list[Shopper]) -> Iterator[Switch]:
    """The switch after the second kill."""
    assert shoppers
    with fresh.serve() as switch:
        yield switch


def test_a_kill_under_load_loses_nothing_and_books_nothing_twice(
    third_life: Switch, shoppers: list[Shopper]
) -> None:
    """Every approval a till saw is in the books once; what was open is decided once by its repeat."""
    with Link(third_life.iso8583) as link:
        for shopper in shoppers:
            for request, answer in shopper.answered:
                assert link.ask(request.but(mti="0201")).raw == answer.raw
            for request in shopper.unanswered:
                assert link.ask(request.but(mti="0201")).code == "00"
            look = shopper.till.message("inquiry", card=shopper.card)
            expected = len(shopper.answered) + len(shopper.unanswered)
            assert link.ask(look).figure("052") == expected


SECRETS: dict[int, str | None] = {
    2: cards.PAYMENT,
    35: f"{cards.PAYMENT}=49121010000012345678",
    36: "9" * 7 + cards.PAYMENT_19 + "=" * 4,
    45: f"B{cards.PAYMENT}^DOE/JOHN^49121010000012345678",
    52: "52B1CDE3A4F50617",
    55: "9F2608A1B2C3D4E5F60708",
}


def test_no_secret_is_in_the_files(fresh: Deployment, third_life: Switch, stans: Iterator[int]) -> None:
    """No card number, track or PIN block, as text, hex or BCD, in the database, the feed or the log."""
    till = Till(STARTER_TERMINALS[3], stans)
    values = [("011", f"{CARDS[50]}=49121010000087654321"), ("014", "X7Q9Z3K1")]
    request = till.message("earn", amount=1000, values=values, elements=SECRETS)
    with Link(third_life.iso8583) as link:
        assert link.ask(request).code == "00"
        assert link.ask_bytes(request.damaged(data={4: b"00000000x000"})).code == "30"
    tracks = ("49121010000012345678", "49121010000087654321")
    texts = [*CARDS, cards.PAYMENT, cards.PAYMENT_19, cards.UNKNOWN, *tracks, "52B1CDE3A4F50617", "X7Q9Z3K1"]
    for path in sorted(path for path in fresh.folder.rglob("*") if path.is_file() and path.suffix != ".csv"):
        data = path.read_bytes()
        for text in texts:
            bcd = bytes.fromhex(text + "0" * (len(text) % 2)) if text.isdecimal() else text.encode()
            for form in (
                text.encode(),
                text.encode().hex().encode(),
                text.encode().hex().upper().encode(),
                bcd,
            ):
                assert form not in data, f"{path.name} holds {text}"


def test_the_feed_has_every_decision(
    fresh: Deployment,
    third_life: Switch,
    first_life: FirstLife,
    shoppers: list[Shopper],
    stans: Iterator[int],
) -> None:
    """JSON lines of the exporter, after two kills: in order, declines included, nothing left out.

    Reading: what is not remembered (quotes, inquiries, early refusals) need not be in the feed.
    """
    path = fresh.folder / "transactions.jsonl"
    till = Till(STARTER_TERMINALS[0], stans)
    with Link(third_life.iso8583) as link:
        last = link.ask(till.message("earn", card=CARDS[51], amount=1000)).element(37)
    end = time.monotonic() + 10
    while last not in path.read_text(encoding="utf-8"):
        assert time.monotonic() < end, "the feed stands still"
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert all({"seq", "rrn", "operation", "code", "points", "at"} <= set(record) for record in records)
    numbers = list(dict.fromkeys(record["seq"] for record in records))
    assert numbers == sorted(numbers)
    seen = {answer.element(37) for shopper in shoppers for _, answer in shopper.answered}
    seen |= {answer.element(37) for _, answer in remembered(first_life)}
    assert seen <= {record["rrn"] for record in records}
    assert {"00", "10", "12", "14", "51"} <= {record["code"] for record in records}
    assert {"EARN", "REDEEM", "REFUND", "VOID", "REVERSAL", "ACTIVATE"} <= {r["operation"] for r in records}


def test_the_books_hold_and_verify_finds_a_change(
    fresh: Deployment, third_life: Switch, tmp_path: Path
) -> None:
    """After two kills nothing is wrong; a missing guard and an unreadable database are (exit 1)."""
    if third_life.process.poll() is None:
        assert third_life.terminate() == 0
    verified = fresh.run("ledger", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    folder = shutil.copytree(
        fresh.folder, tmp_path / "damaged", ignore=shutil.ignore_patterns("*.sock", "*.lock")
    )
    damaged = Deployment(folder)
    with contextlib.closing(sqlite3.connect(folder / "puntual.db")) as database:
        guards = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        database.execute(f'DROP TRIGGER "{guards[0][0]}"')
        database.commit()
    assert damaged.run("ledger", "verify").returncode == 1
    (folder / "puntual.db").write_bytes(b"not a database" * 1000)
    assert damaged.run("ledger", "verify").returncode == 1
