"""Redemptions by their ticket, from memory for the latest day that was asked of: most tickets have none.

Whoever pays a part with points and the rest otherwise sends two messages of one ticket, one after the other:
the second one finds the first here.
"""

from collections.abc import Callable
from typing import Final

from loyalty.transaction import Operation
from switch.generations import Generations
from switch.outcome import Outcome, Record

KEPT_MAX: Final = 10_000  # tickets of a generation; two generations are some 40 MB at most

_COVERING: Final = frozenset({Operation.REDEEM.value, Operation.PAY_CERTIFICATE.value})
_DAY_LENGTH: Final = 10  # a ticket begins with its business date


class Redeemed:
    """What is known of tickets without looking.

    Args:
        of_day: The tickets of a business date that points or certificates paid.
        of_ticket: Effective redemptions of a ticket, looked up.
    """

    def __init__(
        self,
        of_day: Callable[[str], set[str]],
        of_ticket: Callable[[str], list[Record]],
        size: int = KEPT_MAX,
    ) -> None:
        self._of_day = of_day
        self._of_ticket = of_ticket
        self._day = ""
        self._paid: set[str] = set()
        self._redemptions: Generations[str, tuple[Record, ...]] = Generations(size)
        self._ticket_of: Generations[int, str] = Generations(size)

    def redemptions(self, ticket: str) -> list[Record]:
        """Effective redemptions of *ticket*."""
        day = ticket[:_DAY_LENGTH]
        if day < self._day:
            return self._of_ticket(ticket)
        if day > self._day:
            self._day = day
            self._paid = self._of_day(day)
        if ticket not in self._paid:
            return []
        known = self._redemptions.get(ticket)
        # A record whose number is forgotten would not be dropped when something is done to it.
        if known is None or any(self._ticket_of.get(record.seq) is None for record in known):
            known = tuple(self._of_ticket(ticket))
            self._keep(ticket, known)
        return list(known)

    def fold(self, outcome: Outcome) -> None:
        """Take in what a durable *outcome* changed."""
        for link in outcome.links:
            changed = self._ticket_of.get(link.original)
            if changed is not None:
                self._redemptions.drop(changed)
        record = outcome.record
        if (
            record is None
            or record.ticket is None
            or record.operation not in _COVERING
            or record.ticket[:_DAY_LENGTH] != self._day
        ):
            return
        ticket = record.ticket
        if ticket in self._paid:
            self._redemptions.drop(ticket)
        elif record.effective:
            self._paid.add(ticket)
            self._keep(ticket, (record,))

    def _keep(self, ticket: str, records: tuple[Record, ...]) -> None:
        self._redemptions.put(ticket, records)
        for record in records:
            self._ticket_of.put(record.seq, ticket)
