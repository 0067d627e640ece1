"""A programme on its way between two processes, in small pieces.

A programme of many rules is built by a process of its own and comes over as a row of pickles: some rules
each, with their rows, then the buckets that hold the rows, by number. Each piece stands alone and is unpacked
alone, so that the event loop answers between any two; what is given up is taken apart in the same way.
"""

import pickle
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from rules.columns import Columns
from rules.programme import Programme
from rules.rows import Row
from rules.rule import Rule
from rules.table import Both, Bucket, Split, Table

RULES_OF_A_PIECE: Final = 16  # with their rows it takes about a third of a millisecond to unpack them
BUCKETS_OF_A_PIECE: Final = 20
ROWS_OF_A_PIECE: Final = 200  # in buckets
_COMMON: Final = "common"
_TABLES: Final = ("prices", "table", "extras", "redemptions")
TEXT_OF_A_PIECE: Final = 1 << 14  # characters
ENTRIES_OF_A_PIECE: Final = 64  # of what grows with the rules or the products
_BARE: Final = ("rules", "parts", "texts", *_TABLES)

# A bucket with numbers in place of rows: a list of them; numbers and columns; or what a split has, whose rest
# some of its parts have, too.
Shape = list[int] | tuple[list[int], Any, Any, Any] | tuple[int, dict[str, tuple[Any, bool]], Any]
Path = tuple[str | int, ...]  # table, texts or sets, position, then the values that lead to a part


def pieces(programme: Programme) -> Iterator[bytes]:
    """The pickles of *programme*, in order. The first is its version, so that nobody unpacks what he has.

    The programmes beside it come before its own rules, each like a whole one.
    """
    yield _piece("version", programme.version)
    for part in programme.parts:
        yield _piece("part", part.id)
        yield from pieces(part)
    yield from _own_pieces(programme)


def _own_pieces(programme: Programme) -> Iterator[bytes]:
    tables: list[tuple[str, Table]] = [(name, getattr(programme, name)) for name in _TABLES]
    rows_of: dict[int, list[Row]] = defaultdict(list)
    for _, table in tables:
        for bucket in _buckets(table):
            for row in _rows(bucket):
                rows_of[id(row.rule)].append(row)
    numbers: dict[int, int] = {}
    for some in _slices(programme.rules, RULES_OF_A_PIECE):
        rows = list({id(row): row for rule in some for row in rows_of[id(rule)]}.values())
        for row in rows:
            numbers[id(row)] = len(numbers)
        yield _piece("rules", some, rows)
    yield _piece("over", "every rule")
    for name, table in tables:
        for kind in ("texts", "sets"):
            for at, buckets in getattr(table, kind):
                yield from _filled((name, kind, at), buckets, numbers)
        yield from _filled((name, _COMMON), {_COMMON: table.common}, numbers)
    yield _piece("over", "rules")
    yield from _fields(programme)


def _filled(path: Path, buckets: Mapping[str, Bucket], numbers: dict[int, int]) -> Iterator[bytes]:
    """*buckets*, which lie at *path*: small ones together, and a large one that is divided by its parts."""
    some: dict[str, tuple[Shape, bool]] = {}
    weight = 0
    for value, bucket in buckets.items():
        own, has_rest = _without_rest(bucket)
        if isinstance(own, Split) and _weight(own) > ROWS_OF_A_PIECE:
            yield _piece("rest", (*path, value), _shape(own.rest, numbers))
            yield from _filled((*path, value), own.by_value, numbers)
            yield _piece("split", path, value, own.at, has_rest)
            continue
        some[value] = _shape(own, numbers), has_rest
        weight += _weight(own)
        if weight > ROWS_OF_A_PIECE or len(some) == BUCKETS_OF_A_PIECE:
            yield _piece("buckets", path, some)
            some, weight = {}, 0
    if some:
        yield _piece("buckets", path, some)


def _without_rest(bucket: Bucket) -> tuple[Bucket, bool]:
    """*bucket* without the rest of the split that it is a part of, and whether it has that, too."""
    return (bucket.one, True) if isinstance(bucket, Both) else (bucket, False)


