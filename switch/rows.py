"""Values to rows and back, and the statements that write them.

The rows of a decision have the columns and the order of ``ledger.block.COLUMNS``: what is stored is
what the chain covers.
"""

import json
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, literal_column, update
from sqlalchemy.dialects import sqlite

from ledger import tables as books
from ledger.account import MEMBER_KINDS, AccountKind
from ledger.account import account as account_
from ledger.block import (
    COLUMNS,
    FORMAT,
    SALT_SIZE,
    Row,
    digest_of_card_entry,
    digest_of_decision,
    hash_of_block,
    hash_of_facts,
)
from ledger.entry import NO_LOT, Lot, Posting
from ledger.tables import sql_of
from loyalty.sequence import rrn_of
from loyalty.transaction import OriginalReference
from members import tables as cards
from members.card import Card, CardStatus
from switch.block import Block, Enrolment
from switch.outcome import CardChange, EarlyReversal, Link, Outcome, Record

INSERT_DECISION: Final = sql_of(insert(books.decision))
INSERT_POSTING: Final = sql_of(insert(books.posting))
INSERT_LOT: Final = sql_of(insert(books.lot))
INSERT_LINK: Final = sql_of(insert(books.link))
INSERT_EARLY_REVERSAL: Final = sql_of(insert(books.early_reversal))
INSERT_FACT: Final = sql_of(insert(books.fact))
INSERT_CARD_ENTRY: Final = sql_of(insert(books.card_entry))
INSERT_BLOCK: Final = sql_of(insert(books.block))
INSERT_LEASE: Final = sql_of(insert(books.sequence_lease))

_added: Final = sqlite.insert(books.balance)
ADD_TO_BALANCE: Final = sql_of(
    _added.on_conflict_do_update(
        index_elements=["account", "lot"],
        set_={"points": books.balance.c.points + _added.excluded.points},
    )
)
FORGET_EMPTY_BALANCE: Final = sql_of(
    delete(books.balance).where(
        books.balance.c.account == bindparam("account"),
        books.balance.c.lot == bindparam("lot"),
        books.balance.c.points == literal_column("0"),
    )
)

_member: Final = sqlite.insert(cards.member)
UPSERT_MEMBER: Final = sql_of(
    _member.on_conflict_do_update(
        index_elements=["member_id"],
        set_={name: _member.excluded[name] for name in ("operator_id", "owner", "tier", "language")},
    )
)
_person: Final = sqlite.insert(cards.person)
UPSERT_PERSON: Final = sql_of(
    _person.on_conflict_do_update(
        index_elements=["member_id"],
        set_={name: _person.excluded[name] for name in ("name", "phone", "mail", "birthday")},
    )
)
INSERT_CARD: Final = sql_of(insert(cards.card))
LINK_IDENTIFIER: Final = sql_of(sqlite.insert(cards.identifier).on_conflict_do_nothing())
UNLINK_IDENTIFIER: Final = sql_of(
    delete(cards.identifier).where(
        cards.identifier.c.kind == bindparam("kind"),
        cards.identifier.c.token == bindparam("token"),
        cards.identifier.c.member_id == bindparam("member"),
        cards.identifier.c.card_id == bindparam("card"),
    )
)
SET_CARD_STATUS: Final = sql_of(
    update(cards.card).values(status=bindparam("status_")).where(cards.card.c.card_id == bindparam("card"))
)
SET_CARD_REPLACED: Final = sql_of(
    update(cards.card)
    .values(status=bindparam("status_"), replaced_by=bindparam("replaced_by_"))
    .where(cards.card.c.card_id == bindparam("card"))
)

SELECT_RECORD: Final = f"SELECT {', '.join(COLUMNS['decision'][:-1])} FROM decision"
_LINK: Final = f"SELECT {', '.join(COLUMNS['link'])} FROM link"
SELECT_LINKS_TO: Final = f"{_LINK} WHERE original = ? ORDER BY seq"
SELECT_LINKS_FROM: Final = f"{_LINK} WHERE seq = ? ORDER BY original"

_compact: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode


def instant_text(instant: datetime) -> str:
    """*instant* (UTC) as it is stored. Texts sort as instants do: ``+`` comes before ``.`` in ASCII."""
    return instant.isoformat()


@dataclass(slots=True)
class BlockRows:
    """All rows of a block, by table, and what they add to the balances of members."""

    decisions: list[Row] = field(default_factory=list)
    postings: list[Row] = field(default_factory=list)
    lots: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)
    early_reversals: list[Row] = field(default_factory=list)
    facts: list[Row] = field(default_factory=list)
    card_entries: list[Row] = field(default_factory=list)
    balances: dict[tuple[int, int], int] = field(default_factory=dict)
    header: Row = ()
    hash: bytes = b""


