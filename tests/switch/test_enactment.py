"""Programmes as the books keep them: a refund after a restart is rated by the version of its sale."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from loyalty.clock import ManualClock
from rules.parse import parse_programme
from rules.programme import Programme
from switch.enactment import recorded
from switch.management import Management, Policy
from switch.programmes import Programmes
from switch.sequencer import Sequencer
from switch.shadow import Shadow
from switch.store import SqliteStore
from tests.switch.story import NOON, starter, starter_text, token_of


def generous() -> Programme:
    """The starter, with two points where it gives one."""
    text = starter_text().replace("points = 1, per", "points = 2, per")
    assert text != starter_text()
    return parse_programme({"programme.toml": text})


@asynccontextmanager
async def deciding(path: Path, programme: Programme, clock: ManualClock) -> AsyncIterator[Programmes]:
    """A sequencer on the books at *path* that was started with *programme*."""
    store = await SqliteStore.open(path)
    sequencer = Sequencer(
        store,
        recorded(store.reader, programme),
        clock,
        token_of,
        deadline_s=10,
        queue_depth_max=10,
        observe=lambda _: None,
    )
    await Management(sequencer, store, Policy(path, four_eyes=False), shadow=Shadow()).begin(programme)
    yield sequencer.programmes
    await sequencer.drain()
    await store.close()


async def test_every_version_is_found_again(tmp_path: Path) -> None:
    """The same text twice is one version; another is in force from its own time on, also after a restart."""
    books, clock = tmp_path / "puntual.db", ManualClock(NOON)
    first, second = starter(), generous()
    async with deciding(books, first, clock):
        pass
    clock.advance(timedelta(hours=1))
    async with deciding(books, first, clock) as programmes:
        assert len(programmes.versions) == 1
    clock.advance(timedelta(hours=1))
    async with deciding(books, second, clock):
        pass
    async with deciding(books, second, clock) as programmes:
        assert [programme.version for _, programme in programmes.versions] == [first.version, second.version]
        assert programmes.current.version == second.version
        assert programmes.at(NOON + timedelta(minutes=90)).version == first.version
        assert programmes.at(NOON - timedelta(days=9)).version == first.version
        assert programmes.version(first.version) == first


async def test_a_clock_that_went_back_does_not_turn_the_versions_round(tmp_path: Path) -> None:
    """The later version stays the later one."""
    books, clock = tmp_path / "puntual.db", ManualClock(NOON)
    async with deciding(books, starter(), clock):
        pass
    clock.advance(timedelta(days=-30))
    async with deciding(books, generous(), clock):
        pass
    async with deciding(books, generous(), clock) as programmes:
        assert programmes.current.version == generous().version


def test_an_unknown_version_is_rated_by_the_one_in_force() -> None:
    """A version that no book has any more does not stop a refund."""
    programmes = Programmes(((NOON, starter()),))
    assert programmes.version("000000000000") == programmes.current
    later = replace(starter(), version="1" * 12)
    assert programmes.then(NOON, later).current == later
