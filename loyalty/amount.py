"""Money and points are integers: minor units of a currency, or points. A rate is a fraction of integers."""

import enum
from dataclasses import dataclass
from typing import Final

# ISO 4217: currencies whose minor unit is not a hundredth, by numeric code.
_EXPONENTS: Final = {
    "048": 3, "152": 0, "174": 0, "262": 0, "324": 0, "352": 0, "368": 3, "392": 0, "400": 3,
    "410": 0, "414": 3, "434": 3, "512": 3, "548": 0, "600": 0, "646": 0, "704": 0, "788": 3,
    "800": 0, "950": 0, "952": 0, "953": 0, "108": 0,
}  # fmt: skip

_HUNDREDTHS: Final = tuple([f"{each:02}" for each in range(100)])  # to look one up is four times as fast


def exponent_of(currency: str) -> int:
    """How many decimals *currency* (ISO 4217 numeric code, three digits) has."""
    return _EXPONENTS.get(currency, 2)


class Rounding(enum.Enum):
    """What happens to the part of a point or of a minor unit that is left over."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half_up"
    HALF_EVEN = "half_even"


@dataclass(frozen=True, slots=True)
class Rate:
    """The fraction *numerator* / *denominator*."""

    numerator: int
    denominator: int = 1

    def __post_init__(self) -> None:
        assert self.numerator >= 0
        assert self.denominator > 0

    def of(self, amount: int, rounding: Rounding = Rounding.DOWN) -> int:
        """The fraction of *amount* (not negative), as an integer."""
        assert amount >= 0
        whole, left = divmod(amount * self.numerator, self.denominator)
        match rounding:
            case Rounding.DOWN:
                return whole
            case Rounding.UP:
                return whole + (left > 0)
            case Rounding.HALF_UP:
                return whole + (2 * left >= self.denominator)
            case Rounding.HALF_EVEN:
                twice = 2 * left
                up = twice > self.denominator or (twice == self.denominator and whole % 2 == 1)
                return whole + up


def format_minor(amount_minor: int, currency: str) -> str:
    """*amount_minor* for people, as ``12.34``: without a currency sign, point as the decimal mark."""
    if amount_minor >= 0 and currency not in _EXPONENTS:
        return f"{amount_minor // 100}.{_HUNDREDTHS[amount_minor % 100]}"
    exponent = _EXPONENTS.get(currency, 2)
    sign = "-" if amount_minor < 0 else ""
    if exponent == 0:
        return f"{sign}{abs(amount_minor)}"
    whole, part = divmod(abs(amount_minor), 10**exponent)
    return f"{sign}{whole}.{part:0{exponent}}"
