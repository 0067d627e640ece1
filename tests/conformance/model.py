"""A member's account worked out the naive way, to be compared with the switch's answers step by step.

It knows the starter programme and what the page says of sales, redemptions, refunds, voids and reversals, and
keeps plain totals: what each sale earned, used, gave back and lost again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tests.conformance import arithmetic
from tests.conformance.baskets import Line


@dataclass(slots=True)
class Sale:
    """An EARN or a REDEEM (which earns nothing, and pays all of its amount with points)."""

    amount: int
    used: int
    earned: int
    is_redemption: bool = False
    given_back: int = 0
    clawed_back: int = 0
    returned: int = 0
    is_reversed: bool = False
    stands_at: int | None = None
    kept_lines: dict[str, Line] = field(default_factory=dict)

    @property
    def earning_minor(self) -> int:
        """What is kept of the lines that earn (flag N does not)."""
        return sum(line.amount_minor for line in self.kept_lines.values() if "N" not in line.flags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an answer has to tell: DE 39 and tags 050, 051, 062 and the balance after it."""

    code: str
    earned: int = 0
    used: int = 0
    owed: int = 0
    balance: int | None = None


@dataclass(slots=True)
class Member:
    """Available points less debt; only what is above zero can be used."""

    balance: int = 0

    def earn(self, amount: int, used: int, lines: Iterable[Line] = ()) -> tuple[Told, Sale | None]:
        """A sale, paid in part with *used* points; its lines have different products."""
        if used > amount:
            return Told(code="61"), None
        if used > max(0, self.balance):
            return Told(code="51"), None
        sale = Sale(amount=amount, used=used, earned=0, kept_lines={line.product: line for line in lines})
        base = sale.earning_minor if sale.kept_lines else amount
        points = sale.earned = arithmetic.earned(max(0, base - used * arithmetic.POINT_VALUE_MINOR))
        self.balance += points - used
        owed = arithmetic.owed(amount, used)
        return Told(code="00", earned=points, used=used, owed=owed, balance=self.balance), sale

    def redeem(self, amount: int) -> tuple[Told, Sale | None]:
        if amount > max(0, self.balance):
            return Told(code="51"), None
        self.balance -= amount
        sale = Sale(amount=amount, used=amount, earned=0, is_redemption=True)
        return Told(code="00", used=amount, balance=self.balance), sale

    def refund(self, sale: Sale, amount: int) -> Told:
        if sale.is_redemption or sale.is_reversed:
            return Told(code="12")
        if sale.returned + amount > sale.amount:
            return Told(code="13")
        return self._take_back(sale, amount)

    def refund_line(self, sale: Sale, returned: Line) -> Told:
        """A part of one line; the caller returns no more of it than is kept, and only by lines."""
        if sale.is_reversed:
            return Told(code="12")
        if sale.returned + returned.amount_minor > sale.amount:
            return Told(code="13")
        kept = sale.kept_lines[returned.product]
        left = kept.amount_minor - returned.amount_minor
        sale.kept_lines[returned.product] = replace(kept, amount_minor=left)
        return self._take_back(sale, returned.amount_minor, by_lines=True)

    def void(self, sale: Sale) -> Told:
        if sale.is_reversed or sale.stands_at is not None or sale.returned:
            return Told(code="12")
        sale.is_reversed = True
        return self._take_back(sale, sale.amount)

    def reverse(self, sale: Sale, final: int = 0) -> Told:
        """Full, or down to *final*; what is reversed already stays as it is."""
        if sale.is_reversed or sale.stands_at is not None:
            return Told(code="00", balance=self.balance)
        if final:
            sale.stands_at = final
            sale.kept_lines.clear()  # nobody said which lines went, so returns go by amount from here
        else:
            sale.is_reversed = True
        return self._take_back(sale, sale.amount - sale.returned - final)

    def _take_back(self, sale: Sale, amount: int, *, by_lines: bool = False) -> Told:
        points = min(amount, sale.used - sale.given_back)
        sale.given_back += points
        sale.returned += amount
        if by_lines:
            still_used = (sale.used - sale.given_back) * arithmetic.POINT_VALUE_MINOR
            kept = arithmetic.earned(max(0, sale.earning_minor - still_used))
            clawed = max(0, sale.earned - kept - sale.clawed_back)
        else:
            clawed = arithmetic.clawed_back(sale.earned, sale.amount, sale.returned, sale.clawed_back)
        sale.clawed_back += clawed
        self.balance += points - clawed
        return Told(code="00", earned=-clawed, used=points, owed=amount - points, balance=self.balance)
