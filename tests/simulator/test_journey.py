"""The sample of The Complete Journey: what it is said to be, and how its numbers were read."""

import re
from pathlib import Path

import pytest

from simulator.journey.draw import FROM, UNTIL
from simulator.journey.sample import FILES, day, products
from simulator.journey.year import minor_units
from simulator.private import read_quantity, write_basket, write_quantity

SOURCE = (FILES / "SOURCE.md").read_text("utf-8")


def test_the_sample_is_what_its_page_says() -> None:
    """Enough baskets of enough households, whole, in the order of their times, and small."""
    baskets = list(day())
    lines = [line for basket in baskets for line in basket.lines]
    households = {basket.household for basket in baskets}
    stores = {basket.store for basket in baskets}
    (told,) = re.findall(r"\*\*(652 .*?)\*\*", " ".join(SOURCE.split()))
    total = sum(basket.amount_minor for basket in baskets)
    assert told == (
        f"{len(baskets)} baskets of {len(households)} households in {len(stores)} stores, "
        f"{len(lines):,} lines of {len(products()):,} articles, {total // 100:,}.{total % 100:02} US dollars"
    )
    assert len(baskets) >= 500
    assert len(households) >= 100
    assert sum(basket.amount_minor == 0 for basket in baskets) == 2
    assert [basket.at for basket in baskets] == sorted(basket.at for basket in baskets)
    assert all(FROM <= basket.at < UNTIL for basket in baskets)
    assert {line.product for line in lines} == products().keys()
    assert sum(path.stat().st_size for path in Path(str(FILES)).glob("*.csv")) < 300_000


def test_every_basket_fits_a_message() -> None:
    """None has to be rolled up, so the switch sees every real line."""
    for basket in day():
        text = "".join(write_basket(basket.lines).values())
        assert int(text[:3]) == len(basket.lines)
        assert "MISC\\" not in text


@pytest.mark.parametrize(
    ("amount", "cents"),
    [(0.5, 50), (19.99, 1999), (1.776357e-15, 0), (0.30000000000000004, 30), (961.49, 96149)],
)
def test_amounts_are_rounded_once(amount: float, cents: int) -> None:
    """The residue of a subtraction of binary fractions is no money."""
    assert minor_units(amount) == cents


def test_half_a_cent_is_no_residue() -> None:
    with pytest.raises(AssertionError):
        minor_units(0.125)


@pytest.mark.parametrize("quantity_milli", [0, 1, 500, 1000, 22741, 10**7])
def test_quantities_come_back(quantity_milli: int) -> None:
    assert read_quantity(write_quantity(quantity_milli)) == quantity_milli
