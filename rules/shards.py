"""A mapping of very many entries that grows a little at a time.

A dict that is full moves to a larger place, which takes milliseconds from some tens of thousands of entries
on. Here each entry lies in one of many dicts, chosen by its key; only these grow.
"""

from collections.abc import Iterator, MutableMapping
from typing import Final, Generic, TypeVar, overload

SHARDED_FROM: Final = 16_000  # entries: a dict of fewer moves in less than half a millisecond
_COUNT: Final = 64  # dicts; at a million entries each has as many as one dict had before

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")


class Shards(MutableMapping[K, V], Generic[K, V]):
    """Entries in many dicts."""

    __slots__ = ("_dicts",)

    def __init__(self) -> None:
        self._dicts: list[dict[K, V]] = [{} for _ in range(_COUNT)]

    def _dict_of(self, key: K) -> dict[K, V]:
        # Not by the lowest bits, by which each dict places its entries.
        return self._dicts[(hash(key) >> 20) % _COUNT]

    def __getitem__(self, key: K) -> V:
        return self._dict_of(key)[key]

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, /, default: V | D) -> V | D: ...
    def get(self, key: K, /, default: V | D | None = None) -> V | D | None:
        """The value of *key*."""
        return self._dict_of(key).get(key, default)

    def __iter__(self) -> Iterator[K]:
        for each in self._dicts:
            yield from each

    def __len__(self) -> int:
        return sum(map(len, self._dicts))

    def __bool__(self) -> bool:
        return any(self._dicts)

    def __setitem__(self, key: K, value: V) -> None:
        self._dict_of(key)[key] = value

    def __delitem__(self, key: K) -> None:
        del self._dict_of(key)[key]

    def popitem(self) -> tuple[K, V]:
        """Take out some entry.

        Raises:
            KeyError: There is none.
        """
        for each in self._dicts:
            if each:
                taken = each.popitem()
                if not each:
                    each.clear()  # gives its room back
                return taken
        raise KeyError("empty")
