"""What is committed at once, and what a commit can end in."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from switch.outcome import Outcome


class CommitResult(enum.Enum):
    """How a commit ended, when it is known."""

    DURABLE = enum.auto()
    UNWRITTEN = enum.auto()  # the store could not, and nothing of it is there
    LATE = enum.auto()  # a deadline was over just before COMMIT, so it was rolled back


class CommitUnknown(Exception):  # noqa: N818  (a state of knowledge, not a mistake)
    """A commit failed in a way that may have left it durable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an administrative command changes: rows for the tables of members, and what is told of it.

    Attributes:
        command: Its name, for the journal: ``cards.import``.
        key: Given by the caller; the same key again changes nothing.
        rows: Statement name and parameters, in order; the store knows the statements.
        result: What whoever ordered it is told, as JSON values.
    """

    command: str
    key: str
    rows: tuple[tuple[str, tuple[Any, ...]], ...]
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What one commit makes durable."""

    outcomes: tuple[Outcome, ...]
    changes: tuple[Change, ...]
    committed_at: datetime
