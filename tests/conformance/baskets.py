"""DE 63: the till's basket, built from a short notation, and the answer's discounts.

``milk*2:199`` is two units of milk at 1.99 together, ``wine:449!N`` carries the flag N (no points); lines
are separated by commas. On the wire: ``lines n3``, ``parts n1``, then per line its parts, each ended by a
backslash.
"""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

CONTINUATIONS: Final = (63, 120, 121, 122, 123)
PIECE_MAX: Final = 999

_NOTATION = re.compile(r"(?P<product>[^*:!]+)(\*(?P<quantity>[0-9.]+))?:(?P<amount>-?\d+)(!(?P<flags>\w+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a basket; *amount_minor* after the till's own discounts."""

    product: str
    amount_minor: int
    quantity: str = "1"
    unit: str = "U"
    category: str = ""
    flags: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the notation of this module."""
        match = _NOTATION.fullmatch(text.strip())
        assert match is not None, text
        return cls(
            product=match["product"],
            amount_minor=int(match["amount"]),
            quantity=match["quantity"] or "1",
            flags=match["flags"] or "",
        )

    def parts(self, *, with_flags: bool) -> list[str]:
        plain = [self.product, self.quantity, self.unit, str(self.amount_minor), self.category]
        return [*plain, self.flags] if with_flags else plain


def parse(text: str) -> list[Line]:
    """Read several lines of the notation."""
    return [Line.parse(part) for part in text.split(",")]


def total(lines: Iterable[Line]) -> int:
    """The sum that has to be DE 4."""
    return sum(line.amount_minor for line in lines)


def wire(lines: list[Line]) -> str:
    """The whole basket as one text, however long; six parts a line as soon as one has flags."""
    with_flags = any(line.flags for line in lines)
    head = f"{len(lines):03d}{6 if with_flags else 5}"
    return head + "".join(part + "\\" for line in lines for part in line.parts(with_flags=with_flags))


def cut(text: str, *cuts: int) -> dict[int, str | None]:
    """The text as DE 63 and 120-123, cut at the given places or else into full pieces."""
    places = [0, *(cuts or range(PIECE_MAX, len(text), PIECE_MAX)), len(text)]
    pieces = [text[start:end] for start, end in itertools.pairwise(places)]
    assert len(pieces) <= len(CONTINUATIONS), len(text)
    return dict(zip(CONTINUATIONS, pieces, strict=False))


def elements(notation: str) -> dict[int, str | None]:
    """DE 63 and what follows it, for a basket in the notation."""
    return cut(wire(parse(notation)))