def _weight(bucket: Bucket) -> int:
    """How many rows it has of its own."""
    match bucket:
        case tuple():
            return len(bucket)
        case Columns():
            return len(bucket.rows)
        case Split():
            return sum(map(_weight, bucket.by_value.values())) + _weight(bucket.rest)
        case Both():
            return _weight(bucket.one)


def _fields(programme: Programme) -> Iterator[bytes]:
    """Everything else: the text, which stays in its pieces, then what is long, a little at a time."""
    for text in programme.texts:
        for some in _slices(text, TEXT_OF_A_PIECE):
            yield _piece("list", "texts", [some])
    yield _piece("over", "rows")
    fields = {name: getattr(programme, name) for name in Programme.__slots__ if name not in _BARE}
    if programme.counting is not None:
        fields["counting"] = replace(programme.counting, costs={})  # those of the programme
    for name, value in fields.items():
        if isinstance(value, dict | tuple) and len(value) > ENTRIES_OF_A_PIECE:
            entries = list(value.items()) if isinstance(value, dict) else value
            fields[name] = type(value)()
            for some in _slices(entries, ENTRIES_OF_A_PIECE):
                yield _piece("mapping" if isinstance(value, dict) else "list", name, some)
    yield _piece("fields", fields, {name: getattr(programme, name).size for name in _TABLES})


def _piece(*value: object) -> bytes:
    return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)


