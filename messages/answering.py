"""Answering: a decision becomes the elements that are the answer's own; echoes are added when it is sent."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Final

from loyalty.decision import Approved, Decision, Declined, Discount, Reason
from loyalty.terms import Terms
from loyalty.transaction import Operation
from messages.basket import cut, write_discounts
from messages.receipt import decline_text, receipt
from messages.sheet import Sheet
from messages.tags import read_tags, write_tags
from messages.transliterate import to_ascii

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PAIRS: Final = tuple(first + second for first in _DIGITS for second in _DIGITS)
_PAIR: Final = len(_PAIRS)
WIDTH_DEFAULT: Final = 38  # columns of a receipt when the terminal is not known
# Left out in this order when the tags are too long.
_EXPENDABLE_TAGS: Final = ("061", "065")
_REASON_TAG: Final = "059"
_WORDS_SIZE_MAX: Final = 200


def base36(number: int) -> str:
    """*number* in eight characters, 0 to 9 and A to Z."""
    assert 0 <= number < 36**8
    high, low = divmod(number, _PAIR * _PAIR)
    first, second = divmod(high, _PAIR)
    third, fourth = divmod(low, _PAIR)
    return _PAIRS[first] + _PAIRS[second] + _PAIRS[third] + _PAIRS[fourth]


@lru_cache(maxsize=8)
def _day(business_date: date) -> tuple[str, str]:
    """DE 15, and the beginning of DE 37: last digit of the year, day of the year."""
    return f"{business_date:%m%d}", f"{business_date.year % 10}{business_date:%j}"


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
            operation: ``None`` when none was understood.
            seq: Of the switch; it is in DE 37 and DE 38.
            width: Columns of the terminal's receipt.
        """
        month_day, day_of_year = _day(business_date)
        number = base36(seq)
        elements = {15: month_day, 37: day_of_year + number}
        if isinstance(decision, Declined):
            return elements | self.refusal(decision, width=width)
        elements[39] = self._sheet.codes[Reason.PARTIAL] if decision.partial else self._sheet.approved
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
            elements[self._layout.receipt] = text
        if decision.discounts:
            discounts = write_discounts(map(_plain, decision.discounts))
            elements |= cut(discounts, self._layout.basket, self._layout.piece_size_max)
        return elements

    def refusal(self, declined: Declined, *, width: int = WIDTH_DEFAULT) -> dict[int, str]:
        """What every refusal carries, also those that are no decisions."""
        elements = {39: self._sheet.codes[declined.reason]}
        if declined.element is not None:
            elements[44] = f"{declined.element:03}"
        tags = [(_REASON_TAG, _words(declined.name or declined.reason.name))]
        if declined.programme_version is not None:
            tags.append(("060", declined.programme_version))
        if declined.near_miss:
            tags.append(("061", _words(declined.near_miss)))
        elements[self._layout.tags] = self._written(tags)
        elements[self._layout.receipt] = decline_text(declined, self._terms, width)
        return elements

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
        tags = []
        if approved.earned is not None:
            tags.append(("050", _signed(approved.earned)))
        if approved.used is not None:
            tags.append(("051", f"{abs(approved.used):012}"))
        balance = approved.balance
        if balance is not None:
            tags.append(("052", _signed(balance.available - balance.debt)))
            tags.append(("053", f"{balance.pending:012}"))
            if balance.expires_on is not None and balance.expires_points:
                tags.append(("054", f"{balance.expires_points:012}{balance.expires_on:%Y%m%d}"))
            if balance.tier is not None:
                tags.append(("055", _words(balance.tier)))
        if approved.discount_minor:
            tags.append(("056", f"{approved.discount_minor:012}"))
        for instrument in approved.instruments:
            last_day = f"{instrument.last_day:%Y%m%d}"
            tags.append(("058", f"{instrument.kind}{instrument.value:012}{last_day}{instrument.code}"))
        if approved.partial:
            tags.append((_REASON_TAG, Reason.PARTIAL.name))
        if approved.programme_version is not None:
            tags.append(("060", approved.programme_version))
        if approved.near_miss:
            tags.append(("061", _words(approved.near_miss)))
        if approved.left_to_pay_minor is not None:
            tags.append(("062", f"{approved.left_to_pay_minor:012}"))
        if approved.value_minor is not None:
            tags.append(("063", f"{abs(approved.value_minor):012}"))
        if approved.redeemable is not None:
            points, value_minor = approved.redeemable
            tags.append(("064", f"{points:012}{value_minor:012}"))
        tags.extend(("065", _words(f"{name} {code}")) for name, code in approved.coupons_refused)
        if approved.hold_until is not None:
            tags.append(("066", f"{approved.hold_until:%Y%m%d%H%M%S}"))
        return self._written(tags)

    def _written(self, tags: list[tuple[str, str]]) -> str:
        text = write_tags(tags)
        for expendable in _EXPENDABLE_TAGS:
            if len(text) <= self._layout.tags_size_max:
                break
            tags = [pair for pair in tags if pair[0] != expendable]
            text = write_tags(tags)
        return text

    def _balances(self, approved: Approved) -> str:
        balance = approved.balance
        assert balance is not None
        available = _signed(balance.available - balance.debt)
        ledger = _signed(balance.available + balance.pending + balance.held)
        unit = self._terms.unit_code
        return f"9002{unit}{available}9001{unit}{ledger}"


def _words(text: str) -> str:
    """*text* as a tag's value."""
    return to_ascii(text)[:_WORDS_SIZE_MAX]


def _plain(discount: Discount) -> Discount:
    """*discount* in characters that can stand in a basket."""
    promotion, text = (to_ascii(words).replace("\\", "/") for words in (discount.promotion, discount.text))
    return replace(discount, promotion=promotion, text=text)


def _signed(points: int) -> str:
    return f"{'D' if points < 0 else 'C'}{abs(points):012}"
