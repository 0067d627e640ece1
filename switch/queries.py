"""What people ask of the books: balances, histories, exceptions, totals.

Every function reads over a connection of ``open_for_reading``, beside a running switch, and in slices:
a long read would keep the writer's log from being emptied.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from ledger.account import MEMBER_KINDS, AccountKind, account
from loyalty.card import IdentifierKind, MemberId, Token
from loyalty.decision import Balance
from members.card import Card
from members.proof import ProofKind, Secret
from switch.counting import loaded_place
from switch.lookups import MEMBERSHIP, PROOF, load_book, load_cards, load_leads
from switch.marks import LATE
from switch.outcome import Record
from switch.postings import Draft
from switch.programmes import part_told
from switch.rows import link_of, record_of, secret_of
from switch.statements import SELECT_LINKS_TO, SELECT_RECORD

SLICE_SIZE: Final = 10_000  # rows

_KIND: Final = account(AccountKind.ISSUE) // AccountKind.ISSUE  # an account divided by this is its kind
_OPEN_HOLDS: Final = (
    "SELECT hold.seq, rrn, at, open_hold.kept_until, held_for,"
    " points - (SELECT coalesce(sum(points), 0) FROM hold_step WHERE hold = hold.seq),"
    " amount, in_points, open_hold.owner, terminal_id, merchant_id"
    " FROM open_hold JOIN hold ON hold.seq = open_hold.hold JOIN decision ON decision.seq = hold.seq"
    " WHERE hold.seq > ? ORDER BY hold.seq LIMIT ?"
)
_LATE: Final = (
    "SELECT seq, line, value FROM mark WHERE kind = ? AND (seq, line) > (?, ?) ORDER BY seq, line LIMIT ?"
)
_SLICE_END: Final = "SELECT max(seq) FROM (SELECT seq FROM {} WHERE seq > ? ORDER BY seq LIMIT ?)"


def find_card(database: sqlite3.Connection, token: Token) -> Card | None:
    """The card whose number has this token."""
    for member_id, card_id in load_leads(database, IdentifierKind.CARD.value, token):
        return next(card for card in load_cards(database, member_id) if card.card_id == card_id)
    return None


def secret_of_card(database: sqlite3.Connection, card: Card, kind: ProofKind) -> Secret | None:
    """What the code or PIN of *card* is recognised by."""
    row = database.execute(PROOF, (card.card_id, kind.value)).fetchone()
    return None if row is None else secret_of(row)


def balance_of(database: sqlite3.Connection, card: Card, today: date, now: datetime) -> Balance:
    """What *card*'s accounts hold on *today*, at *now*, whether what is due is posted or not."""
    database.execute("BEGIN")  # one state of all its accounts
    try:
        book = load_book(database, card.owner)
    finally:
        database.execute("ROLLBACK")
    book = Draft(0, book, today, now).book or book
    expiry = book.next_expiry(today)
    return Balance(
        available=book.available(today),
        pending=book.waiting,
        held=book.held,
        debt=book.debt,
        expires_points=0 if expiry is None else expiry[0],
        expires_on=None if expiry is None else expiry[1],
        tier=card.tier,
        language=card.language,
    )


def history_of(database: sqlite3.Connection, owner: MemberId, count_max: int) -> list[Record]:
    """The latest decisions on the accounts of *owner*, newest first, those of others included."""
    count_max = min(count_max, SLICE_SIZE)
    sql = (
        f"{SELECT_RECORD} WHERE seq IN (SELECT seq FROM (SELECT seq FROM decision WHERE owner = ?"
        " ORDER BY seq DESC LIMIT ?)"
        " UNION ALL SELECT seq FROM (SELECT seq FROM party WHERE owner = ? ORDER BY seq DESC LIMIT ?))"
        " ORDER BY seq DESC LIMIT ?"
    )
    rows = database.execute(sql, (owner, count_max, owner, count_max, count_max)).fetchall()
    return [_with_links(database, row) for row in rows]


def moved_by(database: sqlite3.Connection, seq: int, owner: MemberId) -> int:
    """Points that decision *seq* brought to the accounts of *owner*, debt included; negative: took away."""
    moved = 0
    mine = {account(kind, owner) for kind in MEMBER_KINDS}
    for debit, credit, points in database.execute(
        "SELECT debit, credit, points FROM posting WHERE seq = ?", (seq,)
    ):
        moved += points * ((credit in mine) - (debit in mine))
    return moved


def programme_of(database: sqlite3.Connection, owner: MemberId | None, rules: str = "") -> str:
    """The programme that a decision was taken in, or its member belongs to; empty for the deployment's own.

    Args:
        database: A connection that reads.
        owner: Whose accounts it is about.
        rules: Its account of itself.
    """
    return part_told(rules) or str(database.execute(MEMBERSHIP, (owner,)).fetchone()[0])


def exceptions(database: sqlite3.Connection) -> Iterator[Record]:
    """Decisions that a person should look at, oldest first."""
    sql = f"{SELECT_RECORD} WHERE exception IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?"
    after = 0
    while rows := database.execute(sql, (after, SLICE_SIZE)).fetchall():
        for row in rows:
            yield _with_links(database, row)
        after = rows[-1][0]


