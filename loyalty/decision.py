"""What is answered: approved or declined, and why. A decline is a value, never an exception."""

import enum
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from loyalty.totals import Totals


class Reason(enum.Enum):
    """Why something was not approved as asked; the name is what terminals see in tag 059."""

    PARTIAL = "PARTIAL"
    FORMAT_ERROR = "FORMAT_ERROR"
    MAC_WRONG = "MAC_WRONG"
    TERMINAL_UNKNOWN = "TERMINAL_UNKNOWN"
    TERMINAL_BLOCKED = "TERMINAL_BLOCKED"
    OPERATION_NOT_ALLOWED_HERE = "OPERATION_NOT_ALLOWED_HERE"
    OPERATION_NOT_SUPPORTED = "OPERATION_NOT_SUPPORTED"
    NOT_ALLOWED_NOW = "NOT_ALLOWED_NOW"
    ALREADY_REVERSED = "ALREADY_REVERSED"
    AMOUNT_NOT_ALLOWED = "AMOUNT_NOT_ALLOWED"
    CURRENCY_NOT_ACCEPTED = "CURRENCY_NOT_ACCEPTED"
    BASKET_OUT_OF_BALANCE = "BASKET_OUT_OF_BALANCE"
    ABOVE_ORIGINAL = "ABOVE_ORIGINAL"
    KEY_CONFLICT = "KEY_CONFLICT"
    ORIGINAL_NOT_FOUND = "ORIGINAL_NOT_FOUND"
    CARD_UNKNOWN = "CARD_UNKNOWN"
    CARD_LOST = "CARD_LOST"
    CARD_STOLEN = "CARD_STOLEN"
    CARD_BLOCKED = "CARD_BLOCKED"
    CARD_REPLACED = "CARD_REPLACED"
    CARD_EXPIRED = "CARD_EXPIRED"
    CARD_NOT_ACTIVE = "CARD_NOT_ACTIVE"
    PROOF_MISSING_OR_WRONG = "PROOF_MISSING_OR_WRONG"
    PROOF_TRIES_EXCEEDED = "PROOF_TRIES_EXCEEDED"
    NOT_PERMITTED = "NOT_PERMITTED"
    REDEMPTION_PAUSED = "REDEMPTION_PAUSED"
    TOO_MANY = "TOO_MANY"
    ABOVE_LIMIT = "ABOVE_LIMIT"
    NOT_SUFFICIENT_POINTS = "NOT_SUFFICIENT_POINTS"
    OUT_OF_BALANCE = "OUT_OF_BALANCE"
    TOO_LATE = "TOO_LATE"
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE"
    OWN_FAULT = "OWN_FAULT"

    __hash__ = object.__hash__  # members are single; Enum's own hash is a call in Python

    @property
    def is_transient(self) -> bool:
        """Nothing was booked and nothing is remembered: the same message may be sent again."""
        return self in _TRANSIENT


_TRANSIENT = frozenset({Reason.TOO_LATE, Reason.STORE_UNAVAILABLE, Reason.OWN_FAULT})


class Balance(msgspec.Struct, kw_only=True):
    """What a member has, in points. *available* is before debt is taken off. Nobody changes one.

    Attributes:
        expires_points: Points of the earliest expiry to come; 0 when none expire.
        expires_on: Their last day.
    """

    available: int
    pending: int = 0
    held: int = 0
    debt: int = 0
    expires_points: int = 0
    expires_on: date | None = None
    tier: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """Money taken off line *line* (from 1) of the basket; *units* of it are free for stamps."""

    line: int
    amount_minor: int
    promotion: str
    text: str
    units: int = 0


@dataclass(frozen=True, slots=True)
class Instrument:
    """A coupon, certificate or prize that was issued (tag 058): kind ``COUP CERT PRIZ``."""

    kind: str
    value: int
    last_day: date
    code: str


class Approved(msgspec.Struct, kw_only=True):
    """Approved, wholly or in part, or an advice that was accepted. Nobody changes one.

    Attributes:
        partial: Less was approved than asked (response code 10).
        books: It booked or held something, or could have: it carries DE 38.
        amount: Replaces DE 4: the part that a partially approved REDEEM covers.
        earned: Tag 050; negative where points are taken back. ``None`` leaves the tag out.
        used: Tag 051: points used, or given back by an undoing. ``None`` leaves the tag out.
        value_minor: Tag 063, money value of *used*.
        left_to_pay_minor: Tag 062; for undoings the money to hand out.
        balance: After the decision; ``None`` when no card was found.
        certificate: Points that are left behind the certificate it is about (DE 54, account type 60).
        redeemable: Tag 064: points that could be redeemed now, and their value.
        coupons_refused: Tag 065: reason name and code of each coupon that was not taken.
        near_miss: Tag 061.
        messages: What the programme tells the customer, for the receipt alone.
        programme_version: Twelve hexadecimal digits, or ``None`` when no programme was asked.
    """

    partial: bool = False
    books: bool = True
    amount: int | None = None
    earned: int | None = None
    used: int | None = None
    value_minor: int | None = None
    discount_minor: int = 0
    left_to_pay_minor: int | None = None
    balance: Balance | None = None
    certificate: int | None = None
    redeemable: tuple[int, int] | None = None
    discounts: tuple[Discount, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    coupons_refused: tuple[tuple[str, str], ...] = ()
    near_miss: str | None = None
    hold_until: datetime | None = None
    programme_version: str | None = None
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """Not approved. *element* is the number that DE 44 names after a format error.

    *name* replaces the reason's own name in tag 059 where the programme gave one.
    """

    reason: Reason
    element: int | None = None
    name: str | None = None
    near_miss: str | None = None
    programme_version: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfBalance(Declined):
    """A batch that does not agree with the switch's own *totals*, which the answer tells."""

    totals: Totals


Decision = Approved | Declined
