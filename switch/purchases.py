"""The sales of the books, one after the other, with what stands of each: for whoever measures.

It reads beside a running switch, in slices, and is asked by people: no decision waits for it.
"""

import sqlite3
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from rules.experiment import HOLDOUT
from switch.database import read_through
from switch.programmes import part_told
from switch.recall import Recall
from switch.returns import RERATE

SLICE_SIZE: Final = 10_000  # rows
_UNDONE: Final = (  # of *sale*, by the links to it: nothing of it stands
    "(sum(undone) > 0 AND count(final_minor) = 0)"
    " OR (sum(refunded_minor) > 0 AND sum(refunded_minor) >= sale.covered_minor - sale.discount_minor)"
)
_SLICE_END: Final = "SELECT max(seq) FROM (SELECT seq FROM decision WHERE seq > ? ORDER BY seq LIMIT ?)"
_SALES: Final = (
    "SELECT seq, member_id, card_id, owner, business_date, as_of, covered_minor - discount_minor,"
    " discount_minor, earned, programme_version, rules FROM decision"
    " WHERE seq > ? AND seq <= ? AND operation = 'EARN' AND effective = 1 ORDER BY seq"
)
_LINKS: Final = (
    "SELECT original, sum(refunded_minor), sum(clawed), sum(undone) > 0 AND count(final_minor) = 0"
    " FROM link WHERE original > ? AND original <= ? GROUP BY original"
)
_FACTS: Final = "SELECT seq, facts FROM fact WHERE seq > ? AND seq <= ?"
_CORRECTIONS: Final = (
    "SELECT correction.rules, sale.programme_version, sale.rules, NOT EXISTS (SELECT 1 FROM link"
    f" WHERE original = sale.seq GROUP BY original HAVING {_UNDONE})"
    " FROM decision AS correction JOIN decision AS sale ON sale.seq = correction.original"
    " WHERE correction.seq > ? AND correction.seq <= ? AND correction.operation = ?"
)
_DAY_FROM: Final = "SELECT business_date FROM decision WHERE seq > ? ORDER BY seq LIMIT 1"
_BEFORE: Final = (
    "SELECT this.business_date, sale.business_date FROM decision AS this CROSS JOIN decision AS sale"
    " WHERE this.seq = ? AND sale.owner = this.owner AND sale.seq < this.seq"
    " AND sale.member_id = this.member_id AND sale.operation = 'EARN' AND sale.effective = 1"
    f" AND NOT EXISTS (SELECT 1 FROM link WHERE original = sale.seq GROUP BY original HAVING {_UNDONE})"
    " ORDER BY sale.seq DESC LIMIT 1"
)
_SEGMENTS: Final = "SELECT member_id FROM profile WHERE instr(' ' || segments || ' ', ' ' || ? || ' ') > 0"


class Purchase(NamedTuple):
    """A sale that had an effect, whatever became of it.

    Attributes:
        member, card, owner: Whose it was; ``None`` when nobody's.
        day: The business day, ISO 8601.
        as_of: When it happened, ISO 8601 in UTC.
        total_minor: What it came to after discounts.
        kept_minor: What of that was not returned; 0 when nothing of the sale stands.
        stands: It was neither undone nor returned as a whole.
        earned, clawed: Points, and what was taken back of them.
        version: Of the programme that decided.
        rules: Its account of itself.
        programme: In which it was decided; empty for the deployment's own.
    """

    seq: int
    member: int | None
    card: int | None
    owner: int | None
    day: str
    as_of: str
    total_minor: int
    kept_minor: int
    discount_minor: int
    stands: bool
    earned: int
    clawed: int
    version: str
    rules: str
    programme: str

    @property
    def is_whole(self) -> bool:
        """Nothing of it was undone or returned."""
        return self.stands and self.kept_minor == self.total_minor


class Correction(NamedTuple):
    """What a sale earned was set right: *rules* says of which rule and by how many points.

    Attributes:
        version: Of the programme that decided the sale.
        sale_rules: The sale's account of itself.
        stands: Whether anything of the sale does.
    """

    rules: str
    version: str
    sale_rules: str
    stands: int

    @property
    def programme(self) -> str:
        """In which the sale was decided; empty for the deployment's own."""
        return part_told(self.sale_rules)


