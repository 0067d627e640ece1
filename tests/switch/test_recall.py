"""What the reader finds: by key, by number, by the parts of a DE 90, of a ticket, of a customer."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from ledger.account import PostingReason
from ledger.block import hash_of_facts
from ledger.book import MemberBook
from ledger.entry import Lot, Posting
from ledger.lots import LotBalance
from loyalty.card import CardId, MemberId
from loyalty.transaction import OriginalReference
from switch.block import Enrolment, Person
from switch.generations import Generations
from switch.lookups import CANDIDATES_MAX, candidates_for
from switch.outcome import Outcome
from switch.recall import Recall
from switch.store import SqliteStore
from tests.switch.books import (
    ACQUIRER,
    ISSUE,
    NEXT_YEAR,
    NOON,
    TODAY,
    available,
    card,
    commit,
    early_reversal,
    earn,
    open_store,
    outcome,
    record,
    redeem,
    rrn_of,
    token,
)

HERE = (ACQUIRER, "T0000001")
THERE = (ACQUIRER, "T0000002")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = await open_store(tmp_path)
    yield store
    await store.close()


def seqs(found: Any) -> list[int]:
    return [one.seq for one in found]


async def test_decisions_are_found_by_key_and_sequence(store: SqliteStore) -> None:
    """A record comes back as it went in, whatever it holds."""
    full = record(
        2,
        identifier=None,
        card_id=None,
        member_id=None,
        owner=None,
        is_advice=True,
        reason="KEY_CONFLICT",
        effective=False,
        as_of=NOON - timedelta(days=3, microseconds=7),
        at=NOON + timedelta(microseconds=1),
        in_points=True,
        used=-5,
        value_minor=-7,
        ticket="a|b|20261121|9",
        original=1,
        programme_version=None,
        rules="base:1|bonus:2",
        exception="NOT_SUFFICIENT_POINTS",
        answer='{"62":"\\u00e1|\\"quoted\\""}',
    )
    await commit(store, outcome(record(1)), outcome(full))
    for known in (record(1), full):
        assert store.reader.by_key(known.key) == store.reader.by_seq(known.seq) == known
    assert store.reader.by_key("nothing") is None
    assert store.reader.by_seq(3) is None


async def test_what_was_looked_up_ahead_is_right_until_and_after_the_commit(store: SqliteStore) -> None:
    """A repeat in the next batch finds the decision that this one made."""
    keys = [record(seq).key for seq in (1, 2, 3)]
    await commit(store, outcome(record(1)))
    store.prefetch(keys)
    assert [store.reader.by_key(key) for key in keys] == [record(1), None, None]
    await commit(store, outcome(record(2)))
    assert [store.reader.by_key(key) for key in keys] == [record(1), record(2), None]
    store.prefetch([])
    assert store.reader.by_key(keys[0]) == record(1)


async def test_an_rrn_is_the_switchs_own_or_the_terminals(store: SqliteStore) -> None:
    """The own one names the sequence; a terminal may use any text, the own one of another decision too."""
    own = record(1).rrn
    await commit(store, outcome(record(1)), outcome(record(2, rrn="000000000042")))
    await commit(store, outcome(record(3, rrn="000000000042")), outcome(record(4, rrn="000000000042")))
    await commit(store, outcome(record(5, rrn=own)), outcome(record(6, rrn="ABC 1")))
    expected = {
        own: [1, 5],
        "000000000042": [2, 3],  # two are enough to know that it is not one
        "ABC 1": [6],
        rrn_of(2, TODAY): [],  # its answer went out under the terminal's
        rrn_of(1, TODAY + timedelta(days=1)): [],
        "": [],
        "é00000000001": [],
    }
    assert {rrn: seqs(store.reader.by_rrn(rrn)) for rrn in expected} == expected


REFERENCES: list[tuple[dict[str, str], tuple[str, str] | None, int | None, list[int]]] = [
    # Parts of DE 90, terminal, owner: sequences that are meant, two at most.
    ({"message_class": "2", "stan": "000001", "transmitted": "1121120001"}, HERE, None, [1]),
    ({"stan": "000001"}, HERE, None, [1]),  # zeros match anything
    ({"transmitted": "1121120001"}, HERE, None, [1]),
    ({"stan": "000001", "acquirer_id": ACQUIRER}, HERE, None, [1]),
    ({"stan": "000001", "acquirer_id": "00000000009"}, HERE, None, []),
    ({"message_class": "1", "stan": "000001"}, HERE, None, []),
    ({"stan": "000001", "transmitted": "1121120009"}, HERE, None, []),
    ({"stan": "000007"}, HERE, None, [3, 4]),  # the same STAN twice, and a third time in a reversal
    ({"message_class": "4", "stan": "000007"}, HERE, None, [5]),  # a reversal is meant by its class only
    ({"stan": "000007", "transmitted": "1121120004"}, HERE, None, [4]),
    ({"stan": "000001"}, THERE, None, [2]),
    ({"stan": "000001"}, (ACQUIRER, "T0000009"), None, []),
    ({}, THERE, None, [2]),  # all zeros: the only one of its terminal
    ({}, HERE, None, [1, 3]),
    ({"message_class": "4"}, HERE, None, [5]),
    ({"stan": "000001"}, None, 1, [1]),  # a refund elsewhere: the customer must agree instead
    ({"stan": "000001"}, None, 2, [2]),
    ({"stan": "000001", "transmitted": "1121120001"}, None, 2, []),
    ({"transmitted": "1121120002"}, None, 2, [2]),
    ({}, None, 2, [2]),
    ({"transmitted": "1121120002"}, None, None, [2]),
    ({"stan": "000001", "transmitted": "1121120001"}, None, None, [1]),
    ({"stan": "000001"}, None, None, []),  # a lone STAN of nobody names nothing
    ({"stan": "000007"}, HERE, 1, [3, 4]),
    ({"stan": "000007"}, HERE, 2, []),
]


@pytest.mark.parametrize(("parts", "terminal", "owner", "expected"), REFERENCES)
async def test_a_de_90_names(
    store: SqliteStore,
    parts: dict[str, str],
    terminal: tuple[str, str] | None,
    owner: int | None,
    expected: list[int],
) -> None:
    second = MemberId(2)
    await commit(
        store,
        outcome(record(1)),
        outcome(record(2, stan="000001", terminal_id="T0000002", owner=second, member_id=second)),
        outcome(record(3, stan="000007")),
        outcome(record(4, stan="000007")),
        outcome(record(5, stan="000007", message_class="4", operation="REVERSAL")),
    )
    found = store.reader.by_reference(
        OriginalReference(**parts), terminal=terminal, member_id=None if owner is None else MemberId(owner)
    )
    assert seqs(found) == expected


async def test_a_de_90_that_means_too_many_means_none(store: SqliteStore) -> None:
    """The search is bounded: nobody can make the switch read a terminal's whole life."""
    await commit(store, *(outcome(record(seq, stan="000001")) for seq in range(1, 99)))
    for _ in range(CANDIDATES_MAX):
        store.sequence.next()
    later = range(100, 100 + CANDIDATES_MAX)
    assert seqs(store.reader.by_reference(OriginalReference(stan="000001"), terminal=HERE, member_id=None))
    await commit(store, *(outcome(record(seq, stan="000001")) for seq in later))
    assert not store.reader.by_reference(OriginalReference(stan="000001"), terminal=HERE, member_id=None)


