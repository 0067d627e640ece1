"""A programme that nobody uses any more is taken apart, a little at a time: to free all of it takes long."""

from collections.abc import Iterator, MutableMapping
from typing import Any, Final

from rules.columns import Columns
from rules.programme import Programme
from rules.table import Bucket, Split, Table
from switch.parcel import (
    BUCKETS_OF_A_PIECE,
    COMMON,
    ENTRIES_OF_A_PIECE,
    TABLES,
    weight_of,
    without_rest,
)

ROWS_AT_ONCE: Final = 100  # with what only they have, some tens of microseconds


def taken_apart(programme: Programme) -> Iterator[None]:
    """Take *programme* apart, a little with each step. Nobody may use it any more."""
    for part in programme.parts:
        yield from taken_apart(part)
    for name in TABLES:
        table: Table = getattr(programme, name)
        for _, by_value in (*table.texts, *table.sets):
            assert isinstance(by_value, MutableMapping)
            yield from _cleared(by_value)
        common = {COMMON: table.common}
        table.common = ()
        yield from _cleared(common)
    for name in Programme.__slots__:
        value = getattr(programme, name)
        if isinstance(value, MutableMapping):
            yield from _emptied(value)
        elif isinstance(value, list):
            yield from _shortened(value, ENTRIES_OF_A_PIECE)
        elif isinstance(value, tuple) and len(value) > ENTRIES_OF_A_PIECE:
            values = list(value)
            object.__setattr__(programme, name, ())
            del value
            yield from _shortened(values, ENTRIES_OF_A_PIECE)


def _emptied(mapping: MutableMapping[Any, Any]) -> Iterator[None]:
    while mapping:
        for _ in range(min(ENTRIES_OF_A_PIECE, len(mapping))):
            mapping.popitem()
        yield


def _shortened(values: list[Any], at_once: int) -> Iterator[None]:
    while values:
        del values[-at_once:]
        yield


def _cleared(buckets: MutableMapping[str, Bucket]) -> Iterator[None]:
    """Empty *buckets*, and before it what is large."""
    weight = 0
    while buckets:
        bucket, _ = without_rest(buckets.popitem()[1])
        weight += weight_of(bucket) + ROWS_AT_ONCE // BUCKETS_OF_A_PIECE
        if weight > ROWS_AT_ONCE:
            yield from _divided(bucket)
        if weight >= ROWS_AT_ONCE:
            weight = 0
            del bucket
            yield
    yield


def _divided(bucket: Bucket) -> Iterator[None]:
    match bucket:
        case Split():
            assert isinstance(bucket.by_value, MutableMapping)
            yield from _cleared(bucket.by_value)
            rest = {COMMON: bucket.rest}
            bucket.rest = ()
            yield from _cleared(rest)
        case Columns():
            yield from _shortened(bucket.rows, ROWS_AT_ONCE)
            for column in bucket.amounts:
                for masks in (column.low_met, column.below, column.begins):
                    masks.clear()
                    yield
