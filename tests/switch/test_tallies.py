"""What is counted is durable: a restart, another batch and a hand edit change nothing of it unseen."""

from pathlib import Path

import pytest

from ledger.account import PostingReason
from ledger.entry import NO_LOT, Posting
from rules.counters import Place
from switch.audit import verify
from switch.counting import budget_account
from switch.outcome import Outcome, Side
from switch.tallies import TALLY, rows_of
from switch.worksheet import Worksheet
from tests.switch.books import ISSUE, commit, open_store, outcome, record
from tests.switch.test_audit import forge

DAY: Place = ("visits/member", "1", "2026-11-21")
NEXT: Place = ("visits/member", "1", "2026-11-22")
EVER: Place = ("visits/member", "1", "")
BUDGET = budget_account("c")


def counted(seq: int, worksheet: Worksheet, *changes: tuple[Place, int]) -> Outcome:
    made = outcome(record(seq), sides=rows_of(dict(changes), worksheet.tallies.tally))
    worksheet.apply(made)
    return made


async def test_totals_are_found_again(tmp_path: Path) -> None:
    """In the batch, after its commit, and after a restart."""
    store = await open_store(tmp_path)
    below = Worksheet(store.reader)
    first = counted(1, below, (DAY, 1), (EVER, 1))
    upper = Worksheet(store.reader, below)
    second = counted(2, upper, (DAY, 1), (NEXT, 2))
    assert [upper.tallies.tally(place) for place in (DAY, NEXT, EVER)] == [2, 2, 1]
    assert upper.tallies.tallied_by(1) == [(DAY, 1), (EVER, 1)]
    await commit(store, first)
    upper.settle()
    assert [upper.tallies.tally(place) for place in (DAY, NEXT, EVER)] == [2, 2, 1]
    await commit(store, second)
    await store.close()
    store = await open_store(tmp_path)
    reader = Worksheet(store.reader)
    assert [reader.tallies.tally(place) for place in (DAY, NEXT, EVER)] == [2, 2, 1]
    assert reader.tallies.tallied_by(2) == [(DAY, 1), (NEXT, 2)]
    assert reader.tallies.tally(("visits/member", "2", "")) == 0
    await store.close()


async def test_the_last_day_with_some_is_found(tmp_path: Path) -> None:
    """Days that were taken back are passed over, wherever that is known."""
    store = await open_store(tmp_path)
    worksheet = Worksheet(store.reader)
    await commit(store, counted(1, worksheet, (DAY, 1), (EVER, 1), (("visits/member", "1", "2026-11"), 1)))
    worksheet = Worksheet(store.reader)
    await commit(store, counted(2, worksheet, (NEXT, 1)))
    whose = DAY[:2]
    for reader in (store.reader, Worksheet(store.reader).tallies):
        assert reader.last_tallied(*whose, "2026-11-23") == "2026-11-22"
        assert reader.last_tallied(*whose, "2026-11-22") == "2026-11-21"
        assert reader.last_tallied(*whose, "2026-11-21") is None
    worksheet = Worksheet(store.reader)
    taken = counted(3, worksheet, (NEXT, -1))
    assert worksheet.tallies.last_tallied(*whose, "2026-11-23") == "2026-11-21"
    counted(4, worksheet, (("visits/member", "1", "2026-11-25"), 1))
    assert worksheet.tallies.last_tallied(*whose, "2026-11-26") == "2026-11-25"
    await commit(store, taken)
    assert store.reader.last_tallied(*whose, "2026-11-23") == "2026-11-21"
    await store.close()


@pytest.fixture
async def books(tmp_path: Path) -> Path:
    store = await open_store(tmp_path)
    worksheet = Worksheet(store.reader)
    await commit(store, counted(1, worksheet, (DAY, 1), (EVER, 1)), counted(2, worksheet, (DAY, 1)))
    await store.close()
    return tmp_path / "puntual.db"


@pytest.mark.parametrize(
    ("script", "first"),
    [
        ("UPDATE tally SET total = 7 WHERE seq = 2", "I18 decision 2"),
        ("UPDATE tally SET whose = '2' WHERE seq = 1", "I18 decision 1"),
        ("DELETE FROM tally WHERE seq = 2", "I18 decision 2"),
        ("INSERT INTO tally VALUES (9, 0, 'visits/member', '1', '', 1, 2)", "I17 tally 9"),
    ],
)
async def test_a_changed_row_is_named(books: Path, script: str, first: str) -> None:
    forge(books, script)
    finding = verify(books)[0]
    assert f"{finding.invariant} {finding.where}" == first


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (
            {"sides": (Side(TALLY, (*DAY, 1, 2)),)},
            "I8 decision 4, visits/member 1 2026-11-21: tells 2, and its changes add up to 3",
        ),
        (
            {
                "sides": (Side(TALLY, (*NEXT, 1, 1)),),
                "postings": (Posting(BUDGET, ISSUE, 5, NO_LOT, PostingReason.BUDGET_SPENT),),
            },
            f"I8 decision 4, budget.{BUDGET & ((1 << 40) - 1)}: falls to -5",
        ),
    ],
)
async def test_our_own_mistakes_are_named(books: Path, made: dict[str, object], told: str) -> None:
    store = await open_store(books.parent)
    await commit(store, outcome(record(4), **made))
    await store.close()
    assert [str(finding) for finding in verify(books)] == [told]
