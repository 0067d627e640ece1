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
