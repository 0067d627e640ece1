"""The clock of the machine is set while the switch runs: time goes on for the books, and never back."""

import itertools
import sqlite3
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from switch.audit import verify
from tests.conformance.cards import number
from tests.conformance.deployment import Deployment
from tests.conformance.till import Answer, Link, Till

CARD = number(1)
HOUR, DAY = 3600, 86_400
ROOT = Path(__file__).parents[2]


def test_a_clock_that_is_set_disturbs_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forward is another business day, back is the same one still; no entry is earlier than another."""
    step = tmp_path / "step"
    step.write_text("0", "ascii")
    monkeypatch.setenv("PUNTUAL_STEP", str(step))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    till = Till("T0000001", itertools.count(1))
    made = Deployment(tmp_path / "puntual")
    assert made.import_cards(f"card,member\n{CARD},M1\n").returncode == 0
    answers: list[Answer] = []
    with (
        made.serve(command=(sys.executable, "-m", "tests.faults.stepping")) as switch,
        Link(switch.iso8583) as link,
    ):
        for seconds in (0, -HOUR, 2 * DAY, 2 * DAY - HOUR, -DAY, 400 * DAY):
            step.write_text(str(seconds), "ascii")
            answers.append(link.ask(till.message("earn", card=CARD, amount=1000)))
        assert switch.terminate() == 0
    step.write_text("0", "ascii")
    with (
        made.serve(command=(sys.executable, "-m", "tests.faults.stepping")) as switch,
        Link(switch.iso8583) as link,
    ):
        answers.append(link.ask(till.message("earn", card=CARD, amount=1000)))
        assert switch.terminate() == 0
    assert [answer.code for answer in answers] == ["00"] * 7
    assert [answer.figure("052") for answer in answers] == [10, 20, 30, 40, 50, 60, 70]
    days = [answer.element(15) for answer in answers]
    assert days[0] == days[1] != days[2] == days[3] == days[4] != days[5] == days[6]
    with closing(sqlite3.connect(f"file:{made.folder / 'puntual.db'}?mode=ro", uri=True)) as books:
        rows = books.execute("SELECT at, business_date FROM decision ORDER BY seq").fetchall()
    assert rows == sorted(rows)
    first, last = (datetime.fromisoformat(rows[at][0]) for at in (0, -1))
    assert (last - first).days == 400
    assert verify(made.folder / "puntual.db") == []
