r"""Baskets: the lines of DE 63, which goes on in DE 120 to 123.

Request: `lines n3`, `parts n1`, then per line `product\quantity\unit\amount\category\[flags\]`.
Answer: `lines n3`, then per discount `line n3\amount\promotion\text\`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from loyalty.decision import Discount
from loyalty.transaction import BasketLine

_QUANTITY: Final = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,3}))?")
_AMOUNT: Final = re.compile(r"-?[0-9]{1,12}")
_UNITS: Final = frozenset("UKLM")
_FLAGS: Final = frozenset({"", "N", "D", "ND", "DN"})
_HEAD: Final = 4  # number of lines n3, parts of a line n1
_ROWS_MAX: Final = 999  # three digits


class BasketError(ValueError):
    """The basket has another shape than it must have."""


def read_basket(text: str) -> tuple[BasketLine, ...]:
    """The lines of a request.

    Raises:
        BasketError: Wrong count or shape.
    """
    head = text[:_HEAD]
    if len(head) < _HEAD or not (head.isascii() and head.isdigit()) or head[3] not in "56":
        raise BasketError
    count, parts_count = int(head[:3]), int(head[3])
    parts = text[_HEAD:].split("\\")
    if parts.pop() or len(parts) != count * parts_count:
        raise BasketError
    lines = []
    for at in range(0, len(parts), parts_count):
        product, quantity, unit, amount, category = parts[at : at + 5]
        flags = parts[at + 5] if parts_count == 6 else ""
        matched = _QUANTITY.fullmatch(quantity)
        if not product or matched is None or unit not in _UNITS or flags not in _FLAGS:
            raise BasketError
        if _AMOUNT.fullmatch(amount) is None:
            raise BasketError
        milli = int(matched[1]) * 1000 + int((matched[2] or "").ljust(3, "0"))
        lines.append(BasketLine(product, milli, unit, int(amount), category, flags))
    return tuple(lines)


def write_basket(lines: Sequence[BasketLine]) -> str:
    """The text of *lines*, as a till sends it."""
    parts_count = 6 if any(line.flags for line in lines) else 5
    text = [f"{len(lines):03}{parts_count}"]
    for line in lines:
        parts = [line.product, _quantity(line), line.unit, str(line.amount_minor), line.category]
        if parts_count == 6:
            parts.append(line.flags)
        assert not any("\\" in part for part in parts)
        text.extend(f"{part}\\" for part in parts)
    return "".join(text)


def _quantity(line: BasketLine) -> str:
    whole, milli = divmod(line.quantity_milli, 1000)
    return f"{whole}.{milli:03}".rstrip("0").rstrip(".")


def write_discounts(discounts: Iterable[Discount]) -> str:
    """The text of *discounts*, as the switch answers it."""
    rows = [f"{row.line:03}\\{row.amount_minor}\\{row.promotion}\\{row.text}\\" for row in discounts]
    return f"{len(rows):03}" + "".join(rows)


def fit_discounts(discounts: Sequence[Discount], size_max: int) -> str:
    """The same in at most *size_max* characters and 999 rows: if need be without texts, or one row a line.

    One row a line is never longer than the basket that it answers, so that always fits.
    """
    text = write_discounts(discounts)
    if len(text) > size_max or len(discounts) > _ROWS_MAX:
        discounts = [replace(discount, text="") for discount in discounts]
        text = write_discounts(discounts)
    if len(text) > size_max or len(discounts) > _ROWS_MAX:
        off = Counter[int]()
        for discount in discounts:
            off[discount.line] += discount.amount_minor
        text = write_discounts([Discount(line, off[line], "", "") for line in sorted(off)])
    return text


def read_discounts(text: str) -> tuple[Discount, ...]:
    """The discounts of an answer, for a till.

    Raises:
        BasketError: Wrong count or shape.
    """
    parts = text[3:].split("\\")
    if parts.pop() or not (text[:3].isascii() and text[:3].isdigit()) or len(parts) != 4 * int(text[:3]):
        raise BasketError
    discounts = []
    for at in range(0, len(parts), 4):
        line, amount, promotion, words = parts[at : at + 4]
        if _AMOUNT.fullmatch(line) is None or _AMOUNT.fullmatch(amount) is None:
            raise BasketError
        discounts.append(Discount(int(line), int(amount), promotion, words))
    return tuple(discounts)


def cut(text: str, elements: Sequence[int], size_max: int) -> dict[int, str]:
    """*text* over *elements*, in pieces of at most *size_max* characters."""
    pieces = [text[at : at + size_max] for at in range(0, len(text), size_max)]
    assert len(pieces) <= len(elements)
    return dict(zip(elements, pieces, strict=False))
