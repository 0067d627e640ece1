"""Commands that keep the books honest, on a deployment as its operator has it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.console.commands import puntual

CARDS = ("6390120000000001", "6390120000000019", "6390120000000027")
PUNTUAL = (sys.executable, "-P", "-m", "console")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The settings of a deployment with one card."""
    puntual("init", tmp_path / "shop")
    settings = tmp_path / "shop" / "puntual.toml"
    _issue(settings, 0)
    return settings


def _issue(shop: Path, at: int) -> None:
    """Adds a block."""
    assert puntual("cards", "issue", CARDS[at], f"M{at}", "--config", shop).exit_code == 0


def test_an_anchor_is_kept_and_held_against(shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "shop.anchor"
    told = puntual("ledger", "anchor", "--to", file, "--config", shop)
    assert told.exit_code == 0
    assert told.stdout.startswith("1 ")
    _issue(shop, 1)
    puntual("ledger", "anchor", "--to", file, "--config", shop)
    first, second = file.read_text().splitlines()
    assert (first, second.split()[0]) == (told.stdout.strip(), "2")
    assert puntual("ledger", "verify", "--anchor", file, "--config", shop).exit_code == 0
    file.write_text(f"{first}\n3 {'0' * 64}\n")
    broken = puntual("ledger", "verify", "--anchor", file, "--config", shop)
    assert (broken.exit_code, broken.stdout) == (1, "I18 block 3: is anchored and is not there\n")
    printed = puntual("ledger", "anchor", "--json", "--config", shop)
    assert json.loads(printed.stdout) == {
        "block": 2,
        "hash": second.split()[1],
        "written_to": None,
    }


def test_an_older_copy_does_not_serve_until_it_is_taken(shop: Path, tmp_path: Path) -> None:
    """A night's restore must not quietly forget a day's sales."""
    shop.write_text(shop.read_text().replace('anchor = ""', 'anchor = "../shop.anchor"'))
    refused = puntual("cards", "issue", CARDS[1], "M1", "--config", shop)
    assert refused.exit_code == 2
    assert "shop.anchor: cannot be read" in refused.stderr
    puntual("ledger", "anchor", "--config", shop)
    books = shop.with_name("puntual.db")
    older = shutil.copy(books, tmp_path / "older.db")
    _issue(shop, 1)
    shutil.copy(older, books)
    serving = subprocess.run(
        [*PUNTUAL, "serve", "--config", str(shop)], capture_output=True, text=True, timeout=60, check=False
    )
    assert serving.returncode == 2
    assert "block 2 is anchored and is not there" in serving.stderr
    assert "--accept-fork" in serving.stderr
    assert puntual("ledger", "verify", "--config", shop).exit_code == 1
    assert puntual("ledger", "anchor", "--accept-fork", "--config", shop).stdout.startswith("fork 1 ")
    assert puntual("ledger", "verify", "--config", shop).exit_code == 0
    _issue(shop, 2)
