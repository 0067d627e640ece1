"""What must not follow: an effect of what was reversed before, an earlier time, a programme too early."""

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


class TimeCheck:
    """Takes in all decisions in order: time and business date never go back, programmes were in force."""

    def __init__(self, database: sqlite3.Connection, findings: Findings) -> None:
        self._database = database
        self._findings = findings
        self._at = ""
        self._day, self._day_at = "", ""  # the business date, and when it was the last one's
        self._since: dict[str, str] = {}  # from when on each version was in force for the first time
        self._read_programmes()

    def _read_programmes(self) -> None:
        rows = self._database.execute("SELECT version, min(since) FROM programme GROUP BY version").fetchall()
        self._since = dict(rows)
        self._first = min(self._since.values(), default="~")

    def take(self, seq: int, at: str, day: str, version: str | None) -> None:
        """Look at decision *seq*: when it was decided, for which day, by which version of the programme."""
        if at < self._at:
            what = f"was decided at {at}, and one before it at {self._at}"
            self._findings.add("I19", f"decision {seq}", what)
        self._at = at
        if day < self._day:
            self._go_back(seq, at, day)
        self._day, self._day_at = day, at
        # What was decided before the first text was kept is of a program that kept none.
        if at >= self._first and version is not None and self._since.get(version, "~") > at:
            self._check_version(seq, at, version)

    def _go_back(self, seq: int, at: str, day: str) -> None:
        """A programme with another end of the day can put the day back; nothing else can."""
        between = "SELECT 1 FROM programme WHERE since > ? AND since <= ?"
        if self._database.execute(between, (self._day_at, at)).fetchone() is None:
            what = f"belongs to {day}, and the one before it to {self._day}"
            self._findings.add("I19", f"decision {seq}", what)

    def _check_version(self, seq: int, at: str, version: str) -> None:
        if version not in self._since:
            self._read_programmes()  # a running switch may have got it since
        since = self._since.get(version)
        if since is None:
            self._findings.add("I20", f"decision {seq}", f"names the programme {version}, which is not there")
        elif since > at:
            what = f"was decided by the programme {version} before that was in force"
            self._findings.add("I20", f"decision {seq}", what)


def check_early_reversals(database: sqlite3.Connection, findings: Findings) -> None:
    """What was reversed before it came has no effect when it comes."""
    for early, late in database.execute(_LATE_EFFECTS).fetchall():
        findings.add("I14", f"decision {late}", f"has an effect, and decision {early} reversed it before")
