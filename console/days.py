"""Business days: which one it is, and the next one earlier than the clock says."""

from datetime import date
from pathlib import Path

import rich_click as click

from console.deployment import open_deployment
from console.options import config_option, json_option, print_json, print_record, print_rows
from loyalty.errors import LoyaltyError
from switch import queries


@click.group(epilog="Example: puntual days close --by ana --config shop/puntual.toml")
def days() -> None:
    """Show, close and open business days.

    A business day lasts as long as the programme's clock says, unless somebody closes it earlier: by hand, or
    with a cut-over message from a listener whose business_day is "own". It never comes back.
    """


@days.command(epilog="Example: puntual days show --json")
@click.option("--count", type=click.IntRange(0), default=10, show_default=True, help="Days opened by hand.")
@config_option
@json_option
def show(count: int, config: Path, *, as_json: bool) -> None:
    """The business day, and the last ones that were opened before the clock reached them."""
    deployment = open_deployment(config)
    with deployment.books() as books:
        opened = queries.opened_days(books, count)
    today = deployment.today.isoformat()
    rows = [{"business_date": day, "opened_at": at, "by": by} for day, at, by in opened]
    if as_json:
        print_json([{"business_date": today, "opened_at": None, "by": "now"}, *rows])
        return
    click.echo(f"the business day is {today}")
    print_rows(rows, as_json=False, nothing="none was opened before the clock reached it")


@days.command(epilog="Example: puntual days close --by ana")
@click.option("--by", required=True, metavar="NAME", help="Who closes it.")
@config_option
@json_option
def close(by: str, config: Path, *, as_json: bool) -> None:
    """Close the business day of the clock: the next one begins now. Once more changes nothing."""
    deployment = open_deployment(config)
    with deployment.desk() as desk:
        print_record(desk.order("days.open", day=None, by=by), as_json=as_json)


@days.command("open", epilog="Example: puntual days open 2026-12-24 --by ana")
@click.argument("day")
@click.option("--by", required=True, metavar="NAME", help="Who opens it.")
@config_option
@json_option
def open_(day: str, by: str, config: Path, *, as_json: bool) -> None:
    """Open the business DAY (YYYY-MM-DD), at most a week ahead; it lasts until the clock is past it."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError as error:
        raise LoyaltyError("is no day of the calendar", where=day, hint="write YYYY-MM-DD") from error
    deployment = open_deployment(config)
    with deployment.desk() as desk:
        print_record(desk.order("days.open", day=wanted.isoformat(), by=by), as_json=as_json)
