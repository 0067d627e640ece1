"""Entries that no terminal asked for: a command books them in the one order of everything.

They are decisions like those on transactions: with a sequence, postings, lots, a place in the block and in
the feed. Their key is given by whoever orders; the same order again is told what was told before.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from ledger.book import MemberBook
from loyalty.card import MemberId
from loyalty.decision import Approved
from loyalty.errors import LoyaltyError
from loyalty.sequence import base36, day_digits
from members.card import Card
from switch.case import Moment
from switch.outcome import CardChange, Link, Outcome, Record, Side
from switch.postings import Draft
from switch.work import Numbering
from switch.worksheet import Worksheet

APPROVED: Final = "00"  # what the feed tells of an entry: only what is booked is kept
KEY_SIZE_MAX: Final = 100
_ORDERED: Final = "order|"  # begins no transaction's key: those begin with a date
_DECISION: Final = Approved()

_compact: Final = json.JSONEncoder(separators=(",", ":")).encode


class Slip(NamedTuple):
    """An entry to be booked.

    Attributes:
        told: What was told when it was booked before; ``None`` when it was not.
    """

    seq: int
    operation: str
    key: str
    content: bytes
    told: Mapping[str, Any] | None


class Booking:
    """Books the entries of one command; each sees those before it.

    Args:
        worksheet: Of the command.
        moment: Of the command.
        sequence: Gives each entry its number.
        programme_version: In force.
    """

    def __init__(
        self, worksheet: Worksheet, moment: Moment, sequence: Numbering, programme_version: str | None
    ) -> None:
        self.worksheet = worksheet
        self.moment = moment
        self._sequence = sequence
        self._programme_version = programme_version
        self._outcomes: list[Outcome] = []

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What was booked, for the command's change."""
        return tuple(self._outcomes)

    @property
    def today(self) -> date:
        """The business date."""
        return self.moment.business_date

    def slip(self, operation: str, key: str, *content: str | int | None) -> Slip:
        """Begin an entry that *key* names for ever, among all that commands book.

        Raises:
            LoyaltyError: *key* names an entry with another operation or another *content*, or is no key.
        """
        if not (0 < len(key) <= KEY_SIZE_MAX and key.isprintable()):
            hint = f"take 1 to {KEY_SIZE_MAX} printable characters"
            raise LoyaltyError("is not a key", where="the key", hint=hint)
        digest = blake2b(_compact([operation, *content]).encode(), digest_size=16).digest()
        whole = _ORDERED + key
        known = self.worksheet.by_key(whole)
        if known is None:
            return Slip(self._sequence.next(), operation, whole, digest, None)
        if known.content != digest:
            raise LoyaltyError(
                f"has the entry {known.rrn} ({known.operation}) already, which is another one",
                where=f"the key {key}",
                hint="give another key to another entry",
            )
        return Slip(known.seq, operation, whole, digest, json.loads(known.answer)["told"])

    def draft(
        self, slip: Slip, owner: MemberId | None, grace: date | None = None, beside: Draft | None = None
    ) -> Draft:
        """A draft of *slip* on the accounts of *owner*, or on those of the programme alone.

        *grace* is the last day of points that come back and whose lot has expired; ``None``: they expire.
        """
        book = None if owner is None else self.worksheet.book(owner)
        return Draft(slip.seq, book, self.today, self.moment.now, grace, beside)

    def rrn(self, slip: Slip) -> str:
        """What the entry is called on paper: formed as DE 37 is."""
        return day_digits(self.today) + base36(slip.seq)

    def book(
        self,
        slip: Slip,
        told: Mapping[str, Any],
        *,
        card: Card | None = None,
        owner: MemberId | None = None,
        drafts: Sequence[Draft] = (),
        as_of: datetime | None = None,
        amount: int = 0,
        earned: int = 0,
        used: int = 0,
        value_minor: int = 0,
        original: int | None = None,
        exception: str | None = None,
        rules: str = "",
        facts: str | None = None,
        links: tuple[Link, ...] = (),
        card_changes: tuple[CardChange, ...] = (),
        sides: tuple[Side, ...] = (),
    ) -> Outcome:
        """Book *slip*: what *drafts* posted, and what is *told* of it now and whenever it is ordered again.

        Args:
            slip: Not booked before.
            told: JSON values; they name no card and no person.
            card: It concerns; *owner* when it concerns accounts alone.
            owner: Whose accounts these are.
            drafts: The entry.
            as_of: When it happened; now when absent.
            amount: In points.
            earned: Points that the member got, or lost when negative.
            used: Points that the member spent, or got back when negative.
            value_minor: Money value of *used*.
            original: The decision that it refers to.
            exception: Why a person should look at it.
            rules: What decided on it.
            facts: JSON of what can be erased.
            links: To decisions that it undoes.
            card_changes: Changes of cards that come with it.
            sides: What few decisions have, beside that of the drafts.
        """
        assert slip.told is None
        moment = self.moment
        rrn = self.rrn(slip)
        elements = {37: rrn, 39: APPROVED}
        record = Record(
            seq=slip.seq,
            key=slip.key,
            content=slip.content,
            identifier=None,
            card_id=None if card is None else card.card_id,
            member_id=owner if card is None else card.member_id,
            owner=owner if card is None else card.owner,
            operation=slip.operation,
            is_advice=False,
            reason=None,
            effective=True,
            acquirer_id="",
            terminal_id="",
            merchant_id="",
            message_class="",
            stan="",
            transmitted="",
            rrn=rrn,
            at=moment.now,
            as_of=as_of or moment.now,
            business_date=moment.business_date,
            amount=amount,
            in_points=True,
            covered_minor=0,
            earned=earned,
            used=used,
            value_minor=value_minor,
            discount_minor=0,
            ticket=None,
            original=original,
            programme_version=self._programme_version,
            rules=rules,
            exception=exception,
            answer=_compact({"37": rrn, "39": APPROVED, "told": told}),
        )
        outcome = Outcome(
            decision=_DECISION,
            elements=elements,
            record=record,
            postings=tuple([posting for draft in drafts for posting in draft.postings]),
            lots=tuple([lot for draft in drafts for lot in draft.lots]),
            books=_books(drafts),
            links=links,
            facts=facts,
            card_changes=card_changes,
            sides=(*(side for draft in drafts for side in draft.sides), *sides),
        )
        self.worksheet.apply(outcome)
        self._outcomes.append(outcome)
        return outcome


def _books(drafts: Sequence[Draft]) -> tuple[MemberBook, ...]:
    return tuple([book for draft in drafts for book in draft.books])