class Slice:
    """Some decisions that follow one another.

    Attributes:
        last: The last of them.
        purchases, corrections: In order.
    """

    def __init__(self, database: sqlite3.Connection, after: int, last: int) -> None:
        self._database = database
        self._bounds = after, last
        self._facts: dict[int, str] | None = None
        self.last = last
        links = {row[0]: row[1:] for row in database.execute(_LINKS, self._bounds).fetchall()}
        rows = database.execute(_SALES, self._bounds).fetchall()
        self.purchases = [_purchase(row, links.get(row[0], (0, 0, 0))) for row in rows]
        corrections = database.execute(_CORRECTIONS, (*self._bounds, RERATE))
        self.corrections = [Correction(*row) for row in corrections]

    def facts(self, seq: int) -> str | None:
        """What the rules saw of a sale, as JSON; ``None`` when it was erased."""
        if self._facts is None:
            self._facts = dict(self._database.execute(_FACTS, self._bounds).fetchall())
        return self._facts.get(seq)


def _purchase(row: Any, link: tuple[int, int, int]) -> Purchase:  # noqa: ANN401  (a row: its columns are strict)
    seq, member, card, owner, day, as_of, total_minor, *rest = row
    refunded_minor, clawed, undone = link
    stands = not undone and not 0 < total_minor <= refunded_minor
    kept_minor = total_minor - refunded_minor if stands else 0
    discount_minor, earned, version, rules = rest
    sums = total_minor, kept_minor, discount_minor, stands, earned, clawed
    return Purchase(seq, member, card, owner, day, as_of, *sums, version, rules, part_told(rules))


class Purchases:
    """The sales of the books.

    Args:
        database: A connection that reads.

    Attributes:
        reader: Of the same books, for whatever else is to be known of one.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        read_through(database)
        self._database = database
        self.reader = Recall(database)

    def slices(self, after: int = 0) -> Iterator[Slice]:
        """All decisions behind *after*, in order, as of when each slice is read."""
        while (last := self._database.execute(_SLICE_END, (after, SLICE_SIZE)).fetchone()[0]) is not None:
            yield Slice(self._database, after, last)
            after = last

    @property
    def last(self) -> int:
        """The sequence at which ``slices`` ends."""
        last: int = self._database.execute("SELECT coalesce(max(seq), 0) FROM decision").fetchone()[0]
        return last

    def before_day(self, day: date) -> int:
        """A sequence behind which all decisions of the business days from *day* on lie, and no others."""
        wanted = day.isoformat()

        def day_behind(seq: int) -> str:
            row = self._database.execute(_DAY_FROM, (seq,)).fetchone()
            return "9999-12-31" if row is None else str(row[0])

        return bisect_left(range(self.last), wanted, key=day_behind)

    def absence_before(self, seq: int) -> timedelta | None:
        """Days since the same member's last sale before *seq*, of those that stand; ``None`` before any."""
        row = self._database.execute(_BEFORE, (seq,)).fetchone()
        return None if row is None else date.fromisoformat(row[0]) - date.fromisoformat(row[1])

    def members_of(self, segment: str) -> frozenset[int]:
        """The members who are in *segment* now."""
        return frozenset(member for (member,) in self._database.execute(_SEGMENTS, (segment,)))


def points_told(rules: str) -> Iterator[tuple[str, int]]:
    """Each rule that a decision's account of itself says gave points, or took them, and how many."""
    for part in rules.split("; "):
        rule, _, points = part.rpartition(" ")
        if rule and points[:1] in "+-":
            yield rule, int(points)


def arms_told(rules: str) -> Iterator[str]:
    """The arms of experiments in which a decision says that its member lay; ``holdout`` alone if he did."""
    return (part for part in rules.split("; ") if part == HOLDOUT or ("/" in part and " " not in part))


def as_kept(instant: datetime) -> str:
    """An aware *instant* as ``as_of`` can be compared with it."""
    assert instant.utcoffset() is not None
    return instant.isoformat().removesuffix("+00:00")
