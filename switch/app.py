"""The process that serves: its log, its signals, its ready line and its end."""

import asyncio
import gc
import os
import resource
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Final, NoReturn

import structlog

from config.load import load_settings
from config.schema import Settings
from loyalty.clock import SystemClock
from loyalty.errors import LoyaltyError
from switch.collector import Collector
from switch.database import is_reset_safe
from switch.logwriter import LogWriter
from switch.metrics import Metrics
from switch.observe import Renderer, logging_to_stderr
from switch.running import Address, Switch, running
from switch.witness import Witness

STOP_S: Final = 9.5  # the end takes no longer, whatever the disk does
DESCRIPTORS_SPARE: Final = 128  # for books, log, administration, and whoever watches

log: Final = structlog.get_logger()


def serve(config: Path, *, listen: str | None = None, http: str | None = None) -> int:
    """Run the switch of the settings file *config* until a signal ends it, and give the exit status.

    Args:
        config: ``puntual.toml``.
        listen: ``HOST:PORT`` in place of the first listener's; port 0 picks one.
        http: The same for the HTTP server.

    Raises:
        LoyaltyError: Something in the deployment is wrong, or another process runs it.
    """
    settings = _with_addresses(load_settings(config), listen, http)
    with logging_to_stderr(settings.log) as (writer, render):
        settings = _within_descriptors(settings)
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            return runner.run(_serve(settings, writer, render))


async def _serve(settings: Settings, writer: LogWriter, render: Renderer) -> int:
    metrics = Metrics()
    about = "Lines of the log that found no room."
    metrics.counter("log_lines_dropped_total", about, "to", lambda: {"stderr": writer.dropped})
    gc.disable()  # until all is made that stays: to look through it again and again takes seconds
    tells_each = settings.log.level in {"debug", "info"}
    # Event loops run on the monotonic clock too, but uvloop's counts whole milliseconds.
    tell = Witness(metrics, monotonic, writer if tells_each else None, render)
    async with running(settings, clock=SystemClock(), time=monotonic, metrics=metrics, tell=tell) as switch:
        collector = Collector(lambda: switch.is_idle)
        stop = _listen_to_signals(switch)
        iso8583, http = [_text(address) for address in switch.iso8583], _text(switch.http)
        if not is_reset_safe(sqlite3.sqlite_version_info):
            hint = "let nothing else write to the books: see `puntual doctor`"
            log.warning("sqlite.old", version=sqlite3.sqlite_version, hint=hint)
        log.info("switch.started", iso8583=iso8583, http=http, folder=str(settings.folder))
        sys.stdout.write(f"ready iso8583={iso8583[0]} http={http}\n")
        sys.stdout.flush()
        await asyncio.wait({stop, switch.deciding}, return_when=asyncio.FIRST_COMPLETED)
        if switch.deciding.done():
            _end_at_once(switch.deciding, writer)
        # A disk that hangs does not hold up the end: what nobody was told is found at the next start.
        watchdog = threading.Timer(STOP_S, os._exit, (1,))
        watchdog.daemon = True
        watchdog.start()
        log.info("switch.stopping")
        collector.stop()
    watchdog.cancel()
    log.info("switch.stopped")
    return 0


def _listen_to_signals(switch: Switch) -> "asyncio.Future[None]":
    """Reload on SIGHUP; the future is done with the first SIGTERM or SIGINT. A second one ends at once."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[None] = loop.create_future()
    reloads: set[asyncio.Task[None]] = set()

    def end(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)
        if not stop.done():
            stop.set_result(None)

    def reload() -> None:
        task = loop.create_task(_reload(switch))
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, number)
    loop.add_signal_handler(signal.SIGHUP, reload)
    return stop


async def _reload(switch: Switch) -> None:
    """Read the files again, and log of each what was taken or why it was not."""
    done = await switch.reload()
    refused = {what: str(error).splitlines() for what, error in done.refused.items()}
    if "register" in refused:
        log.error("register.rejected", problems=refused["register"], terminals=done.terminals)
    else:
        log.info("register.loaded", terminals=done.terminals)
    if "programme" in refused:
        log.error("programme.rejected", problems=refused["programme"], programme=done.programme)
    else:
        log.info("programme.loaded", programme=done.programme)


def _end_at_once(deciding: "asyncio.Task[None]", writer: LogWriter) -> NoReturn:
    """End without an answer to anybody: what the books hold is not known, and the next start finds it."""
    error = deciding.exception()
    hint = "start it again; terminals repeat what was not answered, and the books know what they hold"
    log.critical("switch.failed", error=repr(error), hint=hint, exc_info=error)
    writer.stop()
    os._exit(1)


def _within_descriptors(settings: Settings) -> Settings:
    """Raise the process's limit to what the settings need, or lower these to what the machine gives."""
    needed = settings.limits.connections_max + DESCRIPTORS_SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    given = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < given:
        resource.setrlimit(resource.RLIMIT_NOFILE, (given, hard))
    if given == needed:
        return settings
    connections_max = max(1, given - DESCRIPTORS_SPARE)
    hint = f"allow {needed} file descriptors (ulimit -n, or LimitNOFILE of the service)"
    log.warning("limit.lowered", connections_max=connections_max, hint=hint)
    return replace(settings, limits=replace(settings.limits, connections_max=connections_max))


def _with_addresses(settings: Settings, listen: str | None, http: str | None) -> Settings:
    if listen is not None:
        host, port = _address(listen, "--listen")
        first, *others = settings.listener
        settings = replace(settings, listener=(replace(first, host=host, port=port), *others))
    if http is not None:
        host, port = _address(http, "--http")
        settings = replace(settings, http=replace(settings.http, host=host, port=port))
    return settings


def _address(text: str, option: str) -> Address:
    host, _, port = text.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and int(port) <= 65_535):
        raise LoyaltyError(f"{text!r} is no address", where=option, hint="give HOST:PORT; port 0 picks one")
    return host.strip("[]"), int(port)


def _text(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes the fastest event loop that this machine has."""
    try:
        import uvloop  # noqa: PLC0415  (there is none on some machines)
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
