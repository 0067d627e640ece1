"""The process that builds programmes does not stand in the way of the switch for which it does it."""

import subprocess
import sys

# Works until the processor was let go of some times, which a process that only computes never does by itself.
_COMPUTING = """
import resource, sys
from switch import turns

def times_let_go():
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw

turns.begin()
before = times_let_go()
for _ in range(5_000_000):
    if times_let_go() >= before + 20:
        print("let go")
        break
"""
_WAITING = """
import signal
from switch import turns

turns.begin()
with turns.between():
    print("waits", signal.getitimer(signal.ITIMER_REAL)[0] > 0)
print("works", signal.getitimer(signal.ITIMER_REAL)[0] > 0)
"""
_LOADED = """
import sys
import switch.building
print(sorted({"sqlalchemy", "asyncio", "aiosqlite", "sqlite3"} & sys.modules.keys()))
"""


def told_by(script: str) -> list[str]:
    """What *script*, run by an interpreter of its own, prints."""
    command = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, '.')\n{script}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def test_computing_lets_go_of_the_processor() -> None:
    """Else who wakes meanwhile waits until the kernel looks at its clock the next time."""
    assert told_by(_COMPUTING) == ["let", "go"]


def test_waiting_is_not_interrupted() -> None:
    """Who waits for the switch to read the next piece is not woken thousands of times a second."""
    assert told_by(_WAITING) == ["waits", "False", "works", "True"]


def test_building_loads_nothing_that_only_the_books_need() -> None:
    """To load that takes twice as long as all the rest, before anything of the programme is done."""
    assert told_by(_LOADED) == ["[]"]
