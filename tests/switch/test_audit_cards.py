"""Whoever changes the cards by hand is found: their journal, in the chain, tells what each was given."""

from datetime import date
from pathlib import Path

import pytest

from members.card import CardStatus
from switch.audit import verify
from switch.block import Enrolment
from switch.outcome import CardChange
from tests.switch.books import card, commit, open_store, outcome, record, token
from tests.switch.test_audit import forge

OTHER_MEMBER = "has another member, or other accounts, than it was enrolled with"
OTHER_DAY = "has another last day than it was enrolled with"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("UPDATE card SET status = 'active' WHERE card_id = 1", ""),
        (
            "UPDATE card SET status = 'stolen' WHERE card_id = 1",
            "card 1: is stolen, and active by the journal",
        ),
        (
            "UPDATE card SET token = x'00' WHERE card_id = 2",
            "card 2: has another number than it was enrolled with",
        ),
        ("UPDATE card SET member_id = 2 WHERE card_id = 1", f"card 1: {OTHER_MEMBER}"),  # and so his points
        ("UPDATE card SET member_id = 9 WHERE card_id = 1", f"card 1: {OTHER_MEMBER}"),
        ("UPDATE member SET owner = 1 WHERE member_id = 2", f"card 2: {OTHER_MEMBER}"),
        ("DELETE FROM member WHERE member_id = 2", f"card 2: {OTHER_MEMBER}"),
        ("UPDATE card SET expires_on = NULL WHERE card_id = 1", f"card 1: {OTHER_DAY}"),
        ("UPDATE card SET expires_on = '2099-01-31' WHERE card_id = 2", f"card 2: {OTHER_DAY}"),
        ("DELETE FROM card WHERE card_id = 1", "card 1: is in the journal and not among the cards"),
        ("INSERT INTO card VALUES (3, x'03', '0003', 1, 'active', NULL, NULL)", "card 3: is in no journal"),
    ],
)
async def test_cards_that_were_changed(tmp_path: Path, script: str, told: str) -> None:
    """A card that is written over to somebody else would spend another's points."""
    store = await open_store(tmp_path)
    issued = card(1, status=CardStatus.ISSUED, expires_on=date(2027, 12, 31))
    await commit(
        store,
        enrolments=(
            Enrolment(card=issued, token=token(1)),
            Enrolment(card=card(2, member=2), token=token(2)),
        ),
    )
    activated = CardChange(card=issued, status=CardStatus.ACTIVE)
    await commit(store, outcome(record(1, operation="ACTIVATE"), card_changes=(activated,)))
    await store.close()
    path = tmp_path / "puntual.db"
    assert verify(path) == []
    forge(path, script)
    assert [str(finding) for finding in verify(path)] == ([f"cards {told}"] if told else [])
