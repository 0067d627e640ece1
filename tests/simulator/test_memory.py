"""A till's memory: there after a power cut, whole, and without a card."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from loyalty.clock import ManualClock
from loyalty.errors import LoyaltyError
from simulator.memory import Memory, Remembered
from simulator.message import Card
from simulator.till import Identity, Till

CARD = Card(number="6390120000000019")


def test_reversals_are_kept_and_cards_are_not(tmp_path: Path) -> None:
    """What goes out first after a restart is the reversal; an advice would name the card."""
    till = Till(Identity(terminal_id="T1"), ManualClock(datetime(2026, 3, 1, tzinfo=UTC)))
    reversal = till.reversal(till.redeem(CARD, 500))
    memory = Memory(tmp_path / "deep" / "till.json")
    memory.save(Remembered(17, (till.sale(CARD, 100).as_advice(), reversal)))
    assert "6390120000000019" not in (tmp_path / "deep" / "till.json").read_text("ascii")
    loaded = memory.load()
    assert loaded.stan == 17
    (kept,) = loaded.kept
    assert kept.elements == reversal.elements
    assert kept.is_reversal


def test_a_new_till_remembers_nothing(tmp_path: Path) -> None:
    assert Memory(tmp_path / "till.json").load() == Remembered()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"stan": 0, "kept": []}',
        '{"stan": 1000000, "kept": []}',
        '{"stan": 1, "kept": [1]}',
        "\xff",
    ],
)
def test_another_file_is_not_taken_for_one(text: str, tmp_path: Path) -> None:
    """A file of something else is neither used nor overwritten in silence."""
    path = tmp_path / "till.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(LoyaltyError, match="is not the memory of a till"):
        Memory(path).load()
