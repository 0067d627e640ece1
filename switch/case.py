"""One transaction on the table: what it asks, what is known, and how a decision on it is put down."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

import msgspec

from ledger.book import MemberBook
from loyalty.card import Identifier, IdentifierKind, MemberId, Token
from loyalty.decision import Approved, Balance, Decision, Declined, Reason
from loyalty.transaction import Operation, Transaction
from members.card import Card
from rules.programme import Programme
from switch.marks import BATCH, mark
from switch.outcome import CardChange, EarlyReversal, Link, Outcome, Record, Side
from switch.postings import Draft
from switch.programmes import Programmes, business_date, told_in
from switch.tiering import tier_of
from switch.worksheet import Worksheet

_encode: Final = msgspec.json.Encoder().encode

Render = Callable[[Decision], Mapping[int, str]]


@dataclass(slots=True)
class Moment:
    """When a decision is taken, and under which number.

    Attributes:
        late: Its deadline is over: nothing may be decided any more, only told again.
    """

    seq: int
    now: datetime
    business_date: date
    late: bool = False


class Case:
    """A transaction with everything that deciding it looks at. Nothing here changes any of it.

    Attributes:
        programme: The version that decides: the one of an advice's own time.
        today: Date of the event in the programme's zone: of arrival, or of the time of an advice.
        token: Of what named the customer, or ``None``.
        ticket: That it belongs to: business date, acquirer, terminal, number; or ``None``.
    """

    __slots__ = (
        "moment", "programme", "programmes", "render", "ticket", "today", "token", "token_of",
        "transaction", "worksheet",
    )  # fmt: skip

    def __init__(
        self,
        transaction: Transaction,
        worksheet: Worksheet,
        programmes: Programmes,
        moment: Moment,
        token_of: Callable[[Identifier], Token],
        render: Render,
    ) -> None:
        self.transaction = transaction
        self.worksheet = worksheet
        self.programmes = programmes
        self.moment = moment
        self.token_of = token_of
        self.render = render
        self.ticket = None
        if transaction.ticket is not None:
            key = transaction.key
            day = moment.business_date.isoformat()
            self.ticket = f"{day}|{key.acquirer_id}|{key.terminal_id}|{transaction.ticket}"
        identifier = transaction.identifier
        self.token = None if identifier is None else token_of(identifier)
        if transaction.is_advice:
            self.programme = programmes.at(transaction.as_of)
            self.today = business_date(self.programme, transaction.as_of)
        else:
            self.programme = programmes.current
            self.today = moment.business_date

    # The customer

    def find_card(self) -> tuple[Card | None, Reason | None]:
        """The card that the transaction names, if it is known, and why it cannot be used, if so."""
        identifier = self.transaction.identifier
        if identifier is None:
            return None, Reason.CARD_UNKNOWN
        cards = self._named_cards(identifier)
        if identifier.kind is IdentifierKind.CARD:
            if not cards:
                return None, Reason.CARD_UNKNOWN
            return cards[0], cards[0].refusal(self.today)
        usable = [card for card in cards if card.refusal(self.today) is None]
        if len(usable) == 1:
            return usable[0], None
        return None, Reason.CARD_UNKNOWN

    def named_owner(self) -> MemberId | None:
        """Whose accounts the named card is on, whatever its status; ``None`` when it is not clear."""
        identifier = self.transaction.identifier
        if identifier is None:
            return None
        owners = {card.owner for card in self._named_cards(identifier)}
        return owners.pop() if len(owners) == 1 else None

    def named_card(self) -> Card | None:
        """The card that the transaction names, whatever its status; ``None`` when it is not clear."""
        identifier = self.transaction.identifier
        if identifier is None:
            return None
        cards = self._named_cards(identifier)
        return cards[0] if len(cards) == 1 else None

    def _named_cards(self, identifier: Identifier) -> list[Card]:
        assert self.token is not None
        if identifier.kind is IdentifierKind.CARD and not self.is_in_range(identifier):
            return []
        return self.worksheet.cards(identifier.kind.value, self.token)

    def is_in_range(self, identifier: Identifier) -> bool:
        """Whether a card number lies in a range of the programme.

        Its check digit is not looked at: a card is known, so it was right when it was enrolled, or it is
        not, and then it is unknown either way.
        """
        number = identifier.value
        for card_range in self.programme.card_ranges:  # noqa: SIM110  (any() costs twice the loop)
            if card_range.holds(number):
                return True
        return False

    def within(self, part: str) -> "Case":
        """The same case in the programme *part*; they have the business day in common."""
        programmes = self.programmes.seen_by(part)
        if programmes is self.programmes:
            return self
        case = copy(self)
        case.programmes = programmes
        transaction = self.transaction
        case.programme = programmes.at(transaction.as_of) if transaction.is_advice else programmes.current
        return case

    def under(self, operation: Operation, programme: Programme | None = None) -> "Case":
        """The same case as *operation*, which it turned out to be, under *programme*."""
        case = copy(self)
        fault = self.transaction.fault
        if operation is Operation.COMPLETE and not self.transaction.amount:
            fault = None if fault is Reason.AMOUNT_NOT_ALLOWED else fault  # 0 releases
        case.transaction = replace(self.transaction, operation=operation, fault=fault)
        if programme is not None:
            case.programme = programme
        return case

    # The accounts

    def draft(self, owner: MemberId | None, beside: Draft | None = None) -> Draft:
        """A new entry on the accounts of *owner*, or on suspense without one; what is due is posted first."""
        moment = self.moment
        book = None if owner is None else self.worksheet.book(owner)
        draft = Draft(moment.seq, book, moment.business_date, moment.now, self.grace, beside)
        draft.value = self.programme.redemption.value
        return draft

    @property
    def grace(self) -> date | None:
        """Last day of points that come back and whose lot has expired; ``None`` when they expire again."""
        grace = self.programme.refund.grace
        return None if grace is None else grace.after(self.moment.business_date)

    def book(self, owner: MemberId) -> MemberBook:
        """What *owner* has at this moment, whether what is due is posted or not."""
        book = self.worksheet.book(owner)
        if book.is_due(self.moment.business_date, self.moment.now):
            due = self.draft(owner).book
            assert due is not None
            return due
        return book

    # The decision put down

    def refuse(self, reason: Reason, *, name: str | None = None) -> Outcome:
        """Declined and not remembered: steps before the key, and what may be sent again."""
        decision = Declined(reason=reason, name=name)
        return Outcome(decision=decision, elements=self.render(decision))

    def tell(self, approved: Approved) -> Outcome:
        """Approved and not remembered: an inquiry or a quote."""
        return Outcome(decision=approved, elements=self.render(approved))

    def decline(self, reason: Reason, card: Card | None = None, *, name: str | None = None) -> Outcome:
        """Declined and remembered."""
        decision = Declined(
            reason=reason,
            name=name,
            programme_version=self.programme.version,
            language=None if card is None else card.language,
        )
        return self.remember(decision, card=card, reason=name or reason.name, effective=False)

    def refuse_or_accept(
        self, reason: Reason, card: Card | None = None, *, name: str | None = None
    ) -> Outcome:
        """Declined; an advice, which has happened, is accepted without effect instead."""
        if self.transaction.is_advice:
            return self.accept(name or reason.name, card)
        return self.decline(reason, card, name=name)

    def accept(
        self,
        exception: str | None,
        card: Card | None = None,
        early: EarlyReversal | None = None,
        original: int | None = None,
        links: tuple[Link, ...] = (),
    ) -> Outcome:
        """Approved without effect, and remembered: advices that cannot be booked, reversals of nothing."""
        transaction = self.transaction
        is_sale = transaction.operation is Operation.EARN
        card = card or self.named_card()
        decision = Approved(
            books=False,
            earned=0 if is_sale else None,
            left_to_pay_minor=transaction.amount if is_sale else None,
            balance=None if card is None else self.balance(card, self.book(card.owner)),
            programme_version=self.programme.version,
        )
        return self.remember(
            decision,
            card=card,
            effective=False,
            original=original,
            exception=exception,
            links=links,
            early=early,
        )

    def balance(self, card: Card | None, book: MemberBook, sides: tuple[Side, ...] = ()) -> Balance:
        """What *book*'s owner has now, as an answer tells it; *sides* take tiers back or give them again."""
        today = self.moment.business_date
        expiry = book.next_expiry(today)
        tiers = self.programme.tiers
        tier = None if card is None else tier_of(self.worksheet, self.programme, card, today, sides)
        return Balance(
            available=book.available(today),
            pending=book.waiting if book.pending else 0,
            held=book.held if book.holds else 0,
            debt=book.debt,
            expires_points=0 if expiry is None else expiry[0],
            expires_on=None if expiry is None else expiry[1],
            tier=(tier or tiers[0]) if tiers else None,
            language=None if card is None else card.language,
        )

    def remember(
        self,
        decision: Decision,
        *,
        card: Card | None = None,
        owner: MemberId | None = None,
        drafts: Sequence[Draft] = (),
        reason: str | None = None,
        effective: bool = True,
        covered_minor: int = 0,
        earned: int = 0,
        used: int = 0,
        value_minor: int = 0,
        discount_minor: int = 0,
        original: int | None = None,
        exception: str | None = None,
        rules: str = "",
        facts: str | None = None,
        links: tuple[Link, ...] = (),
        card_changes: tuple[CardChange, ...] = (),
        early: EarlyReversal | None = None,
        sides: tuple[Side, ...] = (),
    ) -> Outcome:
        """*decision* with the record that makes it known for ever, and all that it changes."""
        transaction, moment = self.transaction, self.moment
        key, terminal = transaction.key, transaction.terminal
        elements = self.render(decision)
        if transaction.batch is not None:
            sides = (*sides, mark(BATCH, f"{key.acquirer_id}|{key.terminal_id}|{transaction.batch}"))
        record = Record(  # by position, in the order of its fields: by name it takes three times as long
            moment.seq,
            key.text,
            transaction.content,
            self.token,
            None if card is None else card.card_id,
            None if card is None else card.member_id,
            owner if card is None else card.owner,
            transaction.operation.value,
            transaction.is_advice,
            reason,
            effective,
            key.acquirer_id,
            key.terminal_id,
            terminal.merchant_id,
            key.message_class,
            key.stan,
            transaction.transmitted,
            self._name(elements),
            moment.now,
            transaction.as_of,
            moment.business_date,
            transaction.amount or 0,
            transaction.in_points,
            covered_minor,
            earned,
            used,
            value_minor,
            discount_minor,
            self.ticket,
            original,
            self.programme.version,
            rules if not self.programme.id else told_in(self.programme.id, rules),
            exception,
            _encode(elements).decode(),
        )
        return Outcome(
            decision=decision,
            elements=elements,
            record=record,
            postings=tuple([posting for draft in drafts for posting in draft.postings]),
            lots=tuple([lot for draft in drafts for lot in draft.lots]),
            books=tuple([book for draft in drafts for book in draft.books]),
            links=links,
            facts=facts,
            card_changes=card_changes,
            early_reversal=early,
            sides=(*sides, *[side for draft in drafts for side in draft.sides]),
        )

    def _name(self, elements: Mapping[int, str]) -> str:
        """DE 37 by which this decision can be named: not that of the original that it names itself."""
        sent, original = self.transaction.rrn, self.transaction.original
        if sent is None or (original is not None and original.rrn == sent):
            return elements[37]
        return sent
