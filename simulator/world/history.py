"""What happened in a world, told in words, and the one number that stands for all of it."""

import hashlib
from collections import Counter
from collections.abc import Callable


class History:
    """Lines in order, each with its time; *time* tells it in seconds.

    Attributes:
        lines: For people.
        counts: How often each kind of thing happened.
    """

    def __init__(self, time: Callable[[], float]) -> None:
        self.lines: list[str] = []
        self.counts: Counter[str] = Counter()
        self._time = time
        self._hash = hashlib.sha256()

    def tell(self, who: str, what: str, data: bytes = b"") -> None:
        """*who* did *what*; *data* are the bytes of it, which the digest covers too."""
        line = f"{self._time():9.3f}  {who:<9} {what}"
        self.lines.append(line)
        self._hash.update(line.encode())
        self._hash.update(b"\n" + data + b"\n")

    def count(self, kind: str) -> None:
        """*kind* happened once more."""
        self.counts[kind] += 1

    @property
    def digest(self) -> str:
        """64 hexadecimal digits: the same for the same history, byte for byte."""
        return self._hash.hexdigest()
