"""A programme on its way between two processes, in small pieces.

A programme of many rules is built by a process of its own and comes over as a row of pickles: some rules
each, with their rows, then the buckets that hold the rows, by number. Each piece stands alone and is unpacked
alone (``switch.unpacking``), so that the event loop answers between any two.

Sets of values that several rules ask are sent once, and named by their numbers: else each piece would bring
sets of its own, which takes as much memory as the rules themselves.

A piece is a tuple that begins with its kind. Small buckets come as they are, many in a piece; a large one
comes in parts, and is put together by the piece behind them.
"""

import io
import pickle
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from rules.columns import Columns
from rules.conditions import OneOf, SomeOf
from rules.programme import Programme
from rules.rows import Row
from rules.rule import Rule
from rules.shards import SHARDED_FROM
from rules.table import Both, Bucket, Split, Table

LENGTH_SIZE: Final = 4  # bytes before each piece
PROBLEMS: Final = b"!"  # begins what is told instead of a programme
OUTDATED: Final = b"~"  # begins what is told before one: what this release refuses of it
RULES_OF_A_PIECE: Final = 16  # with their rows it takes about a third of a millisecond to unpack them
BUCKETS_OF_A_PIECE: Final = 20
ROWS_OF_A_PIECE: Final = 200  # in buckets
SETS_OF_A_PIECE: Final = 100  # of values that rules ask
MASKS_OF_A_PIECE: Final = 1 << 15  # bytes of masks of columns
ROWS_FORGOTTEN: Final = 2_000  # numbers of rows that are given up at a time
ENTRIES_OF_A_PIECE: Final = 64  # of what grows with the rules or the products
COMMON: Final = "common"
TABLES: Final = ("prices", "table", "extras", "redemptions")
_BARE: Final = ("parts", "rules", "floored", "source", *TABLES)

# A bucket with numbers in place of rows: a list of them; numbers and columns; or what a split has, whose rest
# some of its parts have, too.
Shape = list[int] | tuple[list[int], Any, Any, Any] | tuple[int, dict[str, tuple[Any, bool]], Any]
# Table, texts or sets, position, then the values that lead to a part; ``None`` leads to the rest of a split.
Path = tuple[str | int | None, ...]
Buckets = Mapping[Any, Bucket]
T = TypeVar("T")


def pieces(programme: Programme) -> Iterator[bytes]:
    """The pickles of *programme*, in order. The first is its version, so that nobody unpacks what he has.

    The programmes beside it come before its own rules, each like a whole one.
    """
    yield _piece("version", programme.version)
    for part in programme.parts:
        yield _piece("part", part.id)
        yield from pieces(part)
    yield from _own_pieces(programme)


