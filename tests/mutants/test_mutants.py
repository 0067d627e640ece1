"""A proof that cannot fail proves nothing: some broken builds at every run; ``make mutants`` has them all."""

import os
import subprocess
import sys

import pytest

from tests.mutants.__main__ import tried
from tests.mutants.catalogue import MUTANTS, ROOT


@pytest.mark.parametrize("name", MUTANTS)
def test_it_can_be_broken(name: str) -> None:
    """The text that a mutant changes stands where it says, once, and what comes of it is Python."""
    mutant = MUTANTS[name]
    compile(mutant.broken(mutant.path.read_text("utf-8")), mutant.path, "exec")


@pytest.mark.parametrize("name", ["debt-spent", "sheet-kept", "tombstone-forgotten"])
def test_it_is_caught(name: str) -> None:
    """... by the proof that is named for it."""
    verdict = tried(name)
    assert verdict.caught_by is not None, verdict.told


def test_the_auditor_of_a_world_objects() -> None:
    """``puntual simulate world`` tells the story, then the first thing that is wrong, and ends with 1."""
    command = "import tests.mutants.hook; from console.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command, "simulate", "world", "--seed", "5"],
        cwd=ROOT,
        env={**os.environ, "PUNTUAL_MUTANT": "wrong-rounding"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    told = done.stdout.splitlines()
    assert "switch    serves" in told[1]
    assert told[-1].startswith("seed 5: T000000")
    assert " points for " in told[-1]


def test_there_are_enough() -> None:
    """Each is a different mistake."""
    assert len({mutant.about for mutant in MUTANTS.values()}) == len(MUTANTS) >= 20
