"""Certificates: points that became a piece of paper with a value in money, spent by whoever brings it."""

from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate and what is left of it.

    Attributes:
        code: By which tills name it.
        owner: Whose points it was made of.
        points: It was made of; *value_minor* the money it was worth then.
        last_day: On which it can be spent.
        left: Of its points, on the programme's account of certificates.
        left_minor: Of its value.
    """

    code: str
    owner: int
    points: int
    value_minor: int
    last_day: date
    left: int
    left_minor: int

    @property
    def is_purse(self) -> bool:
        """It was made empty: it is filled again and again, with whatever."""
        return self.points == 0 and self.value_minor == 0

    def is_due(self, today: date) -> bool:
        """Whether something is left of it, and its last day is over on *today*."""
        return self.last_day < today and (self.left > 0 or self.left_minor > 0)

    def points_for(self, amount_minor: int) -> int:
        """The points behind *amount_minor* of what is left; the last money takes all of them along."""
        assert 0 < amount_minor <= self.left_minor
        return self.left * amount_minor // self.left_minor

    def changed(self, points: int, value_minor: int) -> "Certificate":
        """With so much more, or less when negative."""
        left, left_minor = self.left + points, self.left_minor + value_minor
        assert left >= 0
        assert left_minor >= 0
        assert self.is_purse or (left <= self.points and left_minor <= self.value_minor)
        return replace(self, left=left, left_minor=left_minor)