def rows_of(block: Block, number: int, previous: bytes, random_bytes: Callable[[int], bytes]) -> BlockRows:
    """The rows of *block*, which follows the block with the hash *previous*.

    *random_bytes* gives as many as asked, for the salts of the facts.
    """
    rows = BlockRows()
    digests: list[bytes] = []
    recorded = [outcome for outcome in block.outcomes if outcome.record is not None]
    salts = random_bytes(SALT_SIZE * len(recorded))
    entries = [
        *((0, change) for one in block.enrolments for change in _enrolment_entries(one)),
        *((0, entry) for change in block.card_changes for entry in _change_entries(change)),
    ]
    for at, outcome in enumerate(recorded):
        record = outcome.record
        assert record is not None
        digests.append(_add(rows, outcome, record, number, salts[SALT_SIZE * at : SALT_SIZE * (at + 1)]))
        if outcome.card_changes:
            entries += (
                (record.seq, entry) for change in outcome.card_changes for entry in _change_entries(change)
            )
    for line, (seq, (card_id, change)) in enumerate(entries):
        row = (number, line, seq, card_id, change)
        rows.card_entries.append(row)
        digests.append(digest_of_card_entry(row))
    rows.header = (
        number,
        FORMAT,
        rows.decisions[0][0] if rows.decisions else None,
        rows.decisions[-1][0] if rows.decisions else None,
        len(rows.decisions),
        len(rows.card_entries),
        instant_text(block.committed_at),
    )
    rows.hash = hash_of_block(rows.header, previous, digests)
    return rows


def _add(rows: BlockRows, outcome: Outcome, record: Record, number: int, salt: bytes) -> bytes:
    """Add the rows of a decision, and give its digest."""
    seq = record.seq
    facts_hash = None
    if outcome.facts is not None:
        facts_hash = hash_of_facts(salt, outcome.facts)
        rows.facts.append((seq, salt, outcome.facts))
    decision = decision_row(record, facts_hash)
    postings: list[Row] = []
    if outcome.postings:
        postings = [posting_row(seq, line, posting) for line, posting in enumerate(outcome.postings)]
        rows.postings += postings
        _add_balances(rows.balances, outcome.postings)
    lots: list[Row] = []
    if outcome.lots:
        lots = [lot_row(lot) for lot in outcome.lots]
        rows.lots += lots
    links: list[Row] = []
    if outcome.links:
        # In the order of their key, as they will be read again.
        links = sorted((link_row(link) for link in outcome.links), key=operator.itemgetter(1))
        rows.links += links
    early: list[Row] = []
    if outcome.early_reversal is not None:
        early = [early_reversal_row(outcome.early_reversal)]
        rows.early_reversals += early
    digest = digest_of_decision(decision, postings, lots, links, early)
    rrn_sent = int(record.rrn != rrn_of(seq, record.business_date))
    rows.decisions.append((*decision, number, rrn_sent, digest))
    return digest


# Kinds stand above owners in an account's number, and those of members are neighbours in the chart: comparing
# numbers tells them without looking the kind up.
_MEMBERS_FROM: Final = account_(AccountKind.AVAILABLE)
_DEBTS_FROM: Final = account_(AccountKind.DEBT)
_MEMBERS_TO: Final = account_(AccountKind.CERTIFICATES)
assert {kind for kind in AccountKind if _MEMBERS_FROM <= account_(kind) < _MEMBERS_TO} == MEMBER_KINDS


def _add_balances(balances: dict[tuple[int, int], int], postings: Iterable[Posting]) -> None:
    for posting in postings:
        for account, points in ((posting.debit, -posting.points), (posting.credit, posting.points)):
            if _MEMBERS_FROM <= account < _MEMBERS_TO:
                key = account, (posting.lot if account < _DEBTS_FROM else NO_LOT)
                balances[key] = balances.get(key, 0) + points


def decision_row(record: Record, facts_hash: bytes | None) -> Row:
    """The row of *record*."""
    at = instant_text(record.at)
    return (
        record.seq,
        record.key,
        record.content,
        record.identifier,
        record.card_id,
        record.member_id,
        record.owner,
        record.operation,
        int(record.is_advice),
        record.reason,
        int(record.effective),
        record.acquirer_id,
        record.terminal_id,
        record.merchant_id,
        record.message_class,
        record.stan,
        record.transmitted,
        record.rrn,
        at,
        at if record.as_of is record.at else instant_text(record.as_of),
        record.business_date.isoformat(),
        record.amount,
        int(record.in_points),
        record.covered_minor,
        record.earned,
        record.used,
        record.value_minor,
        record.discount_minor,
        record.ticket,
        record.original,
        record.programme_version,
        record.rules,
        record.exception,
        record.answer,
        facts_hash,
    )


