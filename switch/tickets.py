"""What else paid for the ticket of a sale."""

from typing import Final

from switch.case import Case

_TENDERS_OF_POINTS: Final = frozenset({"PNTS", "CERT"})


def paid_otherwise(case: Case, value_minor: int) -> int:
    """What redemptions of the same ticket covered, and point tenders as far as they exceed that."""
    covered_minor = covered_on_ticket(case, case.ticket)
    tenders = case.transaction.tenders
    if not tenders:
        return covered_minor
    tenders_minor = sum([tender.amount_minor for tender in tenders if tender.kind in _TENDERS_OF_POINTS])
    return covered_minor + max(tenders_minor - covered_minor - value_minor, 0)


def covered_on_ticket(case: Case, ticket: str | None) -> int:
    """Money that redemptions of *ticket* cover still, in minor units."""
    if ticket is None:
        return 0
    return sum(record.value_minor - record.returned_minor for record in case.worksheet.redemptions(ticket))
