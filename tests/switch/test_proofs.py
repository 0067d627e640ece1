"""Proof that the card is the customer's own: one-time codes and PINs, in decisions and in the books."""

import asyncio
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from loyalty.card import CardId
from loyalty.errors import LoyaltyError
from members.card import CardStatus
from members.proof import TRIES_MAX, ProofChange, ProofKind, Secret
from rules.parse import MAIN, parse_programme
from switch.audit import verify
from switch.block import CommitResult, Enrolment
from switch.outcome import CardChange
from switch.worksheet import Worksheet
from tests.switch.books import NOON, block, card, commit, earn, never, open_store, token
from tests.switch.story import Story, play, starter_text
from tests.switch.test_audit import forge

FROM_FIVE = starter_text().replace("[redemption]", '[redemption]\nproof_from = "5.00"')

ASKED = """
    EARN card=A amount=500000                     -> earned=5000
    # from a worth of 5.00 on; a sale that spends nothing is never asked
    REDEEM card=A amount=499                      -> used=499
    REDEEM card=A amount=500                      -> reason=PROOF_MISSING_OR_WRONG kept=True
    REDEEM card=A amount=500 unit=points          -> reason=PROOF_MISSING_OR_WRONG
    EARN card=A amount=1000 points=500            -> reason=PROOF_MISSING_OR_WRONG
    EARN card=A amount=1000 points=499            -> used=499
    EARN card=A amount=100000                     -> earned=1000
    # what fails at the card goes first, what fails later is not told
    REDEEM card=E amount=500                      -> reason=CARD_BLOCKED
    REDEEM card=B amount=500                      -> reason=PROOF_MISSING_OR_WRONG
    REDEEM phone=A amount=500                     -> reason=PROOF_MISSING_OR_WRONG
    # what has happened is asked for nothing
    REDEEM* card=A amount=500                     -> used=500
    give A code=471100
    REDEEM card=A amount=500 code=471100          -> used=500 proof=code:used
    REDEEM card=A amount=500 code=471100          -> reason=PROOF_MISSING_OR_WRONG proof=
    give A code=471100
    REDEEM* card=A amount=500 code=1111           -> used=500 proof=
    REDEEM* card=A amount=500 code=471100         -> used=500 proof=code:used
"""

USED_ONCE = """
    EARN card=A amount=500000                     -> earned=5000
    give A code=471100
    first: REDEEM card=A amount=500 code=471100   -> used=500 proof=code:used
    # the same message again has its answer and uses nothing; another one needs another code
    REDEEM again=first                            -> known=000002
    EARN card=A amount=1000 points=900 code=471100 -> reason=PROOF_MISSING_OR_WRONG proof=
    # a refusal that comes later has used the code as well
    give A code=471101
    REDEEM card=A amount=900000 code=471101       -> reason=NOT_SUFFICIENT_POINTS proof=code:used
    # other cards have other codes, and those of yesterday hold no more
    give A code=471102
    REDEEM card=B amount=500 code=471102          -> reason=PROOF_MISSING_OR_WRONG proof=
    REDEEM card=A amount=500 code=471102 later=1  -> reason=PROOF_MISSING_OR_WRONG proof=
"""

TRIES = """
    EARN card=A amount=500000                     -> earned=5000
    give A code=471100
    wrong: REDEEM card=A amount=500 code=0000     -> reason=PROOF_MISSING_OR_WRONG proof=code:wrong
    REDEEM again=wrong                            -> known=000002
    REDEEM again=wrong                            -> known=000002
    REDEEM card=A amount=500 code=0001            -> reason=PROOF_MISSING_OR_WRONG proof=code:wrong
    REDEEM card=A amount=500 code=0002            -> reason=PROOF_MISSING_OR_WRONG proof=code:wrong
    REDEEM card=A amount=500 code=471100          -> reason=PROOF_TRIES_EXCEEDED proof=
    REDEEM card=A amount=499                      -> used=499
    give A code=471101
    REDEEM card=A amount=500 code=471101          -> used=500
"""

