"""The terminal's batch: totals of RECONCILE (DE 74 to 77, 86 to 89, 97), and the lines of UPLOAD."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from loyalty.totals import Claim, Totals
from loyalty.transaction import (
    OriginalReference,
    Reconciliation,
    Transaction,
    TransactionKey,
    Upload,
    common_values,
)

NET: Final = 97
NET_WIDTH: Final = 17
_SIGNS: Final = {"C": 1, "D": -1}

# element: name in ``Totals``, digits
_TOTALS: Final = {
    74: ("credits", 10),
    75: ("credit_reversals", 10),
    76: ("debits", 10),
    77: ("debit_reversals", 10),
    86: ("credit_amount", 16),
    87: ("credit_reversal_amount", 16),
    88: ("debit_amount", 16),
    89: ("debit_reversal_amount", 16),
}
TOTALS_WIDTHS: Final = {number: width for number, (_, width) in _TOTALS.items()} | {NET: NET_WIDTH}


def is_net(text: str) -> bool:
    """Whether *text* is a sign, C or D, and sixteen digits."""
    return len(text) == NET_WIDTH and text[0] in _SIGNS and text.isascii() and text[1:].isdigit()


def write_totals(totals: Totals) -> dict[int, str]:
    """The elements that tell *totals*."""
    elements = {number: f"{getattr(totals, name):0{width}}" for number, (name, width) in _TOTALS.items()}
    sign = "D" if totals.net < 0 else "C"
    return elements | {NET: f"{sign}{abs(totals.net):016}"}


def read_claim(elements: Mapping[int, str]) -> Claim:
    """What *elements* say of a batch."""
    net = elements.get(NET)
    return Claim(
        credits=_difference(elements, 74, 75),
        debits=_difference(elements, 76, 77),
        credit_amount=_difference(elements, 86, 87),
        debit_amount=_difference(elements, 88, 89),
        net=None if net is None else _SIGNS[net[0]] * int(net[1:]),
    )


def _difference(elements: Mapping[int, str], number: int, reversals: int) -> int | None:
    if number not in elements and reversals not in elements:
        return None
    return int(elements.get(number, "0")) - int(elements.get(reversals, "0"))


def reconciliation(transaction: Transaction, elements: Mapping[int, str]) -> Reconciliation:
    """*transaction* with the totals of its *elements*."""
    return Reconciliation(**common_values(transaction), claim=read_claim(elements))


def upload(transaction: Transaction, line: Transaction, line_class: str, moment: str | None) -> Upload:
    """*transaction* with the line that it tells.

    Args:
        transaction: The UPLOAD; its original names the line.
        line: What the message says, read as an advice of the line's own operation.
        line_class: Second digit of the line's MTI.
        moment: Of the line's key, where it is not that of the message.
    """
    named = transaction.original or OriginalReference()
    key = transaction.key
    own = TransactionKey(
        key.acquirer_id, key.terminal_id, line_class, named.stan or key.stan, moment or key.moment
    )
    told = replace(line, key=own, transmitted=named.transmitted or transaction.transmitted)
    return Upload(**common_values(transaction), line=told)
