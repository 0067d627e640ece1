"""When the disk fails, nobody is told a lie, and what can be served again is served again."""

import itertools
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from switch.audit import verify
from tests.conformance.cards import number
from tests.conformance.deployment import Deployment, Switch
from tests.conformance.till import Answer, HungUp, Link, Till, frame
from tests.faults.disks import flushes, full, small_disk

CARD = number(1)
KEEP_ALIVE = frame(b"")


def deployment(folder: Path, **limits: int) -> Deployment:
    made = Deployment(folder)
    settings = folder / "puntual.toml"
    text = settings.read_text(encoding="utf-8")
    for name, value in limits.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
        text = text.replace(line, f"{name} = {value}")
    settings.write_text(text, encoding="utf-8")
    done = made.import_cards(f"card,member\n{CARD},M1\n")
    assert done.returncode == 0, done.stderr
    return made


def readiness(switch: Switch) -> int:
    host, port = switch.http
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/ready", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_full_disk_is_told_and_forgotten(tmp_path: Path) -> None:
    """Requests get 91 while there is no room; with room they are served again, without a restart."""
    till = Till("T0000001", itertools.count(1))
    with small_disk(tmp_path / "disk", size="8m") as disk:
        folder = disk / "puntual"
        with deployment(folder).serve() as switch, Link(switch.iso8583) as link:
            before = link.ask(till.message("earn", card=CARD, amount=1000))
            assert before.code == "00"
            assert readiness(switch) == 200
            with full(disk):
                sales = [till.message("earn", card=CARD, amount=1000) for _ in range(20)]
                codes = [link.ask(sale).code for sale in sales]
                assert codes[-1] == "91"  # a few may find room in what the books had taken before
                assert set(codes) <= {"00", "91"}
                assert readiness(switch) == 503
                reversal = till.message("reverse", card=CARD, elements={37: before.element(37)})
                assert link.ask(reversal).code == "96"  # it is to come again, not to be given up
            # What was answered 91 was not booked, so the same message may come again.
            assert [link.ask(sale).code for sale in sales] == ["00"] * 20
            assert link.ask(reversal).code == "00"
            balance = link.ask(till.message("inquiry", card=CARD))
            assert balance.figure("052") == 20 * 10
            assert readiness(switch) == 200
            assert switch.terminate() == 0
        assert verify(folder / "puntual.db") == []


def commit_begins(of: Link, till: Till, bystander: Link) -> bytes:
    """Send a sale, and return its bytes when it is being committed: whoever comes now comes behind it."""
    sale = frame(till.message("earn", card=CARD, amount=1000).encode())
    of.send(sale)
    bystander.send(KEEP_ALIVE)
    assert bystander.receive() == b""
    return sale


def test_on_a_slow_disk_nothing_begins_after_its_deadline(tmp_path: Path) -> None:
    """A commit that began in time counts, however late; what waited too long behind it is told so."""
    till = Till("T0000001", itertools.count(1))
    with deployment(tmp_path / "puntual", deadline_s=1).serve() as switch:
        first, second = Link(switch.iso8583, timeout_s=20), Link(switch.iso8583, timeout_s=20)
        with first, second, flushes(switch, "delay_enter=2500000"):
            commit_begins(first, till, second)
            late = till.message("earn", card=CARD, amount=1000)
            advice = till.message("earn", card=CARD, amount=1000).but(mti="0220")
            second.send(frame(late.encode()) + frame(advice.encode()))
            assert Answer.decode(first.receive()).code == "00"
            answer = Answer.decode(second.receive())
            assert (answer.code, answer.reason) == ("91", "TOO_LATE")
            assert Answer.decode(second.receive()).code == "00"
            # Nothing was booked, so it may come again.
            assert first.ask(late).code == "00"
        with Link(switch.iso8583) as link:
            assert link.ask(till.message("inquiry", card=CARD)).figure("052") == 3 * 10


def test_the_end_answers_what_a_slow_disk_still_writes(tmp_path: Path) -> None:
    """SIGTERM in the middle of a commit: its answer leaves, and what comes behind it is not read."""
    till = Till("T0000001", itertools.count(1))
    with deployment(tmp_path / "puntual").serve() as switch:
        first, second = Link(switch.iso8583, timeout_s=20), Link(switch.iso8583, timeout_s=20)
        with first, second, flushes(switch, "delay_enter=1000000"):
            commit_begins(first, till, second)
            assert switch.terminate() == 0
            assert Answer.decode(first.receive()).code == "00"
            assert first.is_closed_by_switch()
            assert second.is_closed_by_switch()


def test_a_commit_in_doubt_ends_the_process_without_an_answer(tmp_path: Path) -> None:
    """Whether a failed flush is durable only the next start knows; a repeat then finds the truth, once."""
    till = Till("T0000001", itertools.count(1))
    made = deployment(tmp_path / "puntual")
    with made.serve() as switch, Link(switch.iso8583) as link, flushes(switch, "error=EIO:when=1"):
        with Link(switch.iso8583) as bystander:
            sale = commit_begins(link, till, bystander)
        with pytest.raises(HungUp):
            link.receive()
        assert switch.process.wait(10) == 1
    log = (made.folder / "serve.log").read_text(encoding="utf-8")
    (told,) = [line for line in log.splitlines() if '"switch.failed"' in line]
    assert "CommitUnknown" in told
    with made.serve() as switch, Link(switch.iso8583) as link:
        link.send(sale)
        answer = link.receive()
        assert Answer.decode(answer).code == "00"
        link.send(sale)
        assert link.receive() == answer
        assert link.ask(till.message("inquiry", card=CARD)).figure("052") == 10
        assert switch.terminate() == 0
    assert verify(made.folder / "puntual.db") == []
