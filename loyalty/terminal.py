"""The register of terminals, as everybody else sees it."""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol


class TerminalStatus(enum.Enum):
    """Whether a terminal is served; ``test`` is served and left out of reports."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """A registered terminal.

    Attributes:
        terminal_id: DE 41 without trailing spaces.
        merchant_id: DE 42 without trailing spaces.
        acquirer_id: DE 32, zero-filled to eleven digits.
        mcc: Four digits (ISO 18245).
        can: What the till can when tag 040 is absent: ``P``, ``D``, both or neither.
        width: Columns of its receipt.
        zone: Zone of its DE 12 and 13; ``None`` stands for the programme's.
        allow: Names of the operations it may ask; empty means all.
    """

    terminal_id: str
    merchant_id: str
    acquirer_id: str
    mcc: str
    profile: str = "retail87"
    store: str = ""
    partner: str = ""
    zone: tzinfo | None = None
    can: str = ""
    width: int = 38
    status: TerminalStatus = TerminalStatus.ACTIVE
    allow: frozenset[str] = frozenset()


class Register(Protocol):
    """Finds terminals."""

    def find(self, acquirer_id: str | None, terminal_id: str) -> Terminal | None:
        """The terminal, or ``None`` when it is unknown or, without *acquirer_id*, not the only one."""
        ...


class TerminalRegister:
    """A register held in memory. A reload makes a new one."""

    def __init__(self, terminals: Mapping[tuple[str, str], Terminal]) -> None:
        self._terminals = dict(terminals)
        self._by_id: dict[str, Terminal | None] = {}
        for terminal in terminals.values():
            known = terminal.terminal_id in self._by_id
            self._by_id[terminal.terminal_id] = None if known else terminal

    def __len__(self) -> int:
        return len(self._terminals)

    def __iter__(self) -> Iterator[Terminal]:
        return iter(self._terminals.values())

    def find(self, acquirer_id: str | None, terminal_id: str) -> Terminal | None:
        if acquirer_id is None:
            return self._by_id.get(terminal_id)
        return self._terminals.get((acquirer_id, terminal_id))
