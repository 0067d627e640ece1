"""The demo as a newcomer runs it: figures that agree, exit code 0, no card left behind."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from console.day import Day, Report
from ledger.finding import Finding
from simulator.cards import card_number
from simulator.journey.sample import day

PUNTUAL = (sys.executable, "-P", "-m", "console")


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """``puntual`` with *arguments*; temporary files go into *folder*."""
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(folder), "COLUMNS": "140", "HOME": str(folder)}
    return subprocess.run(
        [*PUNTUAL, *arguments], capture_output=True, text=True, timeout=100, check=False, env=environment
    )


def test_demo(tmp_path: Path) -> None:
    """All of it: every figure stands twice and is the same, and nothing is left behind."""
    picture = tmp_path / "demo.svg"
    done = run("demo", "--picture", str(picture), folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    for row in ("earned, less taken back", "redeemed, less given back", "outstanding"):
        figures = re.search(rf"{row} +([\d,]+) +([\d,]+)", done.stdout)
        assert figures is not None
        assert figures[1] == figures[2] != "0"
    assert done.stdout.count("✓") == 3
    for told in (
        "652 baskets of 516 households",
        "STORE",
        "APPROVED",
        "Best customers",
        "ALREADY_REVERSED",
        "p99",
    ):
        assert told in done.stdout
    assert "<svg" in picture.read_text("utf-8")
    assert list(tmp_path.iterdir()) == [picture]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    """A morning of the day, and the folder of its shop."""
    folder = tmp_path_factory.mktemp("day") / "shop"
    with pytest.MonkeyPatch.context() as patch:
        # pytest's stand-in for standard error has no descriptor to log to.
        patch.setattr(sys, "stderr", sys.__stderr__)
        return folder, Day(folder, list(islice(day(), 150))).live(lambda _told: None, lambda _heard: None)


def test_a_morning(lived: tuple[Path, Report]) -> None:
    """The books verify, agree with the tills, and everything was published."""
    _, report = lived
    assert report.findings == []
    assert report.disagreements == []
    assert len(report.feed) == report.decisions > 150
    assert report.unpublished == 0
    assert report.is_well


def test_no_card_is_left(lived: tuple[Path, Report]) -> None:
    """Neither books nor feed nor any other file of the shop has a card's number."""
    folder, _ = lived
    text = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for household in {basket.household for basket in islice(day(), 150)}:
        number = card_number(household)
        assert number.encode() not in text
        assert bytes.fromhex(number) not in text


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda report: replace(report, findings=[Finding("I18", "decision 3", "was changed")]),
        lambda report: replace(
            report, disagreements=["transaction A: a till heard of it, the books did not"]
        ),
        lambda report: replace(report, unpublished=1),
    ],
    ids=["books", "tills", "feed"],
)
def test_what_is_not_well(lived: tuple[Path, Report], spoilt: Callable[[Report], Report]) -> None:
    """Any of the three checks that fails makes the day a bad one."""
    assert not spoilt(lived[1]).is_well


def test_keep(tmp_path: Path) -> None:
    """The switch that is left running knows the day's points, and ends when it is told to."""
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), "COLUMNS": "140", "HOME": str(tmp_path)}
    with subprocess.Popen(
        [*PUNTUAL, "demo", "--keep"], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            told = "".join(iter(process.stdout.readline, "Ctrl-C ends it.\n"))
            (balance,) = re.findall(r"puntual (terminal balance .*)", told)
            answer = run(*balance.split(), "--quiet", folder=tmp_path)
            assert re.search(r"Balance +[1-9]\d* points", answer.stdout), answer.stdout + answer.stderr
            process.send_signal(signal.SIGINT)
            left = process.stdout.read()
        finally:
            process.kill()
    assert process.returncode == 0
    (folder,) = re.findall(r"The deployment stays in (\S+)", left)
    assert (Path(folder) / "puntual.db").is_file()


def test_full_year_needs_the_extra(tmp_path: Path) -> None:
    """Without the package it is told what to install, and nothing is left behind."""
    done = run("demo", "--full-year", folder=tmp_path)
    assert done.returncode == 2
    assert "pip install 'puntual[journey]'" in " ".join(done.stderr.split())
    assert list(tmp_path.iterdir()) == []
