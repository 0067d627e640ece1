"""The rules as a table in memory: finds the few that hold for a sale among very many.

A rule is reached through its most selective equality, the *access*: ``merchant = M1`` puts it into the bucket
of M1, and a sale looks only into the buckets of its own values. Rules without any equality lie in the common
bucket. Inside a small bucket every row is checked. A large one has columns: Python ints whose bit *i* stands
for row *i*, one for each value of an attribute; their intersection leaves few rows. Columns may leave a row
too many, never one too few, because each row that is left is checked exactly.

The table never changes once it is built.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final

from loyalty.transaction import BasketLine
from rules.conditions import DAY_S, Condition, LineFilter, holds
from rules.effects import Effect, Lane
from rules.facts import Facts
from rules.rule import Rule

# Text attributes of facts by position; conditions call them otherwise in part.
TEXTS: Final = (
    "operation",
    "terminal",
    "merchant",
    "acquirer",
    "store",
    "partner",
    "mcc",
    "channel",
    "tier",
    "card_status",
    "card_category",
    "language",
    "cashier",
)
TEXT_FIELDS: Final = attrgetter(
    "operation",
    "terminal_id",
    "merchant_id",
    "acquirer_id",
    "store",
    "partner",
    "mcc",
    "channel",
    "tier",
    "card_status",
    "card_category",
    "language",
    "cashier",
)
AMOUNTS: Final = ("amount", "ticket")
WEEK_S: Final = 7 * DAY_S
_NONZERO: Final = re.compile(rb"[^\x00]")

Lines = Sequence[tuple[BasketLine, int]]


class Row:
    """A rule, taken apart.

    Attributes:
        equals: Position among the texts, and what may stand there.
        windows: Ranges of seconds of the week, one list for each condition.
        amounts: Position among the amounts, low (0 when open), high.
        residual: Whatever else must hold.
    """

    __slots__ = (
        "amounts",
        "effect",
        "end",
        "equals",
        "lane",
        "lines",
        "rank",
        "residual",
        "rule",
        "start",
        "windows",
    )

    def __init__(
        self,
        rank: int,
        rule: Rule,
        *,
        equals: tuple[tuple[int, frozenset[str]], ...],
        windows: tuple[tuple[tuple[int, int], ...], ...],
        start: datetime | None,
        end: datetime | None,
        amounts: tuple[tuple[int, int, int | None], ...],
        residual: tuple[Condition, ...],
    ) -> None:
        self.rank = rank
        self.rule = rule
        self.lane: Lane = rule.lane
        self.effect: Effect = rule.effect
        self.lines: LineFilter | None = rule.lines
        self.equals = equals
        self.windows = windows
        self.start, self.end = start, end
        self.amounts = amounts
        self.residual = residual


class Sale:
    """What a sale shows to the rows."""

    __slots__ = ("amounts", "at", "facts", "lines", "second", "texts")

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        base, self.lines = facts.earning()
        self.amounts = (base, facts.ticket_minor)
        self.texts: tuple[str, ...] = TEXT_FIELDS(facts)
        at = facts.local_at
        self.at = at
        self.second = at.weekday() * DAY_S + at.hour * 3600 + at.minute * 60 + at.second


# Attributes with several values at once; the last two are those of the lines that earn.
SETS: Final[tuple[tuple[str, Callable[[Sale], Iterable[str]]], ...]] = (
    ("tender", lambda sale: {tender.kind for tender in sale.facts.tenders}),
    ("coupon", lambda sale: sale.facts.coupons),
    ("segment", lambda sale: sale.facts.segments),
    ("has_product", lambda sale: {line.product for line in sale.facts.lines or ()}),
    ("has_category", lambda sale: {line.category for line in sale.facts.lines or ()}),
    ("line_product", lambda sale: {line.product for line, _ in sale.lines}),
    ("line_category", lambda sale: {line.category for line, _ in sale.lines}),
)


class Hit:
    """A row that holds, with the lines that it is about (``None``: all) and their base."""

    __slots__ = ("base_minor", "own", "rank", "row")

    def __init__(self, row: Row, own: list[int] | None, base_minor: int) -> None:
        self.row = row
        self.rank = row.rank
        self.own = own
        self.base_minor = base_minor


class Finding:
    """What a search found: rows that hold, and the one that lacks nothing but money, and least of it."""

    __slots__ = ("hits", "near", "short_minor")

    def __init__(self) -> None:
        self.hits: list[Hit] = []
        self.near: Row | None = None
        self.short_minor = 0

    def note_near(self, row: Row, short_minor: int) -> None:
        """Keep *row* if it is nearer than what was found; of equals the first in order."""
        if row.lane is Lane.BASE:
            return
        near = self.near
        if near is None or (short_minor, row.rank) < (self.short_minor, near.rank):
            self.near, self.short_minor = row, short_minor


def examine(row: Row, sale: Sale, finding: Finding) -> None:  # noqa: C901, PLR0912  (the hot path, unrolled)
    """Check *row* exactly and note whether it holds or nearly does."""
    texts = sale.texts
    for at, values in row.equals:
        if texts[at] not in values:
            return
    for window in row.windows:
        second = sale.second
        for start, end in window:
            if start <= second < end:
                break
        else:
            return
    if row.start is not None and sale.at < row.start:
        return
    if row.end is not None and sale.at >= row.end:
        return
    for condition in row.residual:
        if not holds(condition, sale.facts):
            return
    short = 0
    for at, low, high in row.amounts:
        amount = sale.amounts[at]
        if amount < low:
            if short:
                return
            short = low - amount
        elif high is not None and amount >= high:
            return
    filter_ = row.lines
    if filter_ is None:
        if short:
            finding.note_near(row, short)
        else:
            finding.hits.append(Hit(row, None, 0))
        return
    base = 0
    own = []
    for number, (line, part) in enumerate(sale.lines):
        if filter_.covers(line):
            own.append(number)
            base += part
    if not own or (filter_.high is not None and base >= filter_.high):
        return
    if filter_.low is not None and base < filter_.low:
        if short:
            return
        short = filter_.low - base
    if short:
        finding.note_near(row, short)
    else:
        finding.hits.append(Hit(row, own, base))


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
    """A large bucket.

    Attributes:
        equals: Position among the texts, mask by value, and the mask of every other value.
        hours: Mask for each hour of the week; empty when no row has a window.
        dates: Edges of periods, and mask by cell; no edges when no row has a period.
    """

    __slots__ = ("amounts", "dates", "equals", "everything", "hours", "rows")

    def __init__(
        self,
        rows: tuple[Row, ...],
        equals: tuple[tuple[int, Mapping[str, int], int], ...],
        hours: tuple[int, ...],
        dates: tuple[list[datetime], list[int]],
        amounts: tuple[AmountColumn, ...],
    ) -> None:
        self.rows = rows
        self.everything = (1 << len(rows)) - 1
        self.equals = equals
        self.hours = hours
        self.dates = dates
        self.amounts = amounts

    def search(self, sale: Sale, finding: Finding, within: int | None) -> None:
        """Examine the rows that the columns leave."""
        left = self.everything
        texts = sale.texts
        for at, masks, others in self.equals:
            left &= masks.get(texts[at], others)
            if not left:
                return
        if self.hours:
            left &= self.hours[sale.second // 3600]
        edges, cells = self.dates
        if edges:
            left &= cells[bisect_right(edges, sale.at)]
        met = left
        for column in self.amounts:
            cell = bisect_right(column.edges, sale.amounts[column.at])
            left &= column.below[cell]
            met &= column.below[cell] & column.low_met[cell]
        rows = self.rows
        for bit in bits(met):
            examine(rows[bit], sale, finding)
        if left != met:
            self._search_near(sale, finding, left & ~met, within)

    def _search_near(self, sale: Sale, finding: Finding, left: int, within: int | None) -> None:
        """Look upwards from where the sale stands; the first cell with a row that nearly holds is enough."""
        for column in self.amounts:
            value = sale.amounts[column.at]
            begins = column.begins
            for cell in range(bisect_right(column.edges, value) + 1, len(begins)):
                short = column.edges[cell - 1] - value
                if (within is not None and short > within) or (
                    finding.near is not None and short > finding.short_minor
                ):
                    break
                for bit in bits(left & begins[cell]):
                    examine(self.rows[bit], sale, finding)


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


Bucket = tuple[Row, ...] | Columns


class Table:
    """All rules of a programme.

    Attributes:
        texts: Position among the texts, and bucket by value.
        sets: Position among the sets, and bucket by value.
        common: Rules that no equality leads to.
    """

    __slots__ = ("common", "sets", "size", "texts")

    def __init__(
        self,
        texts: tuple[tuple[int, Mapping[str, Bucket]], ...],
        sets: tuple[tuple[int, Mapping[str, Bucket]], ...],
        common: Bucket,
        size: int,
    ) -> None:
        self.texts = texts
        self.sets = sets
        self.common = common
        self.size = size

    def search(self, sale: Sale, within: int | None) -> Finding:
        """The rules that hold, in order, and the nearest near miss.

        Near misses further away than *within* minor units may be left out.
        """
        finding = Finding()
        values = sale.texts
        common = self.common
        if common:
            _search(common, sale, finding, within)
        for at, buckets in self.texts:
            bucket = buckets.get(values[at])
            if bucket is not None:
                _search(bucket, sale, finding, within)
        for at, buckets in self.sets:
            for value in SETS[at][1](sale):
                bucket = buckets.get(value)
                if bucket is not None:
                    _search(bucket, sale, finding, within)
        hits = finding.hits
        if len(hits) > 1:
            # A rule that several values of a set lead to is found several times.
            by_rank = {hit.rank: hit for hit in hits}
            finding.hits = [by_rank[rank] for rank in sorted(by_rank)]
        return finding


def _search(bucket: Bucket, sale: Sale, finding: Finding, within: int | None) -> None:
    if isinstance(bucket, Columns):
        bucket.search(sale, finding, within)
    else:
        for row in bucket:
            examine(row, sale, finding)
