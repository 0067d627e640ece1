"""What some sales came to, and what rules gave with them, added up one by one."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from loyalty.amount import Rate
from switch.givings import Given
from switch.purchases import Purchase


@dataclass(slots=True)
class Sums:
    """What some sales come to; those that stand.

    Attributes:
        spend_minor: After discounts, less what was returned.
        points: Given when they were sold, those of sales that were undone since among them.
        points_kept: What stands of these.
        off_minor: Off their prices.
        gifts_minor: Cost of certificates, money for purses and prizes.
        goods_minor: What the goods brought above their cost; 0 where nobody asked.
        corrected: Points by which sales were set right later.
        of_members: Sales with a card.
        members: Who bought.
        first: Of each member the sequence of his first sale among these, where somebody asks.
    """

    sales: int = 0
    spend_minor: int = 0
    points: int = 0
    points_kept: int = 0
    off_minor: int = 0
    gifts_minor: int = 0
    goods_minor: int = 0
    corrected: int = 0
    of_members: int = 0
    members: set[int] = field(default_factory=set)
    first: dict[int, int] | None = None

    def add(self, purchase: Purchase, given: Iterable[Given], goods_minor: int = 0) -> None:
        """Take in a sale, and what was given with it."""
        for each in given:
            self.points += each.points
            self.points_kept += each.points_kept
            self.off_minor += each.off_kept_minor
            self.gifts_minor += each.gifts_kept_minor
        if not purchase.stands:
            return
        self.sales += 1
        self.spend_minor += purchase.kept_minor
        self.goods_minor += goods_minor
        if purchase.member is not None:
            self.of_members += 1
            self.members.add(purchase.member)
            if self.first is not None:
                self.first.setdefault(purchase.member, purchase.seq)

    @property
    def points_given(self) -> int:
        """What stands of the points, set right."""
        return self.points_kept + self.corrected

    def profit_minor(self, value: Rate) -> int:
        """What is left above the cost of goods, points (of this *value*, rounded down once) and gifts."""
        return self.goods_minor - worth(self.points_given, value) - self.gifts_minor


def worth(points: int, value: Rate) -> int:
    """What *points* pay, in minor units, rounded down; below 0 when they are."""
    return points * value.numerator // value.denominator
