"""The books: hold them to their rules, and read them. All of it reads beside a running switch."""

from contextlib import closing
from pathlib import Path

import rich_click as click

from config.load import load_settings
from console.options import config_option, json_option, print_json, progress_bar
from ledger.finding import Finding
from ledger.verify import verify as verify_books
from loyalty.errors import LoyaltyError
from switch.database import open_for_reading


@click.group(epilog="Example: puntual ledger verify --config shop/puntual.toml")
def ledger() -> None:
    """Verify and read the books."""


@ledger.command(epilog="Example: puntual ledger verify --config shop/puntual.toml")
@config_option
@json_option
@click.pass_context
def verify(ctx: click.Context, config: Path, *, as_json: bool) -> None:
    """Hold the books to every rule: chain, sums, guards, caches. Exit code 1 if one is broken.

    What is wrong is told with the first row or block that shows it.
    """
    findings, decisions, blocks = _verified(load_settings(config).database)
    if as_json:
        told = [{"invariant": one.invariant, "where": one.where, "what": one.what} for one in findings]
        print_json({"holds": not findings, "decisions": decisions, "blocks": blocks, "findings": told})
    elif findings:
        click.echo("\n".join(map(str, findings)))
    else:
        click.echo(f"{decisions} decisions in {blocks} blocks: nothing is wrong")
    if findings:
        ctx.exit(1)


def _verified(database: Path) -> tuple[list[Finding], int, int]:
    """What is wrong with the books, and how many decisions and blocks they have when nothing is."""
    try:
        with closing(open_for_reading(database)) as books, progress_bar("Verifying") as progress:
            findings = verify_books(books, progress)
            if findings:
                return findings, 0, 0
            counts = "SELECT (SELECT count(*) FROM decision), (SELECT count(*) FROM block)"
            decisions, blocks = books.execute(counts).fetchone()
            return [], decisions, blocks
    except LoyaltyError as error:
        return [Finding("I26", error.where, error.what)], 0, 0
