"""A coalition, a family and the accountant's view, on a deployment of their own with the real commands."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import cards
from tests.conformance.deployment import TERMINAL_COLUMNS, Deployment
from tests.conformance.scenario import Story
from tests.conformance.till import Link, trace_numbers

PROGRAMME = """
[family]
points_per_transaction = 100

[[prize]]
code = "MUG"
text = "A mug"
points = 50

[[partner]]
id = "FUEL"
text = "Fuel Company"
funds = true
reimbursed = true

[[partner]]
id = "SHOES"
text = "Shoes"
reimbursed = true
"""
CHILD = cards.number(77)


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    made = Deployment(tmp_path_factory.mktemp("coalition") / "puntual")
    programme = made.folder / "programme.toml"
    programme.write_text(programme.read_text("utf-8") + PROGRAMME, "utf-8")
    _name_partners(made.folder / "terminals.csv")
    rows = [cards.row(cards.number(serial), f"M{serial}") for serial in range(1, 60)]
    rows.append(cards.row(CHILD, "M77", parent=cards.number(59)))
    assert made.import_cards(cards.as_csv(rows)).returncode == 0
    return made


def _name_partners(path: Path) -> None:
    """T0000002 stands at the fuel company's, T0000003 in the shoe shop."""
    partners = {"T0000002": "FUEL", "T0000003": "SHOES"}
    lines = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, TERMINAL_COLUMNS, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**line, "partner": partners.get(line["terminal"], "")} for line in lines)


@pytest.fixture
def story(coalition: Deployment) -> Iterator[Story]:
    with coalition.serve() as running, Link(running.iso8583) as link:
        yield Story(link, (cards.number(serial) for serial in range(1, 60)), trace_numbers())
        assert running.terminate() == 0
    verified = coalition.run("ledger", "verify")
    assert verified.returncode == 0, verified.stdout


def told(deployment: Deployment, *arguments: str) -> Any:
    done = deployment.run("ledger", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_partners_settle_what_they_owe_and_are_owed(story: Story, coalition: Deployment) -> None:
    story.check("""
        earn A 10000 at=T0000002             -> 00 earned=100
        earn A 20000                         -> 00 earned=200
        redeem A 50 at=T0000003              -> 00 used=50
        redeem A 50 022=MUG                  -> 00 used=50 owed=0 gets=PRIZ000000000050
        redeem A 49 022=MUG                  -> 13
        redeem A 50 022=CUP                  -> 57 reason=PRIZE_UNKNOWN
        exchange A 60 as=c                   -> 00 used=60
        pay_certificate A 20 cert=c at=T0000003 -> 00 left=40
        transfer A 10 to=B                   -> 00
    """)
    found = told(coalition, "positions")
    month = f"{datetime.now(UTC):%Y-%m}"
    assert found["cohorts"] == [
        # What expires first goes first, whoever funds it; of the same day what is older.
        {
            "month": month, "funder": "", "issued": 200, "redeemed": 0, "exchanged": 60,
            "expired": 0, "adjusted": 0, "outstanding": 140, "value": 140,
        },
        {
            "month": month, "funder": "FUEL", "issued": 100, "redeemed": 100, "exchanged": 0,
            "expired": 0, "adjusted": 0, "outstanding": 0, "value": 0,
        },
    ]  # fmt: skip
    assert found["partners"] == [
        {"partner": "FUEL", "points": -100, "value": -100},
        {"partner": "SHOES", "points": 70, "value": 70},
    ]
    assert (found["outstanding"], found["certificates"], found["certificates_value"]) == (140, 40, 40)
    assert "value" in coalition.run("ledger", "positions").stdout
    assert told(coalition, "settle", "--partner", "FUEL", "--key", "november")["FUEL"] == -100
    again = coalition.run("ledger", "settle", "--partner", "SHOES", "--key", "november")
    assert again.returncode == 2
    assert "has the entry" in again.stderr
    assert told(coalition, "settle")["SHOES"] == 70
    assert told(coalition, "settle") == {"settled": "nothing"}
    assert told(coalition, "positions")["partners"] == []
    assert coalition.run("ledger", "settle", "--partner", "NOBODY").returncode == 2
    assert told(coalition, "lapse") == {"certificates": 0, "coupons": 0, "points": 0}


def test_a_child_uses_the_parents_points_within_limits(story: Story) -> None:
    story.card_of |= {"P": cards.number(59), "C": CHILD}
    story.check("""
        earn P 50000                         -> 00 balance=500
        inquiry C -                          -> 00 balance=500
        redeem C 101                         -> 61 reason=ABOVE_LIMIT
        redeem C 101 040=P                   -> 10 used=100 balance=400
        redeem P 101                         -> 00 balance=299
    """)