async def test_an_index_leads_to_everything(store: SqliteStore) -> None:
    """No lookup reads a table from its start: it would be slower every day."""
    database, statements = store.reader._database, set[str]()
    database.set_trace_callback(statements.add)
    reader = store.reader
    for parts, terminal, owner, _ in REFERENCES:
        member_id = None if owner is None else MemberId(owner)
        reader.by_reference(OriginalReference(**parts), terminal=terminal, member_id=member_id)
    reader.prefetch(["a"])
    reader.by_key("b")
    reader.by_rrn(rrn_of(1, TODAY))
    reader.by_own_stan("000001", HERE, NOON)
    reader.redemptions("t")
    reader.links_to(1)
    reader.links_from(1)
    reader.postings(1)
    reader.lots([1])
    reader.facts(1)
    reader.cards("CPAN", token(1))
    reader.cards("PHON", token(1))
    reader.card(CardId(1))
    reader.person(MemberId(1))
    reader.book(MemberId(1))
    database.set_trace_callback(None)
    assert len(statements) > 25
    for statement in statements:
        plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}")]
        scans = [step for step in plan if step.startswith("SCAN") and "json_each" not in step]
        assert [step for step in scans if "subquery" not in step] == [], statement


def test_an_original_is_searched_by_its_terminal_before_its_second(store: SqliteStore) -> None:
    """A terminal seldom says one STAN again; many terminals say it in one second."""
    reference = OriginalReference(stan="000007", transmitted="1122120000")
    sql, parameters = candidates_for(reference, ("00000000001", "T0000001"), MemberId(1))
    plan = store.reader._database.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
    assert "decision_terminal (terminal_id=? AND stan=?)" in plan[0][3]


