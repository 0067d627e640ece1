"""Commands on the folder of a deployment: write one, and tell all that is wrong with one."""

from importlib.resources import files
from pathlib import Path

import rich_click as click
from click.core import ParameterSource

from config.schema import SETTINGS_FILE
from config.starter import write_starter
from console.deployment import problems_of
from console.options import config_option, json_option, print_json
from rules.parse import MAIN, parse_programme


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
    written = text.read_text("utf-8")
    partners = [partner.id for partner in parse_programme({MAIN: written}).partners]
    write_starter(folder, written, partners)
    settings = folder / SETTINGS_FILE
    click.echo(f"{folder} is ready. Keep a copy of {folder / 'card.key'}: without it no card is found again.")
    click.echo(f"Next: puntual serve --config {settings}")


@click.command(epilog="Example: puntual check shop")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=None)
@config_option
@json_option
@click.pass_context
def check(ctx: click.Context, folder: Path | None, config: Path, *, as_json: bool) -> None:
    """Tell all that is wrong with a deployment: file, key and hint. Exit code 1 if anything is.

    The deployment is the one in DIR, or the one whose settings --config names.
    """
    if folder is not None:
        if ctx.get_parameter_source("config") is not ParameterSource.DEFAULT:
            raise click.UsageError("name the deployment by DIR or by --config, not by both")
        config = folder / SETTINGS_FILE
    problems = problems_of(config)
    if as_json:
        print_json([{"where": each.where, "what": each.what, "hint": each.hint} for each in problems])
    else:
        for problem in problems:
            click.echo(str(problem))
    if problems:
        ctx.exit(1)
    if not as_json:
        click.echo(f"{config}: nothing is wrong")
