"""Administration of a running switch over the unix socket of its folder.

One command is one line of JSON, its answer another; the commands of a connection are done one after
the other. Only the user that runs the switch can open the socket (mode 0600)::

    -> {"command": "card.block", "card": …}
    <- {"ok": {…}}   or   {"error": {"what": …, "where": …, "hint": …}}
"""

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import structlog

from loyalty.errors import LoyaltyError, Problems

LINE_SIZE_MAX: Final = 1 << 20  # bytes of a command: a slice of an import has a few hundred cards
CONNECTIONS_MAX: Final = 16
ANSWER_TIMEOUT_S: Final = 60.0  # for the client: a slice waits for its turn and one commit

Handler = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]

log: Final = structlog.get_logger()


class AdminServer:
    """Takes commands on a unix socket.

    Args:
        handlers: What does each command, by its name. They get the command's other members and raise
            ``LoyaltyError`` for what is wrong with them.
    """

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers
        self._connections: dict[asyncio.Task[None], None] = {}
        self._idle: dict[asyncio.Task[None], None] = {}  # of these, those that wait for a command
        self._is_closing = False
        self._server: asyncio.Server | None = None
        self._path: Path | None = None

    async def listen(self, path: Path) -> None:
        """Listen on *path*. Whoever calls holds the process lock, so a file that is there is a dead one's."""
        bound = _bound(path)
        self._path = path
        self._server = await asyncio.start_unix_server(
            self._serve, sock=bound, limit=LINE_SIZE_MAX, backlog=CONNECTIONS_MAX
        )

    async def close(self) -> None:
        """Take no more commands; those in work are answered first."""
        if self._server is None or self._path is None:
            return
        self._server.close()
        _remove(self._path)
        self._is_closing = True
        for connection in self._idle:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._connections) < CONNECTIONS_MAX:
            self._connections[task] = None
            try:
                while not self._is_closing:
                    self._idle[task] = None
                    line = await reader.readline()
                    del self._idle[task]
                    if not line:
                        break
                    writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                    await writer.drain()
            except (ConnectionError, ValueError, asyncio.CancelledError):
                pass  # it hung up, its line is too long, or the switch ends: there is nobody to tell
            finally:
                self._idle.pop(task, None)
                del self._connections[task]
        writer.close()

    async def _answer(self, line: bytes) -> Mapping[str, Any]:
        try:
            command = _read(line)
            return {"ok": await self._handler(command)(command)}
        except Problems as many:
            return {"error": _told(many), "problems": [_told(problem) for problem in many.problems]}
        except LoyaltyError as error:
            return {"error": _told(error)}
        except Exception as error:
            log.exception("command.failed", error=type(error).__name__)
            own = LoyaltyError("failed by a mistake of the switch", where="the command", hint="see its log")
            return {"error": _told(own)}

    def _handler(self, command: Mapping[str, Any]) -> Handler:
        handler = self._handlers.get(str(command.get("command")))
        if handler is None:
            hint = f"one of {', '.join(self._handlers)}"
            raise LoyaltyError("is no command of this switch", where="the command", hint=hint)
        return handler


def answers(path: Path) -> bool:
    """Whether a running switch takes commands on *path*."""
    try:
        AdminClient(path).__exit__(None, None, None)
    except OSError:
        return False
    return True


class AdminClient:
    """Gives commands to a running switch; a context manager.

    Raises:
        ConnectionError: There is no running switch, or it went away.
        FileNotFoundError: There is no running switch.
    """

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(_short(path))
        except OSError:
            self._socket.close()
            raise
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
        self._socket.close()

    def order(
        self, command: str, *, timeout_s: float = ANSWER_TIMEOUT_S, **arguments: object
    ) -> dict[str, Any]:
        """Have *command* done and give its answer.

        Raises:
            LoyaltyError: The switch refused it.
        """
        self._socket.settimeout(timeout_s)
        self._socket.sendall(json.dumps({"command": command, **arguments}).encode() + b"\n")
        line = self._lines.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("the switch went away before it answered")
        answer = json.loads(line)
        if "error" not in answer:
            done = answer["ok"]
            assert isinstance(done, dict)
            return done
        error = LoyaltyError(**answer["error"])
        if problems := answer.get("problems"):
            raise Problems([LoyaltyError(**problem) for problem in problems], where=error.where)
        raise error


def _read(line: bytes) -> Mapping[str, Any]:
    try:
        command = json.loads(line)
    except (ValueError, RecursionError):
        command = None
    if not isinstance(command, dict):
        # The text of the parser's error could show a card.
        hint = "send one object on one line"
        raise LoyaltyError("is not a JSON object", where="the command", hint=hint) from None
    return command


def _told(error: LoyaltyError) -> dict[str, str]:
    return {"what": error.what, "where": error.where, "hint": error.hint}


def _bound(path: Path) -> socket.socket:
    _remove(path)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    bound.bind(_short(path))
    path.chmod(0o600)  # before it listens: nobody can have connected under other rights
    return bound


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _short(path: Path) -> str:
    """*path* as an address: those of unix sockets have 107 bytes at most, relative ones are shorter."""
    whole = str(path)
    return whole if len(os.fsencode(whole)) <= 107 else os.path.relpath(path)
