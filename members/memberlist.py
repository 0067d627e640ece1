"""Reads a list of what the operator says of members: segments, category, kind, when they joined. CSV."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from members.importer import NAME, NO_HEADER, BadLine
from members.profile import MemberKind

COLUMNS: Final = ("member", "segments", "category", "joined", "kind")
SEGMENTS_MAX: Final = 64  # of one member: they are kept with each of his sales
_KINDS: Final = {each.value: each for each in MemberKind} | {"": MemberKind.PERSON}


@dataclass(frozen=True, slots=True)
class MemberRow:
    """What a line says; ``None`` where the list has no such column.

    Attributes:
        line: Its number in the file, from 1.
        member: The operator's own id.
    """

    line: int
    member: str
    segments: frozenset[str] | None
    category: str | None
    joined_on: date | None
    kind: MemberKind | None


def read_members(lines: Iterable[str]) -> Iterator[MemberRow | BadLine]:
    """What each of *lines* says, in their order. The first is the header."""
    header: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            cells = [cell.strip() for cell in next(csv.reader([line], strict=True))]
        except csv.Error:
            yield BadLine(number, "a quote is not closed, or not doubled")
            continue
        if header:
            yield _row(number, cells, header)
            continue
        header = cells
        if "member" not in header or not set(header) <= set(COLUMNS) or len(set(header)) < len(header):
            yield BadLine(number, f"the columns are member, and any of {', '.join(COLUMNS[1:])}")
            return
    if not header:
        yield BadLine(1, NO_HEADER)


def _row(number: int, cells: list[str], header: list[str]) -> MemberRow | BadLine:
    if len(cells) != len(header):
        return BadLine(number, f"it has {len(cells)} columns, the header {len(header)}")
    row = dict(zip(header, cells, strict=True))
    if not row["member"]:
        return BadLine(number, "member is empty")
    segments = frozenset(row["segments"].split()) if "segments" in row else None
    if segments is not None and (
        len(segments) > SEGMENTS_MAX or not all(NAME.fullmatch(each) for each in segments)
    ):
        return BadLine(number, f"segments are not up to {SEGMENTS_MAX} names with spaces between")
    category = row.get("category")
    if category and not NAME.fullmatch(category):
        return BadLine(number, "category is not a name")
    joined_on = None
    if row.get("joined"):
        try:
            joined_on = date.fromisoformat(row["joined"])
        except ValueError:
            return BadLine(number, "joined is no day of the calendar")
    kind = None
    if "kind" in row:
        kind = _KINDS.get(row["kind"])
        if kind is None:
            return BadLine(number, f"kind is none of {', '.join(each.value for each in MemberKind)}")
    return MemberRow(number, row["member"], segments, category, joined_on, kind)
