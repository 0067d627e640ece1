"""An entry is a set of postings. A posting is one amount between two accounts: always in balance."""

from dataclasses import dataclass
from datetime import date

from ledger.account import AccountId, PostingReason, is_charted

NO_LOT = 0
POINTS_MAX = 10**12  # of one posting
TOLD_MAX = 10**12 - 1  # what an answer has digits for
LOTS_OF_SEQ = 16  # numbers that follow one another; nearly every decision makes one lot
FURTHER_LOTS = 1 << 48  # above all of them: numbers of the lots beyond


def lot_number(seq: int, at: int) -> int:
    """The number of lot *at* (from 0) of the decision *seq*."""
    page, place = divmod(at, LOTS_OF_SEQ)
    return page * FURTHER_LOTS + seq * LOTS_OF_SEQ + place


def decision_of(lot: int) -> int:
    """The sequence of the decision that made the lot with this number."""
    return lot % FURTHER_LOTS // LOTS_OF_SEQ


@dataclass(slots=True)
class Posting:
    """*points* of *lot* move from the account debited to the account credited.

    Nobody changes one; it is not frozen because that doubles its making.

    Attributes:
        lot: The lot whose points these are; ``NO_LOT`` where neither account keeps lots.
    """

    debit: AccountId
    credit: AccountId
    points: int
    lot: int
    reason: PostingReason

    def __post_init__(self) -> None:
        assert 0 < self.points <= POINTS_MAX
        assert is_charted(self.debit, self.credit, self.reason)


@dataclass(slots=True)
class Lot:
    """Points that were earned together and expire together.

    Nobody changes one; it is not frozen because that doubles its making.

    Attributes:
        lot: Number: the sequence of the decision that made it times 16, plus 0 to 15; the next sixteen of
            one decision lie 2**48 above, and so on.
        owner: Whose available account it lies on.
        points: How many it was made with.
        earned_on: Date in the programme's zone.
        available_from: First day on which they can be spent.
        expires_on: Last day on which they can be spent; ``date.max`` when they never expire.
        funder: Partner that pays for them; empty for the programme.
        value_minor: Money set aside for them at issue.
    """

    lot: int
    owner: int
    points: int
    earned_on: date
    available_from: date
    expires_on: date
    funder: str = ""
    value_minor: int = 0
