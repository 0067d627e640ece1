"""How long answers wait while programmes are put into force and given up, beside the same loop at rest.

A heart beats every millisecond on the event loop of a switch. What it is late is what an answer would wait;
on a machine that does other things too, the processor time that the loop itself took between two beats tells
more. The programme is read, parsed and compiled by another process, taken over in slices, and taken apart in
slices; the garbage collector is set as in a switch.
"""

import asyncio
import gc
import tempfile
import time
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.rules import Plain, plain_rules
from rules.programme import Programme
from switch.app import loop_factory
from switch.builder import build_file, release

SIZES: Final = (1_000, 10_000, 100_000)
BEAT_S: Final = 0.001
REST_S: Final = 3.0
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def run(largest: int = 10_000) -> None:
    """Print how late the heart beats, for programmes of up to *largest* rules."""
    table = Table(title="milliseconds that the loop is late (of these its own): p99.9, and at most")
    for column in ("rules", "at rest", "taking over", "giving up", "seconds until in force"):
        table.add_column(column, justify="right")
    with tempfile.TemporaryDirectory() as folder:
        for size in (each for each in SIZES if each <= largest):
            path = Path(folder) / f"{size}.toml"
            path.write_text(programme_text(size), encoding="utf-8")
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                table.add_row(f"{size:,}", *runner.run(_measure(path)))
    Console().print(table)


def programme_text(size: int) -> str:
    """The starter with *size* rules of a merchant each."""
    starter = files("rules").joinpath("starter.toml").read_text("utf-8")
    starter = starter.replace("tiers = []", 'tiers = ["basic", "silver", "gold"]')
    return starter + "".join(map(rule_text, plain_rules(size, max(size // 10, 1))))


def rule_text(rule: Plain) -> str:
    """*rule* as an author writes it."""
    when = [f'merchant = "{rule.merchant}"']
    if rule.mcc is not None:
        when.append(f'mcc = "{rule.mcc}"')
    if rule.tiers is not None:
        when.append(f"tier = [{', '.join(f'{tier!r}' for tier in rule.tiers)}]")
    if rule.amount_from is not None:
        when.append(f'amount = {{ from = "{rule.amount_from // 100}.{rule.amount_from % 100:02}" }}')
    if rule.days is not None:
        when.append(f"weekday = [{', '.join(repr(_WEEKDAYS[day]) for day in rule.days)}]")
    asked = ", ".join(when)
    return f'\n[[rule]]\nid = "{rule.id}"\ntext = "R"\nwhen = {{ {asked} }}\nthen = {{ points = 1 }}\n'


async def _measure(path: Path) -> tuple[str, ...]:
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        rest = await _beside(lambda: asyncio.sleep(REST_S))
        made: list[Programme] = []

        async def take_over() -> None:
            programme = await build_file(path)
            assert isinstance(programme, Programme)
            made.append(programme)

        start = time.perf_counter()
        taking = await _beside(take_over)
        seconds = time.perf_counter() - start
        giving = await _beside(lambda: release([made.pop()]))
    finally:
        gc.enable()
        gc.unfreeze()
    return _cell(rest), _cell(taking), _cell(giving), f"{seconds:.1f}"


Beat = tuple[float, float]  # how late, and how long the loop itself was at work since the one before; seconds


async def _beside(work: Callable[[], Awaitable[object]]) -> list[Beat]:
    """The beats of the heart while *work* was done."""
    beats: list[Beat] = []

    async def beat() -> None:
        due, worked = time.perf_counter() + BEAT_S, time.thread_time()
        while True:
            await asyncio.sleep(BEAT_S)
            now, work_done = time.perf_counter(), time.thread_time()
            beats.append((max(now - due, 0.0), work_done - worked))
            due, worked = now + BEAT_S, work_done

    heart = asyncio.ensure_future(beat())
    await work()
    await asyncio.sleep(2 * BEAT_S)
    heart.cancel()
    return beats


def _cell(beats: list[Beat]) -> str:
    at = len(beats) * 999 // 1000
    late, own = (sorted(each[kind] * 1e3 for each in beats) for kind in (0, 1))
    return f"{late[at]:.1f} ({own[at]:.1f}), {late[-1]:.1f} ({own[-1]:.1f})"


if __name__ == "__main__":
    run()
