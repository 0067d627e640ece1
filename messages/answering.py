"""Answering: a decision becomes the elements that are the answer's own; echoes are added when it is sent."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Final

from loyalty.decision import Approved, Balance, Decision, Declined, Discount, Instrument, Reason
from loyalty.sequence import base36, day_digits
from loyalty.terms import Terms
from loyalty.transaction import Operation
from messages.basket import cut, fit_discounts
from messages.receipt import LINE_SEPARATOR, decline_text, receipt
from messages.sheet import Form, Sheet
from messages.tags import read_tags, write_tags
from messages.transliterate import to_ascii

WIDTH_DEFAULT: Final = 38  # columns of a receipt when the terminal is not known
# Left out in this order when the tags are too long.
_EXPENDABLE_TAGS: Final = ("061", "065")
_REASON_TAG: Final = "059"
_WORDS_SIZE_MAX: Final = 200


@lru_cache(maxsize=8)
def _day(business_date: date, form: str) -> tuple[str, str]:
    """DE 15, and the beginning of DE 37."""
    return business_date.strftime(form), day_digits(business_date)


class Answerer:
    """Writes decisions by the tables of *sheet*."""

    def __init__(self, sheet: Sheet, terms: Terms) -> None:
        self._sheet = sheet
        self._layout = sheet.layout
        self._terms = terms

    def elements(
        self,
        decision: Decision,
        *,
        operation: Operation | None,
        seq: int,
        business_date: date,
        width: int = WIDTH_DEFAULT,
    ) -> dict[int, str]:
        """The answer's own elements; the only ones that are stored.

        Args:
            decision: What was decided.
            operation: What was asked; ``None`` when it was not understood.
            seq: Of the switch; it is in DE 37 and DE 38.
            business_date: Of the decision.
            width: Columns of the terminal's receipt.
        """
        settlement_date, day_of_year = _day(business_date, self._sheet.settlement_date)
        number = base36(seq)
        elements = {15: settlement_date, 37: day_of_year + number}
        if isinstance(decision, Declined):
            return elements | self.refusal(decision, width=width)
        partial = self._sheet.codes[Reason.PARTIAL]
        elements[39] = partial if decision.partial else self.approved(operation)
        if decision.amount is not None:
            elements[4] = f"{decision.amount:012}"
        if decision.books:
            elements[38] = number[2:]
        tags = self._tags(decision)
        if tags:
            elements[self._layout.tags] = tags
        if decision.balance is not None:
            elements[self._layout.balances] = self._balances(decision)
        text = receipt(decision, operation, self._terms, width, self._layout.receipt_size_max)
        if text:
            elements[self._layout.receipt] = self._receipt(text)
        if decision.discounts:
            basket, size_max = self._layout.basket, self._layout.piece_size_max
            discounts = fit_discounts([_plain(each) for each in decision.discounts], len(basket) * size_max)
            elements |= cut(discounts, basket, size_max)
        return elements

    def refusal(self, declined: Declined, *, width: int = WIDTH_DEFAULT) -> dict[int, str]:
        """What every refusal carries, also those that are no decisions."""
        elements = {39: self._sheet.codes[declined.reason]}
        if declined.element is not None:
            elements[44] = f"{declined.element:03}"
        elements[self._layout.tags] = self._written(
            [
                (_REASON_TAG, _words(declined.name or declined.reason.name)),
                ("060", declined.programme_version),
                ("061", _words(declined.near_miss)),
            ]
        )
        elements[self._layout.receipt] = self._receipt(decline_text(declined, self._terms, width))
        return elements

    def approved(self, operation: Operation | None) -> str:
        """DE 39 of an approved *operation*."""
        if operation is None:
            return self._sheet.approved
        return self._sheet.approved_for.get(operation, self._sheet.approved)

    def elements_as_advice(self, stored: Mapping[int, str]) -> dict[int, str]:
        """The *stored* answer to a request, for the same transaction told again as an advice: accepted."""
        elements = dict(stored)
        approvals = (self._sheet.approved, self._sheet.codes[Reason.PARTIAL])
        if elements[39] not in approvals:
            for number in (38, self._layout.balances, self._layout.receipt):
                elements.pop(number, None)
            pairs = read_tags(elements.pop(self._layout.tags, ""))
            tags = write_tags(pair for pair in pairs if pair[0] != _REASON_TAG)
            if tags:
                elements[self._layout.tags] = tags
        elements[39] = self._sheet.approved
        return elements

    # --- DE 48 and DE 54

    def _tags(self, approved: Approved) -> str:
        until, redeemable = approved.hold_until, approved.redeemable
        tags = [
            ("050", _signed(approved.earned)),
            ("051", _number(approved.used)),
            *_balance_tags(approved.balance),
            ("056", _number(approved.discount_minor or None)),
            *[("058", _instrument(instrument)) for instrument in approved.instruments],
            (_REASON_TAG, Reason.PARTIAL.name if approved.partial else None),
            ("060", approved.programme_version),
            ("061", _words(approved.near_miss)),
            ("062", _number(approved.left_to_pay_minor)),
            ("063", _number(approved.value_minor)),
            ("064", None if redeemable is None else f"{redeemable[0]:012}{redeemable[1]:012}"),
            *[("065", _words(f"{name} {code}")) for name, code in approved.coupons_refused],
            ("066", None if until is None else f"{until:%Y%m%d%H%M%S}"),
        ]
        return self._written(tags)

    def _written(self, optional: list[tuple[str, str | None]]) -> str:
        tags = [(tag, value) for tag, value in optional if value is not None]
        text = write_tags(tags)
        for expendable in _EXPENDABLE_TAGS:
            if len(text) <= self._layout.tags_size_max:
                break
            tags = [pair for pair in tags if pair[0] != expendable]
            text = write_tags(tags)
        return text

    def _receipt(self, text: str) -> str:
        """The lines of *text* in the form of their element."""
        match self._layout.receipt_form:
            case Form.CARD_ISSUER_DATA:
                lines = text.split(LINE_SEPARATOR)
                return f"{len(lines):02}" + "".join(f"IPR{len(line):02}{line}" for line in lines)
            case Form.MESSAGE_SET:
                return f"001{len(text):03}{text}"
            case _:
                return text

    def _balances(self, approved: Approved) -> str:
        balance = approved.balance
        assert balance is not None
        available = _signed(balance.available - balance.debt)
        ledger = _signed(balance.available + balance.pending + balance.held)
        unit = self._terms.unit_code
        if self._layout.balances_form is Form.TAG_007:
            return f"007016{available}{unit}"
        return f"9002{unit}{available}9001{unit}{ledger}"


def _words(text: str | None) -> str | None:
    """*text* as a tag's value."""
    return to_ascii(text)[:_WORDS_SIZE_MAX] if text else None


def _plain(discount: Discount) -> Discount:
    """*discount* in characters that can stand in a basket."""
    promotion, text = (to_ascii(words).replace("\\", "/") for words in (discount.promotion, discount.text))
    return replace(discount, promotion=promotion, text=text)


def _signed(points: int | None) -> str | None:
    return None if points is None else f"{'D' if points < 0 else 'C'}{abs(points):012}"


def _number(number: int | None) -> str | None:
    return None if number is None else f"{abs(number):012}"


def _instrument(instrument: Instrument) -> str:
    return f"{instrument.kind}{instrument.value:012}{instrument.last_day:%Y%m%d}{instrument.code}"


def _balance_tags(balance: Balance | None) -> list[tuple[str, str | None]]:
    if balance is None:
        return []
    expiry = None
    if balance.expires_on is not None and balance.expires_points:
        expiry = f"{balance.expires_points:012}{balance.expires_on:%Y%m%d}"
    return [
        ("052", _signed(balance.available - balance.debt)),
        ("053", _number(balance.pending)),
        ("054", expiry),
        ("055", _words(balance.tier)),
    ]
