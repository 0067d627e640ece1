"""The feed over MQTT, against a real broker."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from analytics.cursor import Cursor
from analytics.exporter import ExportError, Feed
from analytics.exporters.mqtt import MqttExporter
from tests.analytics.broker import broker, free_port
from tests.analytics.feeds import MemorySource, record

TOPIC = "puntual/transactions"


@asynccontextmanager
async def subscriber(port: int) -> AsyncIterator[aiomqtt.Client]:
    """Somebody who reads the feed."""
    async with aiomqtt.Client("127.0.0.1", port, identifier="reader") as client:
        await client.subscribe(TOPIC, qos=1)
        yield client


async def take(client: aiomqtt.Client, last: int) -> list[list[object]]:
    """The batches that arrive, up to the record *last*."""
    batches = []
    async for message in client.messages:
        assert isinstance(message.payload, bytes)
        batches.append([json.loads(line) for line in message.payload.splitlines()])
        if batches[-1][-1]["seq"] == last:
            break
    return batches


async def test_batches_arrive_in_order(tmp_path: Path) -> None:
    """A message is a batch, a line is a record; what the broker acknowledged moves the cursor."""
    port = free_port()
    exporter = MqttExporter("127.0.0.1", port, TOPIC, client_id="switch")
    async with broker(port, tmp_path), subscriber(port) as client:
        with Cursor(tmp_path / "cursor") as cursor:
            feed = Feed(
                MemorySource(range(1, 8)), exporter, cursor, batch_size_max=3, delayed=_fail, resumed=_fail
            )
            assert await feed.drain() == 7
            assert cursor.seq == 7
        batches = await take(client, 7)
        await exporter.close()
    assert batches == [[dict(record(seq).fields) for seq in seqs] for seqs in ((1, 2, 3), (4, 5, 6), (7,))]


async def test_a_broker_that_is_away_and_comes_back(tmp_path: Path) -> None:
    """Nothing moves while it is away, and nothing is missing when it is back."""
    port = free_port()
    source = MemorySource(range(1, 5))
    exporter = MqttExporter("127.0.0.1", port, TOPIC, client_id="switch")
    with Cursor(tmp_path / "cursor") as cursor:
        feed = Feed(source, exporter, cursor, batch_size_max=100, delayed=_fail, resumed=_fail)
        with pytest.raises(ExportError, match=f"mqtt://127.0.0.1:{port}: .*refused"):
            await feed.step()
        assert cursor.seq == 0
        async with broker(port, tmp_path), subscriber(port) as client:
            await feed.drain()
            assert [len(batch) for batch in await take(client, 4)] == [4]
        source.seqs += [5, 6]
        with pytest.raises(ExportError):
            await feed.step()
        assert cursor.seq == 4, "nobody acknowledged"
        async with broker(port, tmp_path), subscriber(port) as client:
            await feed.drain()
            (batch,) = await take(client, 6)
        await exporter.close()
    assert batch == [dict(record(seq).fields) for seq in (5, 6)]


async def test_it_is_closed_twice() -> None:
    """Closing is always safe, connected or not."""
    exporter = MqttExporter("127.0.0.1", free_port(), TOPIC, client_id="switch")
    await exporter.close()
    with pytest.raises(ExportError):
        await exporter.publish([record(1)])
    await exporter.close()


def _fail(*_: object) -> None:
    pytest.fail("a step tells by what it raises")
