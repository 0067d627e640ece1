"""What must not follow is found: an effect of what was reversed before, a programme that nobody can read."""

from pathlib import Path

import pytest

from loyalty.transaction import OriginalReference
from switch.audit import verify
from tests.switch.books import commit, early_reversal, earn, open_store, record
from tests.switch.test_audit import forge


async def test_a_late_effect_of_what_was_reversed_is_found(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    named = record(2)
    reference = OriginalReference(message_class="2", stan=named.stan, transmitted=named.transmitted)
    await commit(store, early_reversal(1, reference))
    await commit(store, earn(2, 100))
    await store.close()
    assert [str(finding) for finding in verify(tmp_path / "puntual.db")] == [
        "I14 decision 2: has an effect, and decision 1 reversed it before"
    ]


@pytest.mark.parametrize(
    ("version", "text", "told"),
    [
        ("87428fc52280", "a", []),
        (
            "87428fc52280",
            "b",
            ["I20 programme 1: its text does not have the hash 87428fc52280"],
        ),
        (
            "3e23e8160039",
            "b",
            [
                "I20 programme 1: its text does not have the hash 3e23e8160039",
                "I20 decision 1: was decided by programme 87428fc52280, whose text is not there",
            ],
        ),
    ],
)
async def test_programmes_can_be_read(tmp_path: Path, version: str, text: str, told: list[str]) -> None:
    store = await open_store(tmp_path)
    await commit(store, earn(1, 100, programme_version="87428fc52280"))
    await store.close()
    forge(tmp_path / "puntual.db", f"INSERT INTO programme VALUES (1, '2026', '{version}', '{text}\n')")
    assert [str(finding) for finding in verify(tmp_path / "puntual.db")] == told
