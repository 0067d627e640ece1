"""Commands that keep the books honest, on a deployment as its operator has it."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
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
    kept = (tmp_path / "shop.anchor").read_bytes()
    timer = puntual("ledger", "anchor", "--config", shop)
    assert (timer.exit_code, "block 2 is anchored and is not there" in timer.stderr) == (2, True)
    assert (tmp_path / "shop.anchor").read_bytes() == kept
    assert puntual("ledger", "anchor", "--accept-fork", "--config", shop).stdout.startswith("fork 1 ")
    assert puntual("ledger", "verify", "--config", shop).exit_code == 0
    _issue(shop, 2)


def test_books_are_carried_to_another_deployment(shop: Path, tmp_path: Path) -> None:
    """With the same key of cards they are the same books."""
    _issue(shop, 1)
    lines = tmp_path / "books.ndjson"
    assert puntual("ledger", "export", lines, "--config", shop).exit_code == 0
    assert lines.stat().st_mode & 0o777 == 0o600
    assert puntual("ledger", "export", "-", "--config", shop).stdout_bytes == lines.read_bytes()
    puntual("init", tmp_path / "other")
    other = tmp_path / "other" / "puntual.toml"
    key = other.with_name("card.key")
    key.unlink()
    shutil.copy(shop.with_name("card.key"), key)
    told = puntual("ledger", "import", lines, "--config", other, "--json")
    assert (told.exit_code, json.loads(told.stdout)["block"]) == (0, 2)
    assert puntual("ledger", "verify", "--config", other).exit_code == 0
    shown = puntual("cards", "show", CARDS[1], "--config", other, "--json")
    assert json.loads(shown.stdout)["member"] == "M1"
    again = puntual("ledger", "import", lines, "--config", other)
    assert (again.exit_code, "there are books already" in again.stderr) == (2, True)


def test_lines_that_were_changed_are_told(shop: Path, tmp_path: Path) -> None:
    lines = puntual("ledger", "export", "-", "--config", shop).stdout.replace("issued", "active", 1)
    puntual("init", tmp_path / "other")
    other = tmp_path / "other" / "puntual.toml"
    told = puntual("ledger", "import", "-", "--config", other, stdin=lines)
    assert told.exit_code == 1
    assert told.stdout.startswith("I18 block 1: ")


def test_a_copy_is_made_rehearsed_and_put_back(shop: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    made = puntual("ledger", "backup", copy, "--drill", "--config", shop, "--json")
    assert made.exit_code == 0
    assert json.loads(made.stdout)["block"] == 1
    assert {path.name for path in tmp_path.iterdir()} == {"shop", "copy.db"}
    _issue(shop, 1)
    back = puntual("ledger", "restore", copy, "--config", shop)
    assert back.stdout.startswith("the copy is in place; the former books are ")
    assert puntual("ledger", "anchor", "--config", shop).stdout.startswith("1 ")
    copy.write_bytes(copy.read_bytes()[:5000])
    refused = puntual("ledger", "restore", copy, "--config", shop)
    assert (refused.exit_code, refused.stdout.startswith("I26 ")) == (1, True)


def test_a_rebuild_tells_what_it_did(shop: Path) -> None:
    assert puntual("ledger", "rebuild", "--config", shop).stdout == "nothing differed\n"
    with closing(sqlite3.connect(shop.with_name("puntual.db"))) as forger:
        forger.execute(f"INSERT INTO balance VALUES ({(2000 << 40) + 1}, 32, 5)")
        forger.commit()
    told = puntual("ledger", "rebuild", "--config", shop)
    assert told.stdout.splitlines()[1].split() == ["balance", "available.1,", "lot", "32", "5"]
    assert puntual("ledger", "verify", "--config", shop).exit_code == 0
