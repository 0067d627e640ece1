"""What a reader tells of the programme's life: which versions were in force, their texts, and who did what.

There may be many texts of megabytes, and these are questions of the event loop. Nothing that the books say of
them ever changes, so each row is looked at once, and a text is only read when it is asked for.
"""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from loyalty.errors import LoyaltyError
from rules.text import PLAIN_MAX, Text
from switch import lookups
from switch.block import ProgrammeAct, ProgrammeHead
from switch.database import open_for_reading
from switch.rows import act_of


class ProgrammeReader:
    """The part of a store's reader that no decision asks, but for versions that are not in memory."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database  # only reads
        self._heads: list[ProgrammeHead] = []
        self._acts: list[ProgrammeAct] = []
        self._last_act = 0, 0  # block and line

    def programmes(self) -> list[ProgrammeHead]:
        """The programmes that were ever in force, in order."""
        last = self._heads[-1].number if self._heads else 0
        for number, since, version, size in self._database.execute(lookups.PROGRAMMES, (last,)):
            at = datetime.fromisoformat(since)
            self._heads.append(ProgrammeHead(number=number, since=at, version=version, size=size))
        return list(self._heads)

    def programme_acts(self) -> list[ProgrammeAct]:
        """What was done to the programme, in order, without the texts that were proposed."""
        for block, line, change in self._database.execute(lookups.ACTS, self._last_act):
            self._acts.append(act_of(change))
            self._last_act = block, line
        return list(self._acts)

    def programme_text(self, version: str) -> str | None:
        """The text of a programme that was in force, or is proposed; ``None`` when there is none.

        Raises:
            LoyaltyError: It is damaged.
        """
        parts = self._database.execute(lookups.TEXT_PARTS, (version,)).fetchall()
        if parts:
            return str(Text(parts=tuple(parts)))
        for lookup in (lookups.PROGRAMME, lookups.PROPOSAL):
            row = self._database.execute(lookup, (version,)).fetchone()
            if row is not None and row[0]:
                return str(row[0])
        return None

    def short_text(self, version: str) -> str | None:
        """The text of a programme in the books; ``None`` when it is long, and may take milliseconds."""
        size = next((head.size for head in self.programmes() if head.version == version), 0)
        size = size or self._database.execute(lookups.TEXT_SIZE, (version,)).fetchone()[0]
        return None if size > PLAIN_MAX else self.programme_text(version)

    def has_text(self, version: str) -> bool:
        """Whether the books have the text of *version*, not counting what earlier releases only proposed."""
        return (
            any(head.version == version for head in self.programmes())
            or self._database.execute(lookups.TEXT_SIZE, (version,)).fetchone()[0] > 0
        )


def versions_in(database: Path) -> frozenset[str]:
    """The versions that were ever in force, as the books *database* tell; none when nobody can read them."""
    try:
        books = open_for_reading(database)
    except LoyaltyError:
        return frozenset()
    with closing(books):
        return frozenset(head.version for head in ProgrammeReader(books).programmes())
