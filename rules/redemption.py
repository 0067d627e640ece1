"""What points pay, and under which terms: the programme's own, or those of a rule of the redeem lane."""

from collections.abc import Sequence
from dataclasses import dataclass

from loyalty.amount import Rate
from loyalty.transaction import BasketLine
from rules.conditions import LineFilter
from rules.facts import WHOLE


@dataclass(frozen=True, slots=True)
class Redemption:
    """What points pay.

    Attributes:
        value: Minor units a point pays.
        step: Points are used in multiples of this.
        share: Of the ticket that points may pay.
        proof_from_minor: Points worth this much or more are spent only by who shows a one-time code or a PIN;
            ``None``: never asked for.
        minimum: Points that are used at a time at least.
        ticket_from_minor: Of a smaller ticket points pay nothing.
        covers: The lines that points may pay; ``None``: all. A ticket without a basket is one nameless line.
        is_discount: In a sale they come off the price, where the till takes discounts off lines.
        refused: Points pay nothing, and terminals see this name in tag 059; empty: they do.
        certificate_minimum, certificate_step: Points of a certificate at least, above in multiples of this;
            0: as ``[certificates]`` says.
        rule: The rule that says so; empty for the programme's own terms.
    """

    value: Rate
    step: int
    share: Rate
    proof_from_minor: int | None = None
    minimum: int = 0
    ticket_from_minor: int = 0
    covers: LineFilter | None = None
    is_discount: bool = False
    refused: str = ""
    rule: str = ""
    certificate_minimum: int = 0
    certificate_step: int = 0

    def limit_minor(self, ticket_minor: int, lines: Sequence[BasketLine] | None) -> int:
        """The most of *ticket_minor* that points may pay; *lines* are its basket."""
        if ticket_minor < self.ticket_from_minor:
            return 0
        limit_minor = self.share.of(ticket_minor)
        if self.covers is None:
            return limit_minor
        if lines is None:
            return limit_minor if self.covers.covers(WHOLE) else 0
        coverable_minor = sum(line.amount_minor for line in lines if self.covers.covers(line))
        return max(min(limit_minor, coverable_minor), 0)

    def most_points(self, limit_minor: int) -> int:
        """The most points, in whole steps, whose value is at most *limit_minor*."""
        value = self.value
        points = max(((limit_minor + 1) * value.denominator - 1) // value.numerator, 0)
        return points - points % self.step

    def usable(self, points: int) -> int:
        """What can be used of *points*: whole steps, and nothing below the minimum."""
        points -= points % self.step
        return points if points >= self.minimum else 0

    def is_allowed(self, points: int) -> bool:
        """Whether *points* are a whole number of steps, and as many as must be."""
        return points % self.step == 0 and points >= self.minimum
