"""Commands reach a running switch from its own user, one line each, and cannot hurt it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from loyalty.errors import LoyaltyError, Problems
from switch.admin import LINE_SIZE_MAX, AdminClient, AdminServer


async def echo(command: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"said": command["text"]}


async def refuse(command: Mapping[str, Any]) -> Mapping[str, Any]:
    raise LoyaltyError("is not known", where=f"card ending in {command['last4']}", hint="import it")


async def refuse_twice(_: Mapping[str, Any]) -> Mapping[str, Any]:
    problems = [LoyaltyError(f"is bad {number}", where="cards.csv", hint="mend it") for number in (1, 2)]
    raise Problems(list(problems), where="cards.csv")


async def break_down(_: Mapping[str, Any]) -> Mapping[str, Any]:
    raise ZeroDivisionError


HANDLERS = {"echo": echo, "refuse": refuse, "refuse.twice": refuse_twice, "break": break_down}


@contextlib.asynccontextmanager
async def serving(path: Path) -> AsyncIterator[AdminServer]:
    server = AdminServer(HANDLERS)
    await server.listen(path)
    try:
        yield server
    finally:
        await server.close()


async def test_orders_are_answered_and_refusals_come_back_as_they_were_raised(tmp_path: Path) -> None:
    """The console shows the same error whether it opened the books itself or asked the switch."""
    path = tmp_path / "puntual.sock"

    def converse() -> None:
        with AdminClient(path) as client:
            assert client.order("echo", text="hola") == {"said": "hola"}
            with pytest.raises(LoyaltyError, match=r"^card ending in 1234: is not known \(import it\)$"):
                client.order("refuse", last4="1234")
            with pytest.raises(Problems) as caught:
                client.order("refuse.twice")
            assert [problem.what for problem in caught.value.problems] == ["is bad 1", "is bad 2"]
            with pytest.raises(LoyaltyError, match="mistake of the switch"):
                client.order("break")
            with pytest.raises(LoyaltyError, match="no command"):
                client.order("rm")
            assert client.order("echo", text="still here") == {"said": "still here"}

    async with serving(path):
        await asyncio.to_thread(converse)


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"\xff\xfe", b'"x"', b"[" * 100_000, b"6390120000000006"])
async def test_what_is_no_command_is_told_without_showing_it(tmp_path: Path, line: bytes) -> None:
    """A line may hold a card; the answer, which may be printed, does not."""
    path = tmp_path / "puntual.sock"
    async with serving(path):
        reader, writer = await asyncio.open_unix_connection(path, limit=LINE_SIZE_MAX)
        writer.write(line + b"\n")
        answer = json.loads(await reader.readline())
        assert answer["error"]["what"] == "is not a JSON object"
        writer.close()


async def test_a_line_without_end_ends_the_connection(tmp_path: Path) -> None:
    """Memory is bounded here too."""
    path = tmp_path / "puntual.sock"
    async with serving(path):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"x" * (LINE_SIZE_MAX + 100_000))
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()


async def test_only_its_user_can_open_it_and_a_dead_ones_file_is_no_obstacle(tmp_path: Path) -> None:
    """After kill -9 the file is still there; whoever holds the lock may take its place."""
    path = tmp_path / "puntual.sock"
    path.touch()
    async with serving(path):
        assert path.stat().st_mode & 0o777 == 0o600
    assert not path.exists()
    with pytest.raises(FileNotFoundError):
        AdminClient(path)


async def test_a_command_in_work_is_answered_before_the_end(tmp_path: Path) -> None:
    """What is committed is told, also to the one who ordered it."""
    path = tmp_path / "puntual.sock"
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(_: Mapping[str, Any]) -> Mapping[str, Any]:
        begun.set()
        await may_end.wait()
        return {}

    server = AdminServer({"slow": slow})
    await server.listen(path)
    reader, writer = await asyncio.open_unix_connection(path)
    idle_reader, idle_writer = await asyncio.open_unix_connection(path)
    writer.write(b'{"command": "slow"}\n')
    await begun.wait()
    closing = asyncio.create_task(server.close())
    assert await idle_reader.read() == b""
    may_end.set()
    await closing
    assert json.loads(await reader.readline()) == {"ok": {}}
    writer.close()
    idle_writer.close()


async def test_a_folder_deep_down_has_a_socket_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address holds 107 bytes; paths of folders are longer now and then."""
    folder = tmp_path / ("d" * 100)
    folder.mkdir()
    monkeypatch.chdir(folder)
    async with serving(folder / "puntual.sock"):
        with await asyncio.to_thread(AdminClient, folder / "puntual.sock") as client:
            assert await asyncio.to_thread(client.order, "echo", text="x") == {"said": "x"}
