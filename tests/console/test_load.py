"""``puntual load`` against a host that approves: figures for people and programs."""

import asyncio
import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.load import load
from loyalty.card import luhn_holds
from tests.simulator.scripted_host import ScriptedHost, serving


async def puntual_load(host: ScriptedHost, *args: str) -> Result:
    switch = f"--switch={host.address[0]}:{host.address[1]}"
    return await asyncio.to_thread(CliRunner().invoke, load, [switch, "--seconds=0.1", *args])


@pytest.mark.parametrize(
    ("args", "loop", "rate"),
    [(["--rate=200"], "open", 200.0), (["--connections=2", "--in-flight=3"], "closed", None)],
)
async def test_figures(args: list[str], loop: str, rate: float | None) -> None:
    """What was sent was answered; latencies rise with the percentile; the generator's CPU is told."""
    async with serving(ScriptedHost(["busy"])) as host:
        result = await puntual_load(host, "--json", *args)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["loop"], told["rate_asked"]) == (loop, rate)
    assert told["sent"] == told["answered"] == len(host.received) > 0
    assert told["codes"]["91"] == 1
    latencies = list(told["latency_ms"].values())
    assert latencies == sorted(latencies)
    assert told["generator_cpu_s"] > 0
    assert {message["41"] for message in host.received} <= {f"T{number:07}" for number in range(1, 11)}


async def test_table() -> None:
    """People see from when latencies count."""
    async with serving(ScriptedHost()) as host:
        open_loop = await puntual_load(host, "--rate=100")
        closed_loop = await puntual_load(host)
    assert "since it was due" in open_loop.output
    assert "what could not be sent is not in it" in " ".join(closed_loop.output.split())
    assert "generator's CPU" in open_loop.output


async def test_register(tmp_path: Path) -> None:
    """Terminals of a register are those, with their merchants; too few are told."""
    register = tmp_path / "terminals.csv"
    register.write_text("terminal,merchant,acquirer\nA1,M1,00000000007\nA2,M2,00000000007\n")
    async with serving(ScriptedHost()) as host:
        result = await puntual_load(host, f"--register={register}", "--terminals=2")
        too_few = await puntual_load(host, f"--register={register}", "--terminals=3")
    assert result.exit_code == 0
    seen = {(message["41"].strip(), message["42"].strip(), message["32"]) for message in host.received}
    assert seen == {("A1", "M1", "00000000007"), ("A2", "M2", "00000000007")}
    assert str(too_few.exception).startswith(f"{register}: has 2 terminals, not 3")


def test_cards(tmp_path: Path) -> None:
    """The file of cards is one that can be imported."""
    path = tmp_path / "cards.csv"
    result = CliRunner().invoke(load, ["--write-cards", str(path), "--cards", "50"])
    assert result.exit_code == 0
    rows = list(csv.DictReader(path.read_text("ascii").splitlines()))
    assert len({row["card"] for row in rows}) == len({row["member"] for row in rows}) == 50
    assert all(luhn_holds(row["card"]) for row in rows)


async def test_nobody_listens() -> None:
    async with serving(ScriptedHost()) as host:
        pass
    result = await puntual_load(host)
    assert str(result.exception).endswith("nobody listens there (start it: puntual serve)")
