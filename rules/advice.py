"""What an author is told about a programme that loads."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advice:
    """Something that an author should look at again.

    Attributes:
        is_problem: It is more than the programme's own ``[guards]`` allow.
    """

    where: str
    what: str
    hint: str
    is_problem: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.what} ({self.hint})"


def percent(share_bp: int) -> str:
    """Basis points as percent: ``25``, ``27.5``, ``0.25``."""
    whole, part = divmod(share_bp, 100)
    return f"{whole}.{part:02}".rstrip("0").rstrip(".") if part else str(whole)
