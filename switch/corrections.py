"""Corrections that a person orders: adjustments, debt that is written off, budgets, opening balances.

Each is an entry of its own with the reason and the names of those who answer for it; nothing that was booked
is touched. Above a limit somebody else has to have checked it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

from config.schema import CorrectionSettings
from ledger.account import AccountKind, PostingReason, account
from ledger.book import MemberBook
from ledger.entry import NO_LOT, POINTS_MAX, TOLD_MAX
from loyalty.card import IdentifierKind, Token
from loyalty.errors import LoyaltyError
from members.card import Card
from rules.cap import BUDGET
from rules.programme import Programme
from switch.booking import Booking
from switch.case import Moment
from switch.counting import budget_account, loaded_place
from switch.people import check_name, is_same_person
from switch.postings import Draft
from switch.tallies import rows_of
from switch.work import Change, Numbering
from switch.worksheet import Worksheet

_ISSUE: Final = account(AccountKind.ISSUE)
_ADJUST: Final = account(AccountKind.ADJUST)
_WRITE_OFF: Final = account(AccountKind.WRITE_OFF)
_EVER: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionPolicy:
    """What the operator allows.

    Attributes:
        checker_above: Points above which somebody else than the maker has to have checked a correction.
        may_owe: An adjustment may take more than there is; the rest is owed.
    """

    checker_above: int = 10_000
    may_owe: bool = False

    @classmethod
    def of(cls, settings: CorrectionSettings) -> Self:
        """What *settings* say."""
        return cls(checker_above=settings.checker_above, may_owe=settings.shortfall == "debt")


CAUTIOUS: Final = CorrectionPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Warrant:
    """Who answers for a correction, and why it is made."""

    reason: str
    by: str
    checked_by: str | None = None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What an order says."""
        checked_by = values.get("checked_by")
        return cls(
            reason=str(values["reason"]),
            by=str(values["by"]),
            checked_by=None if checked_by is None else str(checked_by),
        )

    def check(self, points: int, policy: CorrectionPolicy) -> None:
        """Whether it suffices for so many *points*.

        Raises:
            LoyaltyError: It does not.
        """
        for where, name in (("--reason", self.reason), ("--by", self.by), ("--checked-by", self.checked_by)):
            if name is not None:
                check_name(name, where)
        if not 0 < abs(points) <= POINTS_MAX:
            raise LoyaltyError(
                "is nothing to book", where="the points", hint=f"give 1 to {POINTS_MAX}, with a sign"
            )
        if self.checked_by is not None and is_same_person(self.checked_by, self.by):
            hint = "let somebody else check it"
            raise LoyaltyError("is who made it", where="--checked-by", hint=hint)
        if abs(points) > policy.checker_above and self.checked_by is None:
            raise LoyaltyError(
                f"is more than {policy.checker_above}, which needs a second person",
                where="the points",
                hint="name who checked it: --checked-by",
            )

    @property
    def told(self) -> dict[str, str | None]:
        """For the books and whoever asks."""
        return {"reason": self.reason, "by": self.by, "checked_by": self.checked_by}


class CorrectionDraft(Draft):
    """The postings of corrections."""

    def give(self, points: int, available_from: date, expires_on: date) -> None:
        """The programme gives *points*, as a lot of their own."""
        self._new_lot(_ADJUST, points, available_from, expires_on, PostingReason.ADJUST)

    def take(self, points: int) -> int:
        """Take *points* from all lots, earliest expiry first, and return how many were missing."""
        assert self.book is not None
        return self._take(points, self.book.lots, _ADJUST, PostingReason.ADJUST)

    def charge(self, points: int) -> None:
        """The member owes *points* more."""
        assert self.book is not None
        self._post(self._debt, _ADJUST, points, NO_LOT, PostingReason.ADJUST_TO_DEBT)
        self.book = self.book.indebted(points)

    def write_off(self, points: int) -> None:
        """The member owes *points* less."""
        assert self.book is not None
        self._post(_WRITE_OFF, self._debt, points, NO_LOT, PostingReason.WRITE_OFF)
        self.book = self.book.indebted(-points)

    def load(self, campaign: str, points: int) -> None:
        """A campaign may give *points* more than its programme plans; negative: fewer again."""
        budget = budget_account(campaign)
        if points > 0:
            self._post(_ISSUE, budget, points, NO_LOT, PostingReason.BUDGET_LOADED)
        else:
            self._post(budget, _ISSUE, -points, NO_LOT, PostingReason.BUDGET_UNLOADED)


def refuse_untold(book: MemberBook, where: str) -> None:
    """Refuse *book* when it holds more points than answers can tell.

    Raises:
        LoyaltyError: It does.
    """
    if book.all_points > TOLD_MAX:
        hint = f"a member may have {TOLD_MAX} points: terminals read twelve digits"
        raise LoyaltyError("would have more points than an answer can tell", where=where, hint=hint)


def own_key(key: str) -> str:
    """*key* of an order that a person gave.

    Raises:
        LoyaltyError: It could be one of those that the switch makes itself.
    """
    if "|" in key:
        raise LoyaltyError("is not a key", where="the key", hint="take one without |")
    return key


