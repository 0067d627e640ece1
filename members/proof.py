"""By what a customer shows that a card is his: a one-time code from the operator's app, or a PIN.

Neither is stored. A code is kept as a keyed hash, a PIN as its verification value; both are recognised again
and cannot be told from what is kept.
"""

import enum
import hmac
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Final, Self

TRIES_MAX: Final = 3  # wrong ones; from then on nothing is right until a new one is set
SALT_SIZE: Final = 16


class ProofKind(enum.Enum):
    """What is shown."""

    CODE = "code"
    PIN = "pin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What a card's code or PIN is recognised by.

    Attributes:
        value: Keyed hash of the code, 16 bytes; verification value of the PIN, four digits in ASCII.
        salt: Random bytes: in the hash of a code, and in the mark.
        expires_at: From when on it is none any more; ``None``: never.
        failures: Wrong ones shown since it was set, or since the last right one.
    """

    value: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    expires_at: datetime | None = None
    failures: int = 0

    @property
    def is_exhausted(self) -> bool:
        """Too many wrong ones were shown."""
        return self.failures >= TRIES_MAX

    @property
    def mark(self) -> str:
        """What the journal keeps of it: enough to see a change by hand, and nothing once this is gone."""
        until = "" if self.expires_at is None else self.expires_at.isoformat()
        return sha256(self.salt + self.value + until.encode()).hexdigest()

    def holds_at(self, now: datetime) -> bool:
        """Whether it can be shown still."""
        return self.expires_at is None or now < self.expires_at

    def is_right(self, shown: bytes) -> bool:
        """Whether *shown* is the value."""
        return hmac.compare_digest(self.value, shown)

    def failed(self) -> Self:
        """It after one more wrong one."""
        return replace(self, failures=self.failures + 1)

    def cleared(self) -> Self:
        """It without failures."""
        return replace(self, failures=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofChange:
    """What became of a card's code or PIN; *after* is ``None`` when it is gone.

    Attributes:
        did: ``set``, ``used``, ``wrong``, ``right``, ``reset`` or ``removed``.
    """

    kind: ProofKind
    did: str
    after: Secret | None
