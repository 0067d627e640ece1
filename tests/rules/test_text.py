"""The text of a programme: short as it is, long in packed parts."""

import zlib

import pytest

from loyalty.errors import LoyaltyError
from rules.text import PART_SIZE, PLAIN_MAX, Text


@pytest.mark.parametrize("size", [0, 1, PLAIN_MAX])
def test_a_short_text_stays_as_it_is(size: int) -> None:
    text = "x" * size
    made = Text.of(text)
    assert (made.plain, made.parts, made.size, str(made)) == (text, (), size, text)
    assert str(Text(parts=made.packed)) == text


@pytest.mark.parametrize("size", [PLAIN_MAX + 1, PART_SIZE, PART_SIZE + 1])
def test_a_long_text_is_packed_in_parts(size: int) -> None:
    text = ("0123456789" * size)[:size]
    made = Text.of(text)
    assert (made.plain, made.size, str(made), made.packed) == ("", size, text, made.parts)
    assert len(made.parts) == (2 if size > PART_SIZE else 1)
    assert sum(len(packed) for _, packed in made.parts) < size // 50


SIZE, PACKED = Text.of("0123456789" * 7_000).parts[0]


@pytest.mark.parametrize(
    "part",
    [
        (SIZE + 1, PACKED),
        (SIZE - 1, PACKED),
        (-SIZE, PACKED),
        (1 << 70, PACKED),
        (SIZE, PACKED[:-1]),
        (SIZE, PACKED + b"x"),
        (SIZE, PACKED[:9] + b"\xff\xff" + PACKED[11:]),
        (SIZE, b""),
        (SIZE, zlib.compress("€".encode() * SIZE)),
    ],
    ids=["longer", "shorter", "negative", "huge", "cut", "more", "changed", "empty", "no ASCII"],
)
def test_damage_is_told(part: tuple[int, bytes]) -> None:
    with pytest.raises(LoyaltyError, match="the text of a programme: is damaged"):
        str(Text(parts=(part,)))
