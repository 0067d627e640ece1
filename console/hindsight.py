"""What another programme would have given for all that happened."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import rich_click as click

from config.load import load_settings
from console.options import config_option, json_option, print_json, print_record, print_rows, progress_bar
from console.programmes import part_named, programme_option
from rules.backtest import Backtest, money_of
from rules.bundle import refuse_other_currency
from rules.parse import load_programme
from rules.replay import Replay
from switch.database import open_for_reading
from switch.past import People, last_sale, past_sales
from switch.standing import Standing

TELL_EVERY: Final = 256  # sales between two movements of the progress bar
ASSUMED: Final = (
    "everybody would have bought the same",
    "counters, limits and budgets of both programmes begin at nothing with the first sale",
    "sales that were voided or reversed are left out; what was returned in part counts as sold",
    "prices stand as they were paid: rules on prices, stamps too, are tried where none was in force",
    "members had the tiers that they had; what was not kept of them then is taken as it is today",
    "who wins and who loses is told by points; what is given in money is told of all together",
    "balances are those that the books tell, whatever the candidate would have given before",
)


def print_report(figures: Mapping[str, object]) -> None:
    """Print the *figures* of a backtest or a shadow: those that stand alone, then each table of them."""
    print_record(
        {name: value for name, value in figures.items() if not isinstance(value, dict)}, as_json=False
    )
    for name, table in figures.items():
        if isinstance(table, dict) and table:
            click.echo(f"\n{name.replace('_', ' ')}:")
            width = max(map(len, table))
            for each, value in table.items():
                click.echo(f"  {each.ljust(width)}  {value}")


@click.command(epilog="Example: puntual rules backtest new/programme.toml --config shop/puntual.toml")
@click.argument("candidate", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@programme_option
@config_option
@json_option
def backtest(candidate: Path, programme: str, config: Path, *, as_json: bool) -> None:
    """Rate all past sales by the programme CANDIDATE, beside the one of the deployment's files.

    Both are played through in order of time, with counters, limits and budgets of their own. What is assumed
    is told with the figures.
    """
    settings = load_settings(config)
    current = part_named(load_programme(settings.programme), programme)
    made = load_programme(candidate)
    other = made.part(programme) or made  # a file of one programme alone is meant as the one that is named
    refuse_other_currency(current, other)
    test = Backtest(other)
    with closing(open_for_reading(settings.database)) as database, progress_bar("Rating") as progress:
        people = People(database)
        now, then = Replay(current, people.tell), Replay(other, people.tell)
        standing = Standing(database, [current, other])
        last = last_sale(database)
        for sale in past_sales(database):
            if sale.programme != programme:
                continue
            standing.tell(sale)
            before = now.rate(sale.past)
            after = then.rate(sale.past)
            test.add(
                sale.owner,
                sale.past.facts,
                sale.past.day,
                before.award.points,
                after.award,
                now_minor=money_of(before),
                then_minor=money_of(after),
                counted=after.given.counted,
            )
            if after.declined_by is not None:
                test.declined[after.declined_by] += 1
            if test.sales % TELL_EVERY == 0:
                progress(sale.seq, last)
        most = [
            {"member": "" if owner is None else people.operator_id(int(str(owner))), "more": points}
            for owner, points in test.most_winning()
        ]
    if as_json:
        print_json(test.report() | {"most": most, "assumed": ASSUMED})
        return
    print_report(test.report())
    if most:
        click.echo("\nwho would gain most:")
        print_rows(most, as_json=False, nothing="")
    click.echo("\nassumed:")
    for each in ASSUMED:
        click.echo(f"- {each}")
