"""Commands on the folder of a deployment: write one, and tell all that is wrong with one."""

from importlib.resources import files
from pathlib import Path

import rich_click as click

from config.schema import SETTINGS_FILE
from config.starter import write_starter
from console.deployment import problems_of


@click.command(epilog="Example: puntual init shop && puntual serve --config shop/puntual.toml")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--programme",
    type=click.Choice(["plain", "cafe", "coalition", "fuel", "membership", "retail"]),
    default="plain",
    help="Which one to begin with, with comments.",
)
def init(folder: Path, programme: str) -> None:
    """Write a deployment into DIR, new or empty: settings, programme, register of terminals, card key."""
    shipped = files("rules")
    text = (
        shipped.joinpath("starter.toml")
        if programme == "plain"
        else shipped.joinpath("starters", f"{programme}.toml")
    )
    write_starter(folder, text.read_text("utf-8"))
    settings = folder / SETTINGS_FILE
    click.echo(f"{folder} is ready. Keep a copy of {folder / 'card.key'}: without it no card is found again.")
    click.echo(f"Next: puntual serve --config {settings}")


@click.command(epilog="Example: puntual check shop")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path())
@click.pass_context
def check(ctx: click.Context, folder: Path) -> None:
    """Tell all that is wrong with the deployment in DIR: file, key and hint. Exit code 1 if anything is."""
    problems = problems_of(folder / SETTINGS_FILE)
    for problem in problems:
        click.echo(str(problem))
    if problems:
        ctx.exit(1)
    click.echo(f"{folder / SETTINGS_FILE}: nothing is wrong")
