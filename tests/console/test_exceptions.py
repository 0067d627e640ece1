"""Whatever a person must look at is listed, each with its age."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.account import AccountKind, PostingReason, account
from ledger.entry import NO_LOT, Posting
from loyalty.card import MemberId
from loyalty.transaction import OriginalReference
from switch.marks import LATE, mark
from tests.console.commands import puntual
from tests.switch.books import ISSUE, TODAY, commit, early_reversal, earn, open_store, outcome, record
from tests.switch.test_audit_holds import draft_on, drafted

SUSPENSE = account(AccountKind.SUSPENSE)
HOURS = 30


async def _something_of_each(folder: Path) -> None:
    """Thirty hours ago, one after the other."""
    store = await open_store(folder)
    at = datetime.now(UTC) - timedelta(hours=HOURS)
    await commit(store, earn(1, 100, at=at))
    unmatched = early_reversal(2, OriginalReference(stan="000077", message_class="2"))
    assert unmatched.record is not None
    unmatched.record = unmatched.record._replace(exception="ORIGINAL_NOT_FOUND", at=at, earned=0)
    nobody = record(
        3, is_advice=True, exception="CARD_UNKNOWN", at=at, owner=None, member_id=None, card_id=None
    )
    posting = Posting(ISSUE, SUSPENSE, 12, NO_LOT, PostingReason.EARN_TO_SUSPENSE)
    forced = record(4, is_advice=True, exception="ABOVE_LIMIT", effective=False, at=at)
    await commit(store, unmatched, outcome(nobody, postings=(posting,)), outcome(forced))
    draft = draft_on(5, store.reader.book(MemberId(1)))
    draft.hold(30, "REDEEM", datetime.now(UTC) + timedelta(days=3))
    held = drafted(draft, 5, "HOLD")
    assert held.record is not None
    held.record = held.record._replace(at=at)
    await commit(store, held)
    await commit(store, outcome(record(6, operation="LATE", owner=None), sides=(mark(LATE, "1|12345"),)))
    await store.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exceptions") / "shop"
    puntual("init", folder)
    asyncio.run(_something_of_each(folder))
    return folder / "puntual.toml"


def listed(shop: Path) -> list[dict[str, Any]]:
    result = puntual("exceptions", "--config", shop, "--json")
    assert result.exit_code == 0
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    return rows


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ORIGINAL_NOT_FOUND", {"operation": "REVERSAL", "suspense": 0, "note": ""}),
        ("CARD_UNKNOWN", {"operation": "EARN", "advice": True, "suspense": 12}),
        ("ABOVE_LIMIT", {"operation": "EARN", "advice": True, "suspense": 0}),
        ("LATE_ANSWER", {"operation": "EARN", "advice": False, "note": "answered after 12.3 s"}),
        ("OPEN_HOLD", {"operation": "HOLD", "suspense": 0}),
    ],
)
def test_each_kind(shop: Path, kind: str, expected: dict[str, object]) -> None:
    """Unmatched reversals, suspense, forced advices, late answers, open holds: one of each, a day old."""
    (row,) = [row for row in listed(shop) if row["exception"] == kind]
    assert expected.items() <= row.items()
    assert 0 <= row["age_s"] - HOURS * 3600 < 3600


def test_there_is_nothing_else(shop: Path) -> None:
    assert len(listed(shop)) == 5


def test_what_people_see(shop: Path) -> None:
    """A table with the age in days, and until when a hold is kept."""
    lines = puntual("exceptions", "--config", shop).stdout.splitlines()
    assert lines[0].split()[0] == "age"
    assert all(line.lstrip().startswith("1d 0") for line in lines[1:])
    assert any("kept until" in line for line in lines)
    assert TODAY.isoformat() not in lines[0]


def test_late_answers_are_told_in_slices(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("switch.queries.SLICE_SIZE", 1)
    assert len(listed(shop)) == 5
