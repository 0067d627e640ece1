"""``puntual load``: be many terminals, and measure honestly."""

import asyncio
import csv
from pathlib import Path
from typing import Any, Final

import rich_click as click
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from console.options import json_option, print_json
from console.till import AddressType
from loyalty.clock import SystemClock
from loyalty.errors import LoyaltyError
from simulator.cards import card_number
from simulator.client import Address
from simulator.load import Plan, Report, Tally, run
from simulator.till import Identity
from simulator.traffic import Mix
from switch.app import loop_factory

_STARTER_TILLS: Final = 10


@click.command(epilog="Example: puntual load --rate 2000 --terminals 10 --seconds 10")
@click.option(
    "--rate", type=click.FloatRange(min=0, min_open=True), help="Messages a second. Without it: closed loop."
)
@click.option(
    "--terminals",
    default=_STARTER_TILLS,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many tills.",
)
@click.option(
    "--seconds",
    default=10.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="How long messages are sent.",
)
@click.option(
    "--connections",
    type=click.IntRange(min=1),
    show_default="one for each terminal",
    help="How many connections the tills share.",
)
@click.option(
    "--in-flight",
    default=1,
    show_default=True,
    type=click.IntRange(min=1),
    help="Closed loop: on each connection.",
)
@click.option(
    "--redeem", default=10, show_default=True, type=click.IntRange(0, 100), help="Percent of redemptions."
)
@click.option(
    "--reversal", default=5, show_default=True, type=click.IntRange(0, 100), help="Percent of reversals."
)
@click.option(
    "--register",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="terminals.csv to take terminals from.",
    show_default="the starter's ten",
)
@click.option(
    "--cards", default=1000, show_default=True, type=click.IntRange(1, 10_000_000), help="How many customers."
)
@click.option(
    "--write-cards",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write these customers' cards for `puntual cards import`, and end.",
)
@click.option("--seed", default=1, show_default=True, help="Of the traffic.")
@click.option(
    "--switch", type=AddressType(), default="127.0.0.1:8583", show_default=True, help="Where it listens."
)
@json_option
def load(
    *,
    rate: float | None,
    terminals: int,
    seconds: float,
    connections: int | None,
    in_flight: int,
    redeem: int,
    reversal: int,
    register: Path | None,
    cards: int,
    write_cards: Path | None,
    seed: int,
    switch: Address,
    as_json: bool,
) -> None:
    """Send sales, redemptions and reversals from many terminals, and tell latencies and answers.

    With --rate latencies count from the moment at which a message was due, whenever it got out.
    """
    if write_cards is not None:
        _write_cards(write_cards, cards)
        return
    plan = Plan(
        address=switch,
        tills=_tills(register, terminals),
        cards=[card_number(customer) for customer in range(cards)],
        connections=connections or terminals,
        seconds=seconds,
        rate=rate,
        in_flight=in_flight,
        mix=Mix(redeem=redeem, reversal=reversal),
        seed=seed,
    )
    report = _run(plan)
    if as_json:
        print_json(_as_json(plan, report))
    else:
        Console().print(_table(plan, report))


def _run(plan: Plan) -> Report:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[sent]:,} sent"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar, asyncio.Runner(loop_factory=loop_factory()) as runner:
        task = bar.add_task("load", total=1.0, sent=0)

        def progress(share: float, tally: Tally) -> None:
            bar.update(task, completed=share, sent=tally.sent)

        try:
            return runner.run(run(plan, SystemClock(), progress=progress))
        except OSError as error:
            host, port = plan.address
            raise LoyaltyError(
                "nobody listens there", where=f"{host}:{port}", hint="start it: puntual serve"
            ) from error


def _tills(register: Path | None, count: int) -> list[Identity]:
    """The first *count* tills of the register, else of the starter's."""
    if register is None:
        rows = [{"terminal": f"T{number:07}"} for number in range(1, _STARTER_TILLS + 1)]
        where, hint = "the starter", "name your register with --register FILE"
    else:
        with register.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
        where, hint = str(register), "ask for fewer, or register more"
    tills = [
        Identity(
            terminal_id=row["terminal"], merchant_id=row.get("merchant"), acquirer_id=row.get("acquirer")
        )
        for row in rows[:count]
        if row.get("terminal")
    ]
    if len(tills) < count:
        raise LoyaltyError(f"has {len(tills)} terminals, not {count}", where=where, hint=hint)
    return tills


def _write_cards(path: Path, count: int) -> None:
    with path.open("w", encoding="ascii", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["card", "member"])
        rows.writerows([card_number(customer), f"C{customer}"] for customer in range(count))
    click.echo(f"{count} cards. Next: puntual cards import {path}", err=True)


def _table(plan: Plan, report: Report) -> Table:
    tally = report.tally
    loop = f"open loop, {plan.rate:,.0f}/s asked" if plan.rate is not None else "closed loop"
    table = Table(
        title=f"{loop}, {plan.connections} connections, {len(plan.tills)} terminals",
        title_justify="left",
        box=box.SIMPLE,
        show_header=False,
    )
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column(style="dim")
    table.add_row("sent", f"{tally.sent:,}", "")
    table.add_row("answered", f"{report.answered:,}", f"{report.rate:,.0f}/s")
    for code, count in tally.codes.most_common():
        table.add_row(f"  code {code}", f"{count:,}", "")
    table.add_row("unanswered", f"{report.unanswered:,}", "")
    if tally.unexpected or tally.lost:
        table.add_row("unexpected answers", f"{tally.unexpected:,}", f"{tally.lost} connections lost")
    since = (
        "since it was due"
        if plan.rate is not None
        else "since it was sent: what could not be sent is not in it"
    )
    for name, latency_s in report.percentiles().items():
        table.add_row(f"latency {name}", f"{latency_s * 1000:.2f} ms", since)
        since = ""
    lag = f"left up to {tally.lag_s * 1000:.1f} ms late" if plan.rate is not None else ""
    share = report.cpu_s / report.elapsed_s if report.elapsed_s else 0.0
    table.add_row("generator's CPU", f"{report.cpu_s:.2f} s", f"{share:.0%} of a core; {lag}".rstrip("; "))
    return table


def _as_json(plan: Plan, report: Report) -> dict[str, Any]:
    tally = report.tally
    return {
        "loop": "closed" if plan.rate is None else "open",
        "rate_asked": plan.rate,
        "connections": plan.connections,
        "terminals": len(plan.tills),
        "sent": tally.sent,
        "answered": report.answered,
        "rate": round(report.rate, 1),
        "codes": dict(tally.codes.most_common()),
        "unanswered": report.unanswered,
        "unexpected": tally.unexpected,
        "connections_lost": tally.lost,
        "latency_ms": {name: round(latency_s * 1000, 3) for name, latency_s in report.percentiles().items()},
        "generator_lag_ms": round(tally.lag_s * 1000, 3),
        "generator_cpu_s": round(report.cpu_s, 3),
        "elapsed_s": round(report.elapsed_s, 3),
    }
