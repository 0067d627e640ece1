"""What ``retail87`` puts into private elements: tags in DE 48, baskets in DE 63 and 120 to 123."""

from collections.abc import Iterable, Sequence
from typing import Final

from loyalty.transaction import BasketLine
from simulator.wire import WireError

BASKET_ELEMENTS: Final = ("63", "120", "121", "122", "123")
_PIECE: Final = 999  # characters of one of them
_LINES_MAX: Final = 999  # the number of lines has three digits
# What did not fit is added up under this product.
_ROLLED_UP: Final = "MISC"

TAG_NAMES: Final = {
    "010": "member identifier", "011": "loyalty card, track 2", "012": "destination card",
    "013": "DE 37 of the original", "014": "one-time code", "020": "points to use", "021": "coupon",
    "022": "prize", "023": "ticket number", "024": "batch", "030": "cashier", "031": "tender",
    "032": "channel", "040": "the till can", "050": "points earned", "051": "points used",
    "052": "available balance", "053": "pending balance", "054": "next expiry", "055": "tier",
    "056": "discount total", "058": "instrument issued", "059": "reason", "060": "programme version",
    "061": "near miss", "062": "left to pay", "063": "money value of the points", "064": "redeemable now",
    "065": "coupon not taken", "066": "hold is kept until",
}  # fmt: skip


def write_tags(tags: Iterable[tuple[str, str]]) -> str:
    """DE 48 of (tag, value) pairs, as they are given: tag n3, length n3, value."""
    return "".join(f"{tag}{len(value):03}{value}" for tag, value in tags)


def read_tags(text: str) -> tuple[tuple[str, str], ...]:
    """The (tag, value) pairs of a DE 48.

    Raises:
        WireError: A tag or its length is cut, or is not three digits.
    """
    tags = []
    at = 0
    while at < len(text):
        tag, length = text[at : at + 3], text[at + 3 : at + 6]
        if not (tag + length).isdecimal() or len(length) < 3 or at + 6 + int(length) > len(text):
            raise WireError("it is not tag n3, length n3, value", where=f"DE 48 at character {at}")
        value = text[at + 6 : at + 6 + int(length)]
        tags.append((tag, value))
        at += 6 + int(length)
    return tuple(tags)


def write_quantity(quantity_milli: int) -> str:
    """A quantity as a number with at most three decimals."""
    whole, thousandths = divmod(quantity_milli, 1000)
    return f"{whole}.{thousandths:03}".rstrip("0") if thousandths else str(whole)


def read_quantity(text: str) -> int:
    """Thousandths of the number *text*, which has at most three decimals."""
    whole, _, decimals = text.partition(".")
    assert len(decimals) <= 3
    return int(whole) * 1000 + int(decimals.ljust(3, "0"))


def write_basket(lines: Sequence[BasketLine]) -> dict[str, str]:
    """The elements that carry *lines*: 63, and 120 to 123 as far as they are needed; none without lines.

    Lines that do not fit into these are added up under product ``MISC``, one line for each set of flags.
    """
    if not lines:
        return {}
    parts = 6 if any(line.flags for line in lines) else 5
    texts = [_write_line(line, parts) for line in lines]
    room = _PIECE * len(BASKET_ELEMENTS) - 4
    kept = len(lines)
    rest: list[str] = []
    while kept + len(rest) > _LINES_MAX or sum(map(len, texts[:kept])) + sum(map(len, rest)) > room:
        kept -= 1
        rest = [_write_line(line, parts) for line in _rolled_up(lines[kept:])]
    texts = [*texts[:kept], *rest]
    text = f"{len(texts):03}{parts}" + "".join(texts)
    pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
    return dict(zip(BASKET_ELEMENTS, pieces, strict=False))


def _write_line(line: BasketLine, parts: int) -> str:
    quantity = write_quantity(line.quantity_milli)
    values = (line.product, quantity, line.unit, str(line.amount_minor), line.category, line.flags)
    assert not any("\\" in value for value in values)
    return "".join(f"{value}\\" for value in values[:parts])


def _rolled_up(lines: Sequence[BasketLine]) -> list[BasketLine]:
    amounts: dict[str, int] = {}
    for line in lines:
        amounts[line.flags] = amounts.get(line.flags, 0) + line.amount_minor
    return [
        BasketLine(product=_ROLLED_UP, quantity_milli=1000, unit="U", amount_minor=amount, flags=flags)
        for flags, amount in amounts.items()
    ]
