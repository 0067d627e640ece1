"""Sets right what sales earned while a wrong rule was in force: first told, then booked when ordered."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

import rich_click as click

from console.deployment import Deployment, open_deployment
from console.options import config_option, json_option, print_json, print_rows
from loyalty.errors import LoyaltyError
from rules.programme import BASE_RULE
from switch.administration import SLICE_SIZE
from switch.database import open_for_reading
from switch.enactment import Restorer
from switch.past import People
from switch.recall import Recall
from switch.rerating import Line, Plan

SHOWN: Final = 20  # members who gain most, and as many who lose most; JSON has every sale
_Planned = list[tuple[Line, str]]  # each with what the operator calls the member
_day = click.DateTime(["%Y-%m-%d"])


@click.command(
    epilog="Example: puntual rules rerate --from 2026-11-01 --to 2026-11-03 --rule double --with 3f62a1b90c44"
)
@click.option("--from", "first", type=_day, required=True, metavar="DAY", help="First business day.")
@click.option("--to", "last", type=_day, required=True, metavar="DAY", help="Last business day, included.")
@click.option("--rule", required=True, metavar="ID", help="The rule that was wrong.")
@click.option("--with", "version", required=True, metavar="VERSION", help="By which they are rated now.")
@click.option("--book", is_flag=True, help="Book the differences; without it they are only told.")
@click.option("--reason", default="RERATE", show_default=True, metavar="CODE", help="Why, for the books.")
@click.option("--by", metavar="NAME", help="Who books it.")
@click.option("--checked-by", metavar="NAME", help="Who checked it; needed above the limit of the settings.")
@config_option
@json_option
def rerate(
    first: datetime,
    last: datetime,
    rule: str,
    version: str,
    config: Path,
    *,
    book: bool,
    as_json: bool,
    **warrant: str | None,
) -> None:
    """Tell who gains and loses when sales of some days are rated by VERSION, and book it with --book.

    Sales count that RULE gave something then, or would give something now, as they stand after refunds. Each
    difference becomes an entry that names its sale. Ordered again, nothing is left to be booked.
    """
    if book and not warrant["by"]:
        raise LoyaltyError("is missing", where="--by", hint="say who books it")
    deployment = open_deployment(config)
    planned = _plan(deployment, first, last, rule, version)
    lines = [line for line, _ in planned]
    told: dict[str, object] = {
        "version": version,
        "sales": len(lines),
        "given": sum(max(line.difference, 0) for line in lines),
        "taken": sum(max(-line.difference, 0) for line in lines),
    }
    if book and lines:
        told |= _book(deployment, lines, rule, version, warrant)
    if as_json:
        print_json(told | {"lines": [_row(line, member) for line, member in planned]})
        return
    _show(planned)
    click.echo(", ".join(f"{name} {value}" for name, value in told.items()))
    if lines and not book:
        click.echo("nothing is booked: --book --by NAME does it")


def _plan(deployment: Deployment, first: datetime, last: datetime, rule: str, version: str) -> _Planned:
    with closing(open_for_reading(deployment.settings.database)) as database:
        reader, people = Recall(database), People(database)
        if reader.programme_text(version) is None:
            hint = "look at: puntual rules history"
            raise LoyaltyError("is not in the books", where=f"programme {version}", hint=hint)
        if last < first:
            raise LoyaltyError("is before --from, so there is no sale", where="--to")
        if not _was_written(reader, rule):
            raise LoyaltyError("is of no version in the books", where=f"rule {rule}", hint="look at its id")
        plan = Plan(database, Restorer(reader)(version), rule)
        return [
            (line, "" if line.owner is None else people.operator_id(line.owner))
            for line in plan.lines(first.date(), last.date())
        ]


def _was_written(reader: Recall, rule: str) -> bool:
    """Whether any programme had *rule*: a name that is mistyped gives nothing to nobody either."""
    versions = (head.version for head in reader.programmes())
    return rule == BASE_RULE or any(
        f'"id":"{rule}"' in (reader.programme_text(version) or "") for version in versions
    )


def _book(
    deployment: Deployment, lines: Sequence[Line], rule: str, version: str, warrant: dict[str, str | None]
) -> Counter[str]:
    """Order it, slice by slice, so that terminals do not wait for all of it."""
    done = Counter[str](booked=0, changed=0)
    total = sum(abs(line.difference) for line in lines)
    with deployment.desk() as desk:
        for at in range(0, len(lines), SLICE_SIZE):
            values = [
                (each.seq, each.whole, each.stands, each.should) for each in lines[at : at + SLICE_SIZE]
            ]
            told = desk.order(
                "rules.rerate", lines=values, rule=rule, version=version, total=total, **warrant
            )
            done.update(told)
    return done


def _row(line: Line, member: str) -> dict[str, object]:
    return {
        "rrn": line.rrn,
        "member": member,
        "stands": line.stands,
        "should": line.should,
        "difference": line.difference,
    }


def _show(planned: _Planned) -> None:
    """The members who gain most, and those who lose most."""
    sales, points = Counter[str](), Counter[str]()
    for line, member in planned:
        sales[member] += 1
        points[member] += line.difference
    order = [member for member, _ in points.most_common()]
    shown = order if len(order) <= 2 * SHOWN else [*order[:SHOWN], *order[-SHOWN:]]
    rows = [
        {"member": member or "(nobody)", "sales": sales[member], "difference": points[member]}
        for member in shown
    ]
    print_rows(rows, as_json=False, nothing="nothing would be otherwise")
    if len(shown) < len(order):
        click.echo(f"... and {len(order) - len(shown)} members between them")
