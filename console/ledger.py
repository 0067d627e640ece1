"""The books: hold them to their rules, and read them. All of it reads beside a running switch."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import rich_click as click

from console import keeping, positions, statements
from console.deployment import open_deployment
from console.options import config_option, json_option, print_record, print_rows
from loyalty.amount import format_minor
from loyalty.card import MemberId
from loyalty.terms import Terms
from switch import queries
from switch.outcome import Record, told_operation


@click.group(epilog="Example: puntual ledger verify --config shop/puntual.toml")
@click.pass_obj
def ledger(give_way: Callable[[], None] | None) -> None:
    """Verify and read the books."""
    if give_way is not None:  # None where the command is not the whole process
        give_way()


for _command in (
    keeping.verify,
    keeping.anchor,
    keeping.backup,
    keeping.restore,
    keeping.export,
    keeping.import_,
    keeping.rebuild,
    positions.positions,
    positions.settle,
    positions.lapse,
):
    ledger.add_command(_command)
ledger.add_command(statements.why)
ledger.add_command(statements.statement)


@ledger.command(epilog="Example: puntual ledger balance 6390120000000019 --config shop/puntual.toml")
@click.argument("card", required=False)
@config_option
@json_option
def balance(card: str | None, config: Path, *, as_json: bool) -> None:
    """The points of CARD's member today; without CARD those of the whole programme, by kind of account."""
    deployment = open_deployment(config)
    with deployment.books() as books:
        if card is None:
            totals = queries.totals(books)
            kinds = {kind.name.lower(): points for kind, points in sorted(totals.points.items())}
            print_record(kinds | {"sum": sum(kinds.values())}, as_json=as_json)
            return
        held = queries.balance_of(books, deployment.find(books, card), deployment.today, deployment.now)
    shown = {
        "available": held.available,
        "pending": held.pending,
        "held": held.held,
        "debt": held.debt,
        "expires_next": held.expires_points or None,
        "expires_on": held.expires_on,
    }
    print_record(shown, as_json=as_json)


@ledger.command(epilog="Example: puntual ledger history 6390120000000019 --config shop/puntual.toml")
@click.argument("card")
@click.option("--count", type=click.IntRange(1), default=20, show_default=True, help="How many at most.")
@config_option
@json_option
def history(card: str, count: int, config: Path, *, as_json: bool) -> None:
    """The latest decisions on the accounts of CARD's member, newest first."""
    deployment = open_deployment(config)
    with deployment.books() as books:
        owner = deployment.find(books, card).owner
        found = queries.history_of(books, owner, count)
        moved = [queries.moved_by(books, record.seq, owner) for record in found]
    terms = deployment.programme.terms
    rows = [
        {**_row(record, terms, as_json=as_json), "balance": points}
        for record, points in zip(found, moved, strict=True)
    ]
    print_rows(rows, as_json=as_json, nothing="nothing was decided yet")


@click.command(epilog="Example: puntual exceptions --config shop/puntual.toml")
@config_option
@json_option
def exceptions(config: Path, *, as_json: bool) -> None:
    """List what a person must look at, with its age, and points that nobody has (suspense).

    Reversals of what is unknown, advices that could not be booked as they say, lines that only an upload told
    of, batches that do not agree, approvals whose answer left too late, and holds that are open.
    """
    deployment = open_deployment(config)
    terms, now = deployment.programme.terms, deployment.now
    with deployment.books() as books:

        def whose(owner: MemberId | None, rules: str = "") -> dict[str, object]:
            """The programme, where there are several."""
            several = len(deployment.programme.all) > 1
            return {"programme": queries.programme_of(books, owner, rules)} if several else {}

        rows = [
            {
                **_age(now - record.at, as_json=as_json),
                **whose(record.owner, record.rules),
                **_row(record, terms, as_json=as_json),
                "suspense": queries.suspense_of(books, record.seq),
                "exception": record.exception,
                "note": "",
            }
            for record in queries.exceptions(books)
        ]
        rows += [
            {
                **_age(now - record.at, as_json=as_json),
                **whose(record.owner, record.rules),
                **_row(record, terms, as_json=as_json),
                "suspense": 0,
                "exception": "LATE_ANSWER",
                "note": f"answered after {after_ms / 1000:.1f} s",
            }
            for record, after_ms in queries.late_answers(books)
        ]
        rows += [
            {
                **_age(now - hold.at, as_json=as_json),
                **whose(hold.owner),
                **_hold_row(hold, terms, as_json=as_json),
            }
            for hold in queries.open_holds(books)
        ]
    print_rows(rows, as_json=as_json, nothing="there are no exceptions")


def _age(age: timedelta, *, as_json: bool) -> dict[str, object]:
    """*age* for programs in seconds, for people in days and hours."""
    if as_json:
        return {"age_s": int(age.total_seconds())}
    hours, minutes = divmod(int(age.total_seconds()) // 60, 60)
    return {"age": f"{hours // 24}d {hours % 24:02}h" if hours >= 24 else f"{hours}h {minutes:02}m"}


def _hold_row(hold: queries.OpenHoldRow, terms: Terms, *, as_json: bool) -> dict[str, object]:
    """What is shown of a hold that is open, in the columns of the others."""
    is_money = not as_json and not hold.in_points
    return {
        "at": hold.at.isoformat(timespec="seconds"),
        "rrn": hold.rrn,
        "operation": "HOLD",
        "decision": "APPROVED",
        "amount": format_minor(hold.amount, terms.currency) if is_money else hold.amount,
        "earned": 0,
        "used": 0,
        "undone": False,
        "terminal": hold.terminal_id,
        "advice": False,
        "suspense": 0,
        "exception": "OPEN_HOLD",
        "note": f"kept until {hold.kept_until.isoformat(timespec='seconds')}",
    }


def _row(record: Record, terms: Terms, *, as_json: bool) -> dict[str, object]:
    """What is shown of *record*: for programs as it is, for people with the money as it is written."""
    amount: object = record.amount
    if not as_json and not record.in_points:
        amount = format_minor(record.amount, terms.currency)
    return {
        "at": record.at.isoformat(timespec="seconds"),
        "rrn": record.rrn,
        "operation": told_operation(record),
        "decision": record.reason or "APPROVED",
        "amount": amount,
        "earned": record.earned,
        "used": record.used,
        "undone": bool(record.undone),
        "terminal": record.terminal_id,
        "advice": record.is_advice,
    }
