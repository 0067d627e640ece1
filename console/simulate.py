"""``puntual simulate``: the whole product in one event loop, where one seed is one history."""

import os
from typing import Final

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from loyalty.errors import LoyaltyError
from simulator.world.ground import Ground
from simulator.world.sweep import Sweep, sweep
from simulator.world.world import STEPS, live

_SHOWN_MAX: Final = 20


@click.group(epilog="Example: puntual simulate world --seed 7")
def simulate() -> None:
    """Live through worlds that are made: switch, tills, wires and a failing disk, on a clock of their own."""


@simulate.command(epilog="Example: puntual simulate world --seed 7")
@click.option("--seed", type=click.IntRange(min=0), help="Live through this one, and tell its story.")
@click.option("--seeds", metavar="FIRST-LAST", help="Live through all of these, and tell what came of them.")
@click.option(
    "--steps", default=STEPS, show_default=True, type=click.IntRange(min=1), help="Customers of each till."
)
@click.option(
    "--processes",
    default=os.cpu_count() or 1,
    show_default="one for each processor",
    type=click.IntRange(min=1),
    help="How many work on --seeds.",
)
@click.pass_context
def world(ctx: click.Context, seed: int | None, seeds: str | None, steps: int, processes: int) -> None:
    """Live through a world of a seed, and judge its books by what its tills were told.

    Tills send, repeat, reverse and are switched off; wires lose, double, delay and cut; the disk is slow,
    full or fails; the switch is killed and starts again; clocks step. The same seed is the same history,
    byte for byte. Exit code 1 when the auditor objects.
    """
    if (seed is None) == (seeds is None):
        raise click.UsageError("give --seed N or --seeds FIRST-LAST")
    if seeds is not None:
        _tell(ctx, _swept(_parsed(seeds), steps, processes))
        return
    assert seed is not None
    with Ground.made() as ground:
        report = live(seed, ground, steps=steps)
    for line in report.lines:
        click.echo(line)
    click.echo(f"history {report.digest}")
    if report.objection is not None:
        click.echo(f"seed {seed}: {report.objection}")
        ctx.exit(1)
    click.echo(f"seed {seed}: the auditor has nothing to object to")


def _parsed(seeds: str) -> range:
    first, dash, last = seeds.partition("-")
    if not (first.isdecimal() and dash and last.isdecimal() and int(first) <= int(last)):
        raise LoyaltyError("are not seeds", where=repr(seeds), hint="write them as 1-200")
    return range(int(first), int(last) + 1)


def _swept(seeds: range, steps: int, processes: int) -> Sweep:
    console = Console(stderr=True)
    columns = TextColumn("{task.completed} of {task.total} worlds"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=len(seeds))
        return sweep(
            seeds, steps=steps, processes=processes, progress=lambda done: bar.update(task, completed=done)
        )


def _tell(ctx: click.Context, swept: Sweep) -> None:
    for name, count in sorted(swept.befell.items()):
        click.echo(f"{count:9,}  {name}")
    rate, hours = swept.worlds / swept.elapsed_s, swept.lived_s / 3600
    click.echo(
        f"{swept.worlds:,} worlds, {hours:,.1f} hours of their time, in {swept.elapsed_s:,.0f} s:"
        f" {rate:,.0f} worlds a second"
    )
    for seed, objection in sorted(swept.objections.items())[:_SHOWN_MAX]:
        click.echo(f"seed {seed}: {objection}")
    if swept.objections:
        click.echo(f"the auditor objects to {len(swept.objections)} of them")
        ctx.exit(1)
    click.echo("the auditor has nothing to object to")
