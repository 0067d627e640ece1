"""How durable state is looked up: an index leads to every row, and every search is bounded."""

import sqlite3
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from ledger.account import AccountKind, PostingReason, account
from ledger.block import COLUMNS, SIDES
from ledger.book import MemberBook
from ledger.hold import OpenHold
from ledger.lots import LotBalance
from loyalty.card import CardId, IdentifierKind, MemberId, Token
from loyalty.transaction import OriginalReference
from members.card import Card, CardStatus
from switch.recentkeys import END
from switch.statements import SELECT_RECORD

CANDIDATES_MAX: Final = 256  # decisions that a DE 90 full of zeros may mean before it means none
OWNER_REACH: Final = 4096  # latest decisions of a customer that are searched for a lone STAN
REPEATS_MAX: Final = 64  # of one STAN at one terminal, or of redemptions on one ticket
CARDS_MAX: Final = 256  # of one member
LEADS_MAX: Final = 16  # members behind one identifier

_FIELDS: Final = ", ".join(COLUMNS["decision"][:-1])
BY_KEY: Final = f"{SELECT_RECORD} WHERE key = ?"
BY_KEYS: Final = f"{SELECT_RECORD} WHERE key IN (SELECT value FROM json_each(?))"
BY_SEQS: Final = f"{SELECT_RECORD} WHERE seq IN (SELECT value FROM json_each(?))"
NEWEST_KEYS: Final = f"SELECT key FROM decision WHERE key < '{END}' ORDER BY key DESC LIMIT ?"
BY_SEQ: Final = f"{SELECT_RECORD} WHERE seq = ?"
BY_RRN: Final = f"{SELECT_RECORD} WHERE rrn = ? AND rrn_sent = 1 ORDER BY seq LIMIT 2"
BY_OWN_STAN: Final = (
    f"{SELECT_RECORD} WHERE terminal_id = ? AND stan = ? AND acquirer_id = ? AND at >= ?"
    f" AND operation <> 'REVERSAL' ORDER BY seq DESC LIMIT {REPEATS_MAX}"
)
MARKED: Final = "SELECT DISTINCT seq FROM mark WHERE kind = ? AND value BETWEEN ? AND ? AND seq > ?"
# The words of the index's own condition, so that SQLite sees that the index will do.
REDEMPTIONS: Final = (
    f"{SELECT_RECORD} WHERE ticket = ? AND operation IN ('REDEEM', 'PAY_CERTIFICATE') AND effective = 1"
    f" ORDER BY seq LIMIT {REPEATS_MAX}"
)
REDEEMED_TICKETS: Final = (
    "SELECT ticket FROM decision WHERE ticket BETWEEN ? AND ?"
    " AND operation IN ('REDEEM', 'PAY_CERTIFICATE') AND effective = 1"
)
USES: Final = (
    f"SELECT {_FIELDS} FROM (SELECT {_FIELDS} FROM decision WHERE owner = ?"
    f" ORDER BY seq DESC LIMIT {OWNER_REACH})"
    " WHERE member_id = ? AND business_date = ? AND used > 0 ORDER BY seq"
)
POSTINGS: Final = "SELECT debit, credit, points, lot, reason FROM posting WHERE seq = ? ORDER BY line"
LOTS: Final = (
    f"SELECT {', '.join(COLUMNS['lot'])} FROM lot WHERE lot IN (SELECT value FROM json_each(?)) ORDER BY lot"
)
CERTIFICATE: Final = (
    "SELECT code, owner, points, value_minor, last_day,"
    " (SELECT coalesce(sum(points), 0) FROM certificate_entry AS entry WHERE entry.code = certificate.code),"
    " (SELECT coalesce(sum(value_minor), 0) FROM certificate_entry AS entry"
    " WHERE entry.code = certificate.code)"
    " FROM certificate WHERE code = ?"
)
CERTIFICATE_CODES: Final = (
    "SELECT code FROM certificate WHERE seq = ? UNION ALL SELECT code FROM certificate_entry WHERE seq = ?"
)
FACTS: Final = "SELECT facts FROM fact WHERE seq = ?"
EARLY: Final = f"SELECT {', '.join(COLUMNS['early_reversal'])} FROM early_reversal ORDER BY seq"
_BOOK: Final = (
    "SELECT balance.account, lot.expires_on, lot.lot, lot.available_from, balance.points"
    " FROM balance JOIN lot USING (lot) WHERE balance.account IN (?, ?) ORDER BY lot.expires_on, lot.lot"
)
_OPEN_HOLDS: Final = "SELECT hold, kept_until FROM open_hold WHERE owner = ? ORDER BY hold"
_HELD: Final = (
    "SELECT lot.expires_on, lot.lot, lot.available_from, posting.points FROM posting JOIN lot USING (lot)"
    f" WHERE posting.seq = ? AND posting.reason = {PostingReason.HOLD.value} ORDER BY posting.line"
)
_HELD_NO_LONGER: Final = "SELECT coalesce(sum(points), 0) FROM hold_step WHERE hold = ?"
HOLD: Final = f"SELECT {', '.join(SIDES['hold'])} FROM hold WHERE seq = ?"
HOLD_STEPS: Final = f"SELECT {', '.join(SIDES['hold_step'])} FROM hold_step WHERE hold = ? ORDER BY seq, line"
LAST_COMMITTED_AT: Final = "SELECT committed_at FROM block ORDER BY number DESC LIMIT 1"
PROGRAMMES: Final = (
    "SELECT number, since, version, max(length(text), coalesce("
    "(SELECT sum(size) FROM programme_text WHERE programme_text.version = programme.version), 0))"
    " FROM programme WHERE number > ? ORDER BY number"
)
TEXT_PARTS: Final = "SELECT size, packed FROM programme_text WHERE version = ? ORDER BY part"
TEXT_SIZE: Final = "SELECT coalesce(sum(size), 0) FROM programme_text WHERE version = ?"
PROGRAMME: Final = "SELECT text FROM programme WHERE version = ? ORDER BY number LIMIT 1"
# The words of the index's own condition here too.
ACTS: Final = (
    "SELECT block, line, json_remove(change, '$.text') FROM card_entry WHERE card_id = 0"
    " AND (block, line) > (?, ?) AND json_extract(change, '$.act') IS NOT NULL ORDER BY block, line"
)
PROPOSAL: Final = (
    "SELECT json_extract(change, '$.text') FROM card_entry WHERE card_id = 0"
    " AND json_extract(change, '$.act') = 'proposed' AND json_extract(change, '$.version') = ?"
    " ORDER BY block DESC, line DESC LIMIT 1"
)
_DEBT: Final = "SELECT points FROM balance WHERE account = ? AND lot = 0"
_CARD_LEAD: Final = "SELECT member_id, card_id FROM card WHERE token = ?"
_LEADS: Final = (
    "SELECT member_id, card_id FROM identifier WHERE kind = ? AND token = ?"
    f" ORDER BY member_id, card_id LIMIT {LEADS_MAX}"
)
MEMBER_OF_CARD: Final = "SELECT member_id FROM card WHERE card_id = ?"
_CARDS: Final = (
    "SELECT card_id, member_id, owner, operator_id, last4, status, expires_on, tier, language,"
    " programme, type"
    " FROM member JOIN card USING (member_id) LEFT JOIN membership USING (member_id)"
    f" WHERE member_id = ? ORDER BY card_id LIMIT {CARDS_MAX}"
)
MEMBERSHIP: Final = "SELECT coalesce((SELECT programme FROM membership WHERE member_id = ?), '')"
PROOF: Final = "SELECT value, salt, expires_at, failures FROM proof WHERE card_id = ? AND kind = ?"
PROFILE: Final = (
    "SELECT segments, category, joined_on, kind, birthday FROM member"
    " LEFT JOIN profile USING (member_id) LEFT JOIN person USING (member_id) WHERE member_id = ?"
)
PERSON: Final = "SELECT name, phone, mail, birthday FROM person WHERE member_id = ?"


