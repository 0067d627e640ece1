"""Whoever changes by hand what decisions are found by is found."""

from pathlib import Path

import pytest

from switch.audit import verify
from switch.marks import BATCH, mark
from tests.switch.books import commit, earn, open_store, outcome, record
from tests.switch.test_audit import forge


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("UPDATE mark SET value = '1|T1|000002'", "I18 decision 1"),
        ("DELETE FROM mark", "I18 decision 1"),
        ("INSERT INTO mark VALUES (2, 0, 'batch', '1|T1|000001')", "I18 decision 2"),
        ("INSERT INTO mark VALUES (99, 0, 'batch', '1|T1|000001')", "I17 mark 99"),
    ],
)
async def test_marks_that_were_changed(tmp_path: Path, script: str, told: str) -> None:
    store = await open_store(tmp_path)
    await commit(store, outcome(record(1), sides=(mark(BATCH, "1|T1|000001"),)), earn(2, 100))
    await store.close()
    path = tmp_path / "puntual.db"
    assert verify(path) == []
    forge(path, script)
    assert str(verify(path)[0]).startswith(told)


async def test_a_number_of_the_terminal_that_is_marked_as_the_switchs(tmp_path: Path) -> None:
    """By such a mark nobody would find the sale by its receipt any more."""
    store = await open_store(tmp_path)
    await commit(store, outcome(record(1, rrn="TILL00004711")), earn(2, 100))
    await store.close()
    path = tmp_path / "puntual.db"
    assert verify(path) == []
    forge(path, "UPDATE decision SET rrn_sent = 0 WHERE seq = 1")
    told = "I18 decision 1: has a DE 37 of its terminal, marked as the switch's"
    assert [str(finding) for finding in verify(path)] == [told]
