"""What a terminal sends and gets: requests, answers, and the card between them."""

import enum
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Self

from loyalty.errors import LoyaltyError
from simulator.private import read_tags
from simulator.wire import Elements, WireError

APPROVED: Final = ("00", "10")
_IDENTIFIER_KINDS: Final = ("CPAN", "BARC", "PHON", "MAIL", "RFID", "UUID", "ACCT")


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """How a customer is named: by a card number, by track 2 of a card, or by an identifier of tag 010."""

    number: str = ""
    track2: str = ""
    identifier: str = ""  # kind a4 and value

    @classmethod
    def parse(cls, text: str) -> Self:
        """The card that people write as ``6390…``, ``6390…=2912…`` (track 2) or ``PHON:4915…``.

        Raises:
            LoyaltyError: It is none of these.
        """
        kind, colon, value = text.partition(":")
        if colon and kind in _IDENTIFIER_KINDS and value:
            return cls(identifier=kind + value)
        if text.isascii() and text.isdigit() and len(text) <= 19:
            return cls(number=text)
        number, separator, _ = text.replace("D", "=").partition("=")
        if separator and number.isascii() and number.isdigit() and len(text) <= 37:
            return cls(track2=text)
        raise LoyaltyError(
            "it is not a card",
            where="the card",
            hint="write a number, track 2, or KIND:value such as PHON:4915112345",
        )

    @property
    def elements(self) -> dict[str, str]:
        """The element that carries it; none for an identifier, which is a tag."""
        if self.number:
            return {"2": self.number}
        return {"35": self.track2} if self.track2 else {}

    @property
    def tags(self) -> list[tuple[str, str]]:
        """The tag that carries it."""
        return [("010", self.identifier)] if self.identifier else []

    def __repr__(self) -> str:
        return f"Card(****{self.last4})"

    @property
    def last4(self) -> str:
        """What may be shown of it."""
        number = self.track2.replace("D", "=").partition("=")[0] or self.number or self.identifier
        return number[-4:]


class Ending(enum.Enum):
    """What the till does with a message that gets no answer."""

    FORGET = "forget"
    ADVISE = "advise"  # it has happened; say so until somebody listens
    REVERSE = "reverse"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A message of a terminal, complete with its STAN and times. *operation* names it for people."""

    operation: str
    elements: Elements = field(repr=False)
    ending: Ending = Ending.REVERSE

    @property
    def mti(self) -> str:
        return self.elements["t"]

    @property
    def stan(self) -> str:
        return self.elements["11"]

    @property
    def terminal_id(self) -> str:
        return self.elements.get("41", "")

    @property
    def is_reversal(self) -> bool:
        return self.mti[1] == "4"

    @property
    def original(self) -> str:
        """The DE 90 by which another message names this one."""
        # ISO 8583:1987, DE 90: MTI, STAN, DE 7, acquirer, forwarder; zeros where this message has none.
        sent = self.elements
        acquirer = sent.get("32", "").rjust(11, "0")
        return sent["t"] + sent["11"] + sent.get("7", "").rjust(10, "0") + acquirer + "0" * 11

    def as_repeat(self) -> "Request":
        """The same message, marked as sent again (last digit 1, 3 or 5)."""
        return self._as_type(self.mti[:3] + str(int(self.mti[3]) | 1))

    def as_advice(self) -> "Request":
        """The same message as an advice: what it asks has happened."""
        return self._as_type(self.mti[:2] + "2" + self.mti[3])

    def _as_type(self, mti: str) -> "Request":
        return replace(self, elements={**self.elements, "t": mti})

    def awaits(self, answer: Elements) -> bool:
        """Whether *answer* is the one to this message: its type, its DE 41 and DE 11."""
        return (
            answer.get("t") == answer_type(self.mti)
            and answer.get("11") == self.stan
            and answer.get("41", "") == self.terminal_id
        )


@dataclass(frozen=True)
class Answer:
    """What the host said.

    Amounts and points are integers; ``None`` where the answer does not carry them.
    """

    elements: Elements = field(repr=False)

    @property
    def code(self) -> str:
        """DE 39."""
        return self.elements.get("39", "")

    @property
    def is_approved(self) -> bool:
        return self.code in APPROVED

    @property
    def is_transient(self) -> bool:
        """Nothing was booked; the same message may be sent again."""
        return self.code in ("91", "96")

    @property
    def rrn(self) -> str:
        """DE 37, which names the transaction on receipts."""
        return self.elements.get("37", "")

    @property
    def approval(self) -> str:
        """DE 38."""
        return self.elements.get("38", "")

    @property
    def receipt(self) -> list[str]:
        """The lines of DE 62."""
        return self.elements["62"].split("|") if self.elements.get("62") else []

    @cached_property
    def tags(self) -> tuple[tuple[str, str], ...]:
        """The tags of DE 48, in order; none when it cannot be read, which the masked elements then show."""
        try:
            return read_tags(self.elements.get("48", ""))
        except WireError:
            return ()

    def tag(self, number: str) -> str | None:
        """The first value of tag *number*."""
        return next((value for tag, value in self.tags if tag == number), None)

    @property
    def reason(self) -> str:
        """Tag 059; empty on an approval."""
        return self.tag("059") or ""

    @property
    def coupons_refused(self) -> list[tuple[str, str]]:
        """Tags 065: why a coupon was not taken, and its code."""
        told = [value.partition(" ") for tag, value in self.tags if tag == "065"]
        return [(reason, code) for reason, _, code in told]

    @property
    def earned(self) -> int | None:
        """Points earned; negative where they were taken back."""
        return signed(self.tag("050"))

    @property
    def used(self) -> int | None:
        """Points used, or given back by an undoing."""
        return signed(self.tag("051"))

    @property
    def available(self) -> int | None:
        """Balance that can be spent, less debt."""
        return signed(self.tag("052"))

    @property
    def left_to_pay_minor(self) -> int | None:
        """What the customer owes; in undoings what is handed out."""
        return signed(self.tag("062"))

    @property
    def value_minor(self) -> int | None:
        """Money value of the points used."""
        return signed(self.tag("063"))


def answer_type(mti: str) -> str:
    """The message type that answers *mti*: third digit + 1; origin 0 or 1 → 0, 2 or 3 → 2, 4 or 5 → 4."""
    return f"{mti[:2]}{int(mti[2]) + 1}{int(mti[3]) & ~1}"


def signed(text: str | None) -> int | None:
    """The number in *text*, negative after a ``D``; ``None`` for what is no number."""
    if text is None:
        return None
    digits = text[1:] if text[:1] in ("C", "D") else text
    if not digits.isdecimal():
        return None
    return -int(digits) if text[0] == "D" else int(digits)
