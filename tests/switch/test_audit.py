"""Whoever changes the books by hand is found, and the first bad row is named."""

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

import ledger.sums
from ledger.account import AccountId, PostingReason
from ledger.entry import Posting, decision_of, lot_number
from ledger.finding import FINDINGS_MAX, INVARIANTS
from ledger.tables import guards
from loyalty.card import MemberId
from loyalty.transaction import OriginalReference
from members.card import CardStatus
from rules.parse import version_of
from switch.audit import verify
from switch.block import Block, CommitResult, Enrolment, ProgrammeAct, ProgrammeEntry
from switch.outcome import CardChange, Link, Outcome
from tests.switch.books import (
    ISSUE,
    NOON,
    REDEEMED,
    TRANSIT,
    available,
    block,
    card,
    claw_back_to_debt,
    commit,
    debt,
    early_reversal,
    earn,
    exchange,
    open_store,
    outcome,
    pay_certificate,
    record,
    redeem,
    token,
    transfer,
)


async def _write(path: Path) -> None:
    """Four blocks with something of everything."""
    store = await open_store(path)
    first = Enrolment(card=card(1, status=CardStatus.ISSUED), token=token(1))
    await commit(store, enrolments=(first, Enrolment(card=card(2, member=2), token=token(2))))
    activated = outcome(
        record(1, operation="ACTIVATE"), card_changes=(CardChange(card=first.card, status=CardStatus.ACTIVE),)
    )
    await commit(store, activated, earn(2, 100), earn(3, 50, owner=2))
    await commit(store, redeem(4, store.reader.book(MemberId(1)), 30))
    refund = outcome(record(5, operation="REFUND"), links=(Link(seq=5, original=2, clawed=10),))
    owed = claw_back_to_debt(7, store.reader.book(MemberId(2)), 20)
    await commit(store, refund, early_reversal(6, OriginalReference(stan="000009")), owed)
    act = ProgrammeAct(act="activated", version="1", by="ana", at=NOON, entry=1)
    text = ProgrammeEntry(number=1, since=NOON.replace(hour=13), version=version_of("{}"), text="{}")
    await store.commit(Block(outcomes=(), committed_at=NOON, programmes=[text], acts=[act]), lambda: True)
    await store.close()


@pytest.fixture
def books(tmp_path: Path) -> Path:
    asyncio.run(_write(tmp_path))
    return tmp_path / "puntual.db"


def forge(path: Path, script: str) -> None:
    """Change the file as somebody does who knows SQLite well: the guards are taken off and put back."""
    forger = sqlite3.connect(path, isolation_level=None)
    for name in guards():
        forger.execute(f"DROP TRIGGER {name}")
    forger.executescript(script)
    for sql in guards().values():
        forger.execute(sql)
    forger.close()


def test_good_books_are_good(books: Path) -> None:
    seen: list[tuple[int, int]] = []
    assert verify(books, lambda done, total: seen.append((done, total))) == []
    assert seen[-1] == (7, 7)


ACCOUNT_1 = available(1)

