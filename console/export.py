"""The feed to analytics as a process of its own, so that it takes no time from answers."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Final

import rich_click as click
import structlog

from analytics.cursor import Cursor, ExporterRunsError
from analytics.exporter import Exporter, ExportError, Feed, wait
from analytics.exporters.jsonl import JsonlExporter
from analytics.exporters.mqtt import MqttExporter
from config.load import load_settings
from config.schema import ExporterSettings, Settings
from console.options import config_option
from loyalty.errors import LoyaltyError
from switch.feed import DecisionFeed
from switch.observe import logging_to_stderr

STANDBY_S: Final = 1.0  # between two looks whether the exporter that runs is gone
FAREWELL_S: Final = 1.5  # for what was decided last, when the end is near

log: Final = structlog.get_logger()


@click.command(epilog="Example: puntual export --config shop/puntual.toml")
@config_option
@click.option("--once", is_flag=True, help="Publish what is there, and end.")
@click.option("--until-eof", is_flag=True, help="End when standard input ends, as `puntual serve` does it.")
def export(config: Path, *, once: bool, until_eof: bool) -> None:
    """Publish every decided transaction, at least once and in order, to where [exporter] says.

    Runs until SIGTERM. While another exporter of the same deployment runs it stands by, and takes over.
    `puntual serve` starts one by itself unless the kind is off.
    """
    settings = load_settings(config)
    exporter = exporter_of(settings)
    if once:
        count = asyncio.run(drain(settings, exporter))
        click.echo(f"{count} records were published")
        return
    with logging_to_stderr(settings.log):
        asyncio.run(_run(settings, exporter, until_eof=until_eof))


def exporter_of(settings: Settings) -> Exporter:
    """The exporter that *settings* name.

    Raises:
        LoyaltyError: They name none, or its password cannot be read.
    """
    wanted = settings.exporter
    if wanted.kind == "off":
        hint = 'say kind = "jsonl" or "mqtt" in [exporter]'
        raise LoyaltyError("is off", where="puntual.toml: exporter.kind", hint=hint)
    if wanted.kind == "jsonl":
        return JsonlExporter(settings.path(wanted.path))
    return MqttExporter(
        wanted.host,
        wanted.port,
        wanted.topic,
        client_id=wanted.client_id,
        username=wanted.username or None,
        password=_password(settings, wanted),
    )


def _password(settings: Settings, wanted: ExporterSettings) -> str | None:
    if not wanted.password_file:
        return None
    try:
        return settings.path(wanted.password_file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        where = f"{wanted.password_file} (exporter.password_file)"
        raise LoyaltyError("cannot be read", where=where, hint="a file of one line in UTF-8") from error


async def drain(settings: Settings, exporter: Exporter) -> int:
    """Publish what is there, and give how many records it was."""
    try:
        with Cursor(settings.path(settings.exporter.cursor)) as cursor:
            return await _feed(settings, exporter, cursor).drain()
    except ExportError as error:
        raise LoyaltyError(str(error), where="the feed", hint="nothing is lost; try again later") from error
    finally:
        await exporter.close()


async def _run(settings: Settings, exporter: Exporter, *, until_eof: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if until_eof:
        loop.add_reader(0, _read_on, stop)
    while not stop.is_set():
        try:
            with Cursor(settings.path(settings.exporter.cursor)) as cursor:
                feed = _feed(settings, exporter, cursor)
                await feed.run(stop)
                await _say_farewell(feed)
        except ExporterRunsError:
            await wait(stop, STANDBY_S)
    await exporter.close()


def _read_on(stop: asyncio.Event) -> None:
    """Whoever started this holds the other end of standard input: it ends when he does."""
    if not os.read(0, 1024):
        stop.set()


async def _say_farewell(feed: Feed) -> None:
    """Publish what was decided last, if that is quick; else the next start does."""
    try:
        async with asyncio.timeout(FAREWELL_S):
            await feed.drain()
    except (ExportError, TimeoutError):
        return


def _feed(settings: Settings, exporter: Exporter, cursor: Cursor) -> Feed:
    return Feed(
        DecisionFeed(settings.database),
        exporter,
        cursor,
        batch_size_max=settings.exporter.batch_size_max,
        delayed=lambda error: log.warning("export.delayed", error=str(error), after=cursor.seq),
        resumed=lambda: log.info("export.resumed", after=cursor.seq),
    )
