"""What may go wrong in one world, and how often: drawn from its seed.

Each seed enables some kinds of faults and leaves the others out, so that one does not hide the next.
"""

from dataclasses import dataclass
from random import Random
from typing import Final, Self

_NEVER: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Perils:
    """Chances are per mille.

    Attributes:
        lost: Of a frame or an answer, to vanish.
        doubled: ... to come a second time, later and by another way.
        delayed: ... to take so long that the till has given up.
        cut: Of a frame, to end in the middle with its connection.
        sliced: ... to come in pieces.
        slow: Of a commit, to take seconds.
        unwritten: Of a write, to fail before its commit.
        full: ... of a commit, for want of room.
        unknown: Of a commit, to fail so that nobody knows.
        shut: Of a till, to lose its power between two messages.
        impatient: ... to be asked the same again by hand.
        kills: How often the switch is killed.
        torn: ... with its last commit half on the disk.
        ends: How often it is ended in peace.
        nights: How often all wait until another day.
        steps_back: How often the clock on the wall is set back.
        disk_full: How often the disk is full for a while.
        orders: How often somebody orders something of the switch.
    """

    lost: int = _NEVER
    doubled: int = _NEVER
    delayed: int = _NEVER
    cut: int = _NEVER
    sliced: int = _NEVER
    slow: int = _NEVER
    unwritten: int = _NEVER
    full: int = _NEVER
    unknown: int = _NEVER
    shut: int = _NEVER
    impatient: int = _NEVER
    kills: int = 0
    torn: bool = False
    ends: int = 0
    nights: int = 0
    steps_back: int = 0
    disk_full: int = 0
    orders: int = 0

    @classmethod
    def drawn(cls, random: Random) -> Self:
        """Those of one seed: about half of the kinds, each seldom or often."""

        def chance(*levels: int) -> int:
            return random.choice(levels) if random.random() < 0.5 else _NEVER

        return cls(
            lost=chance(30, 100, 250),
            doubled=chance(50, 150),
            delayed=chance(30, 120),
            cut=chance(30, 100),
            sliced=chance(200, 1000),
            slow=chance(50, 200),
            unwritten=chance(10, 50),
            full=chance(30, 150),
            unknown=chance(20, 60),
            shut=chance(50, 150),
            impatient=chance(100, 300),
            kills=chance(1, 2, 4),
            torn=random.random() < 0.5,
            ends=chance(1),
            nights=chance(1, 2, 3),
            steps_back=chance(1, 2),
            disk_full=chance(1, 2),
            orders=chance(2, 4),
        )


def chance_of(seed: int, of: str) -> Random:
    """The chance by which *of* goes in the world of *seed*."""
    return Random(f"{seed} {of}")  # noqa: S311  (nobody must not guess it: it has to come again)


def happens(random: Random, chance: int) -> bool:
    """Whether something with *chance* per mille happens now."""
    return random.randrange(1000) < chance
