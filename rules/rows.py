"""A rule taken apart into a row, a sale as rows look at it, and the exact check of the one against the other.

How the rows worth checking are found among very many is the matter of ``rules.table``.
"""

import enum
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final

from msgspec import Struct

from loyalty.transaction import BasketLine
from rules.conditions import DAY_S, Condition, LineFilter, holds
from rules.facts import Facts
from rules.rule import Pick, Rule

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
    EXTRA = 7


_PLAIN: Final = frozenset({Kind.PER_AMOUNT, Kind.FIXED, Kind.MULTIPLY})
_BASE: Final = Kind.BASE  # a member of an enum costs a look into its class each time


class Row:
    """A rule, taken apart.

    Attributes:
        equals: Position among the texts, and what may stand there.
        is_plain: What it gives depends on no other rule, limit or line, so it is added up at once.
        is_timed: It has windows, a start, an end or something residual.
        windows: Seconds of the week at which the hours of a condition begin and end by turns, ascending.
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
        "is_plain",
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
        windows: tuple[tuple[int, ...], ...],
        start: datetime | None,
        end: datetime | None,
        amounts: tuple[tuple[int, int, int | None], ...],
        residual: tuple[Condition, ...],
        more: str,
        adds_up: bool,
    ) -> None:
        self.rank = rank
        self.rule = rule
        self.rule_id = rule.id
        self.lines = rule.lines
        self.pick = rule.pick
        self.caps = rule.caps
        self.kind = kind
        self.numerator, self.denominator = gives
        alone = adds_up or kind is not Kind.MULTIPLY
        self.is_plain = kind in _PLAIN and alone and gives[0] >= 0 and rule.pick is Pick.ALL and not rule.caps
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


class Sale(Struct, gc=False):
    """What a sale shows to the rows. Lines and the second of the week are worked out when a row asks.

    Attributes:
        amounts: In the order of ``AMOUNTS``.
        texts: In the order of ``TEXTS``.
        at: On the terminal's clock.
        base_minor: What the bases of its lines add up to.
    """

    facts: Facts
    amounts: tuple[int, int]
    texts: tuple[str, ...]
    at: datetime
    base_minor: int
    _second: int = -1
    _lines: Lines | None = None

    def second(self) -> int:
        """Second of the week."""
        second = self._second
        if second < 0:
            at = self.at
            second = self._second = at.weekday() * DAY_S + at.hour * 3600 + at.minute * 60 + at.second
        return second

    @property
    def lines(self) -> Lines:
        """The lines that earn, each with its base."""
        if self._lines is None:
            self._lines = self.facts.earning()[1]
        return self._lines


def sale_of(facts: Facts) -> Sale:
    """*facts* as the rows see them."""
    base, base_minor = facts.earning_sums()
    return Sale(facts, (base, facts.ticket_minor), TEXT_FIELDS(facts), facts.local_at, base_minor)


# Attributes with several values at once; the last two are those of the lines that earn.
SETS: Final[tuple[tuple[str, Callable[[Sale], Iterable[str]]], ...]] = (
    ("tender", lambda sale: {tender.kind for tender in sale.facts.tenders}),
    ("coupon", lambda sale: sale.facts.coupons),
    ("segment", lambda sale: sale.facts.segments),
    ("traits", lambda sale: sale.facts.traits),
    ("has_product", lambda sale: {line.product for line in sale.facts.lines or ()}),
    ("has_category", lambda sale: {line.category for line in sale.facts.lines or ()}),
    ("line_product", lambda sale: {line.product for line, _ in sale.lines}),
    ("line_category", lambda sale: {line.category for line, _ in sale.lines}),
)


class Finding(Struct, gc=False):
    """What a search finds: rows that hold, and the one that lacks nothing but money, and least of it.

    Attributes:
        few: How many lines or units more, rank and row, and of what.
    """

    hits: list[Hit] = []  # each its own: the library copies it
    near: Row | None = None
    short_minor: int = 0
    few: tuple[int, int, Row, str] | None = None

    def note_near(self, row: Row, short_minor: int) -> None:
        """Keep *row* if it is nearer than what was found; of equals the first in order."""
        if row.kind is _BASE:
            return
        near = self.near
        if near is None or (short_minor, row.rank) < (self.short_minor, near.rank):
            self.near, self.short_minor = row, short_minor

    def note_few(self, row: Row, missing: int, what: str) -> None:
        """Keep *row*, which lacks nothing but *missing* lines or units, if it lacks fewer than others."""
        if row.kind is not _BASE and (self.few is None or (missing, row.rank) < self.few[:2]):
            self.few = missing, row.rank, row, what


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
        if not bisect_right(window, sale.second()) & 1:
            return False
    if row.start is not None and sale.at < row.start:
        return False
    if row.end is not None and sale.at >= row.end:
        return False
    for condition in row.residual:  # noqa: SIM110  (all() of a generator costs more than what it asks)
        if not holds(condition, sale.facts):
            return False
    return True


def _examine_lines(row: Row, wanted: LineFilter, sale: Sale, finding: Finding, short: int) -> None:
    base = 0
    own = []
    for number, (line, part) in enumerate(sale.lines):
        if wanted.covers(line):
            own.append(number)
            base += part
    if not own or (wanted.high is not None and base >= wanted.high):
        return
    if wanted.count is not None or wanted.units is not None:
        lines = sale.lines
        these = [lines[number][0] for number in own]
        if not wanted.enough(these):
            few = None if short or (wanted.low is not None and base < wanted.low) else wanted.too_few(these)
            if few is not None:
                finding.note_few(row, *few)
            return
    if wanted.low is not None and base < wanted.low:
        if not short:
            finding.note_near(row, wanted.low - base)
    elif short:
        finding.note_near(row, short)
    else:
        finding.hits.append((row.rank, row, own, base))
