"""What on this machine endangers the switch."""

from pathlib import Path
from time import monotonic

import rich_click as click

from config.load import load_settings
from console.options import config_option, json_option, print_json
from loyalty.clock import SystemClock
from switch.checkup import Level, examine


@click.command(epilog="Example: puntual doctor --config shop/puntual.toml")
@config_option
@json_option
@click.pass_context
def doctor(ctx: click.Context, config: Path, *, as_json: bool) -> None:
    """Look at SQLite, disk, clock, lock, limits and modes. Exit code 1 for a danger.

    A warning tells what works and could fail. It runs beside a switch.
    """
    symptoms = list(examine(load_settings(config), SystemClock(), monotonic))
    if as_json:
        print_json(
            [
                {"level": each.level.value, "what": each.what, "found": each.found, "hint": each.hint or None}
                for each in symptoms
            ]
        )
    else:
        width = max(len(each.what) for each in symptoms)
        for each in symptoms:
            click.echo(f"{each.level.value:7}  {each.what.ljust(width)}  {each.found}")
            if each.hint:
                click.echo(f"{'':7}  {'':{width}}  {each.hint}")
    if any(each.level is Level.DANGER for each in symptoms):
        ctx.exit(1)
