"""The programme, held to what its author can have meant, to its own guards, the register and the books."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import rich_click as click

from config.load import load_settings
from config.register import load_register
from config.schema import Settings
from console.options import config_option, json_option, print_json
from loyalty.errors import LoyaltyError, Problems
from rules.advice import Advice
from rules.bundle import FOLDER
from rules.lint import lint
from rules.names import PRODUCTS, costs_of
from rules.outlook import Outlook
from rules.parse import load_programme
from rules.programme import Programme
from rules.registered import REGISTERED, unknown_names
from switch.database import open_for_reading
from switch.outlook import outlook_of
from switch.positions import positions

_FIELDS: Final = {"terminal": "terminal_id", "merchant": "merchant_id", "acquirer": "acquirer_id"}


@click.command(epilog="Example: puntual rules check --config shop/puntual.toml")
@config_option
@json_option
@click.pass_context
def check(ctx: click.Context, config: Path, *, as_json: bool) -> None:
    """Tell all that is wrong with the programme, and what is hardly meant.

    Exit code 1 if it is wrong, or gives away more than its own [guards] allow. The register of terminals and
    the books are looked at where there are any.
    """
    settings = load_settings(config)
    programme: Programme | None = None
    problems: list[str] = []
    warnings: list[str] = []
    try:
        programme = load_programme(settings.programme)
    except Problems as error:
        problems = [str(each) for each in error.problems]
    else:
        for each, told in _all_advice(settings, programme):
            (problems if each.is_problem else warnings).append(told)
    if as_json:
        print_json({"problems": problems, "warnings": warnings})
    else:
        for told in problems:
            click.echo(told)
        for told in warnings:
            click.echo(f"warning: {told}")
        for part in () if programme is None else programme.all:
            counted = f"{len(part.rules)} rules in force"
            click.echo(f"{_of(part)}{part.name}, version {part.version}: {counted}")
    if problems:
        ctx.exit(1)


def _all_advice(settings: Settings, programme: Programme) -> Iterator[tuple[Advice, str]]:
    for part in programme.all:
        for each in _advice(settings, part, is_alone=not programme.parts):
            yield each, f"{_of(part)}{each}"


def _of(programme: Programme) -> str:
    return f"{programme.id}: " if programme.id else ""


def _advice(settings: Settings, programme: Programme, *, is_alone: bool) -> Iterator[Advice]:
    folder = settings.programme.parent
    products = (folder / FOLDER / programme.id if programme.id else folder) / PRODUCTS
    costs = {}
    if products.is_file():
        costs = costs_of(products.read_text("utf-8-sig"), programme.terms.currency)
    outlook = None
    if settings.database.is_file():
        try:
            outlook = _outlook(settings, programme, sold=bool(costs), is_alone=is_alone)
        except LoyaltyError as error:  # perhaps of another release; the files can be checked all the same
            hint = error.hint or "look at them"
            yield Advice(error.where, f"{error.what}, so the books were not looked at", hint)
    yield from lint(programme, costs, outlook)
    try:
        register = load_register(settings.terminals)
    except LoyaltyError:
        return  # puntual check tells what is wrong with it
    yield from unknown_names(
        programme,
        {name: {getattr(terminal, _FIELDS.get(name, name)) for terminal in register} for name in REGISTERED},
    )


def _outlook(settings: Settings, programme: Programme, *, sold: bool, is_alone: bool) -> Outlook:
    """What the books tell of promises that were made already."""
    with closing(open_for_reading(settings.database)) as database:
        outlook = outlook_of(database, programme, sold=sold)
        if is_alone:
            return outlook
        found = positions(database, programme.redemption.value, programme.id)
        has = sum(each.outstanding for each in found.cohorts) - found.debt
        return replace(outlook, outstanding=has)
