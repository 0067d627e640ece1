"""Answering: a decision becomes the elements that are the answer's own; echoes are added when it is sent."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Final

from loyalty.decision import (
    Approved,
    Balance,
    Decision,
    Declined,
    Discount,
    Instrument,
    OutOfBalance,
    Reason,
)
from loyalty.sequence import base36, day_digits
from loyalty.terms import Terms
from loyalty.transaction import Operation
from messages.basket import cut, fit_discounts
from messages.batch import write_totals
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
            if isinstance(decision, OutOfBalance):
                elements |= write_totals(decision.totals)
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
        tags = [_tag(_REASON_TAG, _words(declined.name or declined.reason.name))]
        if declined.programme_version is not None:
            tags.append(_tag("060", declined.programme_version))
        if declined.near_miss:
            tags.append(_tag("061", _words(declined.near_miss)))
        elements[self._layout.tags] = self._joined(tags)
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

    def _tags(self, approved: Approved) -> str:  # noqa: C901, PLR0912  (a list of tags, each with its condition)
        """Tags of an approval, ascending. Most have one length, so it stands with the tag."""
        tags = []
        if approved.earned is not None:
            tags.append(f"050013{_signed(approved.earned)}")
        if approved.used is not None:
            tags.append(f"051012{abs(approved.used):012}")
        if approved.balance is not None:
            tags.append(_balance_tags(approved.balance))
        if approved.discount_minor:
            tags.append(f"056012{approved.discount_minor:012}")
        if approved.instruments:
            tags += [_tag("058", _instrument(instrument)) for instrument in approved.instruments]
        if approved.partial:
            tags.append(_tag(_REASON_TAG, Reason.PARTIAL.name))
        if approved.programme_version is not None:
            tags.append(_tag("060", approved.programme_version))
        if approved.near_miss:
            tags.append(_tag("061", _words(approved.near_miss)))
        if approved.left_to_pay_minor is not None:
            tags.append(f"062012{abs(approved.left_to_pay_minor):012}")
        if approved.value_minor is not None:
            tags.append(f"063012{abs(approved.value_minor):012}")
        if approved.redeemable is not None:
            points, value_minor = approved.redeemable
            tags.append(f"064024{points:012}{value_minor:012}")
        if approved.coupons_refused:
            tags += [_tag("065", _words(f"{name} {code}")) for name, code in approved.coupons_refused]
        if approved.hold_until is not None:
            tags.append(_tag("066", f"{approved.hold_until:%Y%m%d%H%M%S}"))
        return self._joined(tags)

    def _joined(self, tags: list[str]) -> str:
        """*tags* as they fit: those that can be done without go first."""
        text = "".join(tags)
        if len(text) <= self._layout.tags_size_max:
            return text
        for expendable in _EXPENDABLE_TAGS:
            if len(text) <= self._layout.tags_size_max:
                break
            tags = [tag for tag in tags if not tag.startswith(expendable)]
            text = "".join(tags)
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
        text = f"9002{unit}{available}9001{unit}{ledger}"
        if approved.certificate is not None:
            left = _signed(approved.certificate)
            text += f"6002{unit}{left}6001{unit}{left}"
        return text


def _tag(tag: str, value: str) -> str:
    return f"{tag}{len(value):03}{value}"


def _words(text: str) -> str:
    """*text* as a tag's value."""
    return to_ascii(text)[:_WORDS_SIZE_MAX]


def _plain(discount: Discount) -> Discount:
    """*discount* in characters that can stand in a basket."""
    promotion, text = (to_ascii(words).replace("\\", "/") for words in (discount.promotion, discount.text))
    return replace(discount, promotion=promotion, text=text)


def _signed(points: int) -> str:
    return f"D{-points:012}" if points < 0 else f"C{points:012}"


def _instrument(instrument: Instrument) -> str:
    return f"{instrument.kind}{instrument.value:012}{instrument.last_day:%Y%m%d}{instrument.code}"


def _balance_tags(balance: Balance) -> str:
    tags = f"052013{_signed(balance.available - balance.debt)}053012{balance.pending:012}"
    if balance.expires_on is not None and balance.expires_points:
        last_day = balance.expires_on.isoformat().replace("-", "")
        tags += f"054020{balance.expires_points:012}{last_day}"
    if balance.tier:
        tags += _tag("055", _words(balance.tier))
    return tags