FORGERIES = [
    ("UPDATE decision SET earned = 999 WHERE seq = 2", "I18 decision 2"),
    ("UPDATE decision SET answer = '{}' WHERE seq = 5", "I18 decision 5"),
    ("UPDATE decision SET digest = zeroblob(32) WHERE seq = 3", "I18 decision 3"),
    ("UPDATE decision SET block = 3 WHERE seq = 2", "I17 decision 2"),
    ("UPDATE decision SET seq = 8 WHERE seq = 7", "I17 block 4"),
    ("DELETE FROM decision WHERE seq = 3", "I17 block 2"),
    ("DELETE FROM decision WHERE seq = 4", "I17 block 3"),
    ("UPDATE posting SET points = 17507 WHERE seq = 3", "I18 decision 3"),
    ("DELETE FROM posting WHERE seq = 4", "I18 decision 4"),
    (f"INSERT INTO posting VALUES (5, 0, 1, {ACCOUNT_1}, 1, 32, 1)", "I18 decision 5"),
    (f"INSERT INTO posting VALUES (50, 0, 1, {ACCOUNT_1}, 1, 32, 1)", "I17 posting 50"),
    ("UPDATE lot SET expires_on = '2099-12-31' WHERE lot = 32", "I18 decision 2"),
    ("INSERT INTO lot VALUES (64, 1, 1, '', '', '', '', 0)", "I18 decision 4"),
    ("INSERT INTO lot VALUES (1600, 1, 1, '', '', '', '', 0)", "I17 lot 1600"),
    ("UPDATE link SET clawed = 9", "I18 decision 5"),
    ("UPDATE early_reversal SET original_stan = '000001'", "I18 decision 6"),
    ("UPDATE fact SET facts = '{}' WHERE seq = 2", "I18 decision 2"),
    ("INSERT INTO fact VALUES (99, x'00', '{}')", "I17 fact 99"),
    ("INSERT INTO fact VALUES (-1, x'00', '{}')", "I17 fact -1"),
    ("INSERT INTO lot VALUES (3, 1, 1, '', '', '', '', 0)", "I17 lot 3"),
    ("UPDATE card_entry SET change = '{}' WHERE block = 2", "I18 block 2"),
    ("DELETE FROM card_entry WHERE block = 1 AND line = 1", "I17 block 1"),
    ("UPDATE card_entry SET change = replace(change, 'ana', 'ben') WHERE card_id = 0", "I18 block 5"),
    ("DELETE FROM card_entry WHERE card_id = 0", "I17 block 5"),
    ("UPDATE programme SET text = '[]'", "I18 programme 1"),
    ("INSERT INTO card_entry VALUES (9, 0, 0, 1, '{}')", "I17 card entry of block 9"),
    ("UPDATE block SET committed_at = '2020' WHERE number = 2", "I18 block 2"),
    ("UPDATE block SET hash = zeroblob(32) WHERE number = 2", "I18 block 2"),
    ("UPDATE block SET previous = zeroblob(32) WHERE number = 3", "I18 block 3"),
    ("UPDATE block SET format = 2 WHERE number = 3", "I18 block 3"),
    ("DELETE FROM block WHERE number = 2", "I17 block 3"),
    ("DELETE FROM block WHERE number = 4", "I17 block 5"),
    ("DELETE FROM block", "I17 decision 1"),
    ("UPDATE balance SET points = 71 WHERE lot = 32", "I7 balance of available.1, lot 32"),
    ("UPDATE balance SET points = -19 WHERE lot = 0", "I7 balance of debt.2"),
    ("DELETE FROM balance WHERE lot = 32", "I7 balance of available.1, lot 32"),
    ("INSERT INTO balance VALUES (7, 7, 7)", "I7 balance of account 7, lot 7"),
    (f"INSERT INTO balance VALUES ({available(3)}, 32, 7)", "I7 balance of available.3, lot 32"),
    ("INSERT INTO sequence_lease VALUES (9, 3)", "I17 decision 7"),
    ("DELETE FROM fact", ""),  # erased facts are no finding
    ("DROP INDEX decision_key; UPDATE decision SET key = 'k' WHERE seq IN (2, 3)", "I18 decision 2"),
]


@pytest.mark.parametrize(("script", "first"), FORGERIES)
def test_every_change_is_named(books: Path, script: str, first: str) -> None:
    """Each table, each kind of hand edit."""
    forge(books, script)
    findings = verify(books)
    assert [f"{finding.invariant} {finding.where}" for finding in findings][:1] == ([first] if first else [])
    assert all(finding.invariant in INVARIANTS for finding in findings)


@pytest.mark.parametrize(
    ("script", "first"),
    [
        ("DELETE FROM party", "parties decision 8: is not in the history of owner 2"),
        ("UPDATE party SET owner = 3", "parties decision 8: is not in the history of owner 2"),
        ("INSERT INTO party VALUES (2, 3)", ""),  # his own decision is in his history as it is
        ("INSERT INTO party VALUES (2, 2)", "parties decision 2: is in the history of owner 2 and changed"),
        ("INSERT INTO party VALUES (9, 99)", "parties decision 99: is in the history of owner 9 and changed"),
        ("UPDATE posting SET points = 7 WHERE seq = 8 AND line = 1", "I18 decision 8"),
    ],
)
async def test_who_has_a_transfer_in_his_history_is_checked(tmp_path: Path, script: str, first: str) -> None:
    await _write(tmp_path)
    store = await open_store(tmp_path)
    reader = store.reader
    await commit(store, transfer(8, reader.book(MemberId(1)), reader.book(MemberId(2)), 20))
    await store.close()
    assert verify(tmp_path / "puntual.db") == []
    forge(tmp_path / "puntual.db", script)
    told = [str(finding) for finding in verify(tmp_path / "puntual.db")]
    assert not told if not first else told[0].startswith(first)


LATER = "9999-12-31"


