"""Points that are certificates for a while: the postings of making, paying with and returning one.

The account of certificates is the programme's and keeps no lots; which lots a certificate was made of stands
in the entry that made it.
"""

from collections.abc import Iterable
from typing import Final

from ledger.account import AccountKind, PostingReason, account
from ledger.entry import NO_LOT, Lot
from switch.postings import Draft

_CERTIFICATES: Final = account(AccountKind.CERTIFICATES)
_REDEEMED: Final = account(AccountKind.REDEEMED)
_EXPIRED: Final = account(AccountKind.EXPIRED)
_SUSPENSE: Final = account(AccountKind.SUSPENSE)


class VoucherDraft(Draft):
    """The entry of a decision about a certificate, on the accounts of the member whose points it was made of.

    Paying with one moves no member's points: that needs no book.
    """

    def exchange(self, points: int) -> None:
        """Make *points* that can be spent a certificate, earliest expiry first."""
        assert self.book is not None
        spendable = self.book.spendable(self._today)
        short = self._take(points, spendable, _CERTIFICATES, PostingReason.EXCHANGE)
        assert not short

    def exchange_back(self, parts: Iterable[tuple[Lot, int]]) -> int:
        """Return points to the lots they came from, and tell how many the member has again.

        Those of a lot that expired meanwhile expire, or come back as a lot with days of grace.
        """
        had = 0
        for lot, points in parts:
            if lot.expires_on < self._today and self._grace is not None:
                self._be_gracious(_CERTIFICATES, points, self._grace, lot.funder)
                had += points
            elif lot.expires_on < self._today:
                self._post(_CERTIFICATES, _EXPIRED, points, lot.lot, PostingReason.EXCHANGE_BACK)
            else:
                self._restore(_CERTIFICATES, lot, points, PostingReason.EXCHANGE_BACK)
                had += points
        return had

    def exchange_again(self, points: int, expired: Iterable[tuple[int, int]]) -> None:
        """Undo ``exchange_back``: *expired* (lot, points) from there, the rest from the member or as debt."""
        assert self.book is not None
        for lot, part in expired:
            self._post(_EXPIRED, _CERTIFICATES, part, lot, PostingReason.EXCHANGE_AGAIN)
            points -= part
        spendable = self.book.spendable(self._today)
        short = self._take(points, spendable, _CERTIFICATES, PostingReason.EXCHANGE_AGAIN)
        if short:
            self._post(self._debt, _CERTIFICATES, short, NO_LOT, PostingReason.EXCHANGE_AGAIN)
            self.book = self.book.indebted(short)

    def pay(self, points: int, *, short: int = 0) -> None:
        """Spend *points* of a certificate; suspense bears *short* more that it has no longer."""
        if points:
            self._post(_CERTIFICATES, _REDEEMED, points, NO_LOT, PostingReason.PAY_CERTIFICATE)
        if short:
            self._post(_SUSPENSE, _REDEEMED, short, NO_LOT, PostingReason.REDEEM_FROM_SUSPENSE)

    def pay_back(self, points: int, *, over: int = 0) -> None:
        """Return *points* to a certificate; suspense takes what is *over*."""
        if points:
            self._post(_REDEEMED, _CERTIFICATES, points, NO_LOT, PostingReason.PAY_BACK)
        if over:
            self._post(_REDEEMED, _SUSPENSE, over, NO_LOT, PostingReason.UNDO_SUSPENSE)

    def lapse(self, points: int) -> None:
        """Nobody brought a certificate with so many points in time."""
        self._post(_CERTIFICATES, _EXPIRED, points, NO_LOT, PostingReason.CERTIFICATE_LAPSE)
