"""What a terminal asks, freed of its wire format."""

import enum
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from loyalty.card import Identifier
from loyalty.decision import Reason
from loyalty.terminal import Terminal
from loyalty.totals import Claim


class Operation(enum.Enum):
    """What can be asked. A profile's table maps messages to these; no other code knows elements."""

    EARN = "EARN"
    REDEEM = "REDEEM"
    HOLD = "HOLD"
    COMPLETE = "COMPLETE"
    QUOTE = "QUOTE"
    INQUIRY = "INQUIRY"
    REFUND = "REFUND"
    VOID = "VOID"
    TRANSFER = "TRANSFER"
    EXCHANGE = "EXCHANGE"
    PAY_CERTIFICATE = "PAY_CERTIFICATE"
    ACTIVATE = "ACTIVATE"
    REVERSAL = "REVERSAL"
    RECONCILE = "RECONCILE"
    UPLOAD = "UPLOAD"
    NETWORK = "NETWORK"

    __hash__ = object.__hash__  # members are single; Enum's own hash is a call in Python


@dataclass(slots=True)
class TransactionKey:
    """What makes a message the same message again, for ever.

    Attributes:
        acquirer_id: Eleven digits.
        terminal_id: DE 41 without trailing spaces.
        message_class: Second digit of the MTI, 3 counting as 2.
        stan: DE 11, six digits.
        moment: ``YYYYMMDDhhmmss`` local (DE 13 and 12), or with a final ``Z`` from DE 7.
        text: The key as it is stored.
    """

    acquirer_id: str
    terminal_id: str
    message_class: str
    stan: str
    moment: str
    text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Time first: new keys then fall on the last pages of the index.
        self.text = f"{self.moment}|{self.stan}|{self.message_class}|{self.terminal_id}|{self.acquirer_id}"


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One line of DE 63. The amount is after the till's own discounts; a returned one is negative.

    Attributes:
        quantity_milli: Thousandths of *unit* (``U K L M``).
        flags: ``N`` no points, ``D`` discounted already.
    """

    product: str
    quantity_milli: int
    unit: str
    amount_minor: int
    category: str = ""
    flags: str = ""


@dataclass(frozen=True, slots=True)
class Tender:
    """How a part of the ticket is paid: ``CASH CARD PNTS CERT OTHR``; *digits* starts a payment card."""

    kind: str
    amount_minor: int
    digits: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalReference:
    """How a message names the one that it undoes. ``None`` matches anything.

    Either *rrn* is set (tag 013 or DE 37), or the parts of DE 90, or neither, when a reversal repeats its
    original's own DE 11 (*own_stan*). *own_stan* beside *rrn* is where a reversal goes on to when it
    finds nothing by *rrn*.

    Attributes:
        message_class: Second digit of the original's MTI.
        stan: Six digits.
        transmitted: ``MMDDhhmmss``: the original's DE 7, or its 13 and 12 when it had none.
        acquirer_id: Eleven digits.
    """

    message_class: str | None = None
    stan: str | None = None
    transmitted: str | None = None
    acquirer_id: str | None = None
    rrn: str | None = None
    own_stan: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the customer showed to prove that the card is his. Lives no longer than the transaction.

    Attributes:
        code: The one-time code of tag 014.
        pin_value: Verification value of the PIN of DE 52; empty when no PIN could be read from it.
    """

    code: str | None = field(default=None, repr=False)
    pin_value: str | None = field(default=None, repr=False)


@dataclass(slots=True, kw_only=True)
class Transaction:
    """A request or advice that can be read, from a terminal that is served.

    Nobody changes one after it was made; it is not frozen because that doubles the time of making it.

    Attributes:
        is_advice: It has happened already; it is accepted, whatever the rules say.
        is_repeat: The MTI says so. Nothing but the deadline depends on it.
        transmitted: ``MMDDhhmmss`` by which DE 90 names this message: DE 7, else 13 and 12.
        as_of: Instant at which an advice happened (DE 13 and 12 in its zone, at most 35 days back);
            arrival for everything else.
        fault: A check of step 5 that failed (13); it waits here for the key to be looked up.
        content: Digest of what makes the content the same, the card apart; 16 bytes.
        amount: DE 4, or ``None`` when absent; minor units, or points when *in_points*.
        final_amount: DE 95 of a reversal: the amount that stays; ``None`` when all is undone.
        identifier: The customer; for ACTIVATE the card.
        link: For ACTIVATE: the identifier that is to be linked to the card.
        destination: For TRANSFER: the card that receives.
        lines: The basket, or ``None`` without one.
        points: Tag 020, points to use for part of a sale.
        rrn: DE 37 as sent, else ``None``.
        held_for: For HOLD and COMPLETE: EARN or REDEEM, what is prepared or done. Beside *approval* it says
            that the message is a COMPLETE when that is of an open hold of the card.
        batch: Number of the terminal's batch (tag 024), else ``None``.
        entry_mode: DE 22 as sent: how the card was read.
        pos_condition: DE 25 as sent.
        can: What the till can: letters of tag 040, else of the register.
    """

    operation: Operation
    key: TransactionKey
    is_advice: bool
    is_repeat: bool
    terminal: Terminal
    received_at: datetime
    as_of: datetime
    transmitted: str
    content: bytes
    fault: Reason | None = None
    amount: int | None = None
    in_points: bool = False
    final_amount: int | None = None
    identifier: Identifier | None = None
    link: Identifier | None = None
    destination: Identifier | None = None
    original: OriginalReference | None = None
    lines: tuple[BasketLine, ...] | None = None
    tenders: tuple[Tender, ...] = ()
    coupons: tuple[str, ...] = ()
    points: int | None = None
    prize: str | None = None
    proof: Proof | None = None
    ticket: str | None = None
    approval: str | None = None  # DE 38 as sent
    rrn: str | None = None
    cashier: str = ""
    channel: str = "POSD"
    can: str = ""
    held_for: Operation | None = None
    batch: str | None = None
    entry_mode: str = ""
    pos_condition: str = ""


@dataclass(slots=True, kw_only=True)
class Upload(Transaction):
    """A line of a terminal's batch, told again because totals did not agree. It has its own key.

    Attributes:
        line: The line as an advice, with the key under which it was first sent.
    """

    line: Transaction


@dataclass(slots=True, kw_only=True)
class Reconciliation(Transaction):
    """A terminal's totals of its batch."""

    claim: Claim


def common_values(transaction: Transaction) -> dict[str, Any]:
    """What every transaction has, by name, to make a special one of it."""
    return {each.name: getattr(transaction, each.name) for each in fields(Transaction)}
