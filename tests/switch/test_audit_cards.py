"""Whoever changes the cards by hand is found: their journal, in the chain, tells what each was given."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from loyalty.card import CardId
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
        (
            "INSERT INTO card VALUES (3, x'03', '0003', 1, 'active', NULL, NULL, '')",
            "card 3: is in no journal",
        ),
        (
            "UPDATE card SET type = 'gold' WHERE card_id = 1",
            "card 1: is of another type than its journal tells",
        ),
        (
            "UPDATE card SET type = 'rfid' WHERE card_id = 2",
            "card 2: is of another type than its journal tells",
        ),
        ("UPDATE card SET type = '' WHERE card_id = 2", "card 2: is of another type than its journal tells"),
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
            Enrolment(card=card(2, member=2, type="rfid"), token=token(2)),
        ),
    )
    await commit(store, card_changes=(CardChange(card=card(2, member=2, type="rfid"), type="virtual"),))
    activated = CardChange(card=issued, status=CardStatus.ACTIVE)
    await commit(store, outcome(record(1, operation="ACTIVATE"), card_changes=(activated,)))
    await store.close()
    path = tmp_path / "puntual.db"
    assert verify(path) == []
    forge(path, script)
    assert [str(finding) for finding in verify(path)][:1] == ([f"cards {told}"] if told else [])


OTHER_TIER = "has another tier than he was enrolled with"
OTHER_PROGRAMME = "is of another programme than his cards were enrolled in"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("UPDATE member SET tier = 'gold' WHERE member_id = 1", f"member 1: {OTHER_TIER}"),
        ("UPDATE member SET tier = NULL WHERE member_id = 2", f"member 2: {OTHER_TIER}"),
        ("UPDATE member SET language = 'de'", None),
        ("INSERT INTO membership VALUES (1, 'pharmacy')", f"member 1: {OTHER_PROGRAMME}"),
        ("DELETE FROM membership", f"member 2: {OTHER_PROGRAMME}"),
        ("UPDATE membership SET programme = 'books'", f"member 2: {OTHER_PROGRAMME}"),
        # Somebody's phone leads to another's points.
        (
            "INSERT INTO identifier VALUES ('MOBL', x'0102', 1, 0)",
            "member 1: has a MOBL that no entry",
        ),
        ("UPDATE identifier SET member_id = 1 WHERE kind = 'MAIL'", "member 1: has a MAIL that no entry"),
        ("UPDATE identifier SET token = x'01' WHERE kind = 'MAIL'", "member 2: has a MAIL that no entry"),
        ("UPDATE identifier SET token = x'01' WHERE kind = 'MOBL'", "member 2: has a MOBL that no entry"),
        (
            "UPDATE identifier SET card_id = 0 WHERE kind = 'MOBL'",
            "member 2: has a MOBL that no entry",
        ),
        ("DELETE FROM identifier WHERE kind = 'MOBL'", "member 2: has no longer the MOBL that he was given"),
        (
            "INSERT INTO identifier VALUES ('MOBL', x'0102', 9, 0)",
            "member 9: has identifiers and",
        ),
        ("INSERT INTO member VALUES (7, 'm7', 7, NULL, NULL)", "member 7: is in no journal"),
    ],
)
async def test_members_that_were_changed(tmp_path: Path, script: str, told: str | None) -> None:
    """Tiers multiply points; who stands for a member spends them."""
    store = await open_store(tmp_path)
    second = card(2, member=2, tier="silver", programme="bakery")
    await commit(
        store,
        enrolments=(
            Enrolment(card=card(1), token=token(1)),
            Enrolment(card=second, token=token(2), identifiers=(("MAIL", token(20)), ("ACCT", token(21)))),
            Enrolment(card=replace(second, card_id=CardId(3)), token=token(3), replaces=CardId(2)),
        ),
    )
    linked = [CardChange(card=second, link=("MOBL", token(number))) for number in (30, 31)]
    unlinked = CardChange(card=second, unlink=("MOBL", token(31)))
    await commit(store, outcome(record(1, operation="ACTIVATE"), card_changes=(*linked, unlinked)))
    await store.close()
    path = tmp_path / "puntual.db"
    assert verify(path) == []
    forge(path, script)
    found = [str(finding) for finding in verify(path)]
    assert found == [] if told is None else found[0].startswith(f"members {told}")


async def test_a_successor_that_was_changed(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    await commit(
        store,
        enrolments=(
            Enrolment(card=card(1), token=token(1)),
            Enrolment(card=card(2), token=token(2), replaces=CardId(1)),
        ),
    )
    await store.close()
    path = tmp_path / "puntual.db"
    assert verify(path) == []
    forge(path, "UPDATE card SET replaced_by = NULL")
    assert list(map(str, verify(path))) == ["cards card 1: has another successor than its journal tells"]


@pytest.mark.parametrize(
    "change", ["not JSON", "[]", '{"enrolled":7}', f'{{"enrolled":"00","member":{2**70}}}']
)
async def test_an_entry_that_is_none_is_named_by_the_chain(tmp_path: Path, change: str) -> None:
    store = await open_store(tmp_path)
    await commit(store, enrolments=(Enrolment(card=card(1), token=token(1)),))
    await store.close()
    path = tmp_path / "puntual.db"
    forge(path, f"UPDATE card_entry SET change = '{change}'")
    assert str(verify(path)[0]) == "I18 block 1: its rows do not have the hash that was written"


async def test_what_earlier_versions_did_not_tell_is_no_finding(tmp_path: Path) -> None:
    """Their entries name neither tiers nor identifiers."""
    store = await open_store(tmp_path)
    first = Enrolment(card=card(1, tier="gold"), token=token(1), identifiers=(("ACCT", token(10)),))
    await commit(store, enrolments=(first,))
    await store.close()
    path = tmp_path / "puntual.db"
    forge(path, "UPDATE card_entry SET change = json_remove(change, '$.tier', '$.identifiers')")
    assert [finding.invariant for finding in verify(path)] == ["I18"]
