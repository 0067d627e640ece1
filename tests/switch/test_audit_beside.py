"""Books that change while they are verified, and what that takes of memory."""

import os
import sqlite3
from pathlib import Path

import pytest

import ledger.sums
from ledger.account import PostingReason
from ledger.spill import ROWS_MAX, Spill
from ledger.sums import SumCheck
from loyalty.errors import LoyaltyError
from switch.audit import verify
from tests.switch.books import ISSUE, available, commit, earn, open_store


@pytest.mark.parametrize("lots_per_part", [1, 100])
async def test_what_is_posted_after_balances_were_read_is_compared_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lots_per_part: int
) -> None:
    """In the part that is compared then, and in later ones: what was wrong may look right by then."""
    store = await open_store(tmp_path)
    await commit(store, earn(1, 100), *(earn(owner, 100, owner=owner) for owner in (2, 3)))
    await store.close()
    path = tmp_path / "puntual.db"
    monkeypatch.setattr(ledger.sums, "LOTS_PER_PART", lots_per_part)
    monkeypatch.setattr(ledger.sums, "SLICE_SIZE", 2)
    assert verify(path) == []
    read = SumCheck._read_balances

    def go_on(check: SumCheck) -> None:
        with sqlite3.connect(path) as switch:
            switch.execute("UPDATE balance SET points = 93")
        read(check)
        with switch:
            switch.execute("UPDATE balance SET points = points - 7")
            for line, lot in enumerate((16, 32, 48)):
                posting = (4, line, available(line + 1), ISSUE, 7, lot, PostingReason.CLAW_BACK)
                switch.execute("INSERT INTO posting VALUES (?, ?, ?, ?, ?, ?, ?)", posting)
        switch.close()

    monkeypatch.setattr(SumCheck, "_read_balances", go_on)
    assert sorted(map(str, verify(path))) == [
        f"I7 balance of available.{owner}, lot {16 * owner}: 86 is kept and the postings add up to 93"
        for owner in (1, 2, 3)
    ]


def test_rows_come_back_part_by_part_in_their_order() -> None:
    """From the file and from memory; what is added later comes behind."""
    rows = [(number, str(number)) for number in range(ROWS_MAX + ROWS_MAX // 2)]
    with Spill(3) as spill:
        for number, row in enumerate(rows[:-2]):
            spill.add(number % 2, row)
        assert [row for some in spill.rows(0) for row in some] == rows[:-2:2]
        spill.add(1, rows[-2])
        spill.add(2, rows[-1])
        assert [row for some in spill.rows(1) for row in some] == [*rows[1:-2:2], rows[-2]]
        assert [row for some in spill.rows(2) for row in some] == [rows[-1]]


def test_no_room_for_a_temporary_file_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    full = os.open("/dev/full", os.O_RDWR)
    monkeypatch.setattr("ledger.spill._new_file", lambda: full)
    with Spill(1) as spill:
        for _ in range(ROWS_MAX - 1):
            spill.add(0, (1,))
        with pytest.raises(LoyaltyError, match="temporary file"):
            spill.add(0, (1,))