def late_answers(database: sqlite3.Connection) -> Iterator[tuple[Record, int]]:
    """Approvals whose answer left too late, and after how many milliseconds; in the order of being noted."""
    after = (0, -1)
    while rows := database.execute(_LATE, (LATE, *after, SLICE_SIZE)).fetchall():
        for _, _, value in rows:
            seq, _, after_ms = value.partition("|")
            row = database.execute(f"{SELECT_RECORD} WHERE seq = ?", (int(seq),)).fetchone()
            yield _with_links(database, row), int(after_ms)
        after = rows[-1][:2]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHoldRow:
    """A hold that is not ended, for people.

    Attributes:
        points: That it still reserves.
        amount: DE 4 of the hold, in minor units, or points when *in_points*.
    """

    seq: int
    rrn: str
    at: datetime
    kept_until: datetime
    held_for: str
    points: int
    amount: int
    in_points: bool
    owner: MemberId
    terminal_id: str
    merchant_id: str


def open_holds(database: sqlite3.Connection) -> Iterator[OpenHoldRow]:
    """Holds that wait for their completion, oldest first; those that are over wait for the sweep."""
    after = 0
    while rows := database.execute(_OPEN_HOLDS, (after, SLICE_SIZE)).fetchall():
        for seq, rrn, at, kept_until, held_for, points, amount, in_points, owner, terminal, merchant in rows:
            yield OpenHoldRow(
                seq=seq,
                rrn=rrn,
                at=datetime.fromisoformat(at),
                kept_until=datetime.fromisoformat(kept_until),
                held_for=held_for,
                points=points,
                amount=amount,
                in_points=in_points == 1,
                owner=owner,
                terminal_id=terminal,
                merchant_id=merchant,
            )
        after = rows[-1][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """All decisions and all points.

    Attributes:
        decisions: How many there are of each operation and reason (``None``: approved).
        points: Balance of each kind of account, credits less debits.
    """

    decisions: Mapping[tuple[str, str | None], int]
    points: Mapping[AccountKind, int]

    @property
    def issued(self) -> int:
        """Points that came into being, less those that were taken back."""
        return -self.points.get(AccountKind.ISSUE, 0)

    @property
    def redeemed(self) -> int:
        """Points that were spent."""
        return self.points.get(AccountKind.REDEEMED, 0)

    @property
    def outstanding(self) -> int:
        """Points that members have, less what they owe."""
        return sum(self.points.get(kind, 0) for kind in MEMBER_KINDS)


def totals(database: sqlite3.Connection) -> Totals:
    """Count and add up everything."""
    decisions: Counter[tuple[str, str | None]] = Counter()
    for first, last in _slices(database, "decision"):
        for operation, reason, count in database.execute(
            "SELECT operation, reason, count(*) FROM decision WHERE seq > ? AND seq <= ? GROUP BY 1, 2",
            (first, last),
        ):
            decisions[operation, reason] += count
    points: Counter[AccountKind] = Counter()
    for first, last in _slices(database, "posting"):
        for debit, credit, moved in database.execute(
            f"SELECT debit / {_KIND}, credit / {_KIND}, sum(points) FROM posting"
            " WHERE seq > ? AND seq <= ? GROUP BY 1, 2",
            (first, last),
        ):
            points[AccountKind(debit)] -= moved
            points[AccountKind(credit)] += moved
    return Totals(decisions=decisions, points=points)


def _slices(database: sqlite3.Connection, table: str) -> Iterator[tuple[int, int]]:
    """Bounds of sequence, the first one excluded, between which *table* has about ``SLICE_SIZE`` rows."""
    first = 0
    while True:
        last = database.execute(_SLICE_END.format(table), (first, SLICE_SIZE)).fetchone()[0]
        if last is None:
            return
        yield first, last
        first = last


def _with_links(database: sqlite3.Connection, row: tuple[object, ...]) -> Record:
    links = [link_of(link) for link in database.execute(SELECT_LINKS_TO, (row[0],))]
    return record_of(row, links)


def budgets(
    database: sqlite3.Connection, planned: Mapping[str, tuple[str, int]]
) -> list[dict[str, str | int]]:
    """What each campaign may give, gave, and has left; *planned* by the measure that counts its spending."""
    sql = (
        "SELECT total FROM tally WHERE (measure, whose, stretch) = (?, ?, ?)"
        " ORDER BY seq DESC, line DESC LIMIT 1"
    )
    rows: list[dict[str, str | int]] = []
    for measure, (campaign, plan) in sorted(planned.items()):
        loaded, spent = (
            (database.execute(sql, place).fetchone() or (0,))[0]
            for place in (loaded_place(campaign), (measure, "", ""))
        )
        rows.append(
            {
                "campaign": campaign,
                "planned": plan,
                "loaded": loaded,
                "spent": spent,
                "left": plan + loaded - spent,
            }
        )
    return rows


def opened_days(database: sqlite3.Connection, count_max: int) -> list[tuple[str, str, str]]:
    """The last business days that were opened before the clock reached them: day, when, by whom."""
    sql = (
        "SELECT mark.value, decision.at, decision.rules FROM mark JOIN decision USING (seq)"
        " WHERE mark.kind = 'day' ORDER BY mark.value DESC LIMIT ?"
    )
    return database.execute(sql, (count_max,)).fetchall()


def suspense_of(database: sqlite3.Connection, seq: int) -> int:
    """Points that a decision left with nobody: negative when somebody spent what nobody had."""
    sql = "SELECT sum(iif(credit = ?1, points, 0) - iif(debit = ?1, points, 0)) FROM posting WHERE seq = ?2"
    return database.execute(sql, (account(AccountKind.SUSPENSE), seq)).fetchone()[0] or 0
