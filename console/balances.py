"""Import of what members had before there were these books."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import rich_click as click

from console.cards import slices, watched
from console.deployment import Deployment, open_deployment
from console.options import config_option, json_option, print_json, progress_bar
from loyalty.errors import LoyaltyError
from members.balances import BalanceRow, ControlTotals, read_balances
from members.importer import BadLine
from switch.administration import SLICE_SIZE


@click.group(
    "import",
    epilog="Example: puntual import balances old.csv --count 2 --sum 1500 --config shop/puntual.toml",
)
def import_() -> None:
    """Take in what another system kept."""


@import_.command(
    epilog="Example: puntual import balances old.csv --count 2 --sum 1500 --config shop/puntual.toml"
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--count", type=click.IntRange(0), required=True, help="How many balances FILE has.")
@click.option("--sum", "total", type=click.IntRange(0), required=True, help="How many points they add up to.")
@click.option(
    "--as", "name", default="opening", show_default=True, metavar="NAME",
    help="Of this import: under one name the same balance is taken in once.",
)  # fmt: skip
@config_option
@json_option
@click.pass_context
def balances(
    ctx: click.Context, file: Path, count: int, total: int, name: str, config: Path, *, as_json: bool
) -> None:
    """Take in the balances of the CSV FILE, in UTF-8; exit code 1 if a line was bad, all others are taken in.

    Columns: points, card or member (your own id of him), and any of earned_on, expires_on (YYYY-MM-DD).
    Nothing is booked unless the file has as many balances and points as you say. What was taken in is
    skipped, so the same file, or a mended one, can be given again.
    """
    deployment = open_deployment(config)
    _hold_to(file, deployment, count, total)
    bad: list[tuple[int, str]] = []
    imported = points = skipped = 0
    with deployment.desk() as desk, _opened(file) as (lines, progress):
        rows = _good(watched(lines, file.stat().st_size, progress), deployment, bad)
        for some in slices(rows, SLICE_SIZE):
            told = desk.order(
                "balances.import", series=name, balances=[_json(row, deployment) for row in some]
            )
            imported += told["imported"]
            points += told["points"]
            skipped += told["skipped"]
            bad += [(line, reason) for line, reason in told["bad"]]
    bad.sort()
    if as_json:
        listed = [{"line": line, "reason": reason} for line, reason in bad]
        print_json({"imported": imported, "points": points, "skipped": skipped, "bad": listed})
    else:
        for line, reason in bad:
            click.echo(f"line {line}: {reason}")
        click.echo(f"{imported} imported with {points} points, {skipped} skipped, {len(bad)} bad")
    if bad:
        ctx.exit(1)


def _hold_to(file: Path, deployment: Deployment, count: int, total: int) -> None:
    """Whether *file* is the one that is meant.

    Raises:
        LoyaltyError: It has another number of balances, or of points.
    """
    totals = ControlTotals()
    with _opened(file) as (lines, _):
        for row in read_balances(lines, ranges=deployment.ranges, totals=totals):
            if isinstance(row, BadLine) and totals.count == 0:
                raise LoyaltyError(row.reason, where=f"{file.name}: line {row.line}", hint="mend the header")
    if (totals.count, totals.points) != (count, total):
        raise LoyaltyError(
            f"has {totals.count} balances with {totals.points} points,"
            f" and {count} with {total} were announced",
            where=file.name,
            hint="nothing was booked; look for the difference",
        )


def _good(lines: Iterable[str], deployment: Deployment, bad: list[tuple[int, str]]) -> Iterator[BalanceRow]:
    """The good *lines*; the bad ones are added to *bad*."""
    for row in read_balances(lines, ranges=deployment.ranges, totals=ControlTotals()):
        match row:
            case BadLine(line, reason):
                bad.append((line, reason))
            case BalanceRow():
                yield row


@contextmanager
def _opened(file: Path) -> Iterator[tuple[Iterable[str], Callable[[int, int], None]]]:
    with (
        file.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as lines,
        progress_bar("Importing") as progress,
    ):
        yield lines, progress


def _json(row: BalanceRow, deployment: Deployment) -> dict[str, object]:
    """*row* with a hash in place of its number."""
    return {
        "line": row.line,
        "kind": row.of.kind.value,
        "token": deployment.hasher.token(row.of).hex(),
        "points": row.points,
        "nth": row.nth,
        "earned_on": None if row.earned_on is None else row.earned_on.isoformat(),
        "expires_on": None if row.expires_on is None else row.expires_on.isoformat(),
    }
