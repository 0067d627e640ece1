"""What a member has when a sale begins: his points, and those of them that expire soon.

Each has a name, by which the facts of a sale keep it where rules ask for it: ``balance``, ``expiring.30d``.
"""

import re
from collections.abc import Iterable
from typing import Final

BALANCE: Final = "balance"
EXPIRING: Final = "expiring"
DAYS_MAX: Final = 3_650  # ahead; points for ever expire never
_EXPIRING_WITHIN: Final = re.compile(rf"{EXPIRING}\.([0-9]+)d", re.ASCII)


def expiring_within(days: int) -> str:
    """The name of the points whose last day comes within so many *days*; with 0 it is today."""
    return f"{EXPIRING}.{days}d"


def days_of(name: str) -> int | None:
    """Within how many days points are to expire; ``None`` where all points are meant, or something else."""
    found = _EXPIRING_WITHIN.fullmatch(name)
    return None if found is None else int(found[1])


def holdings_in(asks: Iterable[str]) -> tuple[str, ...]:
    """Those of what rules ask that are holdings, ascending."""
    return tuple(sorted(name for name in asks if name == BALANCE or days_of(name) is not None))


def in_words(name: str) -> str:
    """What *name* is, for people."""
    days = days_of(name)
    return "the balance" if days is None else f"what expires within {days} day{'' if days == 1 else 's'}"
