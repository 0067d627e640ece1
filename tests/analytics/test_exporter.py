"""The feed: at least once and in order, whatever happens to the other side or to this one."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.cursor import Cursor, ExporterRunsError
from analytics.exporter import Exporter, ExportError, Feed
from analytics.source import BlockSource
from loyalty.errors import LoyaltyError
from tests.analytics.feeds import MemoryExporter, MemorySource


def feed(
    source: BlockSource,
    exporter: Exporter,
    cursor: Cursor,
    *,
    size: int = 10,
    tell: Callable[[str], None] = lambda _: None,
) -> Feed:
    return Feed(
        source,
        exporter,
        cursor,
        batch_size_max=size,
        delayed=lambda error: tell(str(error)),
        resumed=lambda: tell("resumed"),
    )


async def test_batches_are_full_and_in_order(tmp_path: Path) -> None:
    """A batch is what waits, up to its limit."""
    exporter = MemoryExporter()
    with Cursor(tmp_path / "cursor") as cursor:
        assert await feed(MemorySource(range(1, 26)), exporter, cursor).drain() == 25
    assert exporter.arrived == list(range(1, 26))
    assert exporter.sizes == [10, 10, 5]


async def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """The cursor outlives the process; holes in the sequence do not matter."""
    exporter = MemoryExporter()
    source = MemorySource([3, 4, 9])
    for seq in (12, 15):
        with Cursor(tmp_path / "cursor") as cursor:
            await feed(source, exporter, cursor).drain()
        source.seqs.append(seq)
    assert exporter.arrived == [3, 4, 9, 12]


@settings(max_examples=50)
@given(failures=st.lists(st.booleans(), max_size=12), arrives=st.booleans(), size=st.integers(1, 7))
def test_at_least_once_in_order(
    *, tmp_path_factory: pytest.TempPathFactory, failures: list[bool], arrives: bool, size: int
) -> None:
    """However often a publication fails, and whether or not it arrived: nothing is missing or overtaken."""
    exporter = MemoryExporter(failures, arrives=arrives)
    path = tmp_path_factory.mktemp("feed") / "cursor"

    async def restart_until_done() -> None:
        while True:  # each failure ends the process; the cursor is all that is left of it
            with Cursor(path) as cursor:
                try:
                    await feed(MemorySource(range(1, 21)), exporter, cursor, size=size).drain()
                except ExportError:
                    continue
            return

    asyncio.run(restart_until_done())
    assert sorted(set(exporter.arrived)) == list(range(1, 21))
    assert list(dict.fromkeys(exporter.arrived)) == list(range(1, 21)), "first arrivals are in order"
    if not arrives:
        assert exporter.arrived == list(range(1, 21))


async def test_it_runs_until_it_is_stopped(tmp_path: Path) -> None:
    """What is decided while it runs goes out; a side that is away is told of and tried again."""
    source, exporter = MemorySource([1, 2]), MemoryExporter([True])
    stop = asyncio.Event()
    told: list[str] = []
    with Cursor(tmp_path / "cursor") as cursor:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(feed(source, exporter, cursor, tell=told.append).run(stop))
            await exporter.until(2)
            source.seqs.append(3)
            await exporter.until(3)
            stop.set()
        assert cursor.seq == 3
    assert exporter.arrived == [1, 2, 3]
    assert told == ["the other side is away", "resumed"]


async def test_a_cursor_that_cannot_be_written(tmp_path: Path) -> None:
    """What was acknowledged is not published again and again while the disk is full."""
    exporter = MemoryExporter()
    with Cursor(tmp_path / "cursor") as cursor:
        moving = feed(MemorySource(range(1, 26)), exporter, cursor)
        (tmp_path / "cursor.new").mkdir()  # in the way
        for _ in range(3):
            with pytest.raises(ExportError, match="the cursor cannot be written: Is a directory"):
                await moving.step()
        assert (exporter.sizes, cursor.seq) == ([10], 0)
        (tmp_path / "cursor.new").rmdir()
        await moving.drain()
    assert exporter.arrived == list(range(1, 26))


def test_the_cursor_is_one_number(tmp_path: Path) -> None:
    """An operator can read it, and set it."""
    path = tmp_path / "cursor"
    with Cursor(path) as cursor:
        assert cursor.seq == 0
        cursor.move(41)
    assert path.read_text() == "41\n"
    path.write_text("7")
    with Cursor(path) as cursor:
        assert cursor.seq == 7


@pytest.mark.parametrize("text", ["", "x", "-1", "1 2", "9" * 30])
def test_a_spoilt_cursor_is_refused(tmp_path: Path, text: str) -> None:
    """To guess would lose records or send all of them again."""
    (tmp_path / "cursor").write_text(text)
    with pytest.raises(LoyaltyError, match="cursor: holds no sequence"), Cursor(tmp_path / "cursor"):
        pass


def test_two_exporters_do_not_share_a_cursor(tmp_path: Path) -> None:
    """They would publish everything twice, and move each other's cursor back."""
    with (
        Cursor(tmp_path / "cursor"),
        pytest.raises(ExporterRunsError, match="another exporter has it"),
        Cursor(tmp_path / "cursor"),
    ):
        pass
    with Cursor(tmp_path / "cursor"):
        pass
