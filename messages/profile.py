"""A profile in use: the tables of a sheet, with the terms and the register that they need."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Final

from loyalty.decision import Decision, Declined, Reason
from loyalty.errors import LoyaltyError, Problems
from loyalty.terminal import Register
from loyalty.terms import Terms
from loyalty.transaction import Operation
from messages.answering import WIDTH_DEFAULT, Answerer
from messages.errors import DialectError
from messages.message import Message
from messages.mti import NETWORK
from messages.profiles import SHEETS
from messages.reading import Reader, Reading
from messages.sheet import Sheet, problems_of, problems_with
from messages.spec import Dialect

_NOT_ITS_DAY: Final = Reason.OPERATION_NOT_ALLOWED_HERE


class Profile:
    """Turns messages into transactions and decisions into answers.

    Args:
        sheet: Its tables.
        terms: Of the programme that it speaks for.
        register: The terminals that are served.
        acquirer_id: Of messages without DE 32, eleven digits; ``None`` leaves it to the register.
    """

    def __init__(self, sheet: Sheet, *, terms: Terms, register: Register, acquirer_id: str | None) -> None:
        self.name = sheet.name
        self.sheet = sheet
        self._network_echo = sheet.echo + sheet.network_echo
        self._reader = Reader(sheet, terms, register, acquirer_id)
        self._answerer = Answerer(sheet, terms)
        self._register, self._acquirer_id = register, acquirer_id
        self._others: dict[Terms, Profile] = {terms: self}

    def speaking(self, terms: Terms) -> "Profile":
        """The same profile for another programme of the switch, which has *terms*."""
        profile = self._others.get(terms)
        if profile is None:
            profile = self._others[terms] = Profile(
                self.sheet, terms=terms, register=self._register, acquirer_id=self._acquirer_id
            )
        return profile

    def check(self, dialect: Dialect) -> None:
        """Raise ``Problems`` when messages of *dialect* cannot be read by this profile."""
        where = f"profile {self.name}"
        problems: list[LoyaltyError] = [
            DialectError(what, where=where, hint="mend the dialect, or take another profile")
            for what in problems_with(self.sheet, dialect)
        ]
        if problems:
            raise Problems(problems, where=where)

    def read(self, message: Message, received_at: datetime, dialect: Dialect) -> Reading:
        """What *message*, which came in *dialect*, asks; not for network messages."""
        return self._reader.read(message, received_at, dialect)

    def is_network(self, message: Message) -> bool:
        """Whether *message* is about the link itself."""
        return message.mti[1] == NETWORK

    def echo_of(self, message: Message) -> tuple[int, ...]:
        """The elements that the answer to *message* repeats."""
        return self._network_echo if message.mti[1] == NETWORK else self.sheet.echo

    def is_cut_over(self, message: Message) -> bool:
        """Whether a network *message* opens the next business day, if its link may do that."""
        sheet, elements = self.sheet, message.elements
        return sheet.cut_over == (
            elements.get(sheet.network_element) or sheet.network_processing.get(elements.get(3, ""), "")
        )

    def answer_network(self, message: Message, *, owns_day: bool = False) -> dict[int, str] | None:
        """The answer's own elements to a network *message*; ``None`` when its DE 11 cannot be read.

        *owns_day*: its link may open the next business day.
        """
        if message.lost(11):
            return None
        refused = self._network_refusal(message)
        if refused is not None and refused.reason is _NOT_ITS_DAY and owns_day and self.is_cut_over(message):
            refused = None
        return (
            {39: self._answerer.approved(Operation.NETWORK)}
            if refused is None
            else self._answerer.refusal(refused)
        )

    def refusal(self, reason: Reason, element: int | None = None) -> dict[int, str]:
        """The answer's own elements when a message is refused without a decision; no DE 15 and 37."""
        return self._answerer.refusal(Declined(reason=reason, element=element))

    def elements(
        self,
        decision: Decision,
        *,
        operation: Operation | None,
        seq: int,
        business_date: date,
        width: int = WIDTH_DEFAULT,
    ) -> dict[int, str]:
        """The answer's own elements, which get stored: 4 15 37 38 39 44 48 54 62 63 (120-123).

        Args:
            decision: What was decided.
            operation: What was asked; ``None`` when it was not understood.
            seq: Of the switch.
            business_date: Of the decision.
            width: Columns of the terminal's receipt.
        """
        return self._answerer.elements(
            decision, operation=operation, seq=seq, business_date=business_date, width=width
        )

    def elements_as_advice(self, stored: Mapping[int, str]) -> dict[int, str]:
        """The *stored* answer to a request, for the same transaction told again as an advice: accepted."""
        return self._answerer.elements_as_advice(stored)

    def _network_refusal(self, message: Message) -> Declined | None:
        sheet, elements = self.sheet, message.elements
        faulty = {fault.element for fault in message.faults}
        if 11 not in elements:
            faulty.add(11)
        if not faulty and sheet.network_element not in elements and 3 not in elements:
            faulty.add(sheet.network_element)
        if faulty:
            return Declined(reason=Reason.FORMAT_ERROR, element=min(faulty))
        if message.mti[0] not in sheet.versions or message.mti[2] not in sheet.network_functions:
            return Declined(reason=Reason.OPERATION_NOT_SUPPORTED)
        if message.mti[3] not in sheet.origins:
            return Declined(reason=Reason.OPERATION_NOT_SUPPORTED)
        start, stop = sheet.network_place
        code = elements.get(sheet.network_element, "")[start:stop]
        code = code or sheet.network_processing.get(elements.get(3, ""), "")
        if code not in sheet.network_codes:
            return Declined(reason=Reason.OPERATION_NOT_SUPPORTED)
        reason = sheet.network_codes[code]
        return None if reason is None else Declined(reason=reason)


@cache
def _problems(name: str) -> tuple[str, ...]:
    return tuple(problems_of(SHEETS[name]))


def with_codes(sheet: Sheet, codes: Mapping[str, str]) -> Sheet:
    """*sheet* with other values of DE 39, by the names of reasons.

    Raises:
        DialectError: There is no such reason, or it is no value of DE 39.
    """
    known = {reason.name: reason for reason in sheet.codes}
    width = len(sheet.approved)
    for name, code in codes.items():
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else "the terminal interface has them all"
            raise DialectError(f"there is no reason {name!r}", where="codes", hint=hint)
        if len(code) != width or not (code.isascii() and code.isalnum()):
            hint = f"give {width} characters"
            raise DialectError(f"{code!r} is not a response code", where=f"codes.{name}", hint=hint)
    others = {known[name]: code for name, code in codes.items()}
    for_advices = {code for reason, code in others.items() if sheet.codes[reason] in sheet.advice_codes}
    return replace(sheet, codes={**sheet.codes, **others}, advice_codes=sheet.advice_codes | for_advices)


def profile_named(
    name: str,
    *,
    terms: Terms,
    register: Register,
    acquirer_id: str | None,
    codes: Mapping[str, str] = MappingProxyType({}),
) -> Profile:
    """The profile that comes along as *name*; *codes* as ``with_codes`` takes them.

    Raises:
        DialectError: There is none of this name, or the codes are none.
    """
    if name not in SHEETS:
        hint = f"take one of {', '.join(SHEETS)}"
        raise DialectError(f"there is no profile {name!r}", where="profile", hint=hint)
    assert not _problems(name)
    sheet = with_codes(SHEETS[name], codes)
    return Profile(sheet, terms=terms, register=register, acquirer_id=acquirer_id)
