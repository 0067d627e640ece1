"""What people ask of the books, beside a running switch."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

import switch.queries
from ledger.account import AccountKind
from loyalty.card import MemberId
from loyalty.decision import Balance
from switch.audit import verify
from switch.block import Enrolment
from switch.database import open_for_reading
from switch.outcome import Link
from switch.outlook import outlook_of
from switch.queries import balance_of, exceptions, find_card, history_of, totals
from tests.rules.sales import programme
from tests.switch.books import (
    NEXT_YEAR,
    NOON,
    TODAY,
    card,
    claw_back_to_debt,
    commit,
    earn,
    open_store,
    outcome,
    record,
    redeem,
    token,
)

FAMILY = card(2, member=2, owner=MemberId(1), tier="gold")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[sqlite3.Connection]:
    """Read while the switch still has the books open."""
    store = await open_store(tmp_path)
    await commit(
        store,
        enrolments=(Enrolment(card=card(1), token=token(1)), Enrolment(card=FAMILY, token=token(2))),
    )
    await commit(store, earn(1, 100), outcome(record(2, effective=False, reason="CARD_LOST")))
    await commit(store, redeem(3, store.reader.book(MemberId(1)), 30, exception="NOT_SUFFICIENT_POINTS"))
    await commit(store, outcome(record(4, operation="REVERSAL"), links=(Link(seq=4, original=3, undone=1),)))
    await commit(store, claw_back_to_debt(5, store.reader.book(MemberId(1)), 7))
    await commit(
        store, structs.replace(earn(6, 9, owner=9), record=record(6, owner=9, exception="CARD_UNKNOWN"))
    )
    database = open_for_reading(tmp_path / "puntual.db")
    yield database
    database.close()
    await store.close()


def test_a_card_is_found_by_its_token(database: sqlite3.Connection) -> None:
    assert find_card(database, token(1)) == card(1)
    assert find_card(database, token(2)) == FAMILY
    assert find_card(database, token(3)) is None


def test_a_balance_is_that_of_the_owner(database: sqlite3.Connection) -> None:
    """The second card of a family shows the family's points, with its own tier."""
    expected = Balance(available=70, debt=7, expires_points=70, expires_on=NEXT_YEAR)
    assert balance_of(database, card(1), TODAY, NOON) == expected
    assert balance_of(database, FAMILY, TODAY, NOON) == structs.replace(expected, tier="gold")
    expired = balance_of(database, card(1), NEXT_YEAR + timedelta(days=1), NOON)
    assert (expired.available, expired.expires_on) == (0, None)
    assert balance_of(database, card(3, member=3), TODAY, NOON) == Balance(available=0)


def test_a_history_is_newest_first(database: sqlite3.Connection) -> None:
    history = history_of(database, MemberId(1), 4)
    assert [one.seq for one in history] == [5, 4, 3, 2]
    assert history[2].undone == 1
    assert history_of(database, MemberId(8), 4) == []


@pytest.mark.parametrize("size", [1, 2, 100])
def test_exceptions_are_listed_oldest_first(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(switch.queries, "SLICE_SIZE", size)
    listed = [(one.seq, one.exception) for one in exceptions(database)]
    assert listed == [(3, "NOT_SUFFICIENT_POINTS"), (6, "CARD_UNKNOWN")]


@pytest.mark.parametrize("size", [1, 2, 100])
def test_totals(database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """All accounts together are nothing, always."""
    monkeypatch.setattr(switch.queries, "SLICE_SIZE", size)
    found = totals(database)
    assert found.decisions == {
        ("EARN", None): 2,
        ("EARN", "CARD_LOST"): 1,
        ("REDEEM", None): 1,
        ("REVERSAL", None): 2,
    }
    assert (found.issued, found.redeemed, found.outstanding) == (102, 30, 72)
    assert found.points[AccountKind.DEBT] == -7
    assert sum(found.points.values()) == 0


async def test_points_that_go_to_another_alone_are_in_his_history(tmp_path: Path) -> None:
    """Points that paid for a ticket come back to whoever used them; the decision's own member has none."""
    store = await open_store(tmp_path)
    await commit(store, earn(1, 100))
    await commit(store, redeem(2, store.reader.book(MemberId(1)), 10, owner=MemberId(2)))
    await store.close()
    assert verify(tmp_path / "puntual.db") == []
    books = open_for_reading(tmp_path / "puntual.db")
    assert [entry.seq for entry in history_of(books, MemberId(1), 9)] == [2, 1]
    books.close()


async def test_types_of_cards_are_looked_up_where_rules_ask(tmp_path: Path) -> None:
    rule = '[[rule]]\nid = "r"\ntext = "R"\nwhen = { card_type = "rfid" }\nthen = { points = 1 }\n'
    store = await open_store(tmp_path)
    enrolled = [Enrolment(card=card(at, type=kind), token=token(at)) for at, kind in ((1, ""), (2, "rfid"))]
    with closing(open_for_reading(tmp_path / "puntual.db")) as database:
        assert outlook_of(database, programme(rule), sold=False).card_types is None
    await commit(store, enrolments=tuple(enrolled))
    await store.close()
    with closing(open_for_reading(tmp_path / "puntual.db")) as database:
        assert outlook_of(database, programme(rule), sold=False).card_types == frozenset({"rfid"})
        assert outlook_of(database, programme(), sold=False).card_types is None


async def test_segments_and_categories_are_looked_up_where_rules_ask(tmp_path: Path) -> None:
    """All names that any member has; where nobody has any, nothing is known."""
    when = 'when = { segment = "vip", card_category = "classic" }'
    rule = f'[[rule]]\nid = "r"\ntext = "R"\n{when}\nthen = {{ points = 1 }}\n'
    await (await open_store(tmp_path)).close()
    with closing(sqlite3.connect(tmp_path / "puntual.db")) as database:
        database.row_factory = sqlite3.Row
        for rows, segments, categories in (
            ((), None, None),
            (((1, "", ""), (2, "staff vip", "")), frozenset({"staff", "vip"}), None),
            (((3, "vip", "classic"),), frozenset({"staff", "vip"}), frozenset({"classic"})),
        ):
            insert = "INSERT INTO profile (member_id, segments, category) VALUES (?, ?, ?)"
            database.executemany(insert, rows)
            known = outlook_of(database, programme(rule), sold=False)
            assert (known.segments, known.card_categories) == (segments, categories)
        known = outlook_of(database, programme(), sold=False)
        assert (known.segments, known.card_categories) == (None, None)


async def test_the_latest_baskets_are_found_without_the_rest(tmp_path: Path) -> None:
    """A check beside a switch would else read everything that ever happened, and sort it."""
    await (await open_store(tmp_path)).close()
    statements: list[str] = []
    with closing(open_for_reading(tmp_path / "puntual.db")) as database:
        database.set_trace_callback(statements.append)
        assert outlook_of(database, programme(), sold=True).sold == {}
        database.set_trace_callback(None)
        [baskets] = [statement for statement in statements if "facts" in statement]
        plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {baskets}")]
    assert [step.split()[:2] for step in plan] == [["SCAN", "fact"], ["SEARCH", "decision"]]