@pytest.mark.parametrize(
    ("script", "first"),
    [
        ("UPDATE certificate SET value_minor = 41", "I18 decision 8"),
        (f"UPDATE certificate SET last_day = '{LATER}'", "I18 decision 8"),
        ("UPDATE certificate SET code = 'D8'", "I18 decision 8"),
        ("DELETE FROM certificate", "I18 decision 8"),
        ("UPDATE certificate_entry SET points = -2 WHERE seq = 9", "I18 decision 9"),
        ("DELETE FROM certificate_entry WHERE seq = 10", "I18 decision 10"),
        ("INSERT INTO certificate_entry VALUES (8, 0, 'C8', 0, 0)", "I18 decision 8"),
        ("INSERT INTO certificate_entry VALUES (99, 0, 'C8', 0, 0)", "I17 certificate_entry 99"),
        (f"INSERT INTO certificate VALUES (99, 0, 'C9', 1, 1, 1, '{LATER}')", "I17 certificate 99"),
    ],
)
async def test_every_change_of_a_certificate_is_named(tmp_path: Path, script: str, first: str) -> None:
    await _write(tmp_path)
    store = await open_store(tmp_path)
    await commit(store, exchange(8, store.reader.book(MemberId(1)), 40))
    await commit(store, pay_certificate(9, "C8", 15), pay_certificate(10, "C8", 25))
    await store.close()
    assert verify(tmp_path / "puntual.db") == []
    forge(tmp_path / "puntual.db", script)
    finding = verify(tmp_path / "puntual.db")[0]
    assert f"{finding.invariant} {finding.where}" == first


@pytest.mark.parametrize(
    ("paid", "told"),
    [
        (
            pay_certificate(9, "C8", 41),
            "certificates decision 9, certificate of decision 8: has -1 points and -1 left of 40 and 40",
        ),
        (
            structs.replace(pay_certificate(9, "C8", 40), sides=()),
            "certificates decision 9: moves -40 points of certificates and tells of 0",
        ),
        (
            structs.replace(pay_certificate(9, "C8", 40), postings=()),
            "certificates decision 9: moves 0 points of certificates and tells of -40",
        ),
        (pay_certificate(9, "C7", 40), "I26 decision 9: changes a certificate that is not there"),
        (pay_certificate(9, "D8", 40), "I26 decision 9: changes a certificate that is not there"),
    ],
)
async def test_our_own_mistakes_with_certificates_are_found(tmp_path: Path, paid: Outcome, told: str) -> None:
    await _write(tmp_path)
    store = await open_store(tmp_path)
    await commit(store, exchange(8, store.reader.book(MemberId(1)), 40), paid)
    await store.close()
    assert str(verify(tmp_path / "puntual.db")[0]) == told


async def test_many_lots_of_one_decision_are_in_the_chain(tmp_path: Path) -> None:
    """The seventeenth and those that follow have numbers far above, and are found all the same."""
    await _write(tmp_path)
    store = await open_store(tmp_path)
    first = earn(8, 1)
    lots = tuple(replace(first.lots[0], lot=lot_number(8, at)) for at in range(40))
    postings = tuple(Posting(ISSUE, available(1), 1, lot.lot, PostingReason.EARN) for lot in lots)
    await commit(store, structs.replace(first, lots=lots, postings=postings, books=()), earn(9, 5))
    await store.close()
    assert verify(tmp_path / "puntual.db") == []
    last = lots[-1].lot
    assert decision_of(last) == 8
    forge(tmp_path / "puntual.db", f"UPDATE lot SET funder = 'x' WHERE lot = {last}")
    assert str(verify(tmp_path / "puntual.db")[0]).startswith("I18 decision 8")
    forge(tmp_path / "puntual.db", f"INSERT INTO lot VALUES ({lot_number(10, 20)}, 1, 1, '', '', '', '', 0)")
    assert f"I17 lot {lot_number(10, 20)}: is in no block" in map(str, verify(tmp_path / "puntual.db"))


@pytest.mark.parametrize("name", list(guards()))
def test_a_missing_guard_is_named(books: Path, name: str) -> None:
    forger = sqlite3.connect(books)
    forger.execute(f"DROP TRIGGER {name}")
    forger.close()
    assert [str(finding) for finding in verify(books)] == [f"guard trigger {name}: is missing"]


def test_a_guard_that_guards_nothing_is_named(books: Path) -> None:
    forger = sqlite3.connect(books)
    forger.execute("DROP TRIGGER lot_no_update")
    forger.execute("CREATE TRIGGER lot_no_update BEFORE UPDATE ON lot WHEN 0 BEGIN SELECT 1; END")
    forger.execute("CREATE TRIGGER sly AFTER INSERT ON posting BEGIN DELETE FROM balance; END")
    forger.close()
    assert [str(finding) for finding in verify(books)] == [
        "guard trigger lot_no_update: is not what it should be",
        "guard trigger sly: does not belong there",
    ]


def test_a_flipped_bit_is_found(books: Path) -> None:
    """SQLite's own check says that all is well."""
    store = sqlite3.connect(books)
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    whole = bytearray(books.read_bytes())
    at = whole.index("Thank you, José".encode())
    whole[at] ^= 1
    books.write_bytes(whole)
    assert [finding.invariant for finding in verify(books)] == ["I18"]


