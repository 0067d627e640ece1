"""MQTT: a batch of JSON lines is one message of QoS 1, which the broker acknowledges (MQTT 3.1.1, 4.3.2).

A batch of one is plain JSON. The same batch may arrive twice, as QoS 1 allows; readers drop what they have
by ``seq``.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final

import aiomqtt

from analytics.exporter import ExportError, lines_of
from analytics.source import FeedRecord

_TIMEOUT_S: Final = 10  # for a CONNACK or PUBACK; a broker that takes longer is away


class MqttExporter:
    """Publishes to *topic* at the broker *host*:*port*; connects when there is something to publish."""

    def __init__(
        self,
        host: str,
        port: int,
        topic: str,
        *,
        client_id: str,
        username: str | None = None,
        password: str | None = None,
    ) -> None:
        self._host, self._port, self._topic = host, port, topic
        self._client_id, self._username, self._password = client_id, username, password
        self._connection = AsyncExitStack()
        self._client: aiomqtt.Client | None = None

    async def publish(self, records: Sequence[FeedRecord]) -> None:
        try:
            client = self._client or await self._connect()
            await self._send(client, lines_of(records))
        except aiomqtt.MqttError as error:
            # The client keeps what it could not send; the feed does so too, and once is enough.
            await self.close()
            raise ExportError(f"mqtt://{self._host}:{self._port}: {error}") from error

    async def close(self) -> None:
        if self._client is None:
            return
        self._client = None
        self._hanging_up.cancel()
        try:
            await self._connection.aclose()
        except aiomqtt.MqttError:
            return  # it was gone already

    async def _send(self, client: aiomqtt.Client, lines: bytes) -> None:
        sending = asyncio.ensure_future(client.publish(self._topic, lines, qos=1))
        await asyncio.wait({sending, self._hanging_up}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            sending.result()
        else:
            sending.cancel()
            raise aiomqtt.MqttError("the broker hung up")

    async def _connect(self) -> aiomqtt.Client:
        client = aiomqtt.Client(
            self._host,
            self._port,
            identifier=self._client_id,
            username=self._username,
            password=self._password,
            timeout=_TIMEOUT_S,
        )
        self._client = await self._connection.enter_async_context(client)
        self._hanging_up = asyncio.ensure_future(_hangs_up(client))
        return self._client


async def _hangs_up(client: aiomqtt.Client) -> None:
    """Return when the broker ends the connection: waiting for messages, which never come, is how to know."""
    try:
        async for _ in client.messages:
            continue
    except aiomqtt.MqttError:
        return
