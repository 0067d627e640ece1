"""Which keys are surely new, told from memory: nearly every message's is, and the books need not be asked.

Every key of a decision since a certain moment is known here, by its hash; so one that is not known is new.
Only keys from before that moment, and the few whose hash is known, are looked up.
"""

from collections.abc import Iterable
from typing import Final

KEYS_MAX: Final = 200_000  # some minutes of full load, in about 15 MB
SLICES_MAX: Final = 2_000  # more than five hours
_SLICE_LENGTH: Final = 13  # a key begins with YYYYMMDDhhmmss: a slice is ten seconds of these
_AFTER: Final = "~"  # sorts behind all that a key can go on with
END: Final = ":"  # sorts behind the digits with which the keys of messages begin; those of commands do not


class RecentKeys:
    """The keys of the last decisions by their own moments, not by when they were decided.

    Args:
        newest: Keys of messages in the books, below ``END`` and the latest first, without a gap.
        are_all: There are no others.
    """

    def __init__(
        self,
        newest: Iterable[str],
        *,
        are_all: bool,
        keys_max: int = KEYS_MAX,
        slices_max: int = SLICES_MAX,
    ) -> None:
        self._keys_max = keys_max
        self._slices_max = slices_max
        self._slices: dict[str, set[int]] = {}
        self._size = 0
        self._since = ""  # every key from here on is known
        key = ""
        for key in newest:
            self._put(key)
        if not are_all:
            self._drop(key[:_SLICE_LENGTH])
        self._trim()

    def add(self, key: str) -> None:
        """Know *key*, which is in the books now."""
        if self._since <= key < END:
            self._put(key)
            self._trim()

    def may_know(self, key: str) -> bool:
        """Whether *key* can be in the books; when it is false, it is not."""
        if not self._since <= key < END:
            return True
        known = self._slices.get(key[:_SLICE_LENGTH])
        return known is not None and hash(key) in known

    def _put(self, key: str) -> None:
        known = self._slices.setdefault(key[:_SLICE_LENGTH], set())
        known.add(hash(key))
        self._size += 1

    def _trim(self) -> None:
        while self._size > self._keys_max or len(self._slices) > self._slices_max:
            self._drop(min(self._slices))

    def _drop(self, oldest: str) -> None:
        self._size -= len(self._slices.pop(oldest, ()))
        self._since = oldest + _AFTER
