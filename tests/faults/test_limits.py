"""Two hundred tills at once: limits hold to the last point, also after the process was killed."""

from pathlib import Path

from tests.faults.limits import prove


def test_limits_hold_under_any_concurrency(tmp_path: Path) -> None:
    report = prove(tmp_path / "puntual", rounds=2, seed=20261122)
    assert report.wrong == []
    assert (report.rounds, report.restarts) == (2, 1)
