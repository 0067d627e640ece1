"""What identifies a customer, and which numbers can be cards. Numbers never show in a ``repr``."""

import enum
from dataclasses import dataclass
from typing import NewType

MemberId = NewType("MemberId", int)
CardId = NewType("CardId", int)
Token = NewType("Token", bytes)  # keyed hash of an identifier, 16 bytes; all that is ever stored of it


class IdentifierKind(enum.Enum):
    """How a customer is named (tag 010 of DE 48)."""

    CARD = "CPAN"
    BARCODE = "BARC"
    PHONE = "PHON"
    MAIL = "MAIL"
    RFID = "RFID"
    UUID = "UUID"
    ACCOUNT = "ACCT"

    __hash__ = object.__hash__  # members are single; Enum's own hash is a call in Python


@dataclass(slots=True)
class Identifier:
    """A customer as the terminal named him. *value* is secret: it leaves this object only to be hashed."""

    kind: IdentifierKind
    value: str

    def __repr__(self) -> str:
        return f"Identifier({self.kind.value} ****)"

    @property
    def last4(self) -> str:
        """What may be shown of it."""
        return self.value[-4:]


@dataclass(frozen=True, slots=True)
class CardRange:
    """Numbers from *first* to *last* (equal length), with the Luhn check when *luhn*."""

    first: str
    last: str
    luhn: bool

    def holds(self, number: str) -> bool:
        """Whether *number* lies in this range, whatever its check digit."""
        return len(number) == len(self.first) and self.first <= number <= self.last

    def covers(self, number: str) -> bool:
        """Whether *number* can be a card of this range."""
        return self.holds(number) and (not self.luhn or luhn_holds(number))


def luhn_holds(number: str) -> bool:
    """Whether the last digit of *number* (ASCII digits) is its Luhn check digit (ISO/IEC 7812-1)."""
    total = 0
    for position, digit in enumerate(reversed(number.encode("ascii"))):
        value = digit - 48
        if position % 2 == 1:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0
