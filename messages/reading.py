"""Reading: a message becomes a transaction, or the reason why it does not.

The order of checks is that of the answer codes: format (30), then terminal (58), then operation (12). What is
wrong with amount, currency or basket (13) travels with the transaction, because its key is looked up first.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final

from loyalty.card import Identifier, IdentifierKind
from loyalty.decision import Reason
from loyalty.terminal import Register, Terminal, TerminalStatus
from loyalty.terms import Terms
from loyalty.transaction import (
    BasketLine,
    Operation,
    OriginalReference,
    Proof,
    Transaction,
    TransactionKey,
    Upload,
)
from messages.basket import BasketError, read_basket
from messages.batch import NET, is_net, reconciliation, upload
from messages.errors import MessageError
from messages.message import Message
from messages.moment import happened_at, moment, nearest_year
from messages.mti import FILE_ACTION, FINANCIAL, is_advice, is_repeat
from messages.nested import part_of
from messages.operations import OperationTable
from messages.sheet import Needs, Sheet
from messages.spec import Dialect
from messages.tags import TagError, TillData, card_of_track, read_till_data
from messages.undoing import final_amount, names_well, original_of

_NO_FAULT: Final = 1000  # above every element
_NO_NEEDS: Final = Needs()
_NO_TILL_DATA: Final = TillData()


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that is refused before anything is looked up, by the switch as a whole."""

    message: Message
    reason: Reason


@dataclass(frozen=True, slots=True)
class FormatFault:
    """A message that breaks the rules of its format; *element* is the lowest faulty number."""

    element: int


@dataclass(frozen=True, slots=True)
class Unanswerable:
    """A message without the element that its answer would have to carry."""

    element: int


_NAMING: Final = (11, 41)  # what an answer is matched by

Reading = Transaction | Refused | FormatFault | Unanswerable


@dataclass(slots=True)
class _Draft:
    """What was understood of a message so far, and the lowest element that is wrong."""

    lowest: int = _NO_FAULT
    till: TillData = _NO_TILL_DATA
    lines: tuple[BasketLine, ...] | None = None
    basket: str = ""
    operation: Operation | None = None
    needs: Needs = _NO_NEEDS
    card: Identifier | None = None
    link: Identifier | None = None
    second: Identifier | None = None


