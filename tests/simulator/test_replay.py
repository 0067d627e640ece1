"""A replay against a host that approves everything: what arrives, in which order, the same every time."""

from collections import Counter
from datetime import timedelta
from itertools import islice

import pytest

from loyalty.errors import LoyaltyError
from simulator.account import Account
from simulator.journey.sample import day
from simulator.replay import Replay, ReplayClock
from simulator.till import Identity
from simulator.visit import Fate, Heard
from tests.simulator.scripted_host import ScriptedHost, Step, serving

BASKETS = list(islice(day(), 120))


async def replayed(host: ScriptedHost, seed: int = 1) -> tuple[Replay, Account, list[Heard]]:
    account = Account()
    heard: list[Heard] = []
    async with serving(host):
        replay = Replay(
            host.address,
            ReplayClock(BASKETS[0].at),
            account,
            identity_of=lambda store: Identity(terminal_id=f"S{store:07}"),
            is_plain=lambda household: household % 7 == 0,
            step_points=100,
            seed=seed,
            watch=heard.append,
        )
        await replay.run(BASKETS)
    return replay, account, heard


def by_till(host: ScriptedHost) -> dict[str, list[tuple[str, ...]]]:
    """What each till sent, in order."""
    sent: dict[str, list[tuple[str, ...]]] = {}
    for message in host.received:
        row = tuple(message.get(key, "") for key in ("t", "3", "4", "7", "11", "12", "13", "90"))
        sent.setdefault(message["41"], []).append(row)
    return sent


async def test_the_same_every_time() -> None:
    """Seed and baskets decide what each till sends, whatever the machine does meanwhile."""
    one, other, third = ScriptedHost(), ScriptedHost(), ScriptedHost()
    replay, account, heard = await replayed(one)
    await replayed(other)
    await replayed(third, seed=2)
    assert by_till(one) == by_till(other)
    assert by_till(one) != by_till(third)
    assert replay.stores == len(by_till(one)) == len({basket.store for basket in BASKETS})
    assert replay.baskets == sum(replay.fates.values()) == len(BASKETS) - 1
    assert replay.skipped == 1  # it sums to nothing
    assert sum(account.codes.values()) == len(heard)
    assert len(replay.latencies_s) == len(heard) - replay.fates[Fate.ANSWER_LOST]


async def test_times_are_those_of_the_baskets() -> None:
    """Every till's messages carry the time of the visit, in order."""
    host = ScriptedHost()
    await replayed(host)
    times = {f"{basket.at:%m%d%H%M%S}" for basket in BASKETS}
    for till, sent in by_till(host).items():
        moments = [row[3] for row in sent]
        assert moments == sorted(moments), till
        assert {row[3] for row in sent if row[1] != "200000"} <= times


async def test_troubles_are_on_the_wire() -> None:
    """Lost answers lead to advices, and reversals overtake their sales."""
    host = ScriptedHost()
    replay, account, _ = await replayed(host)
    types = Counter(host.types)
    assert types["0220"] == replay.fates[Fate.ANSWER_LOST] > 0
    assert types["0420"] == replay.fates[Fate.OVERTAKEN] > 0
    # This host knows no reversals, so it approves what came too late: that is a contradiction.
    assert (
        sum("reversed before it came" in text for text in account.contradictions)
        == replay.fates[Fate.OVERTAKEN]
    )


async def test_a_host_that_leaves() -> None:
    """A switch that hangs up on a till ends the replay with a word, not with a heap of tracebacks."""
    script: list[Step] = ["hang up"] * 1000
    with pytest.raises(LoyaltyError, match="did not answer a"):
        await replayed(ScriptedHost(script))


def test_the_clock_goes_on() -> None:
    """After the replay time runs by itself, from where it was."""
    clock = ReplayClock(BASKETS[0].at)
    assert clock.now() == clock.now() == BASKETS[0].at
    clock.go_on()
    assert BASKETS[0].at <= clock.now() < BASKETS[0].at + timedelta(minutes=1)
