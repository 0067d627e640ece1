"""Marks: what few decisions are found by, as rows of a side table. Each has a kind and a value."""

from collections.abc import Iterator, Mapping
from typing import Final

from switch.outcome import Outcome, Side

MARK: Final = "mark"
BATCH: Final = "batch"  # a transaction of a numbered batch: acquirer|terminal|number
CLOSED: Final = "closed"  # a batch that was closed: acquirer|terminal|unit, and |number where it has one
LINE: Final = "line"  # a line that an upload told of: the upload's key|digest of its content
DAY: Final = "day"  # the business date that was opened
LATE: Final = "late"  # an answer that left too late: sequence|milliseconds after the message had come


def mark(kind: str, value: str) -> Side:
    """The row that lets a decision be found by *value*."""
    return Side(MARK, (kind, value))


def marked_in(outcomes: Mapping[int, Outcome], kind: str, first: str, last: str) -> Iterator[int]:
    """Those of *outcomes* (by sequence) with a mark of *kind* from *first* to *last*."""
    for seq, outcome in outcomes.items():
        for side in outcome.sides:
            if side.table == MARK and side.values[0] == kind and first <= str(side.values[1]) <= last:
                yield seq
