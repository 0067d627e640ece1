"""A deployment in a folder and the real ``puntual`` commands on it."""

import contextlib
import csv
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

PUNTUAL: Final = Path(sys.executable).with_name("puntual")
ACQUIRER: Final = "00000000001"
OTHER_ACQUIRER: Final = "00000000002"
MERCHANT: Final = "MERCH0000000001"
STARTER_TERMINALS: Final = tuple(f"T{number:07d}" for number in range(1, 11))

TERMINAL_COLUMNS: Final = (
    "terminal", "merchant", "acquirer", "mcc", "profile",
    "store", "partner", "zone", "can", "width", "status", "allow",
)  # fmt: skip


def _terminal(terminal: str, **columns: str) -> dict[str, str]:
    usual = {"merchant": MERCHANT, "acquirer": ACQUIRER, "mcc": "5411", "profile": "retail87"}
    return {"terminal": terminal, **usual, **columns}


# What the suite adds to the starter's ten terminals.
EXTRA_TERMINALS: Final = (
    _terminal("BLOCKED1", status="blocked"),
    _terminal("TESTONE1", status="test"),
    _terminal("PARTIAL1", can="P", status="active"),
    _terminal("NARROW20", width="20", status="active"),
    _terminal("KIRIBATI", zone="Pacific/Kiritimati", status="active"),
    _terminal("T9", store="NORTH", status="active"),
    _terminal("SHORTSHP", merchant="SHOP7", status="active"),
    _terminal("TWIN0001", status="active"),
    _terminal("TWIN0001", acquirer=OTHER_ACQUIRER, merchant="MERCH0000000002", status="active"),
)


@dataclass(slots=True, kw_only=True)
class Switch:
    """A running switch."""

    process: subprocess.Popen[bytes]
    iso8583: tuple[str, int]
    http: tuple[str, int]

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait(10)

    def terminate(self) -> int:
        """Ask it to end, and return its exit status.

        Raises:
            subprocess.TimeoutExpired: It took longer than the ten seconds that it may take.
        """
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()
        if self.process.stdout is not None:
            self.process.stdout.close()


class Deployment:
    """A folder that ``puntual init`` wrote, now or, if it is there, earlier."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not folder.exists():
            done = subprocess.run([PUNTUAL, "init", folder], capture_output=True, timeout=30, check=False)
            assert done.returncode == 0, done.stderr.decode(errors="replace")

    def add_terminals(self) -> None:
        """Append ours to the starter's, under the full list of columns."""
        path = self.folder / "terminals.csv"
        with path.open(encoding="utf-8", newline="") as file:
            starter = [
                {name: value for name, value in line.items() if name in TERMINAL_COLUMNS and value}
                for line in csv.DictReader(file)
            ]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, TERMINAL_COLUMNS, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows([*starter, *EXTRA_TERMINALS])

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command in the folder, where ``./puntual.toml`` is the default configuration."""
        return subprocess.run(
            [PUNTUAL, *arguments],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def import_cards(self, text: str, name: str = "cards.csv") -> subprocess.CompletedProcess[str]:
        """Write *text* as a cards file beside the deployment and import it."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return self.run("cards", "import", str(path))

    def serve(self, *, ready_s: float = 20, command: Sequence[Path | str] = (PUNTUAL,)) -> Switch:
        """Start the switch on free ports and wait for its ready line. *command* stands for ``puntual``."""
        log = self.folder / "serve.log"
        with log.open("ab") as errors:
            process = subprocess.Popen(
                [*command, "serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        line = _read_line(process, ready_s)
        words = line.split()
        if len(words) != 3 or words[0] != "ready":
            process.kill()
            process.wait(10)
            _close(process)
            raise AssertionError(f"no ready line but {line!r}; its log ends with {_tail(log)}")
        where = dict(word.split("=", 1) for word in words[1:])
        return Switch(process=process, iso8583=_address(where["iso8583"]), http=_address(where["http"]))


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def _read_line(process: subprocess.Popen[bytes], timeout_s: float) -> str:
    assert process.stdout is not None
    line = bytearray()
    end = time.monotonic() + timeout_s
    while not line.endswith(b"\n") and (left := end - time.monotonic()) > 0:
        if not select.select([process.stdout], [], [], left)[0]:
            break
        byte = os.read(process.stdout.fileno(), 1)
        if not byte:
            break
        line += byte
    return line.decode(errors="replace")


def _close(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if process.stdout is not None:
            process.stdout.close()


def _tail(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")[-2000:]
