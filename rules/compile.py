"""Builds the table of a programme's rules."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from itertools import accumulate
from operator import or_
from typing import Any, Final, TypeVar

from rules.columns import AmountColumn, Columns
from rules.conditions import (
    DAY_S,
    AmountWithin,
    AnyOf,
    Condition,
    OneOf,
    Period,
    SomeOf,
    Window,
)
from rules.effects import (
    BasePoints,
    CashBack,
    Decline,
    Effect,
    FixedPoints,
    FreeForStamps,
    FreeUnits,
    GiveAway,
    GiveStamps,
    IssueCertificate,
    IssueCoupon,
    IssueMoney,
    Message,
    MoneyOff,
    MoveTier,
    Multiply,
    PointsPerAmount,
    PointsPerLine,
    PointsPerUnit,
    Redeem,
    ShareOff,
    TierPoints,
    TierPointsPerAmount,
    UnitPrice,
)
from rules.rows import AMOUNTS, SETS, TEXTS, WEEK_S, Kind, Row
from rules.rule import Rule
from rules.table import Both, Bucket, Split, Table
from rules.words import more_than

T = TypeVar("T", bound=Hashable)
Edge = TypeVar("Edge", int, datetime)

SPLIT_ABOVE: Final = 3  # rows; sparing fewer does not pay for a look
COLUMNS_FROM: Final = 24  # rows of a bucket; below, checking each is faster (see benchmarks/rules.py)
CELLS_MAX: Final = 128  # of an amount or of the calendar; more cost memory and save little
_HOURS: Final = WEEK_S // 3600
_TEXT_AT: Final = {name: at for at, name in enumerate(TEXTS)}
_SET_AT: Final = {name: at for at, (name, _) in enumerate(SETS)}
_AMOUNT_AT: Final = {name: at for at, name in enumerate(AMOUNTS)}

ByAttribute = dict[int, dict[str, list[Row]]]
Access = tuple[bool, int, frozenset[str]]  # of a set?, position, values


def compile_rules(
    rules: Sequence[Rule],
    language: str = "en",
    *,
    adds_up: bool = True,
    columns_from: int = COLUMNS_FROM,
    cells_max: int = CELLS_MAX,
) -> Table:
    """The table of *rules*, which are in order.

    Args:
        rules: In order of evaluation.
        language: Of near misses.
        adds_up: Multipliers on one line add up, so what each gives depends on no other.
        columns_from: Buckets of so many rows get columns.
        cells_max: Cells of an amount's or of the calendar's column.
    """
    accesses = [_accesses(rule) for rule in rules]
    known: dict[tuple[bool, int], set[str]] = defaultdict(set)
    for each in accesses:
        for is_set, at, values in each:
            known[is_set, at].update(values)
    share = _Sharing()
    texts: ByAttribute = defaultdict(lambda: defaultdict(list))
    sets: ByAttribute = defaultdict(lambda: defaultdict(list))
    common: list[Row] = []
    for rank, (rule, choices) in enumerate(zip(rules, accesses, strict=True)):
        # The share of an attribute's known values that the rule takes: the less, the rarer it is asked.
        access = choices[0] if choices else None
        if len(choices) > 1:
            access = min(choices, key=lambda each: len(each[2]) / len(known[each[:2]]))
        row = _row(rank, rule, access, share, language, adds_up=adds_up)
        if access is None:
            common.append(row)
            continue
        is_set, at, values = access
        buckets = (sets if is_set else texts)[at]
        for value in values:
            buckets[value].append(row)

    def buckets_of(
        by_attribute: dict[int, dict[str, list[Row]]],
    ) -> tuple[tuple[int, dict[str, Bucket]], ...]:
        return tuple(
            (at, {value: _bucket(rows, columns_from, cells_max, share) for value, rows in by_value.items()})
            for at, by_value in sorted(by_attribute.items())
        )

    return Table(
        buckets_of(texts),
        buckets_of(sets),
        _bucket(common, columns_from, cells_max, share),
        len(rules),
    )


class _Sharing(dict[Hashable, Any]):
    """Equal parts of rows are kept once: it gives for a value the first that was equal to it."""

    def __missing__(self, value: Hashable) -> Hashable:
        self[value] = value
        return value


def _accesses(rule: Rule) -> list[Access]:
    """All equalities that could lead to *rule*."""
    found: list[Access] = []
    for condition in rule.when:
        if isinstance(condition, OneOf):
            found.append((False, _TEXT_AT[condition.attribute], condition.values))
        elif isinstance(condition, SomeOf):
            found.append((True, _SET_AT[condition.attribute], condition.values))
    if rule.lines is not None:
        if rule.lines.products is not None:
            found.append((True, _SET_AT["line_product"], rule.lines.products))
        if rule.lines.categories is not None:
            found.append((True, _SET_AT["line_category"], rule.lines.categories))
    return found


def _row(
    rank: int, rule: Rule, access: Access | None, share: _Sharing, language: str, *, adds_up: bool
) -> Row:
    equals: list[tuple[int, frozenset[str]]] = []
    windows: list[tuple[int, ...]] = []
    amounts: list[tuple[int, int, int | None]] = []
    residual: list[Condition] = []
    start: datetime | None = None
    end: datetime | None = None
    for condition in rule.when:
        match condition:
            case OneOf(attribute, values):
                at = _TEXT_AT[attribute]
                if access is None or (False, at, values) != access:  # the way in needs no check
                    equals.append(share[at, values])
            case SomeOf(attribute, values):
                if access is None or (True, _SET_AT[attribute], values) != access:
                    residual.append(condition)
            case AmountWithin(attribute, low, high):
                amounts.append(share[_AMOUNT_AT[attribute], low or 0, high])
            case Window():
                windows.append(share[_ranges([condition])])
            case AnyOf(choices) if all(isinstance(each, Window) for each in choices):
                windows.append(share[_ranges(choices)])
            case Period(first, before):
                start = first if start is None or (first is not None and first > start) else start
                end = before if end is None or (before is not None and before < end) else end
            case _:
                residual.append(condition)
    # What fails most often goes first; that is what has most values elsewhere, so the shortest sets.
    equals.sort(key=lambda each: len(each[1]))
    kind, gives = _gives(rule.effect)
    has_low = any(low for _, low, _ in amounts) or (rule.lines is not None and rule.lines.low is not None)
    return Row(
        rank,
        rule,
        kind=kind,
        gives=share[gives],
        equals=share[tuple(equals)],
        windows=share[tuple(windows)],
        start=start,
        end=end,
        amounts=share[tuple(amounts)],
        residual=tuple(residual),
        more=share[more_than(rule, language)] if has_low else "",
        adds_up=adds_up,
    )


def _gives(effect: Effect) -> tuple[Kind, tuple[int, int]]:
    match effect:
        case BasePoints(rate):
            return Kind.BASE, (rate.numerator, rate.denominator)
        case PointsPerAmount(rate):
            return Kind.PER_AMOUNT, (rate.numerator, rate.denominator)
        case FixedPoints(points):
            return Kind.FIXED, (points, 1)
        case PointsPerLine(points):
            return Kind.PER_LINE, (points, 1)
        case PointsPerUnit(points):
            return Kind.PER_UNIT, (points, 1)
        case Multiply(factor):  # the base is there already: what is added is factor - 1 of it
            return Kind.MULTIPLY, (factor.numerator - factor.denominator, factor.denominator)
        case (
            ShareOff() | UnitPrice() | MoneyOff() | FreeUnits() | FreeForStamps()
        ):  # worked out by rules.price
            return Kind.PRICE, (0, 1)
        case (  # gathered by rules.redeem and rules.extras
            Redeem()
            | Decline()
            | IssueCoupon()
            | IssueCertificate()
            | IssueMoney()
            | CashBack()
            | GiveAway()
            | GiveStamps()
            | TierPoints()
            | TierPointsPerAmount()
            | MoveTier()
            | Message()
        ):
            return Kind.EXTRA, (0, 1)


def _ranges(windows: Iterable[Condition]) -> tuple[int, ...]:
    """The seconds of the week at which the windows, taken together, begin and end by turns."""
    ranges = []
    for window in windows:
        assert isinstance(window, Window)
        length = (window.end_s - window.start_s) % DAY_S or DAY_S
        for day in window.days:
            start = day * DAY_S + window.start_s
            end = start + length
            ranges.append((start, min(end, WEEK_S)))
            if end > WEEK_S:  # the night from Sunday to Monday
                ranges.append((0, end - WEEK_S))
    edges: list[int] = []
    for start, end in sorted(ranges):
        if edges and start <= edges[-1]:  # it goes on
            edges[-1] = max(edges[-1], end)
        else:
            edges += start, end
    return tuple(edges)


def _bucket(rows: list[Row], columns_from: int, cells_max: int, share: _Sharing) -> Bucket:
    split = _best_split(rows)
    if split is not None:
        by_value: dict[str, list[Row]] = defaultdict(list)
        rest = []
        for row in rows:
            asked = [values for at, values in row.equals if at == split]
            if not asked:
                rest.append(row)
                continue
            remaining = share[tuple([each for each in row.equals if each[0] != split])]
            inner = row.without(remaining)
            for value in frozenset.intersection(*asked):
                by_value[value].append(inner)
        others = _bucket(rest, columns_from, cells_max, share)
        return Split(
            split,
            {
                value: _together(_bucket(own, columns_from, cells_max, share), others)
                for value, own in by_value.items()
            },
            others,
        )
    if len(rows) < columns_from:
        return tuple(rows)
    return Columns(
        rows,
        _hour_column(rows),
        _date_column(rows, cells_max),
        tuple(_amount_columns(rows, cells_max)),
    )


def _together(one: Bucket, other: Bucket) -> Bucket:
    """What is in either bucket. Few rows are put together: one walk over them costs less than two."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return one + other
    return Both(one, other)


