"""Reads a list of opening balances: CSV, one balance a line, with the same care as a list of cards."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from loyalty.card import CardRange, Identifier, IdentifierKind
from members.importer import (
    MEMBER,
    NO_HEADER,
    BadCellError,
    BadLine,
    card_cell,
    cells_of,
    day_cell,
    named_cells,
    shaped_cell,
)

COLUMNS: Final = ("card", "member", "points", "earned_on", "expires_on")

_Same = tuple[str, str, date | None, date | None]  # of what and when: lines that only their order tells apart
_POINTS: Final = re.compile(r"[1-9][0-9]{0,11}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRow:
    """A balance of the list.

    Attributes:
        line: Its number in the file, from 1.
        of: The card, or the operator's own id of the member.
        nth: Among the lines of the same card or member with the same dates, from 1.
        earned_on: ``None``: the day of the import; *expires_on* ``None``: as the programme says.
    """

    line: int
    of: Identifier
    points: int
    nth: int
    earned_on: date | None
    expires_on: date | None


@dataclass(slots=True)
class ControlTotals:
    """What the list adds up to, bad lines included as far as their points can be read."""

    count: int = 0
    points: int = 0


def read_balances(
    lines: Iterable[str], *, ranges: Sequence[CardRange], totals: ControlTotals
) -> Iterator[BalanceRow | BadLine]:
    """What each of *lines* says, in their order; *totals* grow with them. The first line is the header.

    A byte that was not UTF-8 is expected as a lone surrogate (``errors="surrogateescape"``).
    """
    header: list[str] = []
    seen: Counter[_Same] = Counter()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            if not header:
                header = _header(cells_of(line))
                continue
            totals.count += 1
            row = named_cells(cells_of(line), header)
            totals.points += _points(row)
            yield _row(number, row, ranges, seen)
        except BadCellError as error:
            yield BadLine(number, str(error))
        if not header:
            return
    if not header:
        yield BadLine(1, NO_HEADER)


def _header(cells: Sequence[str]) -> list[str]:
    if "points" not in cells:
        raise BadCellError("column points is missing")
    if "card" not in cells and "member" not in cells:
        raise BadCellError("there is neither a column card nor a column member")
    if not set(cells) <= set(COLUMNS):
        raise BadCellError(f"a column is unknown; there are {', '.join(COLUMNS)}")
    if len(set(cells)) < len(cells):
        raise BadCellError("a column stands twice")
    return list(cells)


def _points(row: Mapping[str, str]) -> int:
    text = shaped_cell(row, "points", _POINTS, "a whole number above 0")
    if text is None:
        raise BadCellError("points is empty")
    return int(text)


def _row(
    line: int,
    row: Mapping[str, str],
    ranges: Sequence[CardRange],
    seen: Counter[_Same],
) -> BalanceRow:
    has_card, has_member = bool(row.get("card")), bool(row.get("member"))
    if has_card == has_member:
        raise BadCellError(
            "it names both a card and a member" if has_card else "it names neither card nor member"
        )
    if has_card:
        of = card_cell(row, "card", ranges)
    else:
        of = Identifier(
            IdentifierKind.ACCOUNT,
            shaped_cell(row, "member", MEMBER, "1 to 64 printable ASCII characters") or "",
        )
    earned_on, expires_on = day_cell(row, "earned_on"), day_cell(row, "expires_on")
    if earned_on is not None and expires_on is not None and expires_on < earned_on:
        raise BadCellError("expires_on is before earned_on")
    same = of.kind.value, of.value, earned_on, expires_on
    seen[same] += 1
    return BalanceRow(
        line=line,
        of=of,
        points=_points(row),
        nth=seen[same],
        earned_on=earned_on,
        expires_on=expires_on,
    )