def opened_day(database: sqlite3.Connection) -> date:
    """The last business date that somebody opened; the first of all dates when nobody did."""
    found = database.execute("SELECT max(value) FROM mark WHERE kind = 'day'").fetchone()[0]
    return date.min if found is None else date.fromisoformat(found)


def load_leads(database: sqlite3.Connection, kind: str, token: Token) -> tuple[tuple[MemberId, CardId], ...]:
    """Members behind an identifier, each with the card that it stands for or ``EVERY_CARD``."""
    if kind == IdentifierKind.CARD.value:
        return tuple(database.execute(_CARD_LEAD, (token,)).fetchall())
    return tuple(database.execute(_LEADS, (kind, token)).fetchall())


def load_cards(database: sqlite3.Connection, member_id: MemberId) -> tuple[Card, ...]:
    """All cards of a member."""
    return tuple(_card_of(row) for row in database.execute(_CARDS, (member_id,)))


def load_book(database: sqlite3.Connection, owner: MemberId) -> MemberBook:
    """The accounts of *owner* as the balances tell them."""
    available, waiting = account(AccountKind.AVAILABLE, owner), account(AccountKind.PENDING, owner)
    lots: dict[int, list[LotBalance]] = {available: [], waiting: []}
    for on, *lot in database.execute(_BOOK, (available, waiting)):
        lots[on].append(_lot_balance(lot))
    debt = database.execute(_DEBT, (account(AccountKind.DEBT, owner),)).fetchone()
    holds = database.execute(_OPEN_HOLDS, (owner,)).fetchall()
    return MemberBook(
        owner,
        tuple(lots[available]),
        0 if debt is None else -debt[0],
        tuple(lots[waiting]),
        tuple(_open_hold(database, hold, kept_until) for hold, kept_until in holds),
    )


