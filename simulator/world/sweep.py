"""Many worlds, one after the other in each of some processes, and what came of all of them together."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Final

from simulator.world.ground import Ground
from simulator.world.world import live

_AT_ONCE: Final = 100  # worlds on one ground


@dataclass(slots=True)
class Sweep:
    """What came of *worlds*.

    Attributes:
        objections: The first of each seed that has one.
        befell: How often each kind of thing happened.
        lived_s: Their own time, together.
        elapsed_s: Of the machine that ran them.
    """

    worlds: int = 0
    objections: dict[int, str] = field(default_factory=dict)
    befell: Counter[str] = field(default_factory=Counter)
    lived_s: float = 0.0
    elapsed_s: float = 0.0

    def add(self, other: "Sweep") -> None:
        """Take in what came of others."""
        self.worlds += other.worlds
        self.objections |= other.objections
        self.befell += other.befell
        self.lived_s += other.lived_s


def sweep(
    seeds: Sequence[int], *, steps: int, processes: int, progress: Callable[[int], None] = lambda _done: None
) -> Sweep:
    """Live through the worlds of *seeds* in so many processes; *progress* is told how many are judged."""
    began = time.monotonic()
    slices = [seeds[at : at + _AT_ONCE] for at in range(0, len(seeds), _AT_ONCE)]
    whole = Sweep()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(judged, part, steps) for part in slices]):
            whole.add(done.result())
            progress(whole.worlds)
    whole.elapsed_s = time.monotonic() - began
    return whole


def judged(seeds: Sequence[int], steps: int) -> Sweep:
    """What came of the worlds of *seeds*, in this process."""
    found = Sweep()
    with Ground.made() as ground:
        for seed in seeds:
            report = live(seed, ground, steps=steps)
            found.worlds += 1
            found.befell.update(report.befell)
            found.lived_s += report.lived_s
            if report.objection is not None:
                found.objections[seed] = report.objection
    return found
