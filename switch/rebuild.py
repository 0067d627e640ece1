"""Works out again what the books keep although their entries tell it, and says what differed."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.caches import CACHES, Difference, put_right
from loyalty.errors import LoyaltyError
from switch.database import open_for_writing, unusable
from switch.lock import ProcessLock

TOLD_MAX: Final = 100  # differences that are told one by one


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What differed: the first of it, and how many there were."""

    differences: tuple[Difference, ...]
    count: int


def rebuild(path: Path) -> Rebuilt:
    """Make every cache of the books at *path* as the entries tell it: all of it, or nothing.

    Raises:
        LoyaltyError: There are no books, they cannot be used, or a switch runs on them.
    """
    if not path.is_file():
        raise LoyaltyError("there are no books", where=str(path), hint="name the file of a deployment")
    told: list[Difference] = []
    count = 0
    with ProcessLock(path.parent / "puntual.lock"), closing(open_for_writing(path)) as database:
        try:
            database.execute("BEGIN IMMEDIATE")
            for differences in CACHES.values():
                for some in differences(database):
                    put_right(database, some)
                    count += len(some)
                    told += some[: TOLD_MAX - len(told)]
            database.execute("COMMIT")
        except sqlite3.Error as error:
            raise unusable(path, error) from error
    return Rebuilt(tuple(told), count)
