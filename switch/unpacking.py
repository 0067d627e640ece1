"""A programme is put together of the pieces in which another process sent it (``switch.parcel``)."""

import io
import pickle
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import replace
from typing import Any

from rules.columns import Columns
from rules.programme import Programme
from rules.rows import Row
from rules.rule import Rule
from rules.shards import Shards
from rules.table import Both, Bucket, Split, Table
from rules.text import Text
from switch.parcel import COMMON, ROWS_FORGOTTEN, TABLES, Path, Shape

Parts = MutableMapping[str, Bucket]


class _Unpickler(pickle.Unpickler):
    """Reads a piece, which comes from a process of our own; numbers in it name what is *shared*."""

    def __init__(self, file: io.BytesIO, shared: list[frozenset[str]]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_load(self, number: int) -> frozenset[str]:
        """What has this *number*."""
        return self._shared[number]


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
        self._shared: list[frozenset[str]] = []
        self._rules: list[Rule] = []
        self._floored: list[Rule] = []
        self._rows: list[Row] = []  # all of them, by number
        self._own: list[Row] = []  # of the large bucket that is under way
        self._masks: list[int] = []
        self._large: Bucket = ()  # put together last
        self._lists: dict[str, list[Any]] = {"source": []}
        self._mappings: dict[str, MutableMapping[Any, Any]] = {}
        self._buckets: dict[Path, Parts] = {}
        self._rests: dict[Path, Bucket] = {}

    def take(self, piece: bytes) -> None:
        """Unpack *piece*."""
        if self._part is not None:
            self._part.take(piece)
            if self._part.programme is not None:
                self._parts.append(self._part.programme)
                self._part = None
            return
        kind, *values = _Unpickler(io.BytesIO(piece), self._shared).load()
        match kind:
            case "version":
                (self.version,) = values
            case "rules":
                rules, rows = values
                self._rules += rules
                self._rows += rows
            case "list":
                name, some = values
                self._lists.setdefault(name, []).extend(some)
            case "many entries":
                self._mappings[values[0]] = Shards()
            case "mapping":
                name, entries = values
                self._mappings.setdefault(name, {}).update(entries)
            case "fields":
                self._finish(*values)
            case "part" | "shared" | "floored" | "rows" | "masks" | "forget":
                self._take_some(kind, *values)
            case _:
                self._take_buckets(kind, values)

    def _take_some(self, kind: str, some: Any = ()) -> None:  # noqa: ANN401  (as the kind says)
        """Begin a part, or take what later pieces name by number or put together."""
        match kind:
            case "part":
                self._part = Unpacking()
            case "shared":
                self._shared += some
            case "floored":
                self._floored += [self._rules[number] for number in some]
            case "rows":
                self._own += [self._rows[number] for number in some]
            case "masks":
                self._masks += some
            case _:
                del self._rows[-ROWS_FORGOTTEN:]

    def _take_buckets(self, kind: str, values: Sequence[Any]) -> None:
        match kind:
            case "many buckets":
                self._buckets[values[0]] = Shards()
            case "buckets":
                path, some = values
                for value, (shape, has_rest) in some.items():
                    self._put(path, value, _bucket(shape, self._rows), has_rest=has_rest)
            case "columns":
                self._large = Columns.laid_out(self._own, self._masks, values[0])
                self._own, self._masks = [], []
            case "split":
                path, at = values
                self._large = Split(at, self._buckets.pop(path), self._rests.pop(path))
            case _:
                path, value, has_rest = values
                self._put(path, value, self._large, has_rest=has_rest)
                self._large = ()

    def _put(self, path: Path, value: str | None, bucket: Bucket, *, has_rest: bool) -> None:
        """Let *bucket* lie at *path*: for *value*, or as the rest of a split when that is ``None``."""
        if value is None:
            self._rests[path] = bucket
        else:
            whole = Both(bucket, self._rests[path]) if has_rest else bucket
            self._buckets.setdefault(path, {})[value] = whole

    def _finish(self, fields: dict[str, Any], sizes: dict[str, int], plain: str) -> None:
        programme = Programme.__new__(Programme)
        fields |= self._mappings
        fields |= {name: tuple(some) for name, some in self._lists.items()}
        fields["source"] = Text(plain, fields["source"])
        # Lists, which grew a little at a time: to make a tuple of them takes milliseconds.
        fields["rules"], fields["floored"] = self._rules, self._floored
        fields["parts"] = tuple(self._parts)
        if fields["counting"] is not None:
            fields["counting"] = replace(fields["counting"], costs=fields["costs"])
        for name in TABLES:
            (common,) = self._buckets[name, COMMON].values()
            texts, sets = (self._reached(name, kind) for kind in ("texts", "sets"))
            fields[name] = Table(texts, sets, common, sizes[name])
        for name, value in fields.items():
            object.__setattr__(programme, name, value)
        self.programme = programme

    def _reached(self, name: str, kind: str) -> tuple[tuple[int, Parts], ...]:
        found = []
        for path, buckets in self._buckets.items():
            if path[:2] == (name, kind):
                _, _, at = path
                assert isinstance(at, int)
                found.append((at, buckets))
        return tuple(found)


def _bucket(shape: Shape, rows: Sequence[Row]) -> Bucket:
    match shape:
        case list():
            return tuple([rows[number] for number in shape])
        case (own, hours, dates, amounts):
            return Columns([rows[number] for number in own], hours, dates, amounts)
        case (at, by_value, rest):
            others = _bucket(rest, rows)
            return Split(at, _parts(by_value, rows, others), others)


def _parts(shapes: Mapping[str, tuple[Shape, bool]], rows: Sequence[Row], rest: Bucket) -> dict[str, Bucket]:
    """Buckets of *shapes*, some of which have *rest*, too."""
    made = {value: (_bucket(shape, rows), has_rest) for value, (shape, has_rest) in shapes.items()}
    return {value: Both(own, rest) if has_rest else own for value, (own, has_rest) in made.items()}