class Reader:
    """Reads messages by the tables of *sheet*.

    *acquirer_id* is that of messages without DE 32; ``None`` leaves it to the register.
    """

    def __init__(self, sheet: Sheet, terms: Terms, register: Register, acquirer_id: str | None) -> None:
        self._sheet = sheet
        self._tags = sheet.layout.tags
        self._basket = sheet.layout.basket
        self._undoing = sheet.undoing
        self._dated = sheet.dated_times
        self._terms = terms
        self._register = register
        self._acquirer_id = acquirer_id
        self._second_card = sheet.layout.second_card
        self._operations = OperationTable(sheet)

    def read(self, message: Message, received_at: datetime, dialect: Dialect) -> Reading:
        """What *message*, which came in *dialect*, asks."""
        elements = message.elements
        for number in _NAMING:
            if number not in elements and (message.lost(number) or elements.keys().isdisjoint(_NAMING)):
                return Unanswerable(number)
        draft = _Draft()
        if self._second_card is not None and self._second_card[0] in elements:
            self._read_second_card(elements, *self._second_card, dialect, draft)
        self._read_parts(message, draft)
        if draft.lowest != _NO_FAULT:
            return FormatFault(draft.lowest)
        terminal = self._terminal(elements)
        if isinstance(terminal, Reason):
            return Refused(message, terminal)
        if draft.operation is None:
            return Refused(message, Reason.OPERATION_NOT_SUPPORTED)
        if terminal.allow and draft.operation.name not in terminal.allow:
            return Refused(message, Reason.OPERATION_NOT_ALLOWED_HERE)
        transaction = self._transaction(message, draft, draft.operation, terminal, received_at)
        if draft.operation is Operation.UPLOAD:
            return self._upload(message, draft, terminal, transaction)
        if draft.operation is Operation.RECONCILE:
            return reconciliation(transaction, message.elements)
        return transaction

    # --- format

    def _read_parts(self, message: Message, draft: _Draft) -> None:
        """Take the elements apart. A cut lies behind DE 41, so everything before it is known."""
        elements = message.elements
        faulty = {fault.element for fault in message.faults}
        faulty.update(number for number in _NAMING if number not in elements)
        if draft.lowest != _NO_FAULT:
            faulty.add(draft.lowest)
        unknown_from = message.faults[-1].element if message.is_cut else _NO_FAULT
        if self._tags in elements:
            try:
                draft.till = read_till_data(elements[self._tags])
            except TagError:
                faulty.add(self._tags)
        self._read_basket(elements, faulty, draft)
        if 3 in elements:
            draft.operation = self._operations.asked_by(message)
            if draft.operation is not None:
                draft.needs = self._sheet.needs[draft.operation]
        else:
            faulty.add(3)
        if draft.needs.amount and 4 not in elements:
            faulty.add(4)
        if 7 not in elements and not (12 in elements and (13 in elements or self._dated)):
            faulty.add(7 if self._dated else _missing_moment(elements.keys() | faulty))
        self._read_card(elements, faulty, unknown_from, draft)
        self._read_undoing(elements, faulty, draft)
        if NET in elements and draft.operation is Operation.RECONCILE and not is_net(elements[NET]):
            faulty.add(NET)
        if faulty:
            draft.lowest = min(faulty)

    def _read_undoing(self, elements: Mapping[int, str], faulty: set[int], draft: _Draft) -> None:
        named, final = self._undoing.original, self._undoing.final_amount
        if named in elements and not names_well(self._undoing, elements[named]):
            faulty.add(named)
        if final is None or draft.operation is not Operation.REVERSAL:
            return
        if not _is_digits(elements.get(final, "0")[:12]):
            faulty.add(final)

    def _read_basket(self, elements: Mapping[int, str], faulty: set[int], draft: _Draft) -> None:
        first = self._basket[0]
        if first in elements:
            text = elements[first]
            for number in self._basket[1:]:
                if number in elements:
                    text += elements[number]
            try:
                draft.lines = read_basket(text)
                draft.basket = text
            except BasketError:
                faulty.add(first)
        elif not elements.keys().isdisjoint(self._basket):
            faulty.add(first)

    def _read_card(
        self, elements: Mapping[int, str], faulty: set[int], unknown_from: int, draft: _Draft
    ) -> None:
        """Find the card, or that it is missing, or that DE 2 and DE 35 are two cards."""
        if self._tags in faulty or unknown_from <= self._tags:
            return  # what names the customer may stand in the tags
        self._choose_card(elements, faulty, draft)
        needs = draft.needs
        if draft.card is not None or 2 in faulty or 35 in faulty:
            return
        names_original = (
            draft.till.original_rrn is not None
            or 37 in elements
            or self._undoing.original in elements
            or unknown_from <= self._undoing.original
        )
        if needs.card or (needs.card_or_original and not names_original):
            faulty.add(2)

    def _choose_card(self, elements: Mapping[int, str], faulty: set[int], draft: _Draft) -> None:
        """Tag 011, else 010, else DE 2, else DE 35; in ACTIVATE 010 is what gets linked to the card."""
        till = draft.till
        if till.track is not None:
            draft.card = Identifier(IdentifierKind.CARD, card_of_track(till.track))
        if draft.operation is Operation.ACTIVATE:
            draft.link = till.identifier
        elif draft.card is None:
            draft.card = till.identifier
        if draft.card is None:
            draft.card = draft.second
        if draft.card is not None:
            return
        number = elements.get(2, "")
        tracked = card_of_track(elements.get(35, ""))
        if number and tracked and number != tracked:
            faulty.add(35)
        if number or tracked:
            draft.card = Identifier(IdentifierKind.CARD, number or tracked)

    def _read_second_card(
        self, elements: Mapping[int, str], number: int, part: str, dialect: Dialect, draft: _Draft
    ) -> None:
        """Find the loyalty card that travels beside the payment card, or that its element is damaged."""
        try:
            track = part_of(dialect.fields[number], elements[number], part, dialect.codepage)
        except MessageError:
            draft.lowest = number
            return
        if track is not None and card_of_track(track):
            draft.second = Identifier(IdentifierKind.CARD, card_of_track(track))

    # --- terminal

    def _terminal(self, elements: Mapping[int, str]) -> Terminal | Reason:
        acquirer_id = elements[32].zfill(11) if 32 in elements else self._acquirer_id
        terminal = self._register.find(acquirer_id, elements[41].rstrip(" "))
        if terminal is None:
            return Reason.TERMINAL_UNKNOWN
        if 42 in elements and elements[42].rstrip(" ") != terminal.merchant_id:
            return Reason.TERMINAL_UNKNOWN
        if terminal.status is TerminalStatus.BLOCKED:
            return Reason.TERMINAL_BLOCKED
        return terminal

    # --- the transaction

    def _transaction(
        self,
        message: Message,
        draft: _Draft,
        operation: Operation,
        terminal: Terminal,
        received_at: datetime,
    ) -> Transaction:
        mti, elements, till, needs = message.mti, message.elements, draft.till, draft.needs
        currency = elements.get(49, self._terms.currency)
        amount = int(elements[4]) if 4 in elements else None
        advice = is_advice(mti)
        transmitted, moment_of_key, as_of = self._times(elements, terminal, received_at, advice=advice)
        named = elements.get(self._undoing.original, "")
        if operation is Operation.UPLOAD and named[4:10] == elements[11]:
            named = ""  # it names itself: that is no content, for the line had none when it was first sent
        content = (
            f"{elements[3]}\x1f{elements.get(4, '')}\x1f{currency}\x1f{draft.basket}"
            f"\x1f{named}\x1f{elements.get(self._undoing.final_amount or 24, '')}\x1f{till.content}"
        )
        return Transaction(
            operation=operation,
            key=TransactionKey(
                terminal.acquirer_id,
                terminal.terminal_id,
                FINANCIAL if mti[1] == FILE_ACTION else mti[1],
                elements[11],
                moment_of_key,
            ),
            is_advice=advice,
            is_repeat=is_repeat(mti),
            terminal=terminal,
            received_at=received_at,
            as_of=as_of,
            transmitted=transmitted,
            content=blake2b(content.encode(), digest_size=16).digest(),
            fault=self._fault(operation, needs, amount, currency, draft),
            amount=amount,
            in_points=currency == self._terms.unit_code,
            final_amount=final_amount(self._undoing, elements, amount)
            if operation is Operation.REVERSAL
            else None,
            identifier=draft.card,
            link=draft.link,
            destination=till.destination,
            original=original_of(self._undoing, elements, till, operation) if needs.names_original else None,
            lines=draft.lines,
            tenders=till.tenders,
            coupons=till.coupons,
            points=till.points,
            prize=till.prize,
            proof=None if till.proof is None else Proof(code=till.proof),
            ticket=till.ticket,
            approval=elements.get(38),
            rrn=elements.get(37),
            cashier=till.cashier,
            channel=till.channel,
            can=terminal.can if till.can is None else till.can,
            held_for=self._operations.held_for(message, operation),
            batch=till.batch,
            entry_mode=elements.get(22, ""),
            pos_condition=elements.get(25, ""),
        )

    def _upload(
        self, message: Message, draft: _Draft, terminal: Terminal, transaction: Transaction
    ) -> Upload | Refused:
        """A line of a batch: what its own operation reads of the message, under the line's own key."""
        elements, named = message.elements, transaction.original or OriginalReference()
        line_class = named.message_class or FINANCIAL
        operation = self._operations.of_line(message, line_class)
        if operation is None:
            return Refused(message, Reason.OPERATION_NOT_SUPPORTED)
        if terminal.allow and operation.name not in terminal.allow:
            return Refused(message, Reason.OPERATION_NOT_ALLOWED_HERE)
        line_draft = replace(draft, operation=operation, needs=self._sheet.needs[operation])
        # DE 90 names the line: when it was sent first it had none.
        first = replace(
            message, elements={n: text for n, text in elements.items() if n != self._undoing.original}
        )
        line = self._transaction(first, line_draft, operation, terminal, transaction.received_at)
        # What a refund was of, its tag says.
        rrn = draft.till.original_rrn if self._undoing.original in elements else None
        line.original = None if rrn is None else OriginalReference(rrn=rrn)
        moment_of_key = None
        is_dated = 12 in elements and (13 in elements or self._dated)
        if not is_dated and named.transmitted is not None:
            month_day, time = named.transmitted[:4], named.transmitted[4:]
            near = transaction.received_at.astimezone(UTC).replace(tzinfo=None)
            moment_of_key = f"{nearest_year(month_day, time, near)}{named.transmitted}Z"
        return upload(transaction, line, line_class, moment_of_key)

    def _times(
        self, elements: Mapping[int, str], terminal: Terminal, received_at: datetime, *, advice: bool
    ) -> tuple[str, str, datetime]:
        """What DE 90 calls the message's time, the moment of its key, and the instant it is decided as of."""
        as_of = received_at
        if self._dated and 12 in elements:
            local = datetime.strptime("20" + elements[12], "%Y%m%d%H%M%S")  # noqa: DTZ007  (its zone comes)
            if advice:
                as_of = happened_at(local, terminal.zone or self._terms.zone, received_at)
            return elements[12][2:], "20" + elements[12], as_of
        if 12 in elements and 13 in elements:
            month_day, time = elements[13], elements[12]
            zone = terminal.zone or self._terms.zone
            near = received_at.astimezone(zone).replace(tzinfo=None)
            mark = ""
        else:
            month_day, time = elements[7][:4], elements[7][4:]
            zone = UTC
            near = received_at.astimezone(UTC).replace(tzinfo=None)
            mark = "Z"
        if advice:
            as_of = happened_at(moment(month_day, time, near), zone, received_at)
        moment_of_key = f"{nearest_year(month_day, time, near)}{month_day}{time}{mark}"
        return elements.get(7) or month_day + time, moment_of_key, as_of

    def _fault(
        self, operation: Operation, needs: Needs, amount: int | None, currency: str, draft: _Draft
    ) -> Reason | None:
        lines = draft.lines
        lines_sum = None if lines is None else sum([line.amount_minor for line in lines])
        if needs.positive and not amount and not (operation is Operation.EARN and lines_sum == 0):
            return Reason.AMOUNT_NOT_ALLOWED
        if needs.lines_positive and lines is not None and any(line.amount_minor < 0 for line in lines):
            return Reason.AMOUNT_NOT_ALLOWED
        if currency != self._terms.currency and not (needs.points_unit and currency == self._terms.unit_code):
            return Reason.CURRENCY_NOT_ACCEPTED
        if needs.basket_sums and lines_sum is not None and lines_sum != amount:
            return Reason.BASKET_OUT_OF_BALANCE
        return None


def _missing_moment(sent: AbstractSet[int]) -> int:
    """Which of DE 7, 12 and 13 is missing; above every element when what was sent is faulty already."""
    if 7 in sent or (12 in sent and 13 in sent):
        return _NO_FAULT
    return 13 if 12 in sent else 12 if 13 in sent else 7


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