def _open_hold(database: sqlite3.Connection, hold: int, kept_until: str) -> OpenHold:
    lots = tuple(_lot_balance(row) for row in database.execute(_HELD, (hold,)))
    gone = database.execute(_HELD_NO_LONGER, (hold,)).fetchone()[0]
    return OpenHold(hold, datetime.fromisoformat(kept_until), lots).without_last(gone)


def _lot_balance(row: Sequence[Any]) -> LotBalance:
    expires_on, lot, available_from, points = row
    return LotBalance(date.fromisoformat(expires_on), lot, date.fromisoformat(available_from), points)


def _card_of(row: tuple[Any, ...]) -> Card:
    card_id, member_id, owner, operator_id, last4, status, expires_on, tier, language, programme, kind = row
    return Card(
        card_id=card_id,
        member_id=member_id,
        owner=owner,
        operator_id=operator_id,
        last4=last4,
        status=CardStatus(status),
        expires_on=None if expires_on is None else date.fromisoformat(expires_on),
        tier=tier,
        language=language,
        programme=programme or "",
        type=kind,
    )


def candidates_for(
    reference: OriginalReference, terminal: tuple[str, str] | None, owner: MemberId | None
) -> tuple[str, tuple[object, ...]]:
    """The search that an index makes cheapest, and its parameters; empty when no index narrows it."""
    stan, transmitted = reference.stan, reference.transmitted
    where: list[str] = []
    parameters: list[object] = []
    source = "decision"
    if terminal is None and transmitted is None:
        if owner is None:
            return "", ()
        source = f"(SELECT {_FIELDS} FROM decision WHERE owner = ? ORDER BY seq DESC LIMIT {OWNER_REACH})"
        parameters.append(owner)
    elif owner is not None:
        # The plus keeps SQLite from the index of owners: what follows is always narrower.
        where.append("+owner = ?")
        parameters.append(owner)
    if terminal is not None:
        where += ["acquirer_id = ?", "terminal_id = ?"]
        parameters += terminal
    if stan is not None:
        where.append("stan = ?")
        parameters.append(stan)
    if transmitted is not None:
        # Likewise: a terminal seldom says one STAN again, while many terminals say it in one second.
        is_narrow = terminal is not None and stan is not None
        where.append("+transmitted = ?" if is_narrow else "transmitted = ?")
        parameters.append(transmitted)
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    return f"SELECT {_FIELDS} FROM {source}{condition} ORDER BY seq LIMIT {CANDIDATES_MAX + 1}", tuple(
        parameters
    )
