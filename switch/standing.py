"""What members had before each sale of the past, worked out from the postings, where nobody asked then.

The postings are read once, in order, up to the sale that is asked about. Of its own the first ones count as
before it: what time had brought is posted before anything is decided.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

from ledger.account import AccountId, AccountKind, PostingReason, kind_of, owner_of
from ledger.book import MemberBook
from ledger.lots import LotBalance
from rules.holdings import holdings_in
from rules.programme import Programme
from switch.membership import held
from switch.past import PastSale

SLICE_SIZE: Final = 5_000  # rows
_POSTINGS: Final = (
    "SELECT seq, line, debit, credit, posting.points, reason, lot, expires_on, available_from"
    " FROM posting LEFT JOIN lot USING (lot) WHERE (seq, line) > (?, ?) AND seq <= ?"
    " ORDER BY seq, line LIMIT ?"
)
_BROUGHT_BY_TIME: Final = frozenset(
    {
        PostingReason.LAPSE,
        PostingReason.RELEASE_EXPIRED,
        PostingReason.GRACE,
        PostingReason.MATURE,
        PostingReason.EXPIRE,
    }
)


class Standing:
    """Tells what sales lack of what *programmes* ask; they are asked about in order.

    Args:
        database: A connection that reads.
        programmes: By which the sales are rated.
    """

    def __init__(self, database: sqlite3.Connection, programmes: Iterable[Programme]) -> None:
        asks = {name for programme in programmes for part in programme.all for name in part.asks}
        self._asked = holdings_in(asks)
        self._database = database
        self._last = 0, -1  # posting that was read: sequence and line
        self._books: dict[int, MemberBook] = {}

    def tell(self, sale: PastSale) -> None:
        """Put among the facts of *sale*, which is behind those before, the holdings that they lack."""
        if not self._asked:
            return
        is_told = False
        for seq, reason, *moved in self._postings(sale.seq):
            if not is_told and seq == sale.seq and reason not in _BROUGHT_BY_TIME:
                self._put(sale)
                is_told = True
            self._move(*moved)
        if not is_told:
            self._put(sale)

    def _put(self, sale: PastSale) -> None:
        if sale.owner is not None:
            book = self._books.get(sale.owner) or MemberBook(sale.owner)
            found = {name: held(name, book, sale.past.day) for name in self._asked}
            facts = sale.past.facts
            facts.holdings = tuple(sorted((found | dict(facts.holdings)).items()))

    def _postings(self, until: int) -> Iterator[tuple[Any, ...]]:
        """Sequence, reason and the rest of each posting not read yet, up to the sequence *until*."""
        while True:
            rows = self._database.execute(_POSTINGS, (*self._last, until, SLICE_SIZE)).fetchall()
            for seq, line, debit, credit, points, reason, *lot in rows:
                self._last = seq, line
                yield seq, reason, debit, credit, points, *lot
            if len(rows) < SLICE_SIZE:
                return

    def _move(
        self, debit: int, credit: int, points: int, lot: int, expires_on: str, available_from: str
    ) -> None:
        for side, by in ((AccountId(debit), -points), (AccountId(credit), points)):
            kind, owner = kind_of(side), owner_of(side)
            if kind not in (AccountKind.AVAILABLE, AccountKind.DEBT):
                continue
            book = self._books.get(owner) or MemberBook(owner)
            if kind is AccountKind.DEBT:
                book = book.indebted(-by)
            elif by > 0:
                days = date.fromisoformat(expires_on), date.fromisoformat(available_from)
                book = book.credited(LotBalance(days[0], lot, days[1], by))
            else:
                book = book.debited(lot, -by)
            self._books[owner] = book
