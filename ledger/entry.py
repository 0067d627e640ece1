"""An entry is a set of postings. A posting is one amount between two accounts: always in balance."""

from dataclasses import dataclass
from datetime import date

from ledger.account import AccountId, PostingReason, is_charted

NO_LOT = 0
POINTS_MAX = 10**12  # of one posting


@dataclass(frozen=True, slots=True)
class Posting:
    """*points* of *lot* move from the account debited to the account credited.

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


@dataclass(frozen=True, slots=True)
class Lot:
    """Points that were earned together and expire together.

    Attributes:
        lot: Number: the sequence of the decision that made it times 16, plus 0 to 15.
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
