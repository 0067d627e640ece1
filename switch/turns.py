"""Work in short turns, so that nobody waits for the processor that a long one keeps busy.

However low its priority is: a process that runs is often left running until the next tick of the kernel's
clock, up to 4 ms, when another one wakes. A transaction wakes three or four threads, one after the other. So
long work beside a switch lets go of the processor by itself, again and again.
"""

import atexit
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

TURN_S: Final = 0.0005
PAUSE_S: Final = 0.00002  # the system makes it some tens of microseconds: all who wait are let in


def begin() -> None:
    """From now on what the main thread of this process does is done in turns."""
    signal.signal(signal.SIGALRM, lambda _number, _frame: time.sleep(PAUSE_S))
    signal.setitimer(signal.ITIMER_REAL, TURN_S, TURN_S)
    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)  # later nobody would take the signal up


@contextmanager
def between() -> Iterator[None]:
    """Between two turns: for what may wait for somebody else, and would be woken to no purpose."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    yield
    time.sleep(PAUSE_S)
    signal.setitimer(signal.ITIMER_REAL, TURN_S, TURN_S)
