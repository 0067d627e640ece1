"""Outcomes for a store, as small as they can be, and stores that hold them."""

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import structs

from ledger.account import AccountId, AccountKind, PostingReason, account
from ledger.book import MemberBook
from ledger.entry import NO_LOT, Lot, Posting
from ledger.lots import LotBalance
from loyalty.card import CardId, MemberId, Token
from loyalty.decision import Approved
from loyalty.sequence import base36, day_digits
from loyalty.transaction import OriginalReference
from members.card import Card, CardStatus
from switch.block import Block, CommitResult, Enrolment
from switch.database import InlineConnection
from switch.outcome import EarlyReversal, Outcome, Record, Side
from switch.store import SqliteStore

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODAY = NOON.date()
NEXT_YEAR = date(2027, 12, 31)
ACQUIRER = "00000000001"
ISSUE = account(AccountKind.ISSUE)
CERTIFICATES = account(AccountKind.CERTIFICATES)
TRANSIT = account(AccountKind.TRANSIT)
REDEEMED = account(AccountKind.REDEEMED)


def rrn_of(seq: int, on: date) -> str:
    """DE 37 that the switch gives decision *seq* of the business date *on*."""
    return day_digits(on) + base36(seq)


def available(owner: int) -> AccountId:
    return account(AccountKind.AVAILABLE, owner)


def debt(owner: int) -> AccountId:
    return account(AccountKind.DEBT, owner)


def record(seq: int, **changes: Any) -> Record:
    """Decision *seq*: one second after the one before it, with its own STAN."""
    at = NOON + timedelta(seconds=seq)
    values: dict[str, Any] = {
        "seq": seq,
        "key": f"{at:%Y%m%d%H%M%S}|{seq:06}|2|T0000001|{ACQUIRER}",
        "content": seq.to_bytes(16, "big"),
        "identifier": Token(bytes(15) + b"\x07"),
        "card_id": CardId(1),
        "member_id": MemberId(1),
        "owner": MemberId(1),
        "operation": "EARN",
        "is_advice": False,
        "reason": None,
        "effective": True,
        "acquirer_id": ACQUIRER,
        "terminal_id": "T0000001",
        "merchant_id": "MERCH0000000001",
        "message_class": "2",
        "stan": f"{seq:06}",
        "transmitted": f"{at:%m%d%H%M%S}",
        "rrn": rrn_of(seq, at.date()),
        "at": at,
        "as_of": at,
        "business_date": at.date(),
        "amount": 1000,
        "in_points": False,
        "covered_minor": 1000,
        "earned": 0,
        "used": 0,
        "value_minor": 0,
        "discount_minor": 0,
        "ticket": None,
        "original": None,
        "programme_version": "0123456789ab",
        "rules": "",
        "exception": None,
        "answer": '{"39":"00","62":"Thank you, José"}',
    }
    return Record(**(values | changes))


def outcome(of: Record, **more: Any) -> Outcome:
    return Outcome(
        decision=Approved(), elements={37: rrn_of(of.seq, of.business_date), 39: "00"}, record=of, **more
    )


def earn(seq: int, points: int, *, owner: int = 1, **changes: Any) -> Outcome:
    """*points* in a lot of their own, on top of nothing."""
    lot = Lot(
        lot=seq * 16,
        owner=owner,
        points=points,
        earned_on=TODAY,
        available_from=TODAY,
        expires_on=NEXT_YEAR,
    )
    left = LotBalance(lot.expires_on, lot.lot, lot.available_from, points)
    return outcome(
        record(seq, owner=MemberId(owner), member_id=MemberId(owner), earned=points, **changes),
        postings=(Posting(ISSUE, available(owner), points, lot.lot, PostingReason.EARN),),
        lots=(lot,),
        books=(MemberBook(owner, (left,)),),
        facts=f'{{"base":{points}}}',
    )


def redeem(seq: int, book: MemberBook, points: int, **changes: Any) -> Outcome:
    """*points* of the first lot of *book*."""
    lot = book.lots[0].lot
    changes = {"operation": "REDEEM", "used": points, "owner": book.owner, "member_id": book.owner} | changes
    return outcome(
        record(seq, **changes),
        postings=(Posting(available(book.owner), REDEEMED, points, lot, PostingReason.REDEEM),),
        books=(book.debited(lot, points),),
    )


def transfer(seq: int, book: MemberBook, to: MemberBook, points: int) -> Outcome:
    """*points* of the first lot of *book* in a new lot of another member."""
    source = book.lots[0]
    left = structs.replace(source, lot=seq * 16, points=points)
    lot = Lot(seq * 16, to.owner, points, TODAY, left.available_from, left.expires_on)
    return outcome(
        record(seq, operation="TRANSFER", used=points, owner=MemberId(book.owner)),
        postings=(
            Posting(available(book.owner), TRANSIT, points, source.lot, PostingReason.TRANSFER),
            Posting(TRANSIT, available(to.owner), points, lot.lot, PostingReason.RECEIVE),
        ),
        lots=(lot,),
        books=(book.debited(source.lot, points), to.credited(left)),
    )


