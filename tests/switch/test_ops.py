"""Those who watch the switch get a true answer, and those who play with it get a short one."""

import asyncio

import pytest

from switch.metrics import Metrics
from switch.ops import CONNECTIONS_MAX, HEAD_SIZE_MAX, OpsServer


def ops(*, not_ready: str | None = None, metrics: str = "") -> OpsServer:
    return OpsServer(not_ready=lambda: not_ready, metrics=lambda: metrics)


async def exchange(server: OpsServer, request: bytes) -> bytes:
    listener = await server.listen("127.0.0.1", 0)
    try:
        reader, writer = await asyncio.open_connection(*listener.address)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        return answer
    finally:
        listener.close()


@pytest.mark.parametrize(
    ("request_line", "not_ready", "status", "body"),
    [
        ("GET /health HTTP/1.1", "store full", "200 OK", "alive\n"),
        ("GET /ready HTTP/1.1", None, "200 OK", "ready\n"),
        ("GET /ready?why HTTP/1.1", "store full", "503 Service Unavailable", "not ready: store full\n"),
        ("GET /metrics HTTP/1.0", None, "200 OK", "puntual_up 1\n"),
        ("GET / HTTP/1.1", None, "404 Not Found", "try /health, /ready or /metrics\n"),
        ("POST /health HTTP/1.1", None, "405 Method Not Allowed", "only GET\n"),
        ("GET /health", None, "400 Bad Request", "not HTTP/1.x\n"),
        ("\x00\xff\x00", None, "400 Bad Request", "not HTTP/1.x\n"),
        ("HEAD /health HTTP/1.1", None, "200 OK", ""),
    ],
)
async def test_every_request_has_its_answer(
    request_line: str, not_ready: str | None, status: str, body: str
) -> None:
    """Alive is not ready: a switch with a full disk must not be restarted, only left alone."""
    server = ops(not_ready=not_ready, metrics="puntual_up 1\n")
    answer = await exchange(server, request_line.encode("latin-1") + b"\r\nHost: x\r\n\r\n")
    head, _, got = answer.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == f"HTTP/1.1 {status}".encode()
    assert got == body.encode()


async def test_a_head_that_does_not_end_is_refused() -> None:
    """Nobody can fill the memory of the switch through its side door."""
    answer = await exchange(ops(), b"GET /health HTTP/1.1\r\n" + b"X: y\r\n" * HEAD_SIZE_MAX)
    assert answer.startswith(b"HTTP/1.1 431 ")


async def test_a_silent_crowd_leaves_the_others_out_and_goes_away() -> None:
    """Connections are counted, and each that leaves makes room again."""
    server = ops()
    listener = await server.listen("127.0.0.1", 0)
    crowd = [await asyncio.open_connection(*listener.address) for _ in range(CONNECTIONS_MAX)]
    reader, writer = await asyncio.open_connection(*listener.address)
    assert await reader.read() == b""
    writer.close()
    for reader, writer in crowd:
        writer.write(b"GET /health HTTP/1.1\r\n\r\n")
        assert (await reader.read()).endswith(b"alive\n")
        writer.close()
    assert not server.connections
    listener.close()


def test_metrics_read_as_prometheus_reads_them() -> None:
    """Each series has its header, buckets add up, and the last one holds all."""
    metrics = Metrics()
    metrics.decided["EARN", "APPROVED"] += 3
    metrics.decided["REDEEM", "NOT_SUFFICIENT_POINTS"] += 1
    metrics.gauge("connections", "Open connections.", lambda: 7)
    metrics.commit_seconds.add(0.001)
    metrics.commit_seconds.add(0.3)
    metrics.commit_seconds.add(60)
    text = metrics.text()
    for line in (
        "# TYPE puntual_transactions_total counter",
        'puntual_transactions_total{operation="EARN",reason="APPROVED"} 3',
        'puntual_transactions_total{operation="REDEEM",reason="NOT_SUFFICIENT_POINTS"} 1',
        "# TYPE puntual_connections gauge",
        "puntual_connections 7",
        'puntual_commit_seconds_bucket{le="0.0005"} 0',
        'puntual_commit_seconds_bucket{le="0.001"} 1',
        'puntual_commit_seconds_bucket{le="0.5"} 2',
        'puntual_commit_seconds_bucket{le="+Inf"} 3',
        "puntual_commit_seconds_count 3",
    ):
        assert line in text.splitlines()
    assert text.endswith("\n")