class _Pickler(pickle.Pickler):
    """Names the *shared* sets by their numbers."""

    def __init__(self, file: io.BytesIO, shared: Mapping[frozenset[str], int]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._shared = shared

    def persistent_id(self, value: object) -> int | None:
        """The number of *value*; ``None`` when it is sent as it is."""
        return self._shared.get(value) if type(value) is frozenset else None


def _asked_often(rules: Iterable[Rule]) -> list[frozenset[str]]:
    """The sets of values that several of *rules* ask."""
    asked = Counter(each.values for rule in rules for each in rule.when if isinstance(each, OneOf | SomeOf))
    return [values for values, times in asked.items() if times > 1]


def _own_pieces(programme: Programme) -> Iterator[bytes]:
    tables: dict[str, Table] = {name: getattr(programme, name) for name in TABLES}
    numbers: dict[int, int] = {}
    yield from _rules(programme.rules, tables.values(), numbers)
    for name, table in tables.items():
        for kind in ("texts", "sets"):
            for at, buckets in getattr(table, kind):
                yield from _filled((name, kind, at), buckets, numbers)
        yield from _filled((name, COMMON), {COMMON: table.common}, numbers)
    for _ in range(0, len(numbers), ROWS_FORGOTTEN):
        yield _piece("forget")
    yield from _fields(programme)


def _rules(rules: Sequence[Rule], tables: Iterable[Table], numbers: dict[int, int]) -> Iterator[bytes]:
    """*rules*, some at a time, with their rows in *tables*, which get *numbers*."""
    rows_of: dict[int, list[Row]] = defaultdict(list)
    for table in tables:
        for bucket in _buckets(table):
            for row in _rows(bucket):
                rows_of[id(row.rule)].append(row)
    often = _asked_often(rules)
    for sets in in_slices(often, SETS_OF_A_PIECE):
        yield _piece("shared", sets)
    shared = {values: number for number, values in enumerate(often)}
    for some in in_slices(rules, RULES_OF_A_PIECE):
        rows = list({id(row): row for rule in some for row in rows_of[id(rule)]}.values())
        for row in rows:
            numbers[id(row)] = len(numbers)
        file = io.BytesIO()
        _Pickler(file, shared).dump(("rules", some, rows))
        yield file.getvalue()


def _filled(path: Path, buckets: Buckets, numbers: dict[int, int]) -> Iterator[bytes]:
    """*buckets*, which lie at *path*: small ones together, and a large one by its parts."""
    if len(buckets) > SHARDED_FROM:
        yield _piece("many buckets", path)
    some: dict[str | None, tuple[Shape, bool]] = {}
    weight = 0
    for value, bucket in buckets.items():
        own, has_rest = without_rest(bucket)
        if weight_of(own) > ROWS_OF_A_PIECE and not isinstance(own, tuple):
            yield from _large((*path, value), own, numbers)
            yield _piece("large", path, value, has_rest)
            continue
        some[value] = _shape(own, numbers), has_rest
        weight += weight_of(own)
        if weight > ROWS_OF_A_PIECE or len(some) == BUCKETS_OF_A_PIECE:
            yield _piece("buckets", path, some)
            some, weight = {}, 0
    if some:
        yield _piece("buckets", path, some)


def _large(path: Path, bucket: Bucket, numbers: dict[int, int]) -> Iterator[bytes]:
    """The parts of *bucket*, and what puts them together."""
    match bucket:
        case Split():
            yield from _filled(path, {None: bucket.rest}, numbers)  # its parts may have it, too
            yield from _filled(path, bucket.by_value, numbers)
            yield _piece("split", path, bucket.at)
        case Columns():
            for rows in in_slices(bucket.rows, ROWS_OF_A_PIECE):
                yield _piece("rows", [numbers[id(row)] for row in rows])
            for masks in _of_some_bytes(bucket.masks):
                yield _piece("masks", masks)
            yield _piece("columns", bucket.layout)
        case _:
            raise AssertionError("it is small, or told with the split whose rest it has")


def _of_some_bytes(masks: Iterable[int]) -> Iterator[list[int]]:
    """*masks* in order, each time as many as have some bytes together."""
    some: list[int] = []
    size = 0
    for mask in masks:
        some.append(mask)
        size += mask.bit_length() // 8 + 1
        if size >= MASKS_OF_A_PIECE:
            yield some
            some, size = [], 0
    if some:
        yield some


def without_rest(bucket: Bucket) -> tuple[Bucket, bool]:
    """*bucket* without the rest of the split that it is a part of, and whether it has that, too."""
    return (bucket.one, True) if isinstance(bucket, Both) else (bucket, False)


def weight_of(bucket: Bucket) -> int:
    """How many rows it has of its own."""
    match bucket:
        case tuple():
            return len(bucket)
        case Columns():
            return len(bucket.rows)
        case Split():
            return sum(map(weight_of, bucket.by_value.values())) + weight_of(bucket.rest)
        case Both():
            return weight_of(bucket.one)


def _fields(programme: Programme) -> Iterator[bytes]:
    """Everything else: the text, which stays in its parts, then what is long, a little at a time."""
    for part in programme.source.parts:
        yield _piece("list", "source", [part])
    numbers = {id(rule): number for number, rule in enumerate(programme.rules)}
    for rules in in_slices(programme.floored, ROWS_OF_A_PIECE):
        yield _piece("floored", [numbers[id(rule)] for rule in rules])
    fields = {name: getattr(programme, name) for name in Programme.__slots__ if name not in _BARE}
    if programme.counting is not None:
        fields["counting"] = replace(programme.counting, costs={})  # those of the programme
    for name, value in fields.items():
        if isinstance(value, Mapping) and len(value) > ENTRIES_OF_A_PIECE:
            fields[name] = {}
            if len(value) > SHARDED_FROM:
                yield _piece("many entries", name)
            for some in in_slices(list(value.items()), ENTRIES_OF_A_PIECE):
                yield _piece("mapping", name, dict(some))
        elif isinstance(value, tuple) and len(value) > ENTRIES_OF_A_PIECE:
            fields[name] = ()
            for some in in_slices(value, ENTRIES_OF_A_PIECE):
                yield _piece("list", name, some)
    sizes = {name: getattr(programme, name).size for name in TABLES}
    yield _piece("fields", fields, sizes, programme.source.plain)


def _piece(*value: object) -> bytes:
    return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)


def in_slices(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """*values* in order, *size* at a time."""
    return (values[at : at + size] for at in range(0, len(values), size))


def _buckets(table: Table) -> Iterator[Bucket]:
    yield table.common
    for _, by_value in (*table.texts, *table.sets):
        yield from by_value.values()


def _rows(bucket: Bucket) -> Iterator[Row]:
    match bucket:
        case tuple():
            yield from bucket
        case Columns():
            yield from bucket.rows
        case Split():
            for inner in (*bucket.by_value.values(), bucket.rest):
                yield from _rows(inner)
        case Both():
            yield from _rows(bucket.one)
            yield from _rows(bucket.other)


def _shape(bucket: Bucket, numbers: dict[int, int]) -> Shape:
    match bucket:
        case tuple():
            return [numbers[id(row)] for row in bucket]
        case Columns():
            return [numbers[id(row)] for row in bucket.rows], bucket.hours, bucket.dates, bucket.amounts
        case Split():
            parts = {value: without_rest(inner) for value, inner in bucket.by_value.items()}
            by_value = {value: (_shape(own, numbers), has_rest) for value, (own, has_rest) in parts.items()}
            return bucket.at, by_value, _shape(bucket.rest, numbers)
        case Both():
            raise AssertionError("it is told with the split whose rest it has")