@pytest.mark.parametrize(
    ("size", "told"),
    [(0, "is a database of another program"), (50, "malformed"), (5000, "malformed")],
)
def test_a_file_that_was_cut_is_a_finding(books: Path, size: int, told: str) -> None:
    books.write_bytes(books.read_bytes()[:size])
    findings = verify(books)
    assert [finding.invariant for finding in findings] == ["I26"]
    assert told in findings[0].what


def test_no_file_is_a_finding(tmp_path: Path) -> None:
    (finding,) = verify(tmp_path / "none.db")
    assert finding.what == "there are no books"


def posted(debit: AccountId, credit: AccountId, points: int, lot: int, reason: PostingReason) -> Outcome:
    return outcome(record(8), postings=(Posting(debit, credit, points, lot, reason),))


def linked(**link: int) -> Outcome:
    return outcome(record(8), links=(Link(seq=8, **link),))


MISTAKES = [
    # What a bug of ours could commit, with a chain that is right.
    (
        posted(available(1), REDEEMED, 80, 32, PostingReason.REDEEM),
        "I6 decision 8, lot 32: falls to -10 on available.1",
    ),
    (
        posted(ISSUE, available(1), 31, 32, PostingReason.EARN),
        "I6 decision 8, lot 32: holds 101 and was made with 100",
    ),
    (
        posted(ISSUE, available(1), 1, 999, PostingReason.EARN),
        "I26 decision 8, lot 999: there is no such lot",
    ),
    (
        posted(ISSUE, available(2), 1, 32, PostingReason.EARN),
        "I26 decision 8, lot 32: lies on available.2 and is not its owner's",
    ),
    (
        posted(available(1), TRANSIT, 5, 32, PostingReason.TRANSFER),
        "I1 decision 8: leaves 5 points in transit",
    ),
    (
        posted(ISSUE, debt(2), 21, 0, PostingReason.EARN_AGAINST_DEBT),
        "I3 decision 8: debt.2 is paid more than was owed",
    ),
    (
        structs.replace(earn(8, 1), record=record(8, effective=False)),
        "I16 decision 8: had no effect and has postings",
    ),
    (
        linked(original=2, clawed=91),
        "I12 decision 2: 101 of its earned points is undone, and there was 100",
    ),
    (
        linked(original=9, undone=1),
        "I26 decision 9: is named by decision 8 and is not there",
    ),
    (
        linked(original=4, undone=2),
        "I12 decision 4: 2 times in whole is undone, and there was 1",
    ),
]


@pytest.mark.parametrize(("mistaken", "told"), MISTAKES)
async def test_our_own_mistakes_are_found(tmp_path: Path, mistaken: Outcome, told: str) -> None:
    await _write(tmp_path)
    store = await open_store(tmp_path)
    await commit(store, mistaken)
    await store.close()
    assert str(verify(tmp_path / "puntual.db")[0]) == told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("reason = 5", "CLAW_BACK_TO_DEBT from issue to available.1 is not in the chart"),
        ("reason = 99", "names an account or a reason that does not exist"),
        ("debit = 1", "names an account or a reason that does not exist"),
        ("points = 0", "moves 0 points"),
    ],
)
def test_postings_outside_of_the_chart_are_found(books: Path, change: str, told: str) -> None:
    forge(books, f"UPDATE posting SET {change} WHERE seq = 2")
    assert f"I16 decision 2, posting 0: {told}" in [str(finding) for finding in verify(books)]


def test_a_long_list_ends(books: Path) -> None:
    values = ", ".join(f"({number}, 1, 1)" for number in range(200))
    forge(books, f"INSERT INTO balance VALUES {values}")
    assert len(verify(books)) == FINDINGS_MAX


async def test_it_runs_beside_a_switch_in_slices_and_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is committed while it looks does not confuse it, and its memory is bounded."""
    await _write(tmp_path)
    monkeypatch.setattr("ledger.slices.SLICE_SIZE", 2)
    monkeypatch.setattr("ledger.slices._BLOCKS_READ", 2)
    monkeypatch.setattr(ledger.sums, "SLICE_SIZE", 2)
    monkeypatch.setattr(ledger.sums, "LOTS_PER_PART", 1)
    store = await open_store(tmp_path)
    next_seq = 8

    def go_on(_done: int, _total: int) -> None:
        nonlocal next_seq
        committing = store.commit(block(earn(next_seq, 5, owner=next_seq % 3 + 1)), lambda: True)
        with pytest.raises(StopIteration) as stopped:
            committing.send(None)
        assert stopped.value.value is CommitResult.DURABLE
        next_seq += 1

    assert verify(tmp_path / "puntual.db", go_on) == []
    assert next_seq > 10
    await store.close()
    assert verify(tmp_path / "puntual.db") == []
