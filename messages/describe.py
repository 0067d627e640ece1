"""A message for people: every element with its name, sub-elements taken apart, card data hidden."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from messages.basket import BasketError, read_basket, read_discounts
from messages.elements import NAMES, last4, mask
from messages.errors import MessageError
from messages.nested import parts_of
from messages.spec import Dialect, Field
from messages.tags import HIDDEN_TAGS, TAG_NAMES, TagError, read_tags

_LONG_NUMBER: Final = re.compile("[0-9]{12,}")


@dataclass(frozen=True, slots=True)
class Described:
    """One line: *number* is ``002`` or, for a sub-element, ``048.050``."""

    number: str
    name: str
    value: str


def describe(elements: Mapping[int, str], dialect: Dialect | None = None) -> list[Described]:
    """The lines of *elements*, in order, masked; named as *dialect* names them."""
    lines = []
    for number in sorted(elements):
        value = elements[number]
        field = None if dialect is None else dialect.fields.get(number)
        label = f"{number:03}"
        parts = list(_parts(number, value, field))
        shown = f"({len(value)} characters)" if parts else mask(number, value)
        title = NAMES.get(number, f"Element {number}") if field is None else field.title
        lines.append(Described(label, title, shown))
        lines += [Described(f"{label}.{part.number}", part.name, part.value) for part in parts]
    return lines


def _parts(number: int, value: str, field: Field | None) -> Iterator[Described]:
    """The sub-elements of element *number*; none where it is not laid out as expected."""
    try:
        if field is not None and field.nested not in ("", "tags"):
            for name, text in parts_of(field, value):
                yield Described(name, _part_name(field, name), _shown(field, text))
            return
        yield from _own_parts(number, value)
    except (TagError, BasketError, MessageError):
        return


def _shown(field: Field, text: str) -> str:
    """A part, without what could be a card: all of chip data, and long rows of digits elsewhere."""
    if field.nested == "ber":
        return f"({len(text)} characters)"
    return _LONG_NUMBER.sub(lambda found: last4(found[0]), text)


def _part_name(field: Field, name: str) -> str:
    part = field.parts.get(int(name)) if name.isdecimal() else None
    return part.title if part is not None and part.name else "Part"


def _own_parts(number: int, value: str) -> Iterator[Described]:
    """What the default profile makes of an element."""
    match number:
        case 48:
            for tag, text in read_tags(value):
                shown = _identifier(tag, text) if tag in HIDDEN_TAGS else text
                yield Described(tag, TAG_NAMES.get(tag, "Unknown tag"), shown)
        case 54 if len(value) % 20 == 0:
            for at in range(0, len(value), 20):
                name = {"02": "Available", "01": "Ledger"}.get(value[at + 2 : at + 4], "Balance")
                sign = "-" if value[at + 7] == "D" else ""
                amount = sign + (value[at + 8 : at + 20].lstrip("0") or "0")
                yield Described(value[at : at + 4], name, f"{amount} ({value[at + 4 : at + 7]})")
        case 62 if "|" in value:
            for row, text in enumerate(value.split("|"), 1):
                yield Described(f"{row:03}", "Receipt line", text)
        case 63:
            yield from _basket(value)


def _basket(value: str) -> Iterator[Described]:
    if value[3:4] in ("5", "6"):
        try:
            for row, line in enumerate(read_basket(value), 1):
                quantity = f"{line.quantity_milli}/1000 {line.unit}"
                text = f"{line.product} {quantity} {line.amount_minor} {line.category} {line.flags}"
                yield Described(f"{row:03}", "Basket line", text.rstrip())
        except BasketError:
            pass
        else:
            return
    for discount in read_discounts(value):
        text = f"{discount.amount_minor} {discount.promotion} {discount.text}"
        yield Described(f"{discount.line:03}", "Discount on line", text)


def _identifier(tag: str, text: str) -> str:
    if tag == "010":
        return text[:4] + last4(text[4:])
    return last4(text) if tag == "012" else f"({len(text)} characters)"
