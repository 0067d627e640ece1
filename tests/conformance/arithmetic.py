"""Points and money of the starter programme, worked out by the suite itself.

One point per full 1.00 of the earn base, rounded down; a point pays 0.01, step 1, up to the whole ticket.
"""

EARN_UNIT_MINOR = 100
POINT_VALUE_MINOR = 1


def owed(ticket_minor: int, used_points: int = 0, discount_minor: int = 0) -> int:
    """Tag 062 of a sale: what the customer still owes."""
    return ticket_minor - discount_minor - used_points * POINT_VALUE_MINOR


def earn_base(
    ticket_minor: int, *, used_points: int = 0, covered_minor: int = 0, tender_minor: int = 0
) -> int:
    """What earns: 062, less other payments with points, less PNTS and CERT tenders above both."""
    paid_here = used_points * POINT_VALUE_MINOR
    beyond = max(0, tender_minor - covered_minor - paid_here)
    return max(0, owed(ticket_minor, used_points) - covered_minor - beyond)


def earned(base_minor: int) -> int:
    """Points of an earn base; a started euro gives nothing."""
    return base_minor // EARN_UNIT_MINOR


def clawed_back(earned_points: int, ticket_minor: int, returned_minor: int, before: int = 0) -> int:
    """Points that a return takes, when all returns so far together are worth *returned_minor*."""
    kept = earned_points * (ticket_minor - returned_minor) // ticket_minor
    return earned_points - kept - before
