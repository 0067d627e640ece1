"""The switch as a process: it tells that it is ready, takes orders beside, feeds analytics, and ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import iso8583
import pytest
from iso8583.specs import default_ascii

from tests.console.commands import puntual

CARD = "6390120000000001"
PUNTUAL = (sys.executable, "-P", "-m", "console")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The settings of a deployment that feeds a file, with one card."""
    puntual("init", tmp_path / "shop")
    settings = tmp_path / "shop" / "puntual.toml"
    text = settings.read_text().replace('kind = "off"', 'kind = "jsonl"')
    settings.write_text(text)
    return settings


@contextmanager
def serving(shop: Path) -> Iterator[tuple[subprocess.Popen[str], tuple[str, int]]]:
    """A running switch and where it listens."""
    command = [*PUNTUAL, "serve", "--config", str(shop), "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            words = dict(word.split("=") for word in ready.split()[1:])
            host, port = words["iso8583"].rsplit(":", 1)
            yield process, (host, int(port))
        finally:
            process.kill()


def sell(address: tuple[str, int], stan: int, amount_minor: int = 1234) -> dict[str, str]:
    """The answer to a sale."""
    asked = {
        "t": "0200", "2": CARD, "3": "000000", "4": f"{amount_minor:012}", "11": f"{stan:06}",
        "12": "101500", "13": "0704", "32": "00000000001", "41": "T0000001", "49": "978",
    }  # fmt: skip
    data, _ = iso8583.encode(asked, default_ascii)
    with socket.create_connection(address, timeout=20) as till:
        till.sendall(len(data).to_bytes(2, "big") + data)
        answers = till.makefile("rb")
        size = int.from_bytes(answers.read(2), "big")
        decoded, _ = iso8583.decode(answers.read(size), default_ascii)
    return dict(decoded)


def fed(shop: Path) -> list[dict[str, object]]:
    """The records that have arrived."""
    file = shop.with_name("transactions.jsonl")
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


def documented() -> set[str]:
    """The names of a record that the page for operators tells."""
    page = (Path(__file__).parents[2] / "docs" / "operating.md").read_text("utf-8")
    rows = page.split("| name | value |")[1].split("\n\n")[0].splitlines()[2:]
    return {name for row in rows for name in re.findall("`([a-z_]+)`", row.split("|")[1])}


def test_a_day_of_a_switch(shop: Path) -> None:
    """Everything that the operator does in a day, on one deployment."""
    with serving(shop) as (process, address):
        issued = puntual("cards", "issue", CARD, "M1", "--status", "active", "--config", shop)
        assert issued.exit_code == 0, "the running switch takes the order"
        answer = sell(address, 1)
        assert answer["39"] == "00"
        assert sell(address, 1)["37"] == answer["37"], "a repeat is told the same"
        while not fed(shop):
            time.sleep(0.05)  # the exporter is another process: it comes when it comes
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(10) == 0
    records = fed(shop)
    assert [(record["operation"], record["code"], record["points"]) for record in records] == [
        ("EARN", "00", 12)
    ]
    assert records[0]["rrn"] == answer["37"]
    assert set(records[0]) == documented() - {"programme"}, (
        "what readers rely on; there is one programme here"
    )
    assert CARD not in json.dumps(records)
    shown = puntual("cards", "show", CARD, "--config", shop, "--json")
    assert json.loads(shown.stdout)["available"] == 12
    assert puntual("ledger", "verify", "--config", shop).exit_code == 0


def test_a_feed_that_was_interrupted(shop: Path) -> None:
    """The switch is killed, with its exporter in the middle of a line; afterwards nothing is missing."""
    puntual("cards", "issue", CARD, "M1", "--status", "active", "--config", shop)
    with serving(shop) as (process, address):
        rrns = [sell(address, stan)["37"] for stan in range(1, 4)]
        process.kill()
        process.wait()
    file = shop.with_name("transactions.jsonl")
    with file.open("a") as feed:
        feed.write('{"seq": 9, "operat')
    result = puntual("export", "--once", "--config", shop)
    assert result.exit_code == 0, result.output
    assert list(dict.fromkeys(record["rrn"] for record in fed(shop))) == rrns