def _slices(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
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
            parts = {value: _without_rest(inner) for value, inner in bucket.by_value.items()}
            by_value = {value: (_shape(own, numbers), has_rest) for value, (own, has_rest) in parts.items()}
            return bucket.at, by_value, _shape(bucket.rest, numbers)
        case Both():
            raise AssertionError("it is told with the split whose rest it has")


def _bucket(shape: Shape, rows: Sequence[Row]) -> Bucket:
    match shape:
        case list():
            return tuple([rows[number] for number in shape])
        case (own, hours, dates, amounts):
            return Columns(tuple([rows[number] for number in own]), hours, dates, amounts)
        case (at, by_value, rest):
            others = _bucket(rest, rows)
            return Split(at, _parts(by_value, rows, others), others)


def _parts(
    shapes: Mapping[str, tuple[Shape, bool]], rows: Sequence[Row], rest: Bucket | None
) -> dict[str, Bucket]:
    """Buckets of *shapes*, some of which have *rest*, too."""
    made: dict[str, Bucket] = {}
    for value, (shape, has_rest) in shapes.items():
        bucket = _bucket(shape, rows)
        made[value] = _with(bucket, rest) if has_rest else bucket
    return made


def _with(bucket: Bucket, rest: Bucket | None) -> Both:
    assert rest is not None
    return Both(bucket, rest)


class Unpacking:
    """Takes the pieces of a programme, one after the other.

    Attributes:
        version: Of the programme, once the first piece is there.
        programme: The programme, once the last one is.
    """

    def __init__(self) -> None:
        self.version: str | None = None
        self.programme: Programme | None = None
        self._part: Unpacking | None = None  # that is under way
        self._parts: list[Programme] = []
        self._rows: list[Row] = []
        self._rules: list[Rule] = []
        self._every_rule: tuple[Rule, ...] = ()
        self._lists: dict[str, list[Any]] = {"texts": []}
        self._mappings: dict[str, dict[Any, Any]] = {}
        self._buckets: dict[Path, dict[str, Bucket]] = {}
        self._rests: dict[Path, Bucket] = {}

    def take(self, piece: bytes) -> None:
        """Unpack *piece*."""
        if self._part is not None:
            self._part.take(piece)
            if self._part.programme is not None:
                self._parts.append(self._part.programme)
                self._part = None
            return
        kind, *values = pickle.loads(piece)  # noqa: S301  (it comes from a process of our own)
        match kind:
            case "part":
                self._part = Unpacking()
            case "version":
                (self.version,) = values
            case "rules":
                rules, rows = values
                self._rules += rules
                self._rows += rows
            case "buckets" | "rest" | "split":
                self._take_buckets(kind, values[0], values[1:])
            case "over":
                self._close(*values)
            case "list" | "mapping":
                self._take_entries(kind, *values)
            case _:
                self._finish(*values)

    def _take_buckets(self, kind: str, path: Path, values: Sequence[Any]) -> None:
        match kind:
            case "buckets":
                parts = _parts(values[0], self._rows, self._rests.get(path))
                self._buckets.setdefault(path, {}).update(parts)
            case "rest":
                self._rests[path] = _bucket(values[0], self._rows)
            case _:
                value, at, has_rest = values
                whole = (*path, value)
                split = Split(at, self._buckets.pop(whole), self._rests.pop(whole))
                rest = self._rests.get(path)
                self._buckets.setdefault(path, {})[value] = _with(split, rest) if has_rest else split

    def _take_entries(self, kind: str, name: str, some: Iterable[Any]) -> None:
        if kind == "list":
            self._lists.setdefault(name, []).extend(some)
        else:
            self._mappings.setdefault(name, {}).update(some)

    def _close(self, what: str) -> None:
        """Make the rules, or give up a list of what arrived: to touch each of many is work of its own."""
        match what:
            case "every rule":
                self._every_rule = tuple(self._rules)
            case "rules":
                self._rules = []
            case _:
                self._rows = []

    def _finish(self, fields: dict[str, Any], sizes: dict[str, int]) -> None:
        programme = Programme.__new__(Programme)
        fields |= self._mappings
        fields |= {name: tuple(values) for name, values in self._lists.items()}
        fields["rules"] = self._every_rule
        fields["parts"] = tuple(self._parts)
        if fields["counting"] is not None:
            fields["counting"] = replace(fields["counting"], costs=fields["costs"])
        for name in _TABLES:
            (common,) = self._buckets[name, _COMMON].values()
            texts, sets = (self._reached(name, kind) for kind in ("texts", "sets"))
            fields[name] = Table(texts, sets, common, sizes[name])
        for name, value in fields.items():
            object.__setattr__(programme, name, value)
        self.programme = programme

    def _reached(self, name: str, kind: str) -> tuple[tuple[int, dict[str, Bucket]], ...]:
        found = []
        for path, buckets in self._buckets.items():
            if path[:2] == (name, kind):
                _, _, at = path
                assert isinstance(at, int)
                found.append((at, buckets))
        return tuple(found)


def taken_apart(programme: Programme) -> Iterator[None]:
    """Take *programme* apart, a little with each step. Nobody may use it any more."""
    for part in programme.parts:
        yield from taken_apart(part)
    for name in _TABLES:
        table: Table = getattr(programme, name)
        for _, by_value in (*table.texts, *table.sets):
            yield from _cleared(by_value)
        common = {_COMMON: table.common}
        table.common = ()
        yield from _cleared(common)
    for name in Programme.__slots__:
        value = getattr(programme, name)
        if isinstance(value, dict):
            yield from _emptied(value, ENTRIES_OF_A_PIECE)
        elif isinstance(value, tuple) and len(value) > ENTRIES_OF_A_PIECE:
            # To hold each of very many values once more takes as long as to let them go, so each is a step.
            values = list(value)
            yield
            del value
            object.__setattr__(programme, name, ())
            yield
            while values:
                del values[-ENTRIES_OF_A_PIECE:]
                yield


def _emptied(mapping: dict[Any, Any], at_once: int) -> Iterator[None]:
    while mapping:
        for _ in range(min(at_once, len(mapping))):
            mapping.popitem()
        yield


def _cleared(buckets: Mapping[str, Bucket]) -> Iterator[None]:
    """Empty *buckets*, and before it what is divided and large."""
    assert isinstance(buckets, dict)
    weight = 0
    while buckets:
        bucket, _ = _without_rest(buckets.popitem()[1])
        weight += _weight(bucket) + ROWS_OF_A_PIECE // BUCKETS_OF_A_PIECE
        if weight > ROWS_OF_A_PIECE and isinstance(bucket, Split):
            yield from _cleared(bucket.by_value)
        if weight >= ROWS_OF_A_PIECE:
            weight = 0
            del bucket
            yield
    yield