def _best_split(rows: list[Row]) -> int | None:
    """The text attribute that spares a sale most rows; ``None`` when none is worth the look."""
    if len(rows) <= SPLIT_ABOVE:
        return None
    asked: dict[int, int] = defaultdict(int)
    values: dict[int, set[str]] = defaultdict(set)
    copies: dict[int, int] = defaultdict(int)
    for row in rows:
        for at, choices in row.equals:
            asked[at] += 1
            copies[at] += len(choices)
            values[at] |= choices
    # A sale has one of the known values: of the rows that ask, it meets copies / values.
    spared = {at: count - copies[at] // len(values[at]) for at, count in asked.items()}
    best = max(sorted(spared), key=lambda at: spared[at], default=None)
    return best if best is not None and spared[best] >= SPLIT_ABOVE else None


def _mask(bits: Iterable[int], size: int) -> int:
    """The int with these ones. Setting them one by one in an int would cost its length each time."""
    data = bytearray((size + 7) // 8)
    for bit in bits:
        data[bit >> 3] |= 1 << (bit & 7)
    return int.from_bytes(data, "little")


def _masks(numbers: Iterable[tuple[int, T]], size: int) -> dict[T, int]:
    """The mask of the rows of each value, out of pairs of row and value."""
    by_value: dict[T, list[int]] = defaultdict(list)
    for bit, value in numbers:
        by_value[value].append(bit)
    return {value: _mask(bits, size) for value, bits in by_value.items()}


def _hour_column(rows: list[Row]) -> list[int]:
    if not any(row.windows for row in rows):
        return []
    hours = [0] * _HOURS
    for windows, mask in _masks(((bit, row.windows) for bit, row in enumerate(rows)), len(rows)).items():
        edges = windows[0] if windows else (0, WEEK_S)
        ranges = zip(edges[::2], edges[1::2], strict=True)
        for hour in {hour for start, end in ranges for hour in range(start // 3600, (end - 1) // 3600 + 1)}:
            hours[hour] |= mask
    return hours


def _edges(values: Iterable[Edge], cells_max: int) -> list[Edge]:
    """At most *cells_max* of *values*, ascending, evenly chosen."""
    edges = sorted(set(values))
    if len(edges) <= cells_max:
        return edges
    return [edges[at * len(edges) // cells_max] for at in range(cells_max)]


def _spans(
    edges: list[Edge], ranges: list[tuple[Edge | None, Edge | None]]
) -> tuple[list[int], list[int], list[int]]:
    """Masks by cell for half-open *ranges*: begun by then, not over before, beginning there.

    Cell *i* reaches from ``edges[i - 1]`` to before ``edges[i]``.
    """
    count, size = len(edges) + 1, len(ranges)
    first = [0 if low is None else bisect_right(edges, low) for low, _ in ranges]
    last = [count - 1 if high is None else bisect_left(edges, high) for _, high in ranges]
    firsts, lasts = _masks(enumerate(first), size), _masks(enumerate(last), size)
    begins = [firsts.get(cell, 0) for cell in range(count)]
    ends = [lasts.get(cell, 0) for cell in range(count)]
    begun = list(accumulate(begins, or_))
    lasting = list(accumulate(reversed(ends), or_))[::-1]
    return begun, lasting, begins


def _date_column(rows: list[Row], cells_max: int) -> tuple[list[datetime], list[int]]:
    edges = _edges((each for row in rows for each in (row.start, row.end) if each is not None), cells_max)
    begun, lasting, _ = _spans(edges, [(row.start, row.end) for row in rows])
    return edges, [one & other for one, other in zip(begun, lasting, strict=True)]


def _amount_columns(rows: list[Row], cells_max: int) -> Iterable[AmountColumn]:
    for at in range(len(AMOUNTS)):
        ranges: list[tuple[int | None, int | None]] = []
        for row in rows:
            own = [(low, high) for position, low, high in row.amounts if position == at]
            low = max((low for low, _ in own), default=0)
            high = min((high for _, high in own if high is not None), default=None)
            ranges.append((low or None, high))
        edges = _edges((each for pair in ranges for each in pair if each is not None), cells_max)
        if edges:
            begun, lasting, begins = _spans(edges, ranges)
            yield AmountColumn(at, edges, begun, lasting, begins)
