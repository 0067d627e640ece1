"""The switch in the foreground, with the feed to analytics beside it."""

import subprocess
import sys
import threading
from contextlib import nullcontext
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import rich_click as click

from config.load import load_settings
from console.options import config_option
from switch.app import serve as serve_until_told

RESTART_S: Final = 5.0  # before an exporter that ended by itself is started again
FAREWELL_S: Final = 3.0  # for the exporter to publish what was decided last


@click.command(epilog="Example: puntual serve --config shop/puntual.toml --listen 0.0.0.0:8583")
@config_option
@click.option("--listen", metavar="HOST:PORT", help="In place of the first [[listener]]; port 0 picks one.")
@click.option("--http", metavar="HOST:PORT", help="In place of [http]; port 0 picks one.")
@click.pass_context
def serve(ctx: click.Context, config: Path, listen: str | None, http: str | None) -> None:
    """Run the switch. Prints `ready iso8583=HOST:PORT http=HOST:PORT` when it listens.

    SIGTERM: nothing more is read, what was decided is answered, and it ends within 10 seconds. SIGHUP reads
    programme and register anew. Unless [exporter] is off, the feed runs beside it in a process of its own.
    """
    is_fed = load_settings(config).exporter.kind != "off"
    with ExporterProcess(config) if is_fed else nullcontext():
        status = serve_until_told(config, listen=listen, http=http)
    ctx.exit(status)


class ExporterProcess:
    """Keeps ``puntual export`` running; a context manager.

    The exporter reads standard input and ends with it. So it also ends when this process is killed.
    """

    def __init__(self, config: Path) -> None:
        self._command = (
            sys.executable,
            "-P",
            "-m",
            "console",
            "export",
            "--until-eof",
            "--config",
            str(config),
        )
        self._is_stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep, name="exporter", daemon=True)

    def __enter__(self) -> Self:
        self._start()
        self._keeper.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_stopping.set()
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(FAREWELL_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._keeper.join()

    def _start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  (it is our own command, with our own file's name)
            self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )

    def _keep(self) -> None:
        while True:
            assert self._process is not None
            self._process.wait()
            if self._is_stopping.wait(RESTART_S):
                return
            self._start()