async def test_an_own_stan_is_searched_back_to_an_instant(store: SqliteStore) -> None:
    await commit(
        store,
        outcome(record(1, stan="000007")),
        outcome(record(2, stan="000007", terminal_id="T0000002")),
        outcome(record(3, stan="000007", operation="REVERSAL")),
        outcome(record(4, stan="000007", at=NOON + timedelta(seconds=4, microseconds=5))),
    )
    since = {
        NOON: [1, 4],
        NOON + timedelta(seconds=1): [1, 4],
        NOON + timedelta(seconds=1, microseconds=1): [4],
        NOON + timedelta(seconds=4): [4],
        NOON + timedelta(seconds=4, microseconds=6): [],
    }
    assert {at: seqs(store.reader.by_own_stan("000007", HERE, at)) for at in since} == since


async def test_redemptions_of_a_ticket(store: SqliteStore) -> None:
    await commit(
        store,
        outcome(record(1, ticket="t", operation="REDEEM")),
        outcome(record(2, ticket="t")),
        outcome(record(3, ticket="t", operation="REDEEM", effective=False)),
        outcome(record(4, ticket="t", operation="PAY_CERTIFICATE")),
        outcome(record(5, ticket="u", operation="REDEEM")),
    )
    assert [seqs(store.reader.redemptions(ticket)) for ticket in ("t", "u", "v")] == [[1, 4], [5], []]


async def test_entries_lots_and_facts_come_back(store: SqliteStore) -> None:
    earned = earn(1, 100)
    lots = tuple(
        Lot(
            lot=32 + number,
            owner=1,
            points=number + 1,
            earned_on=TODAY,
            available_from=TODAY + timedelta(days=number),
            expires_on=date.max,
            funder="café",
            value_minor=3,
        )
        for number in range(2)
    )
    several = outcome(
        record(2),
        postings=tuple(
            Posting(ISSUE, available(1), lot.points, lot.lot, PostingReason.EARN) for lot in reversed(lots)
        ),
        lots=lots,
    )
    await commit(store, earned, several)
    assert store.reader.postings(1) == list(earned.postings)
    assert store.reader.postings(2) == list(several.postings)
    assert store.reader.postings(3) == []
    assert store.reader.lots([33, 16, 32, 99]) == [*earned.lots, *lots]
    assert (store.reader.facts(1), store.reader.facts(2)) == (earned.facts, None)


async def test_facts_can_be_erased_and_not_be_guessed(store: SqliteStore) -> None:
    """Without the salt nobody can try what a basket may have been."""
    await commit(store, earn(1, 100), earn(2, 100))
    rows = store.reader._database.execute(
        "SELECT facts_hash, salt, facts FROM decision JOIN fact USING (seq)"
    )
    for hash_, salt, facts in rows.fetchall():
        assert hash_ == hash_of_facts(salt, facts) != hash_of_facts(b"", facts)


EARLY: list[tuple[OriginalReference, dict[str, bool]]] = [
    # What the reversal named, and the STANs and RRNs whose messages it may have meant.
    (OriginalReference(message_class="2", stan="000005"), {"000005": True, "000006": False}),
    (OriginalReference(transmitted="1121120001"), {"000005": False, "000006": False}),
    (OriginalReference(own_stan="000005"), {"000005": True, "000006": False}),
    (
        OriginalReference(rrn="000000000042", own_stan="000005"),
        {"000005": True, "000006": False, "000006 000000000042": True, "000006 000000000043": False},
    ),
    (OriginalReference(rrn="000000000042", stan="000005"), {"000005": False, "000005 000000000042": True}),
    (OriginalReference(), {"000005": False}),
]


