"""Corrections that a person orders: adjust an account, write off debt, load a campaign's budget."""

import secrets
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click

from console.deployment import open_deployment
from console.options import config_option, json_option, print_record, print_rows
from loyalty.amount import format_minor
from switch import queries
from switch.spending import discounts_of

_Command = TypeVar("_Command", bound=Any)


def _warrant(command: _Command) -> _Command:
    """Options of whoever answers for a correction."""
    for option in (
        click.option("--by", required=True, metavar="NAME", help="Who makes it."),
        click.option(
            "--checked-by", metavar="NAME", help="Who checked it; needed above the limit of the settings."
        ),
        click.option(
            "--key",
            metavar="KEY",
            help="Names this order for ever: with it, it is booked once. Without it one is made and shown.",
        ),
    ):
        command = option(command)
    return command


@click.command(
    epilog="Example: puntual adjust 6390120000000019 +500 --reason GOODWILL --by ana",
    context_settings={"ignore_unknown_options": True},  # -100 is a number, and no option
)
@click.argument("card")
@click.argument("points", type=int)
@click.option("--reason", required=True, metavar="CODE", help="Why, in a word that your reports know.")
@click.option("--write-off", "writes_off", is_flag=True, help="Forgive so many points that the member owes.")
@_warrant
@config_option
@json_option
def adjust(
    card: str,
    points: int,
    key: str | None,
    config: Path,
    *,
    writes_off: bool,
    as_json: bool,
    **warrant: str | None,
) -> None:
    """Give POINTS to the member of CARD, or take them when negative.

    Given points are a lot of their own that lasts as long as points earned today. More points than there are
    can be taken only where the settings let a member owe. A CARD given as `-` is read from standard input.
    """
    deployment = open_deployment(config)
    token = deployment.token(deployment.card(card)).hex()
    with deployment.desk() as desk:
        told = desk.order(
            "adjust", card=token, points=points, writes_off=writes_off, key=_key(key), **warrant
        )
    print_record(told, as_json=as_json)


@click.group(epilog="Example: puntual budget load summer 100000 --reason PO-4711 --by ana --checked-by ben")
def budget() -> None:
    """Show and load the budgets of campaigns."""


@budget.command(
    epilog="Example: puntual budget load summer 100000 --reason PO-4711 --by ana --checked-by ben",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("campaign")
@click.argument("points", type=int)
@click.option("--reason", required=True, metavar="CODE", help="Why, in a word that your reports know.")
@_warrant
@config_option
@json_option
def load(
    campaign: str, points: int, key: str | None, config: Path, *, as_json: bool, **warrant: str | None
) -> None:
    """Let CAMPAIGN give POINTS more than its programme plans; negative: take back what is not spent."""
    deployment = open_deployment(config)
    with deployment.desk() as desk:
        told = desk.order("budget.load", campaign=campaign, points=points, key=_key(key), **warrant)
    print_record(told, as_json=as_json)


@budget.command(epilog="Example: puntual budget show --json")
@config_option
@json_option
def show(config: Path, *, as_json: bool) -> None:
    """What each campaign with a budget may give, gave, and has left; by programme where there are several."""
    deployment = open_deployment(config)
    programmes = deployment.programme.all
    rows: list[dict[str, str | int]] = []
    with deployment.books() as books:
        for each in programmes:
            its = {"programme": each.id} if len(programmes) > 1 else {}
            rows += [{**its, **row, "in": "points"} for row in queries.budgets(books, each.budgets)]
            for campaign in each.campaigns:
                off = discounts_of(books, campaign, deployment.today) if campaign.counts else None
                if off is not None:
                    row = {
                        "planned": off.planned,
                        "loaded": 0,
                        "spent": off.spent + off.reserved,
                        "left": off.left,
                    }
                    currency = each.terms.currency
                    told = row if as_json else {name: format_minor(row[name], currency) for name in row}
                    rows.append({**its, "campaign": campaign.id, **told, "in": "money"})
    print_rows(rows, as_json=as_json, nothing="no campaign in the programme has a budget")


def _key(key: str | None) -> str:
    """*key*, or a new one, shown before anything is ordered: whoever gets no answer can ask again with it."""
    if key is None:
        key = secrets.token_hex(8)
        click.echo(f"key {key}", err=True)
    return key
