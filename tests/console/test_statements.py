"""A customer's points told: down to lots, rules and messages, and by month."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger.book import MemberBook
from loyalty.card import MemberId
from switch.outcome import Outcome
from tests.console.commands import puntual
from tests.switch.books import (
    claw_back_to_debt,
    commit,
    earn,
    open_store,
    redeem,
    transfer,
)

CARD, OTHER = "6390120000000001", "6390120000000019"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The settings of a deployment with the cards of two members."""
    puntual("init", tmp_path / "shop")
    settings = tmp_path / "shop" / "puntual.toml"
    for member, card in ((1, CARD), (2, OTHER)):
        assert puntual("cards", "issue", card, f"M{member}", "--config", settings).exit_code == 0
    return settings


def book(shop: Path, *outcomes: Callable[[MemberBook], Outcome]) -> None:
    """Commit each of *outcomes*, which gets the book of the first member as it is in the file."""
    for one in outcomes:
        asyncio.run(_commit(shop.parent, one))


async def _commit(folder: Path, one: Callable[[MemberBook], Outcome]) -> None:
    store = await open_store(folder)
    await commit(store, one(store.reader.book(MemberId(1))))
    await store.close()


def _year(shop: Path) -> None:
    """A sale in October, one in November, a redemption over both lots, and a debt."""
    october = datetime(2026, 10, 31, 9, 30, tzinfo=UTC)
    book(
        shop,
        lambda _: earn(2, 100, rules="base:100", at=october, as_of=october, business_date=october.date()),
        lambda _: earn(3, 50, rules="base:40,tuesday:10"),
        lambda has: redeem(4, has, 100),
        lambda has: redeem(5, has, 20),
        lambda has: claw_back_to_debt(6, has, 7),
    )


def test_why_goes_down_to_lots_rules_and_messages(shop: Path) -> None:
    _year(shop)
    told = puntual("ledger", "why", CARD, "--config", shop)
    assert told.exit_code == 0
    lines = told.stdout.splitlines()
    assert lines[0] == "member M1: 30 points to spend, 7 debt"
    assert lines[2].startswith("LOT 32: 100 points of 2026-11-21, to spend from 2026-11-21 to 2027-12-31")
    assert lines[4].split() == [
        "2026-10-31", "09:30:00", "EARN", "632500000002", "T0000001", "10.00", "base:100",
        "available", "+100", "100",
    ]  # fmt: skip
    assert lines[5].split()[-4:] == ["redeem", "available", "-100", "0"]
    assert lines[7].startswith("LOT 48: 50 points")
    assert "base:40,tuesday:10" in lines[9]
    assert lines[10].split()[-1] == "30"
    assert lines[12] == "DEBT: taken back after it was spent"
    assert lines[14].split()[-6:] == ["back", "to", "debt", "debt", "-7", "-7"]
    assert CARD not in told.output
    left = puntual("ledger", "why", CARD, "--left", "--config", shop)
    assert "LOT 32" not in left.stdout
    assert "LOT 48" in left.stdout


def test_why_for_programs(shop: Path) -> None:
    """What the lots have left is the balance."""
    _year(shop)
    told = json.loads(puntual("ledger", "why", CARD, "--json", "--config", shop).stdout)
    assert (told["member"], told["available"], told["debt"]) == ("M1", 30, 7)
    assert [(lot["lot"], lot["left"]) for lot in told["lots"]] == [(32, 0), (48, 30), (None, -7)]
    (earned, spent) = told["lots"][1]["movements"]
    assert (earned["operation"], earned["rules"], earned["points"]) == ("EARN", "base:40,tuesday:10", 50)
    assert (spent["reason"], spent["other"], spent["points"]) == ("REDEEM", "redeemed", -20)


def test_what_others_decisions_moved_is_told_too(shop: Path) -> None:
    """Points that came by somebody else's message are in no decision of his own."""
    _year(shop)
    book(shop, lambda has: transfer(7, has, MemberBook(2), 5))
    told = json.loads(puntual("ledger", "why", OTHER, "--json", "--config", shop).stdout)
    assert [lot["left"] for lot in told["lots"]] == [5]
    assert [each["seq"] for lot in told["lots"] for each in lot["movements"]] == [7]


def test_a_statement_adds_up(shop: Path) -> None:
    _year(shop)
    told = puntual("ledger", "statement", CARD, "--month", "2026-11", "--config", shop)
    assert told.exit_code == 0
    text = told.stdout
    assert text.startswith("Statement of points, November 2026\nCard ****0001, member M1\n")
    assert "Opening balance on 2026-11-01: 100\n" in text
    assert "Closing balance: 23\n" in text
    assert "Of these: earn +50, redeem -120, claw back to debt -7" in text
    assert [line.split()[-2:] for line in text.splitlines() if line.startswith("2026")] == [
        ["+50", "150"],
        ["-100", "50"],
        ["-20", "30"],
        ["-7", "23"],
    ]
    assert CARD not in told.output
    october = json.loads(
        puntual("ledger", "statement", CARD, "--month", "2026-10", "--json", "--config", shop).stdout
    )
    assert (october["opening"], october["closing"], len(october["lines"])) == (0, 100, 1)


def test_a_statement_tells_expiry_apart(shop: Path) -> None:
    """What expired is posted with the next decision that comes along, which did not spend it."""
    today = datetime.now(UTC).date()
    tomorrow = today + timedelta(days=1)
    old = shop.parent / "old.csv"
    old.write_text(f"points,card,expires_on\n100,{CARD},{today}\n50,{CARD},\n", encoding="utf-8")
    for arguments in (
        ("import", "balances", old, "--count", "2", "--sum", "150"),
        ("days", "open", str(tomorrow), "--by", "ana"),
        ("adjust", CARD, "-20", "--reason", "X", "--by", "ana"),
    ):
        done = puntual(*arguments, "--config", shop)
        assert done.exit_code == 0, done.output
    statement = ("ledger", "statement", CARD, "--month", f"{tomorrow:%Y-%m}", "--config", shop)
    lines = [
        line.split() for line in puntual(*statement).stdout.splitlines() if line.startswith(str(tomorrow))
    ]
    assert [(line[1], line[-2:]) for line in lines] == [
        ("EXPIRY", ["-100", "50"]),
        ("ADJUST", ["-20", "30"]),
    ]
    told = json.loads(puntual(*statement, "--json").stdout)
    assert [(line["operation"], line["amount"], line["points"]) for line in told["lines"][-2:]] == [
        ("EXPIRY", None, -100),
        ("ADJUST", 20, -20),
    ]
    assert told["closing"] == 30


def test_why_tells_why_a_correction_was_made(shop: Path) -> None:
    adjusted = puntual("adjust", CARD, "9", "--reason", "GOODWILL", "--by", "ana", "--config", shop)
    assert adjusted.exit_code == 0, adjusted.stderr
    assert "adjust: GOODWILL" in puntual("ledger", "why", CARD, "--config", shop).stdout


def test_a_statement_of_nothing(shop: Path) -> None:
    told = puntual("ledger", "statement", CARD, "--month", "2026-12", "--config", shop)
    assert "Nothing moved." in told.stdout
    assert "Closing balance: 0" in told.stdout


@pytest.mark.parametrize("month", ["2026-13", "26-11", "november", ""])
def test_a_month_is_a_month(shop: Path, month: str) -> None:
    told = puntual("ledger", "statement", CARD, "--month", month, "--config", shop)
    assert (told.exit_code, told.stdout) == (2, "")
    assert "is no month" in told.stderr
