"""Business days from the command line: opened early, kept over a restart, and never taken back."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.console.commands import puntual

TODAY = datetime.now(UTC).date()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The settings of a new deployment."""
    puntual("init", tmp_path / "shop")
    return tmp_path / "shop" / "puntual.toml"


def order(shop: Path, *arguments: str) -> Any:
    result = puntual("days", *arguments, "--json", "--config", shop)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def days_ahead(shop: Path, day: str) -> int:
    """How far *day* is from that of the clock, which may have gone on meanwhile."""
    ahead = (datetime.fromisoformat(day).date() - datetime.now(UTC).date()).days
    assert puntual("ledger", "verify", "--config", shop).exit_code == 0
    return ahead


def test_the_next_day_begins_early(shop: Path) -> None:
    """Once: whoever closes the day again closes nothing more, and what is decided stands in the new day."""
    told = order(shop, "close", "--by", "ana")
    assert days_ahead(shop, told["business_date"]) == 1
    assert order(shop, "close", "--by", "ana")["before"] == told["business_date"]
    shown = order(shop, "show")
    assert [row["business_date"] for row in shown] == [told["business_date"]] * 2
    assert shown[1]["by"] == "ana"
    card = "6390120000000001"
    puntual("cards", "issue", card, "M1", "--config", shop)
    given = ("adjust", card, "5", "--reason", "X", "--by", "ana", "--json", "--config", shop)
    rrn = json.loads(puntual(*given).stdout)["rrn"]
    assert rrn[1:4] == f"{datetime.fromisoformat(told['business_date']).timetuple().tm_yday:03}"


def test_a_day_can_be_opened_by_its_date(shop: Path) -> None:
    far = (TODAY + timedelta(days=5)).isoformat()
    assert order(shop, "open", far, "--by", "ana")["business_date"] == far
    assert order(shop, "close", "--by", "ben")["business_date"] == far
    assert order(shop, "show")[0]["business_date"] == far


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ((TODAY + timedelta(days=9)).isoformat(), "is too far ahead"),
        ((TODAY - timedelta(days=2)).isoformat(), "the business date does not go back"),
        ("2026-02-30", "is no day of the calendar"),
    ],
)
def test_what_is_refused(shop: Path, day: str, told: str) -> None:
    result = puntual("days", "open", day, "--by", "ana", "--config", shop)
    assert result.exit_code == 2
    assert told in result.stderr
