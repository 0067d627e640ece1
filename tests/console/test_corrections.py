"""Corrections from the command line: adjustments, written-off debt, budgets and opening balances."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.console.commands import puntual

A, B = "6390120000000001", "6390120000000019"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The settings of a new deployment with two cards."""
    puntual("init", tmp_path / "shop")
    settings = tmp_path / "shop" / "puntual.toml"
    cards = settings.with_name("cards.csv")
    cards.write_text(f"card,member\n{A},M1\n{B},M2\n")
    assert puntual("cards", "import", cards, "--config", settings).exit_code == 0
    return settings


def adjust(shop: Path, *arguments: str) -> Any:
    result = puntual(
        "adjust", A, *arguments, "--reason", "GOODWILL", "--by", "ana", "--json", "--config", shop
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(shop: Path, *arguments: str) -> str:
    result = puntual("adjust", A, *arguments, "--config", shop)
    assert result.exit_code == 2
    return result.stderr


def balance(shop: Path, card: str = A) -> Any:
    return json.loads(puntual("ledger", "balance", card, "--json", "--config", shop).stdout)


@pytest.fixture
def holds(shop: Path) -> Any:
    """When the test is done, the books hold."""
    yield
    assert puntual("ledger", "verify", "--config", shop).exit_code == 0


pytestmark = pytest.mark.usefixtures("holds")


def test_points_are_given_and_taken(shop: Path) -> None:
    """Each is an entry of its own, with who made it and why."""
    told = adjust(shop, "+500")
    assert (told["available"], told["reason"], told["by"], told["card"]) == (
        500,
        "GOODWILL",
        "ana",
        f"*{A[-4:]}",
    )
    assert adjust(shop, "-100")["available"] == 400
    assert balance(shop)["available"] == 400
    history = json.loads(puntual("ledger", "history", A, "--json", "--config", shop).stdout)
    assert [(each["operation"], each["earned"]) for each in history] == [("ADJUST", -100), ("ADJUST", 500)]


def test_an_order_is_carried_out_once(shop: Path) -> None:
    """With its key it is told again; another one under the same key is refused."""
    first = adjust(shop, "500", "--key", "K1")
    assert adjust(shop, "500", "--key", "K1") == first
    told = refused(shop, "501", "--key", "K1", "--reason", "GOODWILL", "--by", "ana")
    assert f"has the entry {first['rrn']} (ADJUST) already" in told
    assert balance(shop)["available"] == 500


def test_a_key_that_is_made_is_shown_before(shop: Path) -> None:
    result = puntual("adjust", A, "5", "--reason", "X", "--by", "ana", "--config", shop)
    word, key = result.stderr.split()
    assert word == "key"
    again = puntual("adjust", A, "5", "--reason", "X", "--by", "ana", "--key", key, "--config", shop)
    assert again.stdout == result.stdout
    assert balance(shop)["available"] == 5


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("-1", "--reason", "X", "--by", "ana"), "has 0 points to take from"),
        (("0", "--reason", "X", "--by", "ana"), "is nothing to book"),
        (("10001", "--reason", "X", "--by", "ana"), "is more than 10000, which needs a second person"),
        (("-10001", "--reason", "X", "--by", "ana"), "is more than 10000, which needs a second person"),
        (("20000", "--reason", "X", "--by", "ana", "--checked-by", "Ana"), "is who made it"),
        (("20000", "--reason", "X", "--by", "Ana  Ruiz", "--checked-by", " ana ruiz"), "is who made it"),
        (("5", "--reason", "X", "--by", " "), "cannot stand in the books"),
        (
            ("1" + "0" * 12, "--reason", "X", "--by", "ana", "--checked-by", "ben"),
            "more points than an answer",
        ),
        (("5", "--reason", "X" * 41, "--by", "ana"), "cannot stand in the books"),
        (("5", "--reason", "X", "--by", "ana", "--key", "a|b"), "is not a key"),
        (("5", "--reason", "X", "--by", "ana", "--write-off"), "owes 0 points"),
    ],
)
def test_what_is_refused(shop: Path, arguments: tuple[str, ...], told: str) -> None:
    """In words, and nothing is booked."""
    assert told in refused(shop, *arguments)
    assert balance(shop)["available"] == 0


def test_a_second_person_may_check(shop: Path) -> None:
    assert adjust(shop, "20000", "--checked-by", "ben")["checked_by"] == "ben"
    assert balance(shop)["available"] == 20000


def test_a_card_that_is_not_known(shop: Path) -> None:
    result = puntual("adjust", "6390120000000027", "5", "--reason", "X", "--by", "ana", "--config", shop)
    assert (result.exit_code, "6390120000000027" in result.output) == (2, False)


def test_debt_is_made_and_written_off(shop: Path) -> None:
    """Where the settings let a member owe."""
    text = shop.read_text().replace('shortfall = "refuse"', 'shortfall = "debt"')
    shop.write_text(text)
    adjust(shop, "30")
    told = adjust(shop, "-100")
    assert (told["available"], told["debt"]) == (0, 70)
    assert "owes 70 points" in refused(shop, "71", "--write-off", "--reason", "X", "--by", "ana")
    assert "owes 70 points" in refused(shop, "-1", "--write-off", "--reason", "X", "--by", "ana")
    assert adjust(shop, "50", "--write-off")["debt"] == 20
    assert balance(shop)["debt"] == 20


