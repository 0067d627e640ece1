"""Orders of the administration that concern what customers show: one-time codes and PINs of cards.

Neither codes nor PINs come this far: whoever orders sends what they are recognised by.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from loyalty.card import IdentifierKind, Token
from loyalty.errors import LoyaltyError
from members.card import Card, CardStatus
from members.proof import ProofChange, ProofKind, Secret
from switch.case import Moment
from switch.outcome import CardChange
from switch.work import Change
from switch.worksheet import Worksheet

LIFE_MAX: Final = timedelta(days=1)  # of a code


@dataclass(frozen=True, slots=True)
class SetSecret:
    """Give the card *token* a new code or PIN in the place of the one it has; *life* is that of a code."""

    token: Token
    kind: ProofKind
    secret: Secret
    life: timedelta | None = None

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:
        """Told: the card, and until when it holds.

        Raises:
            LoyaltyError: The card is not known, or cannot be used any more.
        """
        card = _card(worksheet, self.token)
        if card.status not in (CardStatus.ISSUED, CardStatus.ACTIVE):
            hint = "activate it, or take the card that has its place"
            raise LoyaltyError(f"is {card.status.value}", where=f"card *{card.last4}", hint=hint)
        expires_at = None if self.life is None else moment.now + self.life
        return _changed(worksheet, card, self.kind, "set", replace(self.secret, expires_at=expires_at))


@dataclass(frozen=True, slots=True)
class ClearSecret:
    """Forget the wrong tries of a card's code or PIN, or with *remove* the code or PIN itself."""

    token: Token
    kind: ProofKind
    remove: bool

    def carry_out(self, worksheet: Worksheet, moment: Moment) -> Change:  # noqa: ARG002  (of every command)
        """Told: the card, and until when it holds.

        Raises:
            LoyaltyError: The card is not known, or has no such secret.
        """
        card = _card(worksheet, self.token)
        secret = worksheet.secret(card.card_id, self.kind)
        if secret is None:
            hint = "look at it with: puntual cards show"
            raise LoyaltyError(f"has no {self.kind.value}", where=f"card *{card.last4}", hint=hint)
        if self.remove:
            return _changed(worksheet, card, self.kind, "removed", None)
        return _changed(worksheet, card, self.kind, "reset", secret.cleared())


def _card(worksheet: Worksheet, token: Token) -> Card:
    found = worksheet.cards(IdentifierKind.CARD.value, token)
    if not found:
        raise LoyaltyError("is not known", where="the card", hint="look at its number, or import it")
    return found[0]


def _changed(worksheet: Worksheet, card: Card, kind: ProofKind, did: str, after: Secret | None) -> Change:
    change = CardChange(card=card, proof=ProofChange(kind=kind, did=did, after=after))
    worksheet.change_card(change)
    told: Mapping[str, str | None] = {
        "card": f"*{card.last4}",
        kind.value: did,
        "until": None if after is None or after.expires_at is None else after.expires_at.isoformat(),
    }
    return Change(result=told, card_changes=(change,))
