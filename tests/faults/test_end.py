"""The process: how it begins, reads its files anew, and ends."""

import itertools
import signal
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from switch.audit import verify
from tests.conformance.cards import number
from tests.conformance.deployment import STARTER_TERMINALS, Deployment
from tests.conformance.till import Link, Till
from tests.faults.tills import BusyTill

CARDS = [number(serial) for serial in range(1, 9)]


@pytest.fixture
def made(tmp_path: Path) -> Deployment:
    """A starter with some cards."""
    deployment = Deployment(tmp_path / "puntual")
    done = deployment.import_cards("card,member\n" + "".join(f"{card},M{card[6:15]}\n" for card in CARDS))
    assert done.returncode == 0, done.stderr
    return deployment


@pytest.mark.parametrize("number_", [signal.SIGTERM, signal.SIGINT])
def test_the_end_under_load_is_quick_and_loses_nothing(made: Deployment, number_: signal.Signals) -> None:
    """What a till was told stands, and what it was not told it asks again; the end takes ten seconds."""
    stans = itertools.count(1)
    tills = [
        BusyTill(terminal, [card], stans, seed)
        for seed, (terminal, card) in enumerate(zip(STARTER_TERMINALS, CARDS, strict=False))
    ]
    with made.serve() as switch:
        for till in tills:
            till.begin(switch.iso8583)
        for till in tills:
            till.is_busy.wait()
        switch.process.send_signal(number_)
        assert switch.process.wait(10) == 0
        for till in tills:
            till.end()
    assert not (made.folder / "puntual.sock").exists()
    with made.serve() as switch:
        for till in tills:
            till.settle(switch.iso8583, sample=50)
            till.check_balances(switch.iso8583)
            assert till.wrong == []
    assert verify(made.folder / "puntual.db") == []


def test_sighup_reads_the_register_and_the_programme_anew(made: Deployment) -> None:
    """A good file counts from the next message on, also on a connection that is open; a bad one never."""
    stans = itertools.count(1)
    new, log = Till("NEWTILL1", stans), made.folder / "serve.log"
    terminals, programme = made.folder / "terminals.csv", made.folder / "programme.toml"
    good = terminals.read_text(encoding="utf-8")
    line = good.splitlines()[1].replace("T0000001", "NEWTILL1")
    with made.serve() as switch, Link(switch.iso8583) as link:
        sale = new.message("earn", card=CARDS[0], amount=1000)
        assert link.ask(sale).code == "58"

        def reload(event: str) -> None:
            before = log.read_text(encoding="utf-8").count(event)
            switch.process.send_signal(signal.SIGHUP)
            _until(lambda: log.read_text(encoding="utf-8").count(event) > before)

        terminals.write_text(good + "what,is,this\n", encoding="utf-8")
        reload('"register.rejected"')
        assert link.ask(sale).code == "58"
        assert link.ask(Till("T0000001", stans).message("inquiry", card=CARDS[0])).code == "00"

        terminals.write_text(f"{good.rstrip()}\n{line}\n", encoding="utf-8")
        reload('"register.loaded"')
        first = link.ask(sale)
        assert (first.code, first.figure("050")) == ("00", 10)

        text = programme.read_text(encoding="utf-8")
        twice = text.replace("points = 1", "points = 2")
        assert twice != text
        programme.write_text(twice, encoding="utf-8")
        reload('"programme.loaded"')
        second = link.ask(new.message("earn", card=CARDS[0], amount=1000))
        assert second.figure("050") == 20
        assert second.tag("060") != first.tag("060")


def test_a_folder_is_served_by_one_process(made: Deployment) -> None:
    """Two would each know half of the truth."""
    with made.serve():
        done = made.run("serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0")
    assert done.returncode == 2
    assert "another process" in done.stderr
    assert done.stdout == ""


def test_an_address_that_is_taken_is_told(made: Deployment) -> None:
    """... with what to do about it, and without a traceback."""
    with made.serve() as switch:
        taken = f"127.0.0.1:{switch.http[1]}"
        other = Deployment(made.folder.with_name("other"))
        done = other.run("serve", "--listen", taken, "--http", "127.0.0.1:0")
    assert done.returncode == 2
    assert taken in done.stderr
    assert "Traceback" not in done.stderr
    assert not (other.folder / "puntual.sock").exists()


def test_an_address_that_is_none_is_told(tmp_path: Path) -> None:
    """Wrong use is status 2."""
    deployment = Deployment(tmp_path / "puntual")
    for address in ("8583", "localhost:http", "127.0.0.1:99999", ":8583"):
        done = deployment.run("serve", "--listen", address)
        assert done.returncode == 2
        assert "HOST:PORT" in done.stderr


def test_it_tells_how_it_is(made: Deployment) -> None:
    """Health, readiness and figures of the real process."""
    with made.serve() as switch, Link(switch.iso8583) as link:
        till = Till("T0000001", itertools.count(1))
        link.ask(till.message("earn", card=CARDS[0], amount=1000))
        link.ask(till.message("redeem", card=CARDS[0], amount=5000))

        def page(name: str) -> str:
            host, port = switch.http
            with urllib.request.urlopen(f"http://{host}:{port}/{name}", timeout=5) as answer:
                return str(answer.read().decode())

        assert page("health") == "alive\n"
        assert page("ready") == "ready\n"
        lines = page("metrics").splitlines()
        assert 'puntual_transactions_total{operation="EARN",reason="APPROVED"} 1' in lines
        assert 'puntual_transactions_total{operation="REDEEM",reason="NOT_SUFFICIENT_POINTS"} 1' in lines
        assert "puntual_connections 1" in lines


def _until(holds: Callable[[], bool]) -> None:
    """Look until something is written in a file; the test's own time limit ends what never comes."""
    while not holds():
        time.sleep(0.01)
