"""The customers of a world: their cards, and certificates that pass from hand to hand."""

from collections.abc import Sequence
from random import Random

from simulator.message import Answer, Card

_CERTIFICATE = "CERT"


class Customers:
    """Each has one card, which may be replaced."""

    def __init__(self, numbers: Sequence[str]) -> None:
        self._cards = [Card(number=number) for number in numbers]
        self._certificates: list[str] = []

    def __len__(self) -> int:
        return len(self._cards)

    def card(self, customer: int) -> Card:
        """The card that *customer* has now."""
        return self._cards[customer]

    def give(self, customer: int, number: str) -> None:
        """From now on *customer* has the card with this *number*."""
        self._cards[customer] = Card(number=number)

    def took(self, answer: Answer) -> None:
        """Somebody took what *answer* printed: the code of a certificate."""
        printed = answer.tag("058") or ""
        if printed.startswith(_CERTIFICATE):
            self._certificates.append(printed[24:])  # kind a4, value n12, last day n8

    def certificate(self, random: Random) -> str | None:
        """The code of some certificate; whoever pays with it keeps the paper."""
        return random.choice(self._certificates) if self._certificates else None
