"""The process dies: what a till was told stands, and what it was not told it can ask again."""

from pathlib import Path

from tests.faults.kill9 import kill_and_judge


def test_killed_under_load(tmp_path: Path) -> None:
    """Every answer is in the books once, repeats get the same bytes, balances agree, the books verify."""
    report = kill_and_judge(tmp_path / "puntual", rounds=5, seed=20261121)
    assert report.wrong == []
    assert report.told > 0
    assert report.repeated > 0
