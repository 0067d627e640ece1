"""What a batch comes to: the same however it is added up, and never more than a slice at once."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

import switch.batchreader
from loyalty.totals import Totals
from switch.athand import NotAtHand
from switch.batchreader import Batches
from switch.batchtotals import BatchOf
from switch.database import open_for_reading
from switch.marks import BATCH, mark
from switch.outcome import Link, Outcome
from switch.worksheet import Worksheet
from tests.switch.books import ACQUIRER, commit, open_store, outcome, record
from tests.switch.memory import MemoryStore

MINE = ACQUIRER, "T0000001"


def told(
    seq: int,
    operation: str = "EARN",
    amount: int = 100,
    *,
    number: str = "",
    terminal_id: str = "T0000001",
    undoes: int | None = None,
    final: int | None = None,
    **changes: Any,
) -> Outcome:
    """Decision *seq* of a terminal, perhaps of a numbered batch, perhaps undoing an earlier one."""
    values = {
        "operation": operation,
        "amount": amount,
        "covered_minor": amount,
        "terminal_id": terminal_id,
        "original": undoes,
        **changes,
    }
    links: tuple[Link, ...] = ()
    if undoes is not None:
        links = (Link(seq=seq, original=undoes, undone=1, final_minor=final),)
    sides = (mark(BATCH, f"{ACQUIRER}|{terminal_id}|{number}"),) if number else ()
    return outcome(record(seq, **values), links=links, sides=sides)


DAY = [
    told(1, amount=1_000),
    told(2, "REDEEM", 200, number="000001"),
    told(3, terminal_id="T0000002"),
    told(4, "REFUND", 300),
    told(5, "REVERSAL", 0, undoes=1, final=400, message_class="4"),
    told(6, number="000002", amount=7),
    told(7, reason="CARD_UNKNOWN", effective=False),
    told(8, acquirer_id="00000000009"),
    told(9, in_points=True, amount=50),
    told(10, "VOID", 0, undoes=4),
    told(11, amount=5, number="000001"),
]


async def walked(batches: Batches, of: BatchOf, before: int | None = None) -> tuple[Totals, int]:
    """The totals, and in how many slices they were added up."""
    slices = 0
    while True:
        try:
            return batches.totals(of, before), slices
        except NotAtHand:
            walk = batches.walks[of]
            while not walk.is_done:
                walk.step()
                slices += 1


CASES = [
    BatchOf(MINE, in_points=False, since=0),
    BatchOf(MINE, in_points=True, since=0),
    BatchOf(MINE, in_points=False, since=4),
    BatchOf(MINE, in_points=False, since=0, number="000001"),
    BatchOf(MINE, in_points=False, since=8, number="000001", since_number=0),
    BatchOf(MINE, in_points=False, since=8, number="000001", since_number=2),
    BatchOf((ACQUIRER, "T0000002"), in_points=False, since=0),
    BatchOf(("00000000009", "T0000001"), in_points=False, since=0),
    BatchOf((ACQUIRER, "T0000003"), in_points=False, since=0),
]


@pytest.mark.parametrize("of", CASES)
@pytest.mark.parametrize(("entries_max", "records_max"), [(1000, 100), (1, 1), (3, 2), (4, 1)])
async def test_the_same_in_however_small_slices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: BatchOf, entries_max: int, records_max: int
) -> None:
    """As the naive model counts, and as sheets that are not committed yet do."""
    monkeypatch.setattr(switch.batchreader, "ENTRIES_MAX", entries_max)
    monkeypatch.setattr(switch.batchreader, "RECORDS_MAX", records_max)
    memory = MemoryStore()
    for each in DAY:
        memory.fold(each)
    expected = memory.batch_totals(of, None)
    store = await open_store(tmp_path)
    await commit(store, *DAY[:6])
    await commit(store, *DAY[6:])
    database = open_for_reading(tmp_path / "puntual.db")
    batches = Batches(database, store.reader)
    assert (await walked(batches, of))[0] == expected
    assert (await walked(batches, of, 7))[0] == memory.batch_totals(of, 7)
    assert batches.walks == {}
    database.close()
    await store.close()


async def test_all_that_a_terminal_ever_did(tmp_path: Path) -> None:
    """Its first RECONCILE after so many sales reads them in slices, each of a bounded number of rows."""
    store = await open_store(tmp_path)
    count = 2_500
    await commit(store, *(told(seq, amount=seq) for seq in range(1, count + 1)))
    database = open_for_reading(tmp_path / "puntual.db")
    batches = Batches(database, store.reader)
    rows: list[int] = []
    whole = BatchOf(MINE, in_points=False, since=0)
    looked_at = database.execute

    class Counting:
        """The database, told how many rows each question brought."""

        def execute(self, sql: str, parameters: Any = ()) -> Any:
            found = looked_at(sql, parameters).fetchall()
            rows.append(len(found))
            return Rows(found)

    class Rows(list[Any]):
        def fetchall(self) -> list[Any]:
            return self

        def fetchone(self) -> Any:
            return self[0] if self else None

    batches._database = Counting()  # type: ignore[assignment]  # counts what is read
    totals, slices = await walked(batches, whole)
    assert (totals.debits, totals.debit_amount) == (count, count * (count + 1) // 2)
    assert max(rows) <= switch.batchreader.ENTRIES_MAX
    assert slices > count // switch.batchreader.RECORDS_MAX
    # The next batch of the same terminal walks the index, and reads what belongs to it.
    rows.clear()
    totals, _ = await walked(batches, BatchOf(MINE, in_points=False, since=count - 10))
    assert totals.debits == 10
    assert sum(rows) <= count + 20
    database.close()
    await store.close()


async def test_one_that_always_sends_the_same_stan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk goes on inside of a trace number, too."""
    monkeypatch.setattr(switch.batchreader, "ENTRIES_MAX", 3)
    store = await open_store(tmp_path)
    await commit(store, *(told(seq, stan="000001" if seq < 9 else "000002") for seq in range(1, 12)))
    assert (await walked(Batches(store.reader._database, store.reader), CASES[0]))[0].debits == 11
    await store.close()


