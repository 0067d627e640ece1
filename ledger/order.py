"""What must not follow: an effect of what was reversed before, a programme that nobody can read."""

import hashlib
import sqlite3
from collections.abc import Mapping
from typing import Final

from ledger.finding import Findings

_VERSION_DIGITS: Final = 12  # of the SHA-256 of the programme's text

# Early reversals that name one message wholly, and what came of it later.
_LATE_EFFECTS: Final = """
    SELECT early.seq, decision.seq FROM early_reversal AS early JOIN decision
      ON decision.transmitted = early.original_transmitted AND decision.stan = early.original_stan
    WHERE decision.seq > early.seq AND decision.effective = 1
      AND decision.message_class = early.original_class
      AND decision.acquirer_id = coalesce(early.original_acquirer_id, early.acquirer_id)
      AND decision.terminal_id = early.terminal_id
    ORDER BY decision.seq LIMIT 100
"""


def check_early_reversals(database: sqlite3.Connection, findings: Findings) -> None:
    """What was reversed before it came has no effect when it comes."""
    for early, late in database.execute(_LATE_EFFECTS).fetchall():
        findings.add("I14", f"decision {late}", f"has an effect, and decision {early} reversed it before")


def check_programmes(
    database: sqlite3.Connection, findings: Findings, first_by_version: Mapping[str, int]
) -> None:
    """Texts have the hash that names them, and decisions name one that is there.

    *first_by_version* has the first decision of each version. Books that were written without a switch have
    no texts at all.
    """
    known: set[str] = set()
    for number, version, text in database.execute("SELECT number, version, text FROM programme").fetchall():
        known.add(version)
        if hashlib.sha256(text.encode()).hexdigest()[:_VERSION_DIGITS] != version:
            findings.add("I20", f"programme {number}", f"its text does not have the hash {version}")
    for version, seq in first_by_version.items():
        if known and version not in known:
            what = f"was decided by programme {version}, whose text is not there"
            findings.add("I20", f"decision {seq}", what)
