"""The rules as a table in memory: finds the few that hold for a sale among very many.

A rule is reached through its most selective equality, the *access*: ``merchant = M1`` puts it into the bucket
of M1, and a sale looks only into the buckets of its own values. Rules without any equality lie in the common
bucket. A bucket is one of three:

- few rows, each of which is checked;
- a *split* by the value of one more attribute, and the rows that do not ask for it;
- *columns*: Python ints whose bit *i* stands for row *i*, one for each hour, date and range of an amount;
  their intersection leaves few rows. Columns may leave a row too many, never one too few, because each row
  that is left is checked exactly.

The table never changes once it is built. It holds nothing but values, so another process can build it.
"""

import enum
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final

from loyalty.transaction import BasketLine
from rules.conditions import DAY_S, Condition, LineFilter, holds
from rules.facts import Facts
from rules.rule import Rule

# Text attributes of facts by position; conditions call them otherwise in part.
TEXTS: Final = (
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


class Kind(enum.IntEnum):
    """What a row gives, as a number for the adding up."""

    BASE = 0
    PER_AMOUNT = 1
    FIXED = 2
    PER_LINE = 3
    PER_UNIT = 4
    MULTIPLY = 5
    PRICE = 6


_BASE: Final = Kind.BASE  # a member of an enum costs a look into its class each time


class Row:
    """A rule, taken apart.

    Attributes:
        equals: Position among the texts, and what may stand there.
        is_timed: It has windows, a start, an end or something residual.
        windows: Ranges of seconds of the week, one list for each condition.
        amounts: Position among the amounts, low (0 when open), high.
        residual: Whatever else must hold.
        numerator, denominator: What it gives: points per minor unit, points, or what is added of the base.
        more: What is told behind the amount that is missing.
    """

    __slots__ = (
        "amounts",
        "caps",
        "denominator",
        "end",
        "equals",
        "group",
        "is_timed",
        "kind",
        "lines",
        "more",
        "numerator",
        "pick",
        "rank",
        "residual",
        "rule",
        "rule_id",
        "start",
        "windows",
    )

    def __init__(
        self,
        rank: int,
        rule: Rule,
        *,
        kind: Kind,
        gives: tuple[int, int],
        equals: tuple[tuple[int, frozenset[str]], ...],
        windows: tuple[tuple[tuple[int, int], ...], ...],
        start: datetime | None,
        end: datetime | None,
        amounts: tuple[tuple[int, int, int | None], ...],
        residual: tuple[Condition, ...],
        more: str,
    ) -> None:
        self.rank = rank
        self.rule = rule
        self.rule_id = rule.id
        self.lines = rule.lines
        self.pick, self.group = rule.pick, rule.group
        self.caps = rule.caps
        self.kind = kind
        self.numerator, self.denominator = gives
        self.equals = equals
        self.is_timed = bool(windows or residual or start is not None or end is not None)
        self.windows = windows
        self.start, self.end = start, end
        self.amounts = amounts
        self.residual = residual
        self.more = more

    def without(self, equals: tuple[tuple[int, frozenset[str]], ...]) -> "Row":
        """The same row where only *equals* are left to check."""
        row = Row.__new__(Row)
        for name in Row.__slots__:
            setattr(row, name, getattr(self, name))
        row.equals = equals
        return row


# A row that holds: its rank, itself, the lines that it is about (None: all), their base.
Hit = tuple[int, Row, "list[int] | None", int]


class Sale:
    """What a sale shows to the rows. Lines and the second of the week are worked out when a row asks."""

    __slots__ = ("_lines", "_second", "amounts", "at", "base_minor", "facts", "texts")

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._lines: Lines | None = None
        base, self.base_minor = facts.earning_sums()
        self.amounts = (base, facts.ticket_minor)
        self.texts: tuple[str, ...] = TEXT_FIELDS(facts)
        self.at = facts.local_at
        self._second = -1

    @property
    def second(self) -> int:
        """Second of the week."""
        if self._second < 0:
            at = self.at
            self._second = at.weekday() * DAY_S + at.hour * 3600 + at.minute * 60 + at.second
        return self._second

    @property
    def lines(self) -> Lines:
        """The lines that earn, each with its base."""
        if self._lines is None:
            self._lines = self.facts.earning()[1]
        return self._lines


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


class Finding:
    """What a search finds: rows that hold, and the one that lacks nothing but money, and least of it."""

    __slots__ = ("hits", "near", "short_minor")

    def __init__(self) -> None:
        self.hits: list[Hit] = []
        self.near: Row | None = None
        self.short_minor = 0

    def note_near(self, row: Row, short_minor: int) -> None:
        """Keep *row* if it is nearer than what was found; of equals the first in order."""
        if row.kind is _BASE:
            return
        near = self.near
        if near is None or (short_minor, row.rank) < (self.short_minor, near.rank):
            self.near, self.short_minor = row, short_minor


def examine(rows: Iterable[Row], sale: Sale, finding: Finding) -> None:  # noqa: C901, PLR0912  (the hot path)
    """Check each of *rows* exactly and note those that hold or nearly do."""
    texts, amounts, hits = sale.texts, sale.amounts, finding.hits
    for row in rows:
        for at, values in row.equals:
            if texts[at] not in values:
                break
        else:
            if row.is_timed and not _in_time(row, sale):
                continue
            short = 0
            for at, low, high in row.amounts:
                amount = amounts[at]
                if amount < low:
                    if short:
                        break
                    short = low - amount
                elif high is not None and amount >= high:
                    break
            else:
                if row.lines is not None:
                    _examine_lines(row, row.lines, sale, finding, short)
                elif short:
                    finding.note_near(row, short)
                else:
                    hits.append((row.rank, row, None, sale.base_minor))


def _in_time(row: Row, sale: Sale) -> bool:
    for window in row.windows:
        second = sale.second
        for start, end in window:
            if start <= second < end:
                break
        else:
            return False
    if row.start is not None and sale.at < row.start:
        return False
    if row.end is not None and sale.at >= row.end:
        return False
    return all(holds(condition, sale.facts) for condition in row.residual)


def _examine_lines(row: Row, wanted: LineFilter, sale: Sale, finding: Finding, short: int) -> None:
    base = 0
    own = []
    for number, (line, part) in enumerate(sale.lines):
        if wanted.covers(line):
            own.append(number)
            base += part
    if not own or (wanted.high is not None and base >= wanted.high):
        return
    if wanted.low is not None and base < wanted.low:
        if not short:
            finding.note_near(row, wanted.low - base)
    elif short:
        finding.note_near(row, short)
    else:
        finding.hits.append((row.rank, row, own, base))


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
        hours: Mask for each hour of the week; empty when no row has a window.
        dates: Edges of periods, and mask by cell; no edges when no row has a period.
    """

    __slots__ = ("amounts", "dates", "everything", "hours", "rows")

    def __init__(
        self,
        rows: tuple[Row, ...],
        hours: tuple[int, ...],
        dates: tuple[list[datetime], list[int]],
        amounts: tuple[AmountColumn, ...],
    ) -> None:
        self.rows = rows
        self.everything = (1 << len(rows)) - 1
        self.hours = hours
        self.dates = dates
        self.amounts = amounts

    def search(self, sale: Sale, finding: Finding, within: int | None) -> None:
        """Examine the rows that the columns leave."""
        left = self.everything
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


class Split:
    """A bucket divided by the text at position *at*; *rest* asks nothing of it."""

    __slots__ = ("at", "by_value", "rest")

    def __init__(self, at: int, by_value: "Mapping[str, Bucket]", rest: "Bucket") -> None:
        self.at = at
        self.by_value = by_value
        self.rest = rest

    def search(self, sale: Sale, finding: Finding, within: int | None) -> None:
        """Search both sides."""
        bucket = self.by_value.get(sale.texts[self.at])
        if bucket is not None:
            search(bucket, sale, finding, within)
        if self.rest:
            search(self.rest, sale, finding, within)


Bucket = tuple[Row, ...] | Columns | Split


def search(bucket: Bucket, sale: Sale, finding: Finding, within: int | None) -> None:
    """Find what holds in *bucket*."""
    if type(bucket) is tuple:
        examine(bucket, sale, finding)
    else:
        assert not isinstance(bucket, tuple)
        bucket.search(sale, finding, within)


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
        if self.common:
            search(self.common, sale, finding, within)
        for at, buckets in self.texts:
            bucket = buckets.get(sale.texts[at])
            if bucket is not None:
                search(bucket, sale, finding, within)
        for at, buckets in self.sets:
            for value in SETS[at][1](sale):
                bucket = buckets.get(value)
                if bucket is not None:
                    search(bucket, sale, finding, within)
        hits = finding.hits
        if len(hits) > 1:
            # A rule that several values of a set lead to is found several times; ranks are its own.
            by_rank = {hit[0]: hit for hit in hits}
            finding.hits = [by_rank[rank] for rank in sorted(by_rank)]
        return finding
