"""What must not follow is found: an effect of what was reversed before."""

from pathlib import Path

from loyalty.transaction import OriginalReference
from switch.audit import verify
from tests.switch.books import commit, early_reversal, earn, open_store, record


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
