"""A programme is taken over and given up between answers."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from typing import Self

import pytest

from rules.parse import MAIN, parse_programme
from rules.programme import Programme
from switch import builder
from switch.app import loop_factory
from switch.parcel import LENGTH_SIZE, pieces
from switch.unpacking import Unpacking
from tests.switch.story import starter_text

RULE = '[[rule]]\nid = "r{0}"\ntext = "R"\nwhen = {{ merchant = "M{0}" }}\nthen = {{ points = 1 }}\n'
TEXT = starter_text() + "".join(RULE.format(number) for number in range(400))


class Network:
    """A socket on which there is always something to read, which is decided as soon as it was read."""

    def __init__(self) -> None:
        self.decided = 0
        self._ours, self._theirs = socket.socketpair()

    def __enter__(self) -> Self:
        self._theirs.send(b"x")
        loop = asyncio.get_running_loop()
        loop.add_reader(self._ours, loop.call_soon, self._decide)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._ours)
        self._ours.close()
        self._theirs.close()

    def _decide(self) -> None:
        self.decided += 1


async def taken_over(network: Network, seen: list[int]) -> Programme:
    """All pieces are there at once, and *seen* tells how much was decided before each of them."""
    sent = parse_programme({MAIN: TEXT})
    pipe = asyncio.StreamReader()
    for piece in pieces(sent):
        pipe.feed_data(len(piece).to_bytes(LENGTH_SIZE, "big") + piece)

    class Watched(Unpacking):
        def take(self, piece: bytes) -> None:
            seen.append(network.decided)
            super().take(piece)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("switch.builder.Unpacking", Watched)
        taken = await builder._taken_over(pipe, lambda _: True, lambda *_: None)
    assert taken == sent
    assert isinstance(taken, Programme)
    return taken


@pytest.mark.parametrize("loop", [loop_factory, lambda: asyncio.new_event_loop], ids=["fast", "plain"])
def test_what_the_network_brings_is_decided_between_any_two_slices(
    loop: Callable[[], Callable[[], asyncio.AbstractEventLoop]],
) -> None:
    """On each event loop that there is: of what arrives, and of what is given up."""

    async def follow() -> None:
        seen: list[int] = []
        with Network() as network:
            taken = await taken_over(network, seen)
            assert len(seen) > 30
            assert len(set(seen)) == len(seen)
            seen.clear()

            def steps(programme: Programme) -> Iterator[None]:
                for _ in programme.rules[:20]:
                    seen.append(network.decided)
                    yield

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("switch.builder.taken_apart", steps)
                await builder.release([taken])
            assert len(set(seen)) == len(seen) == 20

    with asyncio.Runner(loop_factory=loop()) as runner:
        runner.run(follow())
