"""The command line on a deployment: exit statuses, what is printed, and work beside a running switch."""

import contextlib
import json
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance import cards
from tests.conformance.deployment import PUNTUAL, Deployment, Switch
from tests.conformance.till import HungUp, Link, Till, frame


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A starter as it was written, without a switch."""
    return Deployment(tmp_path_factory.mktemp("cli") / "puntual")


def spare(number: int) -> str:
    """Cards that no other test imports."""
    return cards.number(700_000_000 + number)


def test_init_writes_the_starter(idle: Deployment) -> None:
    names = {path.name for path in idle.folder.iterdir()}
    assert {"puntual.toml", "programme.toml", "terminals.csv"} <= names
    register = (idle.folder / "terminals.csv").read_text(encoding="utf-8")
    assert register.startswith("terminal,merchant,acquirer,mcc,profile")
    assert register.count("MERCH0000000001,00000000001,5411,retail87") == 10


def test_init_refuses_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("do not touch", encoding="utf-8")
    done = subprocess.run([PUNTUAL, "init", tmp_path], capture_output=True, timeout=30, check=False)
    assert done.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_check_passes_the_starter(idle: Deployment) -> None:
    assert idle.run("check").returncode == 0


def test_check_tells_all_problems_at_once(tmp_path: Path) -> None:
    """Each with its file; exit 1."""
    broken = Deployment(tmp_path / "broken")
    with (broken.folder / "puntual.toml").open("a", encoding="utf-8") as file:
        file.write("\n[nonsense]\nkey = 1\n")
    with (broken.folder / "terminals.csv").open("a", encoding="utf-8") as file:
        file.write("T0000001,MERCH0000000001,00000000001,5411,retail87\n")
    done = broken.run("check", str(broken.folder))
    assert done.returncode == 1
    told = done.stdout + done.stderr
    assert "puntual.toml" in told
    assert "nonsense" in told
    assert "terminals.csv" in told


@pytest.mark.parametrize("arguments", [["nonsense"], ["init"]])
def test_wrong_use_exits_2(idle: Deployment, arguments: list[str]) -> None:
    assert idle.run(*arguments).returncode == 2


def test_help_has_an_example(idle: Deployment) -> None:
    done = idle.run("cards", "import", "--help")
    assert done.returncode == 0
    assert "puntual cards import" in done.stdout


BAD_LINES = {
    "a wrong check digit": {"card": cards.WRONG_CHECK, "member": "B1"},
    "outside every range": {"card": cards.OUTSIDE, "member": "B2"},
    "an unknown status": {"card": spare(1), "member": "B3", "status": "sleeping"},
    "a month that does not exist": {"card": spare(2), "member": "B4", "expires": "2613"},
    "an expiry of five digits": {"card": spare(3), "member": "B5", "expires": "26121"},
    "no member": {"card": spare(4), "member": ""},
    "no card": {"card": "", "member": "B6"},
    "a birthday that does not exist": {"card": spare(5), "member": "B7", "birthday": "2001-02-30"},
    "a parent that nobody has": {"card": spare(6), "member": "B8", "parent": cards.ALSO_UNKNOWN},
}


def test_bad_lines_are_told_and_the_good_ones_imported(
    deployment: Deployment, link: Link, till: Till
) -> None:
    """Line numbers and reasons, never a card number; exit 1. The header is line 1."""
    good = [cards.row(spare(10), "G1"), cards.row(spare(11), "G2")]
    rows = [good[0], *BAD_LINES.values(), good[1]]
    done = deployment.import_cards(cards.as_csv(rows), "bad.csv")
    assert done.returncode == 1
    told = done.stdout + done.stderr
    for line, name in enumerate(BAD_LINES, 3):
        assert str(line) in told, f"{name} in line {line} is not told"
    for row in rows:
        assert not row["card"] or row["card"] not in told
    for row in rows:
        answer = link.ask(till.message("inquiry", card=row["card"] or cards.UNKNOWN))
        assert answer.code == ("00" if row in good else "14"), row


def test_identical_cards_are_skipped_and_different_ones_are_bad(
    deployment: Deployment, link: Link, till: Till
) -> None:
    """Over ``puntual.sock``: a card is good for the next message; the same file again changes nothing."""
    card = spare(20)
    assert link.ask(till.message("earn", card=card, amount=1000)).code == "14"
    text = cards.as_csv([cards.row(card, "I1"), cards.row(spare(21), "I2")])
    assert deployment.import_cards(text, "first.csv").returncode == 0
    assert link.ask(till.message("earn", card=card, amount=1000)).figure("052") == 10
    assert deployment.import_cards(text, "first.csv").returncode == 0
    other = [cards.row(card, "I1"), cards.row(spare(21), "I9"), cards.row(spare(22), "I3")]
    done = deployment.import_cards(cards.as_csv(other), "other.csv")
    assert done.returncode == 1
    assert "3" in done.stdout + done.stderr
    assert link.ask(till.message("inquiry", values=[("010", "ACCTI9")])).code == "14"
    assert link.ask(till.message("inquiry", card=spare(22))).code == "00"
    assert link.ask(till.message("inquiry", card=card)).figure("052") == 10


def test_another_form_of_the_cards_file(deployment: Deployment, link: Link, till: Till) -> None:
    """Only card and member are needed, in any order; quotes, CRLF and UTF-8; the status is then active."""
    first, second = spare(31), spare(32)
    text = f'member,name,card\r\nW1,"Love, Ada",{first}\r\nW2,Mu\u00f1oz,{second}\r\n'
    done = deployment.import_cards(text, "form.csv")
    assert done.returncode == 0, done.stderr
    assert [link.ask(till.message("earn", card=card, amount=1000)).code for card in (first, second)] == [
        "00"
    ] * 2


def test_a_file_that_is_not_there(idle: Deployment) -> None:
    assert idle.run("cards", "import", "nowhere.csv").returncode == 2


def test_the_socket_is_private(deployment: Deployment, switch: Switch) -> None:
    assert switch.process.poll() is None
    assert (deployment.folder / "puntual.sock").stat().st_mode & 0o777 == 0o600


def test_the_books_beside_a_running_switch(
    deployment: Deployment, link: Link, till: Till, card: str, tmp_path: Path
) -> None:
    """Balance and history tell what was answered, and no card; ``--config`` names a folder from elsewhere.

    Reading: both take the card's number.
    """
    sale = link.ask(till.message("earn", card=card, amount=123_400))
    link.ask(till.message("redeem", card=card, amount=34))
    balance = deployment.run("ledger", "balance", card, "--json")
    assert balance.returncode == 0, balance.stderr
    assert json.loads(balance.stdout)
    assert "1200" in balance.stdout
    command = [str(PUNTUAL), "ledger", "history", card, "--json"]
    command += ["--config", str(deployment.folder / "puntual.toml")]
    history = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert history.returncode == 0, history.stderr
    assert json.loads(history.stdout)
    assert "1234" in history.stdout
    assert sale.element(37) in history.stdout
    assert card not in balance.stdout + history.stdout


def test_sigterm_answers_what_was_decided(idle: Deployment, stans: Iterator[int]) -> None:
    """Nothing more is read; exit 0 within ten seconds; a second switch is refused while one runs."""
    made, card = idle, spare(50)
    assert made.import_cards(cards.as_csv([cards.row(card, "D1")])).returncode == 0
    till = Till("T0000001", stans)
    with made.serve() as switch, Link(switch.iso8583) as link:
        second = made.run("serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0")
        assert second.returncode != 0
        requests = [till.message("earn", card=card, amount=100) for _ in range(40)]
        link.send(b"".join(frame(request.encode()) for request in requests))
        assert link.receive()
        switch.process.send_signal(signal.SIGTERM)
        received = 1
        with contextlib.suppress(HungUp):
            while link.receive():
                received += 1
        assert switch.process.wait(10) == 0
    with made.serve() as switch, Link(switch.iso8583) as link:
        booked = link.ask(till.message("inquiry", card=card)).figure("052")
        assert booked == received, "what was booked and what was answered differ"
        assert switch.terminate() == 0


@pytest.mark.parametrize("path", ["/healthz", "/health", "/ready", "/readyz", "/metrics"])
def test_http_answers_something(switch: Switch, path: str) -> None:
    """The page names health, readiness and metrics, not their paths: no path may break the server."""
    host, port = switch.http
    request = urllib.request.Request(f"http://{host}:{port}{path}")
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            status = response.status
    except urllib.error.HTTPError as error:
        error.close()
        status = error.code
    assert status in {200, 404, 503}
