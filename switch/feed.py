"""Committed decisions as analytics gets them: read beside the switch, a slice at a time."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from analytics.source import FeedRecord
from loyalty.errors import LoyaltyError
from switch.database import open_for_reading
from switch.programmes import part_told

SLICE_SIZE_MAX: Final = 10_000  # rows; a longer read would keep the writer's log from being emptied

_SLICE: Final = (
    "SELECT seq, rrn, CASE WHEN original IS NOT NULL AND operation IN ('EARN', 'REDEEM') THEN 'COMPLETE'"
    " ELSE operation END AS operation, is_advice, reason, earned, used, value_minor, discount_minor, amount,"
    " in_points, at, as_of, business_date, member_id, acquirer_id, merchant_id, terminal_id, original,"
    " programme_version, exception, answer, rules,"
    " (SELECT programme FROM membership WHERE member_id = decision.owner) AS programme"
    " FROM decision WHERE seq > ? ORDER BY seq LIMIT ?"
)


class DecisionFeed:
    """Reads the books at *path*. They are opened for each slice, so nothing is held between two."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, after: int, count_max: int) -> Sequence[FeedRecord]:
        """The decisions above sequence *after*, in order, *count_max* at most.

        Raises:
            LoyaltyError: The books cannot be read.
        """
        if not self._path.exists():
            return []  # nothing was ever decided
        try:
            with closing(open_for_reading(self._path)) as database:
                database.row_factory = sqlite3.Row
                rows = database.execute(_SLICE, (after, min(count_max, SLICE_SIZE_MAX)))
                return [_record_of(dict(row)) for row in rows]
        except sqlite3.Error as error:
            hint = "look at the file with: puntual ledger verify"
            raise LoyaltyError(f"cannot be read: {error}", where=str(self._path), hint=hint) from error


def _record_of(row: dict[str, Any]) -> FeedRecord:
    """The record of a row: without the answer's text, with its code; *points* is what the member gained."""
    code = json.loads(row.pop("answer")).get("39")
    row["is_advice"], row["in_points"] = row["is_advice"] == 1, row["in_points"] == 1
    rules, programme = row.pop("rules"), row.pop("programme")
    if programme := part_told(rules) or programme:
        row["programme"] = programme  # one beside the deployment's own
    seq, rrn, operation = row.pop("seq"), row.pop("rrn"), row.pop("operation")
    head = {"seq": seq, "rrn": rrn, "operation": operation, "code": code}
    return FeedRecord(seq, {**head, "points": row["earned"] - row["used"], **row})
