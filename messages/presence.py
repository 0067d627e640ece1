"""What a message must carry and what its answer repeats, as codes that interface documents use.

The codes follow from the tables of a profile; the tests hold reading and answering to them.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from loyalty.transaction import Operation
from messages.sheet import Sheet


class Presence(enum.Enum):
    """Whether an element is there."""

    MANDATORY = "M"
    MANDATORY_ECHO = "ME"  # in every answer, as it was asked
    CONDITIONAL = "C"  # when what the terminal interface says of it is so
    CONDITIONAL_ECHO = "CE"  # in the answer, as it was asked, if it was
    OPTIONAL = "O"


@dataclass(frozen=True, slots=True)
class Presences:
    """Of one operation: the elements of its request and of its answer, by number."""

    request: Mapping[int, Presence]
    answer: Mapping[int, Presence]


_NAMING: Final = (3, 11, 41)  # what every message but the link's own carries
_TIMES: Final = (7, 12, 13)
_CARD: Final = (2, 35)
_BOOKED: Final = 38


def presences_of(sheet: Sheet, operation: Operation) -> Presences:
    """The codes of *operation* under *sheet*."""
    if operation is Operation.NETWORK:
        return _network(sheet)
    needs, layout = sheet.needs[operation], sheet.layout
    request = dict.fromkeys(sheet.echo, Presence.OPTIONAL)
    request |= dict.fromkeys((layout.tags, *_CARD, _BOOKED), Presence.OPTIONAL)
    request |= dict.fromkeys(_TIMES[: 2 if sheet.dated_times else 3], Presence.CONDITIONAL)
    request |= dict.fromkeys(_NAMING, Presence.MANDATORY)
    if needs.amount:
        request[4] = Presence.MANDATORY
    if needs.basket_sums:
        request |= dict.fromkeys(layout.basket, Presence.OPTIONAL)
    if needs.card or needs.card_or_original:
        request |= dict.fromkeys(_CARD, Presence.CONDITIONAL)
    if needs.names_original:
        request[sheet.undoing.original] = Presence.CONDITIONAL
    if operation is Operation.REVERSAL and sheet.undoing.final_amount is not None:
        request[sheet.undoing.final_amount] = Presence.OPTIONAL
    answer = dict.fromkeys(sheet.echo, Presence.CONDITIONAL_ECHO)
    answer |= dict.fromkeys(_NAMING, Presence.MANDATORY_ECHO)
    answer |= dict.fromkeys((15, 37, 39), Presence.MANDATORY)
    answer |= dict.fromkeys((_BOOKED, 44, layout.tags, layout.balances, layout.receipt), Presence.CONDITIONAL)
    if needs.basket_sums:
        answer |= dict.fromkeys(layout.basket, Presence.CONDITIONAL)
    return Presences(_sorted(request), _sorted(answer))


def _network(sheet: Sheet) -> Presences:
    request = {11: Presence.MANDATORY, sheet.network_element: Presence.MANDATORY}
    if sheet.network_processing:
        request |= {3: Presence.OPTIONAL, sheet.network_element: Presence.CONDITIONAL}
    answer = dict.fromkeys((*sheet.echo, *sheet.network_echo), Presence.CONDITIONAL_ECHO)
    answer |= {11: Presence.MANDATORY_ECHO, 39: Presence.MANDATORY, 44: Presence.CONDITIONAL}
    return Presences(_sorted(request), _sorted(answer))


def _sorted(codes: Mapping[int, Presence]) -> dict[int, Presence]:
    return dict(sorted(codes.items()))