NOT_ASKED = """
    EARN card=A amount=500000                     -> earned=5000
    # without a code to hold it to, one that is sent says nothing
    EARN card=A amount=1000 code=12ab             -> earned=10 proof=
    REDEEM card=A amount=500 code=12ab            -> used=500
    give A code=471100
    EARN card=A amount=1000 code=12ab             -> reason=PROOF_MISSING_OR_WRONG proof=code:wrong
    # where nothing is booked nothing could be counted, so nothing is looked at
    INQUIRY card=A code=12ab                      -> kept=False
    QUOTE card=A amount=1000 code=12ab            -> kept=False
    s: EARN card=A amount=1000 code=471100        -> earned=10 proof=code:used
    give A code=471101
    REFUND card=A amount=1000 of=s code=12ab      -> earned=-10 proof=
"""

PINS = """
    EARN card=A amount=500000                     -> earned=5000
    REDEEM card=A amount=500 pin=4242             -> reason=PROOF_MISSING_OR_WRONG proof=
    give A pin=4242
    REDEEM card=A amount=500 pin=4242             -> used=500 proof=
    REDEEM card=A amount=500 pin=?                -> reason=PROOF_MISSING_OR_WRONG proof=
    REDEEM card=A amount=500 pin=4243             -> reason=PROOF_MISSING_OR_WRONG proof=pin:wrong
    REDEEM card=A amount=500 pin=4243             -> reason=PROOF_MISSING_OR_WRONG proof=pin:wrong
    REDEEM card=A amount=500 pin=4242             -> used=500 proof=pin:right
    REDEEM card=A amount=500 pin=4243             -> reason=PROOF_MISSING_OR_WRONG proof=pin:wrong
    # both that are shown have to be right; a code stays when the PIN beside it is wrong
    give A code=471100
    REDEEM card=A amount=500 pin=4243 code=471100 -> reason=PROOF_MISSING_OR_WRONG proof=pin:wrong
    REDEEM card=A amount=500 pin=4242 code=471100 -> used=500 proof=pin:right+code:used
    give A code=471101
    REDEEM card=A amount=500 pin=4242 code=0000   -> reason=PROOF_MISSING_OR_WRONG proof=code:wrong
    REDEEM card=A amount=500 pin=4243             -> reason=PROOF_MISSING_OR_WRONG
    REDEEM card=A amount=500 pin=4243             -> reason=PROOF_MISSING_OR_WRONG
    REDEEM card=A amount=500 pin=4243             -> reason=PROOF_MISSING_OR_WRONG
    REDEEM card=A amount=500 pin=4242             -> reason=PROOF_TRIES_EXCEEDED proof=
    # a sale shows it without being asked; it is held to it all the same
    EARN card=A amount=1000 pin=4242              -> reason=PROOF_TRIES_EXCEEDED
    EARN card=B amount=1000 pin=4242              -> earned=10
"""


@pytest.mark.parametrize("text", [ASKED, USED_ONCE, TRIES, PINS])
def test_where_it_is_asked_for(text: str) -> None:
    """From five euro on."""
    play(text, parse_programme({MAIN: FROM_FIVE}))


def test_where_it_is_not() -> None:
    """The starter never asks."""
    play(NOT_ASKED)


def test_from_nothing_on() -> None:
    """``proof_from = 0`` asks whoever spends anything, and nobody else."""
    text = FROM_FIVE.replace('"5.00"', "0")
    story = """
        EARN card=A amount=500000                 -> earned=5000
        EARN card=A amount=1000 points=0          -> earned=10
        REDEEM card=A amount=1                    -> reason=PROOF_MISSING_OR_WRONG
    """
    play(story, parse_programme({MAIN: text}))


def test_a_card_that_cannot_be_used_gets_no_code() -> None:
    """Nor a PIN."""
    with pytest.raises(LoyaltyError, match="is blocked"):
        Story().play("give E code=1234")


def changed(did: str, kind: ProofKind, secret: Secret | None) -> CardChange:
    """A change of card 1."""
    return CardChange(card=card(1), proof=ProofChange(kind=kind, did=did, after=secret))


CODE = Secret(value=b"\x01" * 16, salt=b"\x02" * 16, expires_at=NOON + timedelta(minutes=10))
PIN = Secret(value=b"4021", salt=b"\x03" * 16)


