"""The file of JSON lines: whole lines only, whenever the machine stops."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.exporter import ExportError, lines_of
from analytics.exporters.jsonl import JsonlExporter
from tests.analytics.feeds import record


async def test_one_object_a_line(tmp_path: Path) -> None:
    """Any tool reads it."""
    path = tmp_path / "feeds" / "feed.jsonl"
    exporter = JsonlExporter(path)
    await exporter.publish([record(1), record(2)])
    await exporter.publish([record(3)])
    assert [json.loads(line) for line in path.read_text("utf-8").splitlines()] == [
        dict(record(seq).fields) for seq in (1, 2, 3)
    ]


@settings(max_examples=50)
@given(torn=st.binary(max_size=200_000).filter(lambda torn: b"\n" not in torn))
async def test_a_torn_last_line_is_removed(tmp_path_factory: pytest.TempPathFactory, torn: bytes) -> None:
    """A line that was half written when the power went was never acknowledged, so it comes again, whole."""
    path = tmp_path_factory.mktemp("feed") / "feed.jsonl"
    path.write_bytes(lines_of([record(1)]) + torn)
    await JsonlExporter(path).publish([record(2)])
    assert path.read_bytes() == lines_of([record(1), record(2)])


async def test_a_torn_only_line_is_removed(tmp_path: Path) -> None:
    """Nothing whole is in the file."""
    path = tmp_path / "feed.jsonl"
    path.write_bytes(b'{"seq":1,"poi' * 10_000)
    await JsonlExporter(path).publish([record(1)])
    assert path.read_bytes() == lines_of([record(1)])


async def test_a_file_that_was_rotated(tmp_path: Path) -> None:
    """It is moved away between two batches; the next one starts a new file."""
    path = tmp_path / "feed.jsonl"
    exporter = JsonlExporter(path)
    await exporter.publish([record(1)])
    path.rename(tmp_path / "feed.1.jsonl")
    await exporter.publish([record(2)])
    assert path.read_bytes() == lines_of([record(2)])


async def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """The records stay where they are; the operator is told the path."""
    (tmp_path / "feed.jsonl").mkdir()
    with pytest.raises(ExportError, match=r"feed.jsonl: Is a directory"):
        await JsonlExporter(tmp_path / "feed.jsonl").publish([record(1)])
