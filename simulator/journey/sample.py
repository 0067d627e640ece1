"""Baskets as the shop sold them, and the sample of them that comes with the simulator.

The sample is two files of plain text, so that it can be read and compared:

``products.csv``   product, department, category
``baskets.csv``    basket, household, store, at (UTC), and the lines as ``product:quantity:amount``, spaces
                   between them: a number with at most three decimals, and minor units
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Final

from loyalty.transaction import BasketLine
from simulator.private import read_quantity

FILES: Final = files("simulator.journey")
BASKETS_NAME: Final = "baskets.csv"
PRODUCTS_NAME: Final = "products.csv"
BASKETS_HEADER: Final = ["basket", "household", "store", "at", "lines"]
PRODUCTS_HEADER: Final = ["product", "department", "category"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What an article is; both texts are empty when the shop did not say."""

    department: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """One purchase: who, where, when (UTC), what. The category of a line is the article's department."""

    basket_id: int
    household: int
    store: int
    at: datetime
    lines: tuple[BasketLine, ...]

    @property
    def amount_minor(self) -> int:
        """What was paid for all of it."""
        return sum(line.amount_minor for line in self.lines)


def day() -> Iterator[Basket]:
    """The baskets of the sample, oldest first."""
    catalogue = products()
    with (FILES / BASKETS_NAME).open(encoding="ascii") as lines:
        for row in csv.DictReader(lines):
            yield Basket(
                basket_id=int(row["basket"]),
                household=int(row["household"]),
                store=int(row["store"]),
                at=datetime.fromisoformat(row["at"]),
                lines=tuple(_line(text, catalogue) for text in row["lines"].split(" ")),
            )


def products() -> dict[str, Product]:
    """The articles of the sample by their number."""
    with (FILES / PRODUCTS_NAME).open(encoding="ascii") as lines:
        return {
            row["product"]: Product(department=row["department"], category=row["category"])
            for row in csv.DictReader(lines)
        }


def _line(text: str, catalogue: dict[str, Product]) -> BasketLine:
    product, quantity, amount = text.split(":")
    return BasketLine(
        product=product,
        quantity_milli=read_quantity(quantity),
        unit="U",
        amount_minor=int(amount),
        category=catalogue[product].department,
    )
