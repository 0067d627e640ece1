"""What one decision leaves behind: the values that a batch commits and that later decisions look up."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, NamedTuple

import msgspec

from ledger.book import MemberBook
from ledger.entry import Lot, Posting
from loyalty.card import CardId, MemberId, Token
from loyalty.decision import Decision
from loyalty.transaction import OriginalReference
from members.card import Card, CardStatus
from members.proof import ProofChange


class Record(NamedTuple):
    """A remembered decision: one row of the journal, together with what was done to it since.

    Attributes:
        seq: Sequence of the switch (DE 37, DE 38).
        key: Text of its ``TransactionKey``.
        content: Sixteen bytes (docs/terminal-interface.md), the card apart.
        identifier: Token of what named the customer; ``None`` when nothing did.
        operation: Name of the operation.
        reason: Name of the reason; ``None`` when approved.
        effective: It was approved and not an advice that booked nothing.
        transmitted: ``MMDDhhmmss`` by which DE 90 names it.
        rrn: DE 37 under which its answer went out: the terminal's own, else the switch's.
        at: Instant of the decision; *as_of* that of the event (they differ for advices).
        business_date: Of the decision.
        amount: DE 4 as sent, 0 when absent; points when *in_points*.
        covered_minor: What of *amount* was approved, in its unit: less than it under a 10.
        earned: Points earned; negative where they were taken back.
        used: Points used; negative where they were given back.
        value_minor: Money value of *used*, with its sign.
        discount_minor: Tag 056.
        ticket: ``business date|acquirer|terminal|number`` of its ticket, or ``None``.
        original: Sequence of the decision that it refers to.
        exception: Why a person should look at it, or ``None``.
        answer: JSON object of the answer's own elements, by number.
        Since then (sums over its links):
        refunded_minor: Taken back of its amount by refunds and a partial reversal.
        clawed: Of its *earned*, taken back.
        returned: Of its *used*, given back; *returned_minor* the money of them.
        undone: 1 when voided or reversed, 0 when not (or when that was itself undone).
        final_minor: What a partial reversal left, else ``None``.
    """

    seq: int
    key: str
    content: bytes
    identifier: Token | None
    card_id: CardId | None
    member_id: MemberId | None
    owner: MemberId | None
    operation: str
    is_advice: bool
    reason: str | None
    effective: bool
    acquirer_id: str
    terminal_id: str
    merchant_id: str
    message_class: str
    stan: str
    transmitted: str
    rrn: str
    at: datetime
    as_of: datetime
    business_date: date
    amount: int
    in_points: bool
    covered_minor: int
    earned: int
    used: int
    value_minor: int
    discount_minor: int
    ticket: str | None
    original: int | None
    programme_version: str | None
    rules: str
    exception: str | None
    answer: str
    refunded_minor: int = 0
    clawed: int = 0
    returned: int = 0
    returned_minor: int = 0
    undone: int = 0
    final_minor: int | None = None


def completes(record: Record) -> bool:
    """Whether *record* is a COMPLETE: kept as the sale or the redemption that it is, it names its hold."""
    return record.original is not None and record.operation in _COMPLETED


def told_operation(record: Record) -> str:
    """What people call *record*."""
    return "COMPLETE" if completes(record) else record.operation


_COMPLETED: Final = frozenset({"EARN", "REDEEM"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What decision *seq* did to an earlier one. Amounts add up; an undone undoing has negative ones."""

    seq: int
    original: int
    refunded_minor: int = 0
    clawed: int = 0
    returned: int = 0
    returned_minor: int = 0
    undone: int = 0
    final_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyReversal:
    """A reversal that found nothing; whatever it names and comes later has no effect.

    Attributes:
        card_id: Of the reversal, for a match by its own DE 11.
        identifier: Token of what named its customer.
    """

    seq: int
    acquirer_id: str
    terminal_id: str
    reference: OriginalReference
    card_id: CardId | None
    identifier: Token | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChange:
    """What changed about a card: status, type, an identifier that is linked to it or no longer, secrets."""

    card: Card
    status: CardStatus | None = None
    type: str | None = None
    link: tuple[str, Token] | None = None  # kind, token
    unlink: tuple[str, Token] | None = None
    proof: ProofChange | None = None

    @property
    def after(self) -> Card | None:
        """The card as it is now; ``None`` when nothing is changed that it tells."""
        if self.status is None and self.type is None:
            return None
        type_ = self.card.type if self.type is None else self.type
        return replace(self.card, status=self.status or self.card.status, type=type_)


@dataclass(frozen=True, slots=True)
class Side:
    """A row of what few decisions have.

    Attributes:
        table: A name of ``ledger.block.SIDES``.
        values: Of its columns behind ``seq`` and ``line``.
    """

    table: str
    values: tuple[int | str | bytes | None, ...]


class Outcome(msgspec.Struct, kw_only=True):
    """What was decided and all that it changes. Nothing is remembered unless there is a *record*.

    Nobody changes one after it was made.

    Attributes:
        elements: The answer's own elements, by number; *record* keeps them as JSON.
    """

    decision: Decision
    elements: Mapping[int, str]
    record: Record | None = None
    postings: tuple[Posting, ...] = ()
    lots: tuple[Lot, ...] = ()
    links: tuple[Link, ...] = ()
    books: tuple[MemberBook, ...] = ()
    facts: str | None = None
    early_reversal: EarlyReversal | None = None
    card_changes: tuple[CardChange, ...] = ()
    sides: tuple[Side, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """The same message again. *record* holds its answer; *as_advice* when it came as an advice now."""

    record: Record
    as_advice: bool


def linked(record: Record, link: Link) -> Record:
    """*record* after what *link* did to it."""
    return record._replace(
        refunded_minor=record.refunded_minor + link.refunded_minor,
        clawed=record.clawed + link.clawed,
        returned=record.returned + link.returned,
        returned_minor=record.returned_minor + link.returned_minor,
        undone=record.undone + link.undone,
        final_minor=link.final_minor if link.undone > 0 else record.final_minor,
    )