def exchange(seq: int, book: MemberBook, points: int) -> Outcome:
    """*points* of the first lot of *book* become the certificate C*seq*, worth as many minor units."""
    lot = book.lots[0].lot
    return outcome(
        record(seq, operation="EXCHANGE", used=points, owner=MemberId(book.owner)),
        postings=(Posting(available(book.owner), CERTIFICATES, points, lot, PostingReason.EXCHANGE),),
        books=(book.debited(lot, points),),
        sides=(Side("certificate", (f"C{seq}", book.owner, points, points, NEXT_YEAR.isoformat())),),
    )


def pay_certificate(seq: int, code: str, points: int) -> Outcome:
    return outcome(
        record(seq, operation="PAY_CERTIFICATE", value_minor=points),
        postings=(Posting(CERTIFICATES, REDEEMED, points, NO_LOT, PostingReason.PAY_CERTIFICATE),),
        sides=(Side("certificate_entry", (code, -points, -points)),),
    )


def claw_back_to_debt(seq: int, book: MemberBook, points: int) -> Outcome:
    posting = Posting(debt(book.owner), ISSUE, points, NO_LOT, PostingReason.CLAW_BACK_TO_DEBT)
    of = record(seq, operation="REVERSAL", owner=MemberId(book.owner))
    return outcome(of, postings=(posting,), books=(book.indebted(points),))


def early_reversal(seq: int, reference: OriginalReference) -> Outcome:
    of = record(seq, operation="REVERSAL", message_class="4", effective=False)
    early = EarlyReversal(
        seq=seq,
        acquirer_id=of.acquirer_id,
        terminal_id=of.terminal_id,
        reference=reference,
        card_id=of.card_id,
        identifier=of.identifier,
        at=of.at,
    )
    return outcome(of, early_reversal=early)


def card(number: int, *, member: int = 1, status: CardStatus = CardStatus.ACTIVE, **changes: Any) -> Card:
    made = Card(
        card_id=CardId(number),
        member_id=MemberId(member),
        owner=MemberId(member),
        operator_id=f"M{member}",
        last4=f"{number:04}",
        status=status,
        expires_on=None,
    )
    return replace(made, **changes)


def token(number: int) -> Token:
    return Token(number.to_bytes(16, "big"))


def block(*outcomes: Outcome, enrolments: tuple[Enrolment, ...] = (), **more: Any) -> Block:
    return Block(outcomes=outcomes, committed_at=NOON, enrolments=enrolments, **more)


def always() -> bool:
    return True


def never() -> bool:
    return False


async def at_once() -> None:
    """The disk of these tests."""


async def inline(database: sqlite3.Connection) -> InlineConnection:
    return InlineConnection(database, at_once)


class Breaking(InlineConnection):
    """Fails at one call: the one that is *left* calls of that kind away (``COMMIT``, or any kind).

    *is_done* says whether the call does its work before it fails.
    """

    def __init__(
        self,
        database: sqlite3.Connection,
        error: Exception,
        *,
        left: int = 1,
        kind: str = "",
        is_done: bool = False,
    ) -> None:
        super().__init__(database, at_once)
        self.left = left
        self.calls: list[str] = []
        self._error, self._kind, self._is_done = error, kind, is_done

    def _call(self, name: str, do: Callable[[], None]) -> None:
        self.calls.append(name)
        fails = False
        if self._kind in ("", name):
            self.left -= 1
            fails = self.left == 0
        if self._is_done or not fails:
            do()
        if fails:
            raise self._error

    def execute(self, sql: str, row: Any = ()) -> None:
        self._call(sql.split(maxsplit=1)[0], lambda: super(Breaking, self).execute(sql, row))

    def executemany(self, sql: str, rows: Any) -> None:
        self._call(sql.split(maxsplit=1)[0], lambda: super(Breaking, self).executemany(sql, rows))

    async def commit(self) -> None:
        self._call("COMMIT", self._database.commit)


def sqlite_error(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(name)
    error.sqlite_errorname = name
    return error


async def open_store(
    path: Path, connect: Callable[[sqlite3.Connection], Awaitable[Any]] = inline
) -> SqliteStore:
    """A store under *path* whose first hundred numbers are given out: decisions of these tests have them."""
    store = await SqliteStore.open(path / "puntual.db", connect=connect, random_bytes=bytes)
    while store.sequence.next() < 100:
        pass
    return store


async def commit(store: SqliteStore, *outcomes: Outcome, **more: Any) -> None:
    """Commit as one block, which must become durable."""
    assert await store.commit(block(*outcomes, **more), always) is CommitResult.DURABLE