# --- budgets

CAMPAIGN = """
[campaign]
id = "summer"
text = "Summer"
nature = "points"
category = "seasonal"
state = "active"
period = { from = 2020-01-01 }
budget_points = 100

[[rule]]
id = "sun"
text = "Sun"
then = { points = 40 }
"""


def load(shop: Path, points: str) -> Any:
    return puntual(
        "budget", "load", "summer", points, "--reason", "PO-1", "--by", "ana", "--json", "--config", shop
    )


def test_budgets_are_loaded_and_taken_back(shop: Path) -> None:
    """On top of what the programme plans; never below what is spent."""
    campaigns = shop.with_name("campaigns")
    campaigns.mkdir(exist_ok=True)
    (campaigns / "summer.toml").write_text(CAMPAIGN)
    told = json.loads(load(shop, "500").stdout)
    assert (told["planned"], told["loaded"], told["spent"], told["left"]) == (100, 500, 0, 600)
    assert "has 500 points to take back" in load(shop, "-501").stderr
    assert json.loads(load(shop, "-200").stdout)["left"] == 400
    shown = json.loads(puntual("budget", "show", "--json", "--config", shop).stdout)
    assert shown == [
        {"campaign": "summer", "planned": 100, "loaded": 300, "spent": 0, "left": 400, "in": "points"}
    ]


def test_a_campaign_without_a_budget(shop: Path) -> None:
    result = load(shop, "5")
    assert result.exit_code == 2
    assert "has no budget in the programme in force" in result.stderr
    assert "no campaign" in puntual("budget", "show", "--config", shop).stdout


# --- opening balances


def take_in(shop: Path, text: str, count: int, total: int, *more: str) -> Any:
    file = shop.with_name("old.csv")
    file.write_text(text)
    return puntual(
        "import", "balances", file, "--count", str(count), "--sum", str(total), *more, "--config", shop
    )


LIST = (
    f"card,member,points,earned_on,expires_on\n{A},,100,2025-01-31,2090-12-31\n,M2,50,,\n{A},,7,,2090-12-31\n"
)


def test_balances_are_taken_in_once(shop: Path) -> None:
    """By card or by member; a second run of the same file books nothing."""
    result = take_in(shop, LIST, 3, 157)
    assert (result.exit_code, result.stdout) == (0, "3 imported with 157 points, 0 skipped, 0 bad\n")
    result = take_in(shop, LIST, 3, 157)
    assert (result.exit_code, result.stdout) == (0, "0 imported with 0 points, 3 skipped, 0 bad\n")
    assert (balance(shop)["available"], balance(shop, B)["available"]) == (107, 50)
    assert balance(shop)["expires_on"] == "2090-12-31"
    assert take_in(shop, LIST, 3, 157, "--as", "second").exit_code == 0
    assert balance(shop)["available"] == 214


def test_a_file_that_is_not_the_one_announced(shop: Path) -> None:
    result = take_in(shop, LIST, 3, 158)
    assert result.exit_code == 2
    assert "has 3 balances with 157 points, and 3 with 158 were announced" in result.stderr
    assert balance(shop)["available"] == 0


def test_bad_lines_are_told_and_can_be_mended(shop: Path) -> None:
    """By number and reason, never with the card; the good ones are taken in, and not again."""
    bad = f"card,points,expires_on\n{A},5,\n{A},x,\n6390120000000027,6,\n{B},7,2020-01-01\n{B},8,2020-13-01\n"
    result = take_in(shop, bad, 5, 26)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "line 3: points is not a whole number above 0",
        "line 4: its card or member is not known",
        "line 5: its last day is over",
        "line 6: expires_on is no day of the calendar",
        "1 imported with 5 points, 0 skipped, 4 bad",
    ]
    assert take_in(shop, f"card,points,expires_on\n{A},5,\n{B},7,\n", 2, 12).exit_code == 0
    assert (balance(shop)["available"], balance(shop, B)["available"]) == (5, 7)
    other = take_in(shop, f"card,points,expires_on\n{A},6,\n", 1, 6)
    assert other.stdout.splitlines()[0] == "line 2: its balance was imported with other points"


def test_the_same_line_twice_is_two_balances(shop: Path) -> None:
    text = f"card,points\n{A},5\n{A},5\n"
    assert take_in(shop, text, 2, 10).exit_code == 0
    assert take_in(shop, text, 2, 10).stdout == "0 imported with 0 points, 2 skipped, 0 bad\n"
    assert balance(shop)["available"] == 10


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("card,when", "column points is missing"),
        ("points", "there is neither a column card nor a column member"),
        ("card,points,colour", "a column is unknown"),
        ("card,points,points", "a column stands twice"),
    ],
)
def test_a_header_that_is_wrong(shop: Path, header: str, told: str) -> None:
    result = take_in(shop, f"{header}\n{A},5\n", 0, 0)
    assert result.exit_code == 2
    assert told in result.stderr


def test_each_line_names_one(shop: Path) -> None:
    result = take_in(shop, f"card,member,points\n{A},M1,5\n,,5\n", 2, 10)
    assert result.stdout.splitlines()[:2] == [
        "line 2: it names both a card and a member",
        "line 3: it names neither card nor member",
    ]
