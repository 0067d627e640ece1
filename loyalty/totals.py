"""What a terminal and the switch count of a batch, to see whether they agree (DE 74 to 77, 86 to 89, 97)."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Numbers and amounts of a batch.

    Debits are what the terminal sold or took points for, credits what it gave back; reversals of either are
    counted apart. Amounts are minor units, or points.
    """

    credits: int = 0
    credit_reversals: int = 0
    debits: int = 0
    debit_reversals: int = 0
    credit_amount: int = 0
    credit_reversal_amount: int = 0
    debit_amount: int = 0
    debit_reversal_amount: int = 0

    @property
    def net(self) -> int:
        """What is left of credits less debits; negative when more was sold than given back."""
        return (self.credit_amount - self.credit_reversal_amount) - (
            self.debit_amount - self.debit_reversal_amount
        )

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            **{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(Totals)}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a terminal says of its batch. ``None``: it does not say.

    A transaction that was reversed stands in both of a pair or in neither, as the terminal likes: whether it
    counts one whose answer it never saw is its own affair. So pairs are compared by their difference.

    Attributes:
        credits: Number of credits less that of their reversals; the others likewise.
    """

    credits: int | None = None
    debits: int | None = None
    credit_amount: int | None = None
    debit_amount: int | None = None
    net: int | None = None

    def agrees(self, ours: Totals) -> bool:
        """Whether all that it says is so."""
        return all(
            said is None or said == counted
            for said, counted in (
                (self.credits, ours.credits - ours.credit_reversals),
                (self.debits, ours.debits - ours.debit_reversals),
                (self.credit_amount, ours.credit_amount - ours.credit_reversal_amount),
                (self.debit_amount, ours.debit_amount - ours.debit_reversal_amount),
                (self.net, ours.net),
            )
        )