def record_of(row: tuple[Any, ...], links: Sequence[Link] = ()) -> Record:
    """The record of a decision's *row* (without its facts' hash), with the sums of its *links*."""
    final = None
    for link in links:
        if link.undone > 0:
            final = link.final_minor
    return Record(
        seq=row[0],
        key=row[1],
        content=row[2],
        identifier=row[3],
        card_id=row[4],
        member_id=row[5],
        owner=row[6],
        operation=row[7],
        is_advice=row[8] == 1,
        reason=row[9],
        effective=row[10] == 1,
        acquirer_id=row[11],
        terminal_id=row[12],
        merchant_id=row[13],
        message_class=row[14],
        stan=row[15],
        transmitted=row[16],
        rrn=row[17],
        at=datetime.fromisoformat(row[18]),
        as_of=datetime.fromisoformat(row[19]),
        business_date=date.fromisoformat(row[20]),
        amount=row[21],
        in_points=row[22] == 1,
        covered_minor=row[23],
        earned=row[24],
        used=row[25],
        value_minor=row[26],
        discount_minor=row[27],
        ticket=row[28],
        original=row[29],
        programme_version=row[30],
        rules=row[31],
        exception=row[32],
        answer=row[33],
        refunded_minor=sum(link.refunded_minor for link in links),
        clawed=sum(link.clawed for link in links),
        returned=sum(link.returned for link in links),
        returned_minor=sum(link.returned_minor for link in links),
        undone=sum(link.undone for link in links),
        final_minor=final,
    )


def posting_row(seq: int, line: int, posting: Posting) -> Row:
    """The row of a posting."""
    return seq, line, posting.debit, posting.credit, posting.points, posting.lot, int(posting.reason)


def lot_row(lot: Lot) -> Row:
    """The row of a lot."""
    return (
        lot.lot,
        lot.owner,
        lot.points,
        lot.earned_on.isoformat(),
        lot.available_from.isoformat(),
        lot.expires_on.isoformat(),
        lot.funder,
        lot.value_minor,
    )


def lot_of(row: tuple[Any, ...]) -> Lot:
    """The lot of a row."""
    return Lot(
        lot=row[0],
        owner=row[1],
        points=row[2],
        earned_on=date.fromisoformat(row[3]),
        available_from=date.fromisoformat(row[4]),
        expires_on=date.fromisoformat(row[5]),
        funder=row[6],
        value_minor=row[7],
    )


def link_row(link: Link) -> Row:
    """The row of a link."""
    return (
        link.seq,
        link.original,
        link.refunded_minor,
        link.clawed,
        link.returned,
        link.returned_minor,
        link.undone,
        link.final_minor,
    )


def link_of(row: tuple[Any, ...]) -> Link:
    """The link of a row."""
    return Link(
        seq=row[0],
        original=row[1],
        refunded_minor=row[2],
        clawed=row[3],
        returned=row[4],
        returned_minor=row[5],
        undone=row[6],
        final_minor=row[7],
    )


def early_reversal_row(early: EarlyReversal) -> Row:
    """The row of an early reversal."""
    named = early.reference
    return (
        early.seq,
        early.acquirer_id,
        early.terminal_id,
        named.message_class,
        named.stan,
        named.transmitted,
        named.acquirer_id,
        named.rrn,
        named.own_stan,
        early.card_id,
        early.identifier,
        instant_text(early.at),
    )


def early_reversal_of(row: tuple[Any, ...]) -> EarlyReversal:
    """The early reversal of a row."""
    return EarlyReversal(
        seq=row[0],
        acquirer_id=row[1],
        terminal_id=row[2],
        reference=OriginalReference(
            message_class=row[3],
            stan=row[4],
            transmitted=row[5],
            acquirer_id=row[6],
            rrn=row[7],
            own_stan=row[8],
        ),
        card_id=row[9],
        identifier=row[10],
        at=datetime.fromisoformat(row[11]),
    )


def _enrolment_entries(enrolment: Enrolment) -> list[tuple[int, str]]:
    """Card and change of what an enrolment does, as the chain keeps it. It names no person."""
    card = enrolment.card
    told = {
        "enrolled": enrolment.token.hex(),
        "member": card.member_id,
        "owner": card.owner,
        "status": card.status.value,
        "expires_on": None if card.expires_on is None else card.expires_on.isoformat(),
    }
    entries = [(int(card.card_id), _compact(told))]
    if enrolment.replaces is not None:
        replaced = {"status": CardStatus.REPLACED.value, "replaced_by": card.card_id}
        entries.append((int(enrolment.replaces), _compact(replaced)))
    return entries


def _change_entries(change: CardChange) -> list[tuple[int, str]]:
    """Card and change of what a change does. Tokens of phones and mails stay where they can be erased."""
    told: dict[str, str] = {}
    if change.status is not None:
        told["status"] = change.status.value
    if change.link is not None:
        told["linked"] = change.link[0]
    if change.unlink is not None:
        told["unlinked"] = change.unlink[0]
    return [(int(change.card.card_id), _compact(told))]


def card_row(card: Card, token: bytes) -> Row:
    """The row of a new card."""
    expires_on = None if card.expires_on is None else card.expires_on.isoformat()
    return card.card_id, token, card.last4, card.member_id, card.status.value, expires_on, None
