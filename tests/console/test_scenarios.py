"""The shipped scenarios against a real switch: what they promise is so."""

import asyncio
import json
import time
from pathlib import Path

from config.load import load_settings
from loyalty.clock import SystemClock
from simulator.scenario_file import shipped
from switch.metrics import Metrics
from switch.running import running
from tests.console.commands import puntual

CARD = "6390120000000019"


async def test_shipped_scenarios_hold(tmp_path: Path) -> None:
    """A starter with one active card does all that they expect, twice in a row."""
    shop = tmp_path / "shop"
    await asyncio.to_thread(puntual, "init", shop)
    config = shop / "puntual.toml"
    config.write_text(
        config.read_text().replace("port = 8583", "port = 0").replace("port = 8580", "port = 0")
    )
    cards = tmp_path / "cards.csv"
    cards.write_text(f"card,member\n{CARD},M-1\n")
    await asyncio.to_thread(puntual, "cards", "import", cards, "--config", config)
    settings = load_settings(config)
    switch = running(
        settings, clock=SystemClock(), time=time.monotonic, metrics=Metrics(), tell=lambda _works: None
    )
    async with switch as one:
        host, port = one.iso8583[0]
        for _ in range(2):
            result = await asyncio.to_thread(
                puntual, "terminal", "run", *shipped(), "--switch", f"{host}:{port}",
                "--memory", tmp_path / "till.json", "--json",
            )  # fmt: skip
            failed = [
                (scenario["scenario"], step["about"], step["failed"], step["trouble"])
                for scenario in json.loads(result.output)
                for step in scenario["steps"]
                if not step["as_expected"]
            ]
            assert failed == []
            assert result.exit_code == 0
