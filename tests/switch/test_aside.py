"""Long work in a thread of a switch does not keep the event loop waiting."""

import sys

import pytest

from switch.aside import TURN_S, aside


async def test_threads_take_short_turns_while_one_of_them_works_long() -> None:
    """The event loop would wait 5 ms for the interpreter's lock, whenever it needs it."""
    former = sys.getswitchinterval()
    assert former > TURN_S
    assert await aside(sys.getswitchinterval) == pytest.approx(TURN_S)
    assert sys.getswitchinterval() == former


async def test_turns_are_as_ever_behind_work_that_failed() -> None:
    """They cost the thread that commits, which is not to pay for it for ever."""
    former = sys.getswitchinterval()
    with pytest.raises(ZeroDivisionError):
        await aside(divmod, 1, 0)
    assert sys.getswitchinterval() == former