async def test_what_is_committed_during_the_walk_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen by the walk, beside it, or on a sheet."""
    monkeypatch.setattr(switch.batchreader, "ENTRIES_MAX", 1)
    store = await open_store(tmp_path)
    await commit(store, *(told(seq, amount=seq) for seq in range(1, 6)))
    sheet = Worksheet(store.reader)
    sheet.apply(told(6, amount=6))
    whole = CASES[0]
    with pytest.raises(NotAtHand) as missing:
        sheet.batch_totals(whole)
    fetching = asyncio.ensure_future(missing.value.fetch())
    await asyncio.sleep(0)
    await commit(store, told(6, amount=6))
    await asyncio.sleep(0)
    await commit(store, told(7, amount=7), told(8, terminal_id="T0000002"))
    await fetching
    sheet = Worksheet(store.reader)
    sheet.apply(told(9, amount=9))
    assert sheet.batch_totals(whole).debit_amount == 1 + 2 + 3 + 4 + 5 + 6 + 7 + 9
    with pytest.raises(NotAtHand):  # it was asked for, so it is gone
        sheet.batch_totals(whole)
    await store.close()


async def test_walks_that_nobody_asks_for_any_more_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few are kept, and none for ever: every commit looks at them."""
    monkeypatch.setattr(switch.batchreader, "ENTRIES_MAX", 1)
    monkeypatch.setattr(switch.batchreader, "FOLLOWED_MAX", 3)
    store = await open_store(tmp_path)
    await commit(store, *(told(seq) for seq in range(1, 10)))
    walks = store.reader._batches.walks
    for since in range(12):
        with pytest.raises(NotAtHand):
            store.reader.batch_totals(BatchOf(MINE, in_points=False, since=since), None)
        assert len(walks) <= switch.batchreader.WALKS_MAX
    for seq in range(20, 23):
        assert walks
        await commit(store, told(seq))
    assert not walks
    await store.close()
