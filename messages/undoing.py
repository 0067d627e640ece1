"""How a message names the one that it undoes, completes or tells again, and what it leaves of it."""

from collections.abc import Mapping
from typing import Final

from loyalty.transaction import Operation, OriginalReference
from messages.mti import FILE_ACTION, FINANCIAL
from messages.sheet import Undoing
from messages.tags import TillData

_ORIGINAL_1987: Final = 90
_WIDTH_1987: Final = 42
_WIDTH_1993: Final = 22  # before the acquirer and its length


def names_well(undoing: Undoing, named: str) -> bool:
    """Whether an element that names an original has its form."""
    if undoing.original == _ORIGINAL_1987:
        return len(named) == _WIDTH_1987
    acquirer = named[_WIDTH_1993:]
    return len(acquirer) >= 2 and len(acquirer) == 2 + int(acquirer[:2])


def original_of(
    undoing: Undoing, elements: Mapping[int, str], till: TillData, operation: Operation
) -> OriginalReference | None:
    """The first of DE 90 (or 56), tag 013, DE 37 that was sent; a reversal can mean its own DE 11."""
    named = elements.get(undoing.original)
    if named is not None:
        message_class = FINANCIAL if named[1] == FILE_ACTION else named[1]
        is_1987 = undoing.original == _ORIGINAL_1987
        return OriginalReference(
            message_class=_unless_zero(message_class),
            stan=_unless_zero(named[4:10]),
            # DE 12 of 1993 begins with the year, which the year of arrival stands for here.
            transmitted=_unless_zero(named[10:20] if is_1987 else named[12:22]),
            acquirer_id=_unless_zero(named[20:31] if is_1987 else named[_WIDTH_1993 + 2 :].zfill(11)),
        )
    if till.original_rrn is not None:
        return OriginalReference(rrn=till.original_rrn)
    own_stan = elements[11] if operation is Operation.REVERSAL else None
    if 37 in elements:
        return OriginalReference(rrn=elements[37], own_stan=own_stan)
    return None if own_stan is None else OriginalReference(own_stan=own_stan)


def final_amount(undoing: Undoing, elements: Mapping[int, str], amount: int | None) -> int | None:
    """What a partial reversal leaves; ``None`` for a full one."""
    if undoing.final_amount is None:
        return amount if elements.get(24) == undoing.partial_function else None
    return int(elements.get(undoing.final_amount, "0")[:12]) or None


def _unless_zero(digits: str) -> str | None:
    """*digits*, or ``None`` for zeros, which match anything."""
    return digits if digits.strip("0") else None
