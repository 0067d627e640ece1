"""Sales of the past, to be rated again: what their rules saw, whose they were, and what stands of them."""

import sqlite3
from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from loyalty.card import MemberId
from members.profile import Profile
from rules.facts import Facts
from rules.replay import Past
from switch.database import read_through
from switch.lookups import PROFILE
from switch.programmes import part_told
from switch.rows import profile_of

SLICE_SIZE: Final = 5_000  # rows; their facts are long
_SALES: Final = (
    "SELECT fact.seq, owner, member_id, card_id, business_date, facts, rules"
    " FROM fact JOIN decision USING (seq)"
    " WHERE fact.seq > ? AND operation = 'EARN' AND effective = 1 AND business_date BETWEEN ? AND ?"
    " AND NOT EXISTS (SELECT 1 FROM link WHERE original = fact.seq"
    " GROUP BY original HAVING sum(undone) > 0 AND count(final_minor) = 0)"
    " ORDER BY fact.seq LIMIT ?"
)


class PastSale(NamedTuple):
    """A sale that happened and was neither voided nor reversed as a whole.

    Attributes:
        past: What the rules saw and whose it was.
        owner: Whose accounts got its points; ``None`` when nobody's.
        programme: In which it was decided; empty for the deployment's own.
    """

    seq: int
    owner: MemberId | None
    past: Past
    programme: str


def past_sales(
    database: sqlite3.Connection, first: date = date.min, last: date = date.max
) -> Iterator[PastSale]:
    """Each effective sale whose facts are kept, oldest first, read in slices.

    Of the business days from *first* to *last*, both included.
    """
    read_through(database)
    after, days = 0, (first.isoformat(), last.isoformat())
    while rows := database.execute(_SALES, (after, *days, SLICE_SIZE)).fetchall():
        for seq, owner, member, card, day, facts, rules in rows:
            yield PastSale(
                seq,
                None if owner is None else MemberId(owner),
                Past(Facts.from_json(facts), date.fromisoformat(day), member, card),
                part_told(rules),
            )
        after = rows[-1][0]


def last_sale(database: sqlite3.Connection) -> int:
    """The sequence at which ``past_sales`` ends."""
    last: int = database.execute("SELECT coalesce(max(seq), 0) FROM fact").fetchone()[0]
    return last


class People:
    """What is known of members and their cards today, for facts that tell nothing of it: then nobody asked.

    Args:
        database: A connection that reads.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._profiles: dict[int, Profile] = {}
        self._types: dict[int, str] = {}  # by card

    def tell(self, past: Past) -> None:
        """Put among the facts of *past*, which is a member's sale, what they lack."""
        facts, member = past.facts, past.member
        assert member is not None
        profile = self._profiles.get(member)
        if profile is None:
            row = self._database.execute(PROFILE, (member,)).fetchone()
            profile = self._profiles[member] = Profile() if row is None else profile_of(row)
        if not facts.segments:
            facts.segments = profile.segments
        told = {trait.partition(":")[0] for trait in facts.traits}
        known = {"kind": profile.kind.value, "currency": facts.currency}
        if past.card is not None:
            known["card_type"] = self._type_of(past.card)
        facts.traits |= {f"{name}:{value}" for name, value in known.items() if name not in told}
        if not facts.card_category:
            facts.card_category = profile.category
        if facts.birthday is None:
            facts.birthday = profile.birthday
        if facts.joined_on is None:
            facts.joined_on = profile.joined_on

    def _type_of(self, card: int) -> str:
        type_ = self._types.get(card)
        if type_ is None:
            row = self._database.execute("SELECT type FROM card WHERE card_id = ?", (card,)).fetchone()
            type_ = self._types[card] = "" if row is None else row[0]
        return type_

    def operator_id(self, owner: int) -> str:
        """What the operator calls the member who owns these accounts."""
        row = self._database.execute(
            "SELECT operator_id FROM member WHERE member_id = ?", (owner,)
        ).fetchone()
        return "" if row is None else row[0]
