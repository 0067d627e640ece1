"""Opening balances: what members had before there were these books, each taken in once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

from ledger.account import AccountKind, PostingReason, account
from ledger.entry import POINTS_MAX, Lot
from ledger.lots import LotBalance
from loyalty.card import IdentifierKind, Token
from loyalty.errors import LoyaltyError
from rules.programme import Programme
from switch.booking import Booking
from switch.cardline import date_of, token_of_hex
from switch.case import Moment
from switch.corrections import refuse_untold
from switch.postings import Draft
from switch.work import Change, Numbering
from switch.worksheet import Worksheet

_ISSUE: Final = account(AccountKind.ISSUE)


class OpeningDraft(Draft):
    """The postings of opening balances."""

    def take_in(self, points: int, earned_on: date, available_from: date, expires_on: date) -> None:
        """Points that the member had before there were these books."""
        assert self.book is not None
        lot = Lot(
            lot=next(self.numbers),
            owner=self.book.owner,
            points=points,
            earned_on=earned_on,
            available_from=available_from,
            expires_on=expires_on,
        )
        self.lots.append(lot)
        self._post(_ISSUE, self._available, points, lot.lot, PostingReason.OPENING)
        self.book = self.book.credited(LotBalance(expires_on, lot.lot, available_from, points))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningBalance:
    """Points that a member had before there were these books.

    Attributes:
        line: Of the file.
        kind: Of the identifier that *token* is of: ``CPAN`` or ``ACCT``.
        nth: Among the lines of the same member with the same dates, from 1.
    """

    line: int
    kind: str
    token: Token
    points: int
    nth: int
    earned_on: date | None
    expires_on: date | None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What an order says."""
        points, nth = int(values["points"]), int(values["nth"])
        if not 0 < points <= POINTS_MAX or nth < 1:
            raise ValueError
        return cls(
            line=int(values["line"]),
            kind=IdentifierKind(values["kind"]).value,
            token=token_of_hex(values["token"]),
            points=points,
            nth=nth,
            earned_on=date_of(values["earned_on"]),
            expires_on=date_of(values["expires_on"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportBalances:
    """Take in *balances*, each once under the *name* of the import."""

    name: str
    balances: Sequence[OpeningBalance]
    programme: Programme
    sequence: Numbering

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        """Told: ``imported`` and ``skipped``, how many, with their ``points``; ``bad``, line and reason."""
        booking = Booking(worksheet, moment, self.sequence, self.programme.version)
        points = skipped = 0
        bad: list[list[int | str]] = []
        for balance in self.balances:
            try:
                if self._take_in(booking, balance):
                    points += balance.points
                else:
                    skipped += 1
            except LoyaltyError as error:
                bad.append([balance.line, f"{error.where} {error.what}"])
        told: dict[str, Any] = {
            "imported": len(booking.outcomes), "points": points, "skipped": skipped, "bad": bad,
        }  # fmt: skip
        return Change(result=told, outcomes=booking.outcomes)

    def _take_in(self, booking: Booking, balance: OpeningBalance) -> bool:
        """Whether it was new."""
        cards = booking.worksheet.cards(balance.kind, balance.token)
        owners = {card.owner for card in cards}
        if len(owners) != 1:
            raise LoyaltyError("is not known", where="its card or member")
        earned_on = balance.earned_on or booking.today
        programme = self.programme.part(cards[0].programme) or self.programme
        last = programme.lot_dates(earned_on)[1] if balance.expires_on is None else balance.expires_on
        if last < booking.today:
            raise LoyaltyError("is over", where="its last day")
        said = [balance.earned_on, balance.expires_on]
        dates = "|".join("" if day is None else day.isoformat() for day in said)
        member = cards[0].member_id
        key = f"{self.name}|{member}|{dates}|{balance.nth}"
        try:
            slip = booking.slip("IMPORT_BALANCE", key, balance.points)
        except LoyaltyError as error:
            raise LoyaltyError("was imported with other points", where="its balance") from error
        if slip.told is not None:
            return False
        book = booking.worksheet.book(cards[0].owner)
        draft = OpeningDraft(slip.seq, book, booking.today, booking.moment.now)
        draft.take_in(balance.points, earned_on, min(earned_on, booking.today), last)
        assert draft.book is not None
        refuse_untold(draft.book, "its member")
        told = {"rrn": booking.rrn(slip), "points": balance.points}
        booking.book(
            slip,
            told,
            card=cards[0],
            drafts=[draft],
            amount=balance.points,
            earned=balance.points,
            rules=self.name,
        )
        return True
