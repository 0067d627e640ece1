"""The reference for ``bench authorize``: the design that anyone would write first, written well.

An asyncio Protocol, pyiso8583 in both directions, balances in a dictionary, and a group commit of three bare
rows a transaction through aiosqlite. No rules, no repeats, no chain, no checks. It answers after the commit.
"""

import asyncio
import struct
import sys
from pathlib import Path
from typing import cast

import aiosqlite
import iso8583
from iso8583.specs import default_ascii

BATCH_SIZE_MAX = 256
_TABLE = (
    "CREATE TABLE row (id INTEGER PRIMARY KEY, txn INTEGER, account TEXT, amount INTEGER, kind TEXT,"
    " at TEXT, hash BLOB)"
)
_INSERT = "INSERT INTO row (txn, account, amount, kind, at, hash) VALUES (?, ?, ?, ?, ?, ?)"
_ECHOED = ("2", "3", "4", "7", "11", "12", "13", "25", "32", "41", "42", "49")


class Server:
    """Decides at once, commits what has gathered, then answers."""

    def __init__(self, database: aiosqlite.Connection) -> None:
        self._database = database
        self._balances: dict[str, int] = {}
        self._waiting: list[tuple[asyncio.Transport, bytes]] = []
        self._rows: list[tuple[int, str, int, str, str, bytes]] = []
        self._txn = 0
        self._wake = asyncio.Event()

    def decide(self, frame: bytes, transport: asyncio.Transport) -> None:
        """Decode, book in memory, encode the answer and let it wait for the commit."""
        asked, _ = iso8583.decode(frame, default_ascii)
        card, amount = asked["2"], int(asked["4"])
        points = amount // 100 if asked["t"] == "0200" and asked["3"] == "000000" else -amount
        self._balances[card] = self._balances.get(card, 0) + points
        self._txn += 1
        at = asked["7"]
        hash_ = b"\0" * 32
        self._rows.append((self._txn, card[-4:], amount, asked["t"], at, hash_))
        self._rows.append((self._txn, "member", points, asked["3"], at, hash_))
        self._rows.append((self._txn, "issue", -points, asked["3"], at, hash_))
        told = {number: asked[number] for number in _ECHOED if number in asked}
        told["t"] = asked["t"][:2] + "10"
        told["37"] = f"{self._txn:012}"
        told["38"] = f"{self._txn % 1000000:06}"
        told["39"] = "00"
        told["54"] = f"9002999C{max(self._balances[card], 0):012}"
        told["62"] = f"Points {points}|Balance {self._balances[card]}"
        data, _ = iso8583.encode(told, default_ascii)
        self._waiting.append((transport, struct.pack(">H", len(data)) + data))
        self._wake.set()

    async def commit(self) -> None:
        """Commit what waits, and answer it; a batch takes all that gathered during the one before."""
        while True:
            await self._wake.wait()
            waiting, self._waiting = self._waiting[:BATCH_SIZE_MAX], self._waiting[BATCH_SIZE_MAX:]
            rows, self._rows = self._rows[: 3 * len(waiting)], self._rows[3 * len(waiting) :]
            if not self._waiting:
                self._wake.clear()
            await self._database.executemany(_INSERT, rows)
            await self._database.commit()
            for transport, data in waiting:
                transport.write(data)


class Connection(asyncio.Protocol):
    """Cuts frames of two-byte lengths."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to answer on."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        """Decide every frame that is complete."""
        self._buffer += data
        while len(self._buffer) >= 2:
            end = 2 + int.from_bytes(self._buffer[:2], "big")
            if len(self._buffer) < end:
                return
            frame, self._buffer = self._buffer[2:end], self._buffer[end:]
            self._server.decide(frame, self._transport)


async def serve(path: Path) -> None:
    """Serve on a free port and say which."""
    async with aiosqlite.connect(path) as database:
        await database.execute("PRAGMA journal_mode = WAL")
        await database.execute("PRAGMA synchronous = FULL")
        await database.execute(_TABLE)
        await database.commit()
        server = Server(database)
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: Connection(server), "127.0.0.1", 0)
        print(f"ready iso8583=127.0.0.1:{listener.sockets[0].getsockname()[1]}", flush=True)
        await server.commit()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(Path(sys.argv[1])))
