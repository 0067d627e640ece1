"""Private elements, against plain readings of their layout."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.transaction import BasketLine
from simulator.private import read_tags, write_basket, write_quantity, write_tags
from simulator.wire import WireError

names = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="\\"), max_size=30)
lines = st.builds(
    BasketLine,
    product=names.filter(bool),
    quantity_milli=st.integers(0, 10**7),
    unit=st.sampled_from("UKLM"),
    amount_minor=st.integers(-(10**6), 10**6),
    category=names,
    flags=st.sampled_from(["", "N", "D", "ND"]),
)
tags = st.lists(st.tuples(st.sampled_from(["010", "023", "050"]), names))


@given(tags)
def test_tags_come_back(pairs: list[tuple[str, str]]) -> None:
    assert list(read_tags(write_tags(pairs))) == pairs


@pytest.mark.parametrize("text", ["05", "050", "05000", "050004C00", "05x003abc", "050-02ab"])
def test_cut_tags(text: str) -> None:
    with pytest.raises(WireError, match="tag n3"):
        read_tags(text)


@given(st.lists(lines, min_size=1, max_size=250))
def test_basket(basket: list[BasketLine]) -> None:
    """Whatever is bought, the elements fit, the counts are true and the sum is that of the basket."""
    elements = write_basket(basket)
    assert all(0 < len(piece) <= 999 for piece in elements.values())
    assert list(elements) == ["63", "120", "121", "122", "123"][: len(elements)]
    text = "".join(elements.values())
    parts = text[4:].split("\\")
    count, width = int(text[:3]), int(text[3])
    assert parts.pop() == ""
    assert len(parts) == count * width
    assert sum(int(amount) for amount in parts[3::width]) == sum(line.amount_minor for line in basket)
    assert parts[0] in (basket[0].product, "MISC")
    if count == len(basket) and parts[-width] != "MISC":
        assert [parts[at] for at in range(0, len(parts), width)] == [line.product for line in basket]
        assert parts[1::width] == [write_quantity(line.quantity_milli) for line in basket]


def test_rolled_up() -> None:
    """What does not fit is added up, apart for lines that earn nothing."""

    def line(amount_minor: int, flags: str) -> BasketLine:
        return BasketLine("P" * 60, 1000, "U", amount_minor, "C" * 20, flags)

    text = "".join(
        write_basket([line(1, ""), *(line(10, "N" if at % 2 else "") for at in range(99))]).values()
    )
    rows = [text[4:].split("\\")[at : at + 6] for at in range(0, int(text[:3]) * 6, 6)]
    assert sorted((row[0], row[5]) for row in rows[-2:]) == [("MISC", ""), ("MISC", "N")]
    assert int(text[:3]) < 60


@pytest.mark.parametrize(
    ("quantity_milli", "text"), [(1000, "1"), (0, "0"), (22741, "22.741"), (500, "0.5"), (1010, "1.01")]
)
def test_quantity(quantity_milli: int, text: str) -> None:
    assert write_quantity(quantity_milli) == text
