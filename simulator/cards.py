"""Card numbers for simulated customers: the starter's range, in order, with their Luhn digit."""

from typing import Final

from loyalty.card import luhn_holds

_PREFIX: Final = "639012"
CUSTOMERS_MAX: Final = 10**9


def card_number(customer: int) -> str:
    """The number of the card of *customer*, sixteen digits."""
    assert 0 <= customer < CUSTOMERS_MAX
    body = f"{_PREFIX}{customer:09}"
    return next(number for digit in "0123456789" if luhn_holds(number := body + digit))
