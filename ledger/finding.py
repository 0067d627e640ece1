"""What is wrong with the books: which invariant is broken, where, and how."""

from dataclasses import dataclass
from typing import Final

FINDINGS_MAX: Final = 100  # who has this many needs a copy of the books, not a longer list

INVARIANTS: Final = {
    "I1": "what a decision takes from one member for another arrives there",
    "I3": "no account of a member falls below its floor",
    "I6": "no lot holds less than nothing or more than it was made with",
    "I7": "the balances that are kept are what the postings add up to",
    "I8": "what programmes count adds up, and no budget falls below nothing",
    "I10": "what expires first is spent first",
    "I11": "a hold ends once, gives what it reserved, and the open ones are what is held",
    "I12": "nothing is taken back twice",
    "I14": "what was reversed before it came has no effect",
    "I15": "a key decides once",
    "I16": "what had no effect has no postings, and points move only as the chart allows",
    "I17": "blocks and sequences rise without a gap or a stray row",
    "I18": "the chain recomputes",
    "I19": "time and business date never go back",
    "I20": "every decision was made by a programme that was in force",
    "I26": "the file is whole, and what rows refer to is there",
    "cards": "every card is as the journal of cards tells it",
    "members": "every member has the tier, programme and identifiers that the journal of cards tells",
    "certificates": "certificates are what the postings say, and nothing is spent of one twice",
    "parties": "every decision is in the history of all whose accounts it changed",
    "schema": "tables and indexes are as this program makes them, and nothing else acts on what is written",
    "guard": "the triggers that keep the books append-only are there",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken invariant.

    Attributes:
        invariant: A name of ``INVARIANTS``.
        where: The first row or block that shows it.
        what: One clause.
    """

    invariant: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.where}: {self.what}"


class Enough(Exception):  # noqa: N818  (the list is full; nothing failed)
    """``FINDINGS_MAX`` findings are noted."""


class Findings:
    """Collects findings in the order in which they show."""

    def __init__(self) -> None:
        self.found: list[Finding] = []

    def add(self, invariant: str, where: str, what: str) -> None:
        """Note one.

        Raises:
            Enough: There is no use in looking on.
        """
        assert invariant in INVARIANTS
        self.found.append(Finding(invariant, where, what))
        if len(self.found) >= FINDINGS_MAX:
            raise Enough
