"""Cards from the command line, with the books opened for it and through a running switch."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.console.commands import puntual

A, B, C = "6390120000000001", "6390120000000019", "6390120000000027"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The settings of a new deployment."""
    puntual("init", tmp_path / "shop")
    return tmp_path / "shop" / "puntual.toml"


def csv(shop: Path, text: str) -> Path:
    file = shop.with_name("cards.csv")
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    return file


def test_good_lines_are_imported_and_bad_ones_told(shop: Path) -> None:
    """By number and reason, and never with the card."""
    file = csv(
        shop,
        "\ufeffcard,member,parent,name\n"
        f"{B},M2,{A},Eva\n"
        f"{A},M1,,Ana\n"
        "6390120000000002,M3,,\n"
        f"{C},M\udcff,,\n"
        f"{C},,,\n"
        f"{A},M4,,\n",
    )
    result = puntual("cards", "import", file, "--config", shop)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "line 4: card fails its check digit",
        "line 5: it is not UTF-8",
        "line 6: member is empty",
        "line 7: the card is known with another member",
        "2 imported, 0 skipped, 4 bad",
    ]
    assert "639012" not in result.output


def test_the_same_list_twice(shop: Path) -> None:
    """The second time nothing is left to do, and that is no mistake."""
    lines = ["card,member,status,expires"]
    numbers = [number for number in range(10_000) if _is_card(number)]
    lines += [f"639012{number:010},M{number},issued,3012" for number in numbers]
    file = csv(shop, "\n".join(lines))
    for imported, skipped in ((len(numbers), 0), (0, len(numbers))):
        result = puntual("cards", "import", file, "--config", shop, "--json")
        assert result.exit_code == 0
        assert json.loads(result.stdout) == {"imported": imported, "skipped": skipped, "bad": []}


def _is_card(number: int) -> bool:
    digits = [int(digit) for digit in reversed(f"639012{number:010}")]
    doubled = [digit * 2 - 9 * (digit > 4) if at % 2 else digit for at, digit in enumerate(digits)]
    return sum(doubled) % 10 == 0


def test_the_life_of_a_card(shop: Path) -> None:
    """Issued, activated, lost, replaced; each step is told, and `-` keeps the number off the screen."""

    def cards(*arguments: str, stdin: str = "") -> dict[str, Any]:
        result = puntual("cards", *arguments, "--config", shop, "--json", stdin=stdin)
        assert result.exit_code == 0, result.output
        assert "639012" not in result.output
        told = json.loads(result.stdout)
        assert isinstance(told, dict)
        return told

    assert cards("issue", A, "M1", "--expires", "3012") == {
        "card": "*0001",
        "member": "M1",
        "status": "issued",
        "expires_on": "2030-12-31",
    }
    assert cards("activate", "-", stdin=f"{A}\n")["status"] == "active"
    assert cards("block", A, "--as", "lost")["status"] == "lost"
    assert cards("replace", "-", "-", stdin=f"{A}\n{B}\n")["card"] == "*0019"
    shown = cards("show", B)
    assert (shown["member"], shown["status"], shown["available"]) == ("M1", "active", 0)
    assert cards("show", A)["status"] == "replaced"


def test_the_type_of_a_card(shop: Path) -> None:
    """Issued with one, shown, kept by its successor, and changed by a later list."""

    def show(card: str) -> str | None:
        told = json.loads(puntual("cards", "show", card, "--config", shop, "--json").stdout)
        type_ = told.get("type")
        assert type_ is None or isinstance(type_, str)
        return type_

    issued = puntual("cards", "issue", A, "M1", "--type", "corporate", "--config", shop, "--json")
    assert json.loads(issued.stdout)["type"] == "corporate"
    again = puntual("cards", "issue", A, "M1", "--config", shop)
    assert again.exit_code == 0
    assert show(A) == "corporate"  # who says nothing of it takes nothing away
    puntual("cards", "replace", A, B, "--config", shop)
    assert show(B) == "corporate"
    file = csv(shop, f"card,member,type\n{B},M1,virtual\n{C},M1,\n")
    assert (
        puntual("cards", "import", file, "--config", shop).stdout
        == "1 imported, 1 changed, 0 skipped, 0 bad\n"
    )
    assert (show(B), show(C)) == ("virtual", None)
    file = csv(shop, f"card,member,type\n{B},M1,a b\n{C},M1,rfid\n")
    result = puntual("cards", "import", file, "--config", shop, "--json")
    assert json.loads(result.stdout) == {
        "imported": 0,
        "changed": 1,
        "skipped": 0,
        "bad": [{"line": 2, "reason": "type is not a name: up to 40 letters, digits, _ . and -"}],
    }
    assert puntual("ledger", "verify", "--config", shop).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["activate", "6390120000000002"], "the card: card fails its check digit"),
        (["activate", "4111111111111111"], "the card: card is in no card range"),
        (["activate", C], "the card: is not known"),
        (["show", C], "the card: is not known"),
        (["issue", C, "M1", "--expires", "1301x"], "the card: expires is not YYMM"),
        (["issue", C, ""], "the card: member is empty"),
        (["block", C, "--as", "eaten"], "'eaten' is not one of"),
    ],
)
def test_mistakes(shop: Path, arguments: list[str], told: str) -> None:
    """They are told without the number."""
    puntual("cards", "issue", A, "M0", "--config", shop)
    result = puntual("cards", *arguments, "--config", shop)
    assert result.exit_code == 2
    assert told in result.stderr
    assert "0000027" not in result.output
