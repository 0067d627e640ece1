"""Decisions become entries: each method posts one event of the books on a draft, and the chart checks it.

A draft starts from what a member has and ends as postings, new lots and the member's next book. Where
there is no member (an advice for an unknown card) the points go to suspense instead.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import count

from msgspec import structs

from ledger.account import AccountId, AccountKind, PostingReason, account, owner_of
from ledger.book import MemberBook
from ledger.entry import NO_LOT, Lot, Posting
from ledger.hold import OpenHold
from ledger.lots import LotBalance
from loyalty.amount import Rate
from switch.outcome import Side

_ISSUE = account(AccountKind.ISSUE)
_REDEEMED = account(AccountKind.REDEEMED)
_EXPIRED = account(AccountKind.EXPIRED)
_ADJUST = account(AccountKind.ADJUST)
_SUSPENSE = account(AccountKind.SUSPENSE)

LOTS_PER_DECISION = 16  # a decision restores a few lots at most, and makes one


class Draft:
    """The entry of one decision on the accounts of one member, as it grows.

    It begins with what time has brought: holds that are over are released, pending points become available,
    lots expire.

    Args:
        seq: Of the decision; its lots are numbered from there.
        grace: Last day of points that come back when their lot has expired; ``None``: they expire again.
        beside: Another draft of the same decision, whose lots are numbered together with these.

    Attributes:
        book: What the member has after what was posted so far; ``None`` for suspense.
        postings: So far, in order.
        lots: Made so far.
        sides: Holds that were made, and steps of holds.
        numbers: Of the lots to come.
        value: Money that is set aside for a point of the lots to come.
    """

    value = Rate(0)

    def __init__(
        self,
        seq: int,
        book: MemberBook | None,
        today: date,
        now: datetime,
        grace: date | None = None,
        beside: "Draft | None" = None,
    ) -> None:
        self._seq = seq
        self._today = today
        self._grace = grace
        self.numbers: Iterator[int] = count(seq * LOTS_PER_DECISION) if beside is None else beside.numbers
        self.book = book
        self.postings: list[Posting] = []
        self.lots: list[Lot] = []
        self.sides: list[Side] = []
        self._gracious: tuple[int, ...] = ()  # lots with days of grace
        if book is not None:
            self._available = account(AccountKind.AVAILABLE, book.owner)
            self._debt = account(AccountKind.DEBT, book.owner)
            if book.holds or book.pending:
                self._end_holds(now)
                self._mature()
            self._expire()

    @property
    def books(self) -> tuple[MemberBook, ...]:
        """The member's next book, when anything was posted."""
        return (self.book,) if self.book is not None and (self.postings or self.sides) else ()

    def earn(self, points: int, available_from: date, expires_on: date) -> None:
        """Issue *points*: what the member owes is paid first, the rest is a new lot."""
        if points == 0:
            return
        if self.book is None:
            self._post(_ISSUE, _SUSPENSE, points, NO_LOT, PostingReason.EARN_TO_SUSPENSE)
            return
        points -= self._pay_debt(points, PostingReason.EARN_AGAINST_DEBT)
        if points:
            self._new_lot(_ISSUE, points, available_from, expires_on, PostingReason.EARN)

    def redeem(self, points: int) -> int:
        """Spend *points*, earliest expiry first, and return how many the member could not cover.

        The caller decides beforehand whether a shortfall may be; it is booked on suspense.
        """
        short = points
        if self.book is not None:
            short = self._take(points, self.book.spendable(self._today), _REDEEMED, PostingReason.REDEEM)
        if short:
            self._post(_SUSPENSE, _REDEEMED, short, NO_LOT, PostingReason.REDEEM_FROM_SUSPENSE)
        return short

    def hold(self, points: int, held_for: str, kept_until: datetime) -> None:
        """Reserve *points* that can be spent, earliest expiry first; the decision's number is the hold's."""
        assert self.book is not None
        held = account(AccountKind.HELD, self.book.owner)
        first = len(self.postings)
        before = {lot.lot: lot for lot in self.book.lots}
        short = self._take(points, self.book.spendable(self._today), held, PostingReason.HOLD)
        assert short == 0
        lots = tuple(
            structs.replace(before[posting.lot], points=posting.points) for posting in self.postings[first:]
        )
        self.sides.append(Side("hold", (self.book.owner, held_for, points, kept_until.isoformat())))
        self.book = self.book.holding(OpenHold(self._seq, kept_until, lots))

    def capture(self, hold: OpenHold, points: int) -> None:
        """End *hold*: spend *points* of it, those that were reserved first, and release the others."""
        assert self.book is not None
        held = account(AccountKind.HELD, self.book.owner)
        for lot in hold.first(points):
            self._post(held, _REDEEMED, lot.points, lot.lot, PostingReason.CAPTURE)
        self._come_back(hold.last(hold.points - points), PostingReason.RELEASE)
        self._end(hold)

    def release(self, hold: OpenHold, points: int) -> None:
        """Release *points* of *hold*, those that were reserved last; it stays open."""
        assert self.book is not None
        self._come_back(hold.last(points), PostingReason.RELEASE)
        self.sides.append(Side("hold_step", (hold.hold, points, 0)))
        self.book = self.book.holding(hold.without_last(points))

    def resolve_late(self, hold: int) -> None:
        """Complete *hold* behind its end, which stands elsewhere: no other completion may come."""
        self.sides.append(Side("hold_step", (hold, 0, 0)))

    def give_back(self, spent: Iterable[tuple[Lot | None, int]]) -> int:
        """Return redeemed points to the lots they came from, and return how many the member has again.

        Points of a lot that expired meanwhile expire again, or come back as a lot with days of grace; those
        without a lot go back to suspense.
        """
        had = 0
        for lot, points in spent:
            if lot is None or self.book is None:
                self._post(_REDEEMED, _SUSPENSE, points, NO_LOT, PostingReason.UNDO_SUSPENSE)
            elif lot.expires_on < self._today:
                if self._grace is None:
                    self._post(_REDEEMED, _EXPIRED, points, lot.lot, PostingReason.RE_EXPIRE)
                else:
                    self._be_gracious(_REDEEMED, points, self._grace, lot.funder)
                    had += points
            else:
                self._restore(_REDEEMED, lot, points, PostingReason.GIVE_BACK)
                had += points
        return had

    def claw_back(self, points: int, lots: Sequence[int], *, absorb: bool) -> None:
        """Take earned *points* back: from *lots* first, pending or not, then from the others, then as debt.

        With *absorb* the programme bears what the member has no longer.
        """
        if points == 0:
            return
        if self.book is None:
            self._post(_SUSPENSE, _ISSUE, points, NO_LOT, PostingReason.UNDO_SUSPENSE)
            return
        short = self._take_pending(points, lots) if self.book.pending else points
        own = [lot for lot in self.book.lots if lot.lot in lots]
        others = [lot for lot in self.book.lots if lot.lot not in lots]
        short = self._take(short, (*own, *others), _ISSUE, PostingReason.CLAW_BACK)
        if short and absorb:
            self._post(_ADJUST, _ISSUE, short, NO_LOT, PostingReason.ABSORB)
        elif short:
            self._owe(short, PostingReason.CLAW_BACK_TO_DEBT)

    def earn_again(self, points: int, lot: Lot | None, available_from: date, expires_on: date) -> None:
        """Undo a claw-back: pay the debt first, then fill *lot* up again (or make one)."""
        if points == 0:
            return
        if self.book is None:
            self._post(_ISSUE, _SUSPENSE, points, NO_LOT, PostingReason.EARN_TO_SUSPENSE)
            return
        points -= self._pay_debt(points, PostingReason.REEARN_FROM_DEBT)
        if points == 0:
            return
        if lot is None or lot.expires_on < self._today:
            funder = "" if lot is None else lot.funder
            self._new_lot(_ISSUE, points, available_from, expires_on, PostingReason.REEARN, funder)
        else:
            self._restore(_ISSUE, lot, points, PostingReason.REEARN)

    def redeem_again(self, points: int) -> None:
        """Undo a return of points: take them again; what the member has no longer he owes."""
        if points == 0:
            return
        assert self.book is not None
        spendable = self.book.spendable(self._today)
        short = self._take(points, spendable, _REDEEMED, PostingReason.REREDEEM)
        if short:
            self._post(self._debt, _REDEEMED, short, NO_LOT, PostingReason.REREDEEM_TO_DEBT)
            self.book = self.book.indebted(short)

    def spend_budget(self, budget: AccountId, points: int) -> None:
        """A campaign bears *points* of what is earned; negative: it has them again.

        The earning itself is issued and taken back whole: beside it, this moves the issue to the budget.
        """
        if points > 0:
            self._post(budget, _ISSUE, points, NO_LOT, PostingReason.BUDGET_SPENT)
        elif points < 0:
            self._post(_ISSUE, budget, -points, NO_LOT, PostingReason.BUDGET_RETURNED)

    def hold_budget(self, budget: AccountId, points: int) -> None:
        """A hold will need *points* of a campaign; negative: it needs them no more."""
        held = account(AccountKind.BUDGET_HELD, owner_of(budget))
        if points > 0:
            self._post(budget, held, points, NO_LOT, PostingReason.BUDGET_RESERVED)
        elif points < 0:
            self._post(held, budget, -points, NO_LOT, PostingReason.BUDGET_RELEASED)

    def plan_budget(self, budget: AccountId, points: int) -> None:
        """A campaign may give *points* more, or less when negative."""
        if points > 0:
            self._post(_ISSUE, budget, points, NO_LOT, PostingReason.BUDGET_PLANNED)
        elif points < 0:
            self._post(budget, _ISSUE, -points, NO_LOT, PostingReason.BUDGET_CUT)

    def undo_elsewhere(self, postings: Iterable[Posting]) -> tuple[int, int]:
        """Undo what an undoing posted past the member: to suspense, to expired points, to the programme.

        Returns how many points that was of those given back, and of those taken back.
        """
        given = taken = 0
        for posting in postings:
            match posting.reason:
                case PostingReason.UNDO_SUSPENSE if posting.debit == _REDEEMED:
                    reason = PostingReason.REDEEM_FROM_SUSPENSE
                    self._post(_SUSPENSE, _REDEEMED, posting.points, NO_LOT, reason)
                    given += posting.points
                case PostingReason.RE_EXPIRE:  # of what was spent; holds have a reason of their own
                    self._post(_EXPIRED, _REDEEMED, posting.points, posting.lot, PostingReason.REREDEEM)
                    given += posting.points
                case PostingReason.ABSORB:
                    self._post(_ISSUE, _ADJUST, posting.points, NO_LOT, PostingReason.REEARN)
                    taken += posting.points
        return given, taken

    def _end_holds(self, now: datetime) -> None:
        """Release the holds whose time is over."""
        assert self.book is not None
        for hold in self.book.holds:
            if hold.is_over(now):
                self._come_back(hold.last(hold.points), PostingReason.LAPSE)
                self._end(hold)

    def _end(self, hold: OpenHold) -> None:
        assert self.book is not None
        self.sides.append(Side("hold_step", (hold.hold, hold.points, 1)))
        self.book = self.book.ended(hold.hold)

    def _come_back(self, lots: Iterable[LotBalance], reason: PostingReason) -> None:
        """Make held points available again; those of lots that expired meanwhile expire, or get grace."""
        assert self.book is not None
        held = account(AccountKind.HELD, self.book.owner)
        for lot in lots:
            if lot.expires_on >= self._today:
                self._post(held, self._available, lot.points, lot.lot, reason)
                self.book = self.book.credited(lot)
                continue
            self._post(held, _EXPIRED, lot.points, lot.lot, PostingReason.RELEASE_EXPIRED)
            if self._grace is not None:
                self._be_gracious(_EXPIRED, lot.points, self._grace)

    def _be_gracious(self, debit: AccountId, points: int, last_day: date, funder: str = "") -> None:
        """Give *points* in place of expired ones: one lot of each *funder* for the whole decision."""
        assert self.book is not None
        for at, lot in enumerate(self.lots):
            if lot.lot in self._gracious and lot.funder == funder:
                whole = lot.points + points
                self.lots[at] = replace(lot, points=whole, value_minor=self.value.of(whole))
                self._post(debit, self._available, points, lot.lot, PostingReason.GRACE)
                self.book = self.book.credited(_balance_of(lot, points))
                return
        self._new_lot(debit, points, self._today, last_day, PostingReason.GRACE, funder)
        self._gracious += (self.lots[-1].lot,)

    def _mature(self) -> None:
        """Make pending points available whose day has come."""
        assert self.book is not None
        pending = account(AccountKind.PENDING, self.book.owner)
        for lot in self.book.pending:
            if lot.available_from <= self._today:
                self._post(pending, self._available, lot.points, lot.lot, PostingReason.MATURE)
                self.book = self.book.unpromised(lot.lot, lot.points).credited(lot)

    def _expire(self) -> None:
        """Post the expiry of lots whose last day is over, before anything else is decided on them."""
        assert self.book is not None
        for lot in self.book.lots:
            if lot.expires_on >= self._today:
                break  # they are in order of expiry
            self._post(self._available, _EXPIRED, lot.points, lot.lot, PostingReason.EXPIRE)
            self.book = self.book.debited(lot.lot, lot.points)

    def _take(self, points: int, lots: Iterable[LotBalance], credit: AccountId, reason: PostingReason) -> int:
        assert self.book is not None
        for lot in lots:
            if points == 0:
                break
            part = min(points, lot.points)
            self._post(self._available, credit, part, lot.lot, reason)
            self.book = self.book.debited(lot.lot, part)
            points -= part
        return points

    def _take_pending(self, points: int, lots: Sequence[int]) -> int:
        """Take back *points* of *lots* that are pending still, and return how many there were too few."""
        assert self.book is not None
        pending = account(AccountKind.PENDING, self.book.owner)
        for lot in self.book.pending:
            if points and lot.lot in lots:
                part = min(points, lot.points)
                self._post(pending, _ISSUE, part, lot.lot, PostingReason.CLAW_BACK)
                self.book = self.book.unpromised(lot.lot, part)
                points -= part
        return points

    def _pay_debt(self, points: int, reason: PostingReason) -> int:
        assert self.book is not None
        paid = min(points, self.book.debt)
        if paid:
            self._post(_ISSUE, self._debt, paid, NO_LOT, reason)
            self.book = self.book.indebted(-paid)
        return paid

    def _owe(self, points: int, reason: PostingReason) -> None:
        assert self.book is not None
        self._post(self._debt, _ISSUE, points, NO_LOT, reason)
        self.book = self.book.indebted(points)

    def _restore(self, debit: AccountId, lot: Lot, points: int, reason: PostingReason) -> None:
        """Fill *lot* up again; what it has no room for becomes a new lot with its dates.

        There is no room when its points were spent by others since and came back before these.
        """
        assert self.book is not None
        part = min(points, lot.points - self.book.left_of(lot.lot))
        if part > 0:
            self._credit(debit, lot, part, reason)
        if points > part:
            self._new_lot(debit, points - part, lot.available_from, lot.expires_on, reason, lot.funder)

    def _new_lot(
        self,
        debit: AccountId,
        points: int,
        available_from: date,
        expires_on: date,
        reason: PostingReason,
        funder: str = "",
    ) -> None:
        assert self.book is not None
        lot = Lot(
            lot=next(self.numbers),
            owner=self.book.owner,
            points=points,
            earned_on=self._today,
            available_from=available_from,
            expires_on=expires_on,
            funder=funder,
            value_minor=points * self.value.numerator // self.value.denominator,
        )
        self.lots.append(lot)
        self._credit(debit, lot, points, reason)

    def _credit(self, debit: AccountId, lot: Lot, points: int, reason: PostingReason) -> None:
        """Put *points* of *lot* where they belong: available, or pending until their day comes."""
        assert self.book is not None
        if lot.available_from > self._today:
            pending = account(AccountKind.PENDING, self.book.owner)
            self._post(debit, pending, points, lot.lot, reason)
            self.book = self.book.promised(_balance_of(lot, points))
        else:
            self._post(debit, self._available, points, lot.lot, reason)
            self.book = self.book.credited(_balance_of(lot, points))

    def _post(
        self, debit: AccountId, credit: AccountId, points: int, lot: int, reason: PostingReason
    ) -> None:
        self.postings.append(Posting(debit, credit, points, lot, reason))


def _balance_of(lot: Lot, points: int) -> LotBalance:
    return LotBalance(lot.expires_on, lot.lot, lot.available_from, points)