@pytest.mark.parametrize(("reference", "may_mean"), EARLY)
async def test_early_reversals_wait_for_their_original(
    store: SqliteStore, reference: OriginalReference, may_mean: dict[str, bool]
) -> None:
    made = early_reversal(1, reference)
    await commit(store, made)
    for reader in (store.reader, Recall(store.reader._database)):
        for named, expected in may_mean.items():
            stan, _, rrn = named.partition(" ")
            found = reader.early_reversals(HERE, stan, rrn or None)
            assert found == ([made.early_reversal] if expected else [])
        assert reader.early_reversals(THERE, "000005", "000000000042") == []


async def test_early_reversals_come_in_order(store: SqliteStore) -> None:
    await commit(store, early_reversal(1, OriginalReference(stan="000005")))
    await commit(store, early_reversal(2, OriginalReference(rrn="000000000042", own_stan="000005")))
    await commit(store, early_reversal(3, OriginalReference(stan="000005")))
    assert seqs(store.reader.early_reversals(HERE, "000005", "000000000042")) == [1, 2, 3]


async def test_a_phone_may_lead_to_several(store: SqliteStore) -> None:
    """The switch then answers 14: the reader tells of all of them."""
    phone = (("PHON", token(34)),)
    first = Enrolment(card=card(1), token=token(1), identifiers=phone)
    second = Enrolment(card=card(2, member=2), token=token(2), identifiers=phone, person=Person(mail="b@c"))
    third = Enrolment(card=card(3, member=2), token=token(3))
    await commit(store, enrolments=(first, second, third))
    assert store.reader.cards("PHON", token(34)) == [first.card, second.card, third.card]
    assert store.reader.cards("CPAN", token(3)) == [third.card]
    assert store.reader.linked_members("PHON", token(34)) == [MemberId(1), MemberId(2)]
    assert store.reader.cards("MAIL", token(34)) == []
    assert store.reader.card(third.card.card_id) == third.card
    assert store.reader.person(MemberId(2)) == Person(mail="b@c")
    assert store.reader.person(MemberId(1)) is None
    family = replace(
        third.card, card_id=CardId(4), owner=MemberId(1), expires_on=date(2027, 1, 31), language="es"
    )
    await commit(store, enrolments=(Enrolment(card=family, token=token(4)),))
    assert store.reader.cards("CPAN", token(4)) == [family]


async def test_a_book_is_loaded_in_order_of_consumption(store: SqliteStore) -> None:
    late, early = earn(1, 100), earn(2, 50)
    sooner = replace(early.lots[0], expires_on=NEXT_YEAR - timedelta(days=1))
    await commit(store, late, structs.replace(early, lots=(sooner,)), redeem(3, late.books[0], 40))
    book = Recall(store.reader._database).book(MemberId(1))
    assert book == MemberBook(
        1,
        (
            LotBalance(sooner.expires_on, 32, TODAY, 50),
            LotBalance(NEXT_YEAR, 16, TODAY, 60),
        ),
    )


async def test_books_are_forgotten_in_turn_and_read_again(tmp_path: Path) -> None:
    """Memory is bounded however many members there are, and what is forgotten is not lost."""
    store = await open_store(tmp_path)
    store._recall = Recall(store.reader._database, size=2)
    outcomes: list[Outcome] = [earn(seq, seq, owner=seq) for seq in range(1, 10)]
    for one in outcomes:
        await commit(store, one)
    assert len(store.reader._books) <= 4
    for one in outcomes:
        assert store.reader.book(MemberId(one.books[0].owner)) == one.books[0]
    await store.close()


def test_what_is_used_stays_young() -> None:
    kept: Generations[int, str] = Generations(2)
    kept.put(1, "a")
    for key in range(2, 9):
        assert kept.get(1) == "a"
        kept.put(key, "b")
    assert kept.get(2) is None
    assert len(kept) <= 4
    kept.drop(1)
    assert kept.get(1) is None