def _draft(booking: Booking, seq: int, card: Card | None) -> CorrectionDraft:
    book = None if card is None else booking.worksheet.book(card.owner)
    return CorrectionDraft(seq, book, booking.today, booking.moment.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjust:
    """Give *points* to the accounts of the card *token*, or take them when negative.

    With *writes_off*, *points* of what the member owes are forgiven instead.
    """

    token: Token
    points: int
    warrant: Warrant
    key: str
    programme: Programme
    policy: CorrectionPolicy
    sequence: Numbering
    writes_off: bool = False

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        """Told: the entry's number, the card, the points, and the balance after it.

        Raises:
            LoyaltyError: The card is not known, the warrant does not suffice, or there is less.
        """
        self.warrant.check(self.points, self.policy)
        card = next(iter(worksheet.cards(IdentifierKind.CARD.value, self.token)), None)
        if card is None:
            raise LoyaltyError("is not known", where="the card", hint="look at its number, or import it")
        booking = Booking(worksheet, moment, self.sequence, self.programme.version)
        operation = "WRITE_OFF" if self.writes_off else "ADJUST"
        said = self.warrant
        slip = booking.slip(
            operation, own_key(self.key), card.card_id, self.points, said.reason, said.by, said.checked_by
        )
        if slip.told is not None:
            return Change(result=slip.told)
        draft = _draft(booking, slip.seq, card)
        if self.writes_off:
            self._write_off(draft, card)
        elif self.points > 0:
            its = self.programme.part(card.programme) or self.programme
            draft.give(self.points, booking.today, its.lot_dates(booking.today)[1])
            assert draft.book is not None
            refuse_untold(draft.book, f"card *{card.last4}")
        else:
            self._take(draft, card, booking.today)
        assert draft.book is not None
        told = {
            "rrn": booking.rrn(slip),
            "card": f"*{card.last4}",
            "points": self.points,
            "available": draft.book.available(booking.today),
            "debt": draft.book.debt,
            **said.told,
        }
        booking.book(
            slip,
            told,
            card=card,
            drafts=[draft],
            amount=abs(self.points),
            earned=0 if self.writes_off else self.points,
            rules=said.reason,
        )
        return Change(result=told, outcomes=booking.outcomes)

    def _take(self, draft: CorrectionDraft, card: Card, today: date) -> None:
        assert draft.book is not None
        has = draft.book.available(today)
        short = draft.take(-self.points)
        if short and not self.policy.may_owe:
            raise LoyaltyError(
                f"has {has} points to take from",
                where=f"card *{card.last4}",
                hint='take fewer, or let members owe: [corrections] shortfall = "debt"',
            )
        if short:
            draft.charge(short)

    def _write_off(self, draft: CorrectionDraft, card: Card) -> None:
        assert draft.book is not None
        if not 0 < self.points <= draft.book.debt:
            raise LoyaltyError(
                f"owes {draft.book.debt} points",
                where=f"card *{card.last4}",
                hint="write off as many or fewer, without a sign",
            )
        draft.write_off(self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBudget:
    """Let *campaign* give *points* more than its programme plans, or fewer when negative."""

    campaign: str
    points: int
    warrant: Warrant
    key: str
    programme: Programme
    policy: CorrectionPolicy
    sequence: Numbering

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        """Told: the entry's number, and the campaign's plan, loads, spending and what is left.

        Raises:
            LoyaltyError: The campaign has no budget, or has spent it; or the warrant does not suffice.
        """
        self.warrant.check(self.points, self.policy)
        booking = Booking(worksheet, moment, self.sequence, self.programme.version)
        said = self.warrant
        slip = booking.slip(
            "LOAD_BUDGET",
            own_key(self.key),
            self.campaign,
            self.points,
            said.reason,
            said.by,
            said.checked_by,
        )
        if slip.told is not None:
            return Change(result=slip.told)
        measure, plan = self._plan()
        loaded = worksheet.tally(loaded_place(self.campaign)) + self.points
        spent = worksheet.tally((measure, _EVER, _EVER))
        if loaded < 0 or plan + loaded < spent:
            raise LoyaltyError(
                f"has {min(loaded - self.points, plan + loaded - self.points - spent)} points to take back",
                where=f"the budget of {self.campaign}",
                hint="take fewer, or lower its plan in the programme",
            )
        draft = _draft(booking, slip.seq, None)
        draft.load(self.campaign, self.points)
        told = {
            "rrn": booking.rrn(slip),
            "campaign": self.campaign,
            "planned": plan,
            "loaded": loaded,
            "spent": spent,
            "left": plan + loaded - spent,
            **said.told,
        }
        sides = rows_of({loaded_place(self.campaign): self.points}, worksheet.tally)
        booking.book(slip, told, drafts=[draft], amount=abs(self.points), rules=self.campaign, sides=sides)
        return Change(result=told, outcomes=booking.outcomes)

    def _plan(self) -> tuple[str, int]:
        """What counts the campaign's spending, and what its programme plans for it."""
        budgets = {measure: plan for each in self.programme.all for measure, plan in each.budgets.items()}
        for measure, (campaign, points) in budgets.items():
            if campaign == self.campaign:
                assert measure.startswith(BUDGET)
                return measure, points
        raise LoyaltyError(
            "has no budget in the programme in force",
            where=f"the campaign {self.campaign}",
            hint="look at it with: puntual rules show; give it budget_points",
        )