async def _write(path: Path) -> None:
    """A card with a used code and a PIN with one wrong try, and one with a code that waits."""
    store = await open_store(path)
    enrolments = [Enrolment(card=card(at, member=at), token=token(at)) for at in (1, 2)]
    changes = [changed("set", ProofKind.CODE, CODE), changed("set", ProofKind.PIN, PIN)]
    await commit(store, enrolments=tuple(enrolments), card_changes=tuple(changes))
    assert store.reader.secret(CardId(1), ProofKind.CODE) == CODE
    assert store.reader.secret(CardId(1), ProofKind.PIN) == PIN
    assert store.reader.secret(CardId(2), ProofKind.PIN) is None
    used = changed("used", ProofKind.CODE, None)
    await commit(store, structs.replace(earn(1, 10), card_changes=(used,)))
    assert store.reader.secret(CardId(1), ProofKind.CODE) is None
    waits = CardChange(card=card(2), proof=ProofChange(kind=ProofKind.CODE, did="set", after=CODE))
    await commit(store, card_changes=(changed("wrong", ProofKind.PIN, PIN.failed()), waits))
    assert store.reader.secret(CardId(1), ProofKind.PIN) == PIN.failed()
    await store.close()


@pytest.fixture
def books(tmp_path: Path) -> Path:
    asyncio.run(_write(tmp_path))
    return tmp_path / "puntual.db"


@pytest.mark.parametrize(
    ("script", "first"),
    [
        ("SELECT 1", ""),
        ("UPDATE proof SET failures = 0 WHERE card_id = 1", "cards card 1"),
        ("UPDATE proof SET value = x'34303232' WHERE card_id = 1", "cards card 1"),
        ("UPDATE proof SET expires_at = '2099-01-01T00:00:00+00:00' WHERE card_id = 2", "cards card 2"),
        ("DELETE FROM proof WHERE card_id = 2", "cards card 2"),
        ("INSERT INTO proof VALUES (1, 'code', x'00', x'00', NULL, 0)", "cards card 1"),
        ("INSERT INTO proof VALUES (0, 'code', x'00', x'00', NULL, 0)", "cards card 0"),
        ("INSERT INTO proof VALUES (9, 'pin', x'00', x'00', NULL, 0)", "cards card 9"),
    ],
)
def test_hand_edits_are_found(books: Path, script: str, first: str) -> None:
    """Another PIN, a used code that is back, tries that are forgotten: the journal of cards tells them."""
    forge(books, script)
    findings = [f"{finding.invariant} {finding.where}" for finding in verify(books)]
    assert findings == ([first] if first else [])


def test_nothing_tells_a_secret(books: Path) -> None:
    """The journal has a salted mark, which says nothing once the code or PIN is gone; no repr has a value."""
    assert repr(PIN) == "Secret(expires_at=None, failures=0)"
    assert replace(PIN, value=b"4022").mark != PIN.mark != replace(PIN, salt=b"x").mark
    database = sqlite3.connect(books)
    changes = " ".join(change for (change,) in database.execute("SELECT change FROM card_entry"))
    database.close()
    assert PIN.mark in changes
    assert not any(value.hex() in changes or repr(value) in changes for value in (PIN.value, CODE.value))


async def _unwritten(path: Path) -> None:
    store = await open_store(path)
    await commit(store, enrolments=(Enrolment(card=card(1), token=token(1)),))
    lost = block(structs.replace(earn(1, 10), card_changes=(changed("set", ProofKind.PIN, PIN),)))
    assert await store.commit(lost, never) is CommitResult.LATE
    assert store.reader.secret(CardId(1), ProofKind.PIN) is None
    await store.close()


def test_tries_are_as_durable_as_their_answer(tmp_path: Path) -> None:
    """A block that is not written counts no try and uses no code; a sheet that is dropped neither."""
    asyncio.run(_unwritten(tmp_path))
    story = Story()
    lower = Worksheet(story.store)
    lower.change_card(changed("set", ProofKind.PIN, PIN))
    upper = Worksheet(story.store, lower)
    upper.change_card(changed("removed", ProofKind.PIN, None))
    assert lower.secret(CardId(1), ProofKind.PIN) == PIN
    assert upper.secret(CardId(1), ProofKind.PIN) is None
    assert Worksheet(story.store).secret(CardId(1), ProofKind.PIN) is None


def test_three_tries() -> None:
    """The third wrong one is the last that is looked at."""
    secret = PIN
    for _ in range(TRIES_MAX):
        assert not secret.is_exhausted
        secret = secret.failed()
    assert secret.is_exhausted
    assert not secret.cleared().is_exhausted
    assert card(1).status is CardStatus.ACTIVE
