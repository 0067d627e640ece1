"""Columns over a large bucket of rows: the hours, dates and ranges of amounts that leave few of them.

A column is Python ints whose bit *i* stands for row *i*, one for each hour, date and range of an amount.
Their intersection may leave a row too many, never one too few, because each row that is left is checked
exactly.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sized
from datetime import datetime
from itertools import islice
from typing import Final

from rules.rows import Finding, Row, Sale, examine

_NONZERO: Final = re.compile(rb"[^\x00]")

Layout = tuple[int, list[datetime], list[tuple[int, list[int]]]]


class AmountColumn:
    """An amount's ranges, cut into cells by *edges*.

    Attributes:
        at: Position among the amounts.
        edges: Ascending; a value lies in the cell ``bisect_right(edges, value)``.
        low_met: By cell: rows whose lower edge may be met there.
        below: By cell: rows whose upper edge may lie above.
        begins: By cell: rows whose lower edge lies there; only cells further up are asked.
    """

    __slots__ = ("at", "begins", "below", "edges", "low_met")

    def __init__(
        self, at: int, edges: list[int], low_met: list[int], below: list[int], begins: list[int]
    ) -> None:
        self.at = at
        self.edges = edges
        self.low_met = low_met
        self.below = below
        self.begins = begins


class Columns:
    """A large bucket of rows that no further equality divides.

    Attributes:
        rows: A list, which grows and goes a little at a time; nobody changes it.
        hours: Mask for each hour of the week; empty when no row has a window.
        dates: Edges of periods, and mask by cell; no edges when no row has a period.
    """

    __slots__ = ("amounts", "dates", "everything", "hours", "rows")

    def __init__(
        self,
        rows: list[Row],
        hours: list[int],
        dates: tuple[list[datetime], list[int]],
        amounts: tuple[AmountColumn, ...],
    ) -> None:
        self.rows = rows
        self.everything = (1 << len(rows)) - 1
        self.hours = hours
        self.dates = dates
        self.amounts = amounts

    @classmethod
    def laid_out(cls, rows: list[Row], masks: list[int], layout: Layout) -> "Columns":
        """What has these ``masks`` and this ``layout``."""
        hours, edges, amounts = layout
        taken = iter(masks)

        def cells(edges: Sized) -> list[int]:
            return list(islice(taken, len(edges) + 1))

        return cls(
            rows,
            list(islice(taken, hours)),
            (edges, cells(edges)),
            tuple([AmountColumn(at, own, cells(own), cells(own), cells(own)) for at, own in amounts]),
        )

    @property
    def masks(self) -> list[int]:
        """All masks, in order."""
        of_amounts = [(each.low_met, each.below, each.begins) for each in self.amounts]
        return [
            *self.hours,
            *self.dates[1],
            *(mask for lists in of_amounts for some in lists for mask in some),
        ]

    @property
    def layout(self) -> Layout:
        """How many hours, the edges of the dates, and of each amount position and edges."""
        return len(self.hours), self.dates[0], [(each.at, each.edges) for each in self.amounts]

    def search(self, sale: Sale, finding: Finding, within: int | None) -> None:
        """Examine the rows that the columns leave."""
        left = self.everything
        if self.hours:
            left &= self.hours[sale.second() // 3600]
        edges, cells = self.dates
        if edges:
            left &= cells[bisect_right(edges, sale.at)]
        met = left
        for column in self.amounts:
            cell = bisect_right(column.edges, sale.amounts[column.at])
            left &= column.below[cell]
            met &= column.below[cell] & column.low_met[cell]
        rows = self.rows
        examine([rows[bit] for bit in bits(met)], sale, finding)
        if left != met:
            self._search_near(sale, finding, left & ~met, within)

    def _search_near(self, sale: Sale, finding: Finding, left: int, within: int | None) -> None:
        """Look upwards from where the sale stands, as far as something nearer than what was found may lie."""
        rows = self.rows
        for column in self.amounts:
            value = sale.amounts[column.at]
            begins = column.begins
            for cell in range(bisect_right(column.edges, value) + 1, len(begins)):
                short = column.edges[cell - 1] - value
                if (within is not None and short > within) or (
                    finding.near is not None and short > finding.short_minor
                ):
                    break
                examine([rows[bit] for bit in bits(left & begins[cell])], sale, finding)


def bits(mask: int) -> Iterator[int]:
    """Positions of the ones of *mask*, ascending."""
    if mask.bit_length() <= 512:
        while mask:
            low = mask & -mask
            yield low.bit_length() - 1
            mask ^= low
        return
    # Taking bits off a long int costs its length each time; its bytes are walked once.
    data = mask.to_bytes((mask.bit_length() + 7) // 8, "little")
    for match in _NONZERO.finditer(data):
        base = match.start() * 8
        byte = data[match.start()]
        while byte:
            low = byte & -byte
            yield base + low.bit_length() - 1
            byte ^= low
