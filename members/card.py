"""Cards and their statuses. A card is known by the keyed hash of its number; the number itself is nowhere."""

import enum
from dataclasses import dataclass
from datetime import date

from loyalty.card import CardId, MemberId
from loyalty.decision import Reason


class CardStatus(enum.Enum):
    """Where a card stands in its life."""

    ISSUED = "issued"
    ACTIVE = "active"
    BLOCKED = "blocked"
    LOST = "lost"
    STOLEN = "stolen"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card with what a decision must know of its member.

    Attributes:
        owner: Whose accounts its points are on: the member, or the parent of his family.
        operator_id: The operator's own id of the member.
        last4: All that is kept of the number.
        expires_on: Its last day; ``None`` when it never expires.
        programme: That the member belongs to; empty for the deployment's own.
        type: As the operator calls it (``corporate``, ``virtual``); empty for none.
    """

    card_id: CardId
    member_id: MemberId
    owner: MemberId
    operator_id: str
    last4: str
    status: CardStatus
    expires_on: date | None
    tier: str | None = None
    language: str | None = None
    programme: str = ""
    type: str = ""

    def refusal(self, today: date) -> Reason | None:
        """Why it cannot be used on *today*, by step 9 of the order of checks; ``None`` when it can."""
        match self.status:
            case CardStatus.LOST:
                return Reason.CARD_LOST
            case CardStatus.STOLEN:
                return Reason.CARD_STOLEN
            case CardStatus.BLOCKED:
                return Reason.CARD_BLOCKED
            case CardStatus.REPLACED:
                return Reason.CARD_REPLACED
            case CardStatus.ISSUED | CardStatus.ACTIVE:
                if self.expires_on is not None and today > self.expires_on:
                    return Reason.CARD_EXPIRED
                return Reason.CARD_NOT_ACTIVE if self.status is CardStatus.ISSUED else None
