"""What must not follow: an effect of what was reversed before."""

import sqlite3
from typing import Final

from ledger.finding import Findings

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
