"""What must not follow is found: what was reversed before, an earlier time, a lot before its turn."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from ledger.account import PostingReason
from ledger.entry import Posting
from loyalty.transaction import OriginalReference
from rules.parse import version_of
from switch.audit import verify
from switch.block import Block, ProgrammeEntry
from switch.lock import ProcessLock
from switch.outcome import Outcome
from tests.switch.books import (
    NOON,
    REDEEMED,
    TODAY,
    always,
    available,
    commit,
    early_reversal,
    earn,
    open_store,
    outcome,
    record,
)

OWN, NEXT = version_of("own"), version_of("next")


async def told_of(path: Path, *outcomes: Outcome) -> list[str]:
    """What is found after these, on books with a programme from 12:00:05 on and another from 12:00:08 on."""
    store = await open_store(path)
    programmes = [
        ProgrammeEntry(
            number=number, since=NOON + timedelta(seconds=since), version=version_of(text), text=text
        )
        for number, since, text in ((1, 5, "own"), (2, 8, "next"))
    ]
    await store.commit(Block(outcomes=(), committed_at=NOON, programmes=programmes), always)
    for each in outcomes:
        await commit(store, each)
    await store.close()
    return [str(finding) for finding in verify(path / "puntual.db")]


async def test_a_late_effect_of_what_was_reversed_is_found(tmp_path: Path) -> None:
    named = record(2)
    reference = OriginalReference(message_class="2", stan=named.stan, transmitted=named.transmitted)
    assert await told_of(tmp_path, early_reversal(1, reference), earn(2, 100)) == [
        "I14 decision 2: has an effect, and decision 1 reversed it before"
    ]


async def test_what_goes_back_in_time_is_found(tmp_path: Path) -> None:
    told = await told_of(
        tmp_path, outcome(record(1)), outcome(record(2, at=NOON)), outcome(record(3, business_date=TODAY))
    )
    assert told == [
        f"I19 decision 2: was decided at {NOON.isoformat()}, and one before it at 2026-11-21T12:00:01+00:00"
    ]


@pytest.mark.parametrize(("seq", "is_found"), [(3, True), (6, False)])
async def test_a_business_date_that_goes_back_is_found(tmp_path: Path, seq: int, *, is_found: bool) -> None:
    """Unless a programme came into force in between: its day can end at another hour."""
    tomorrow = TODAY + timedelta(days=1)
    first = outcome(record(2, business_date=tomorrow))
    told = await told_of(tmp_path, first, outcome(record(seq, programme_version=None)))
    finding = f"I19 decision {seq}: belongs to {TODAY}, and the one before it to {tomorrow}"
    assert told == ([finding] if is_found else [])


@pytest.mark.parametrize(
    ("seq", "version", "told"),
    [
        (4, NEXT, []),  # of books from before texts were kept
        (4, "123", []),
        (5, OWN, []),
        (7, NEXT, [f"I20 decision 7: was decided by the programme {NEXT} before that was in force"]),
        (8, NEXT, []),
        (9, OWN, []),  # a late advice
        (5, "123", ["I20 decision 5: names the programme 123, which is not there"]),
    ],
)
async def test_a_programme_that_was_not_in_force_is_found(
    tmp_path: Path, seq: int, version: str, told: list[str]
) -> None:
    assert await told_of(tmp_path, outcome(record(seq, programme_version=version))) == told


@pytest.mark.parametrize("reason", [PostingReason.REDEEM, PostingReason.CLAW_BACK])
async def test_what_is_spent_before_its_turn_is_found(tmp_path: Path, reason: PostingReason) -> None:
    """What is taken back may come from any lot."""
    first, second = earn(1, 70), earn(2, 10)
    to = REDEEMED if reason is PostingReason.REDEEM else first.postings[0].debit
    taken = Posting(available(1), to, 5, 32, reason)
    store = await open_store(tmp_path)
    await commit(store, first, structs.replace(second, books=()))
    await commit(store, outcome(record(3), postings=(taken,)))
    await store.close()
    found = [str(finding) for finding in verify(tmp_path / "puntual.db")]
    expected = ["I10 decision 3, lot 32: is spent, and lot 16, which goes before it, has points"]
    assert found == (expected if reason is PostingReason.REDEEM else [])


@pytest.mark.parametrize(
    "change",
    [
        {"expires_on": TODAY - timedelta(days=1)},
        {"available_from": TODAY + timedelta(days=1)},
        {"expires_on": TODAY + timedelta(days=3650)},
        {"owner": 2},
    ],
)
async def test_what_could_not_be_spent_before_is_no_finding(tmp_path: Path, change: dict[str, Any]) -> None:
    """A lot that is over, not yet there, later, or of another member."""
    store = await open_store(tmp_path)
    first = earn(1, 70, owner=change.get("owner", 1))
    first = structs.replace(first, lots=(replace(first.lots[0], **change),), books=())
    taken = Posting(available(1), REDEEMED, 5, 32, PostingReason.REDEEM)
    await commit(store, first, structs.replace(earn(2, 10), books=()))
    await commit(store, outcome(record(3), postings=(taken,)))
    await store.close()
    assert verify(tmp_path / "puntual.db") == []


@pytest.mark.parametrize(
    ("change", "is_found"),
    [
        ({"expires_on": TODAY}, False),
        ({"expires_on": TODAY - timedelta(days=1)}, True),
        ({"available_from": TODAY + timedelta(days=1)}, True),
    ],
)
async def test_what_is_spent_on_no_day_of_its_lot_is_found(
    tmp_path: Path, change: dict[str, Any], *, is_found: bool
) -> None:
    """After its last day, or before it is available."""
    first = earn(1, 70)
    first = structs.replace(first, lots=(replace(first.lots[0], **change),), books=())
    taken = Posting(available(1), REDEEMED, 5, 16, PostingReason.REDEEM)
    told = await told_of(tmp_path, first, outcome(record(2), postings=(taken,)))
    expected = [f"I10 decision 2, lot 16: is spent, and on {TODAY:%Y%m%d} it cannot be"]
    assert told == (expected if is_found else [])


@pytest.mark.parametrize("is_beside", [False, True])
async def test_an_index_without_its_rows_is_found(tmp_path: Path, *, is_beside: bool) -> None:
    """With a switch beside, too, when the file is looked at table by table."""
    assert await told_of(tmp_path, earn(1, 5)) == []
    forger = sqlite3.connect(tmp_path / "puntual.db")
    forger.execute("PRAGMA writable_schema = ON")
    forger.execute("UPDATE sqlite_master SET sql = replace(sql, '= 1', '= 0') WHERE name = 'decision_rrn'")
    forger.commit()
    forger.close()
    lock = ProcessLock(tmp_path / "puntual.lock") if is_beside else None
    found = [str(finding) for finding in verify(tmp_path / "puntual.db")]
    if lock is not None:
        lock.release()
    assert found[-1] == "schema index decision_rrn: is not what it should be"
    assert found[:-1]
    assert all("decision_rrn" in each and each.startswith("I26 the file: ") for each in found[:-1])
