"""A customer's points, told: why the balance is what it is, and the statement of a month."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import rich_click as click

from console.deployment import open_deployment
from console.options import config_option, json_option, print_json, print_rows
from ledger.account import PostingReason, name_of
from ledger.entry import NO_LOT, Lot
from loyalty.amount import format_minor
from loyalty.decision import Balance
from loyalty.errors import LoyaltyError
from loyalty.terms import Terms
from members.card import Card
from switch import queries
from switch.movements import Movement, lots_of, movements_of

_EXPIRY: Final = "EXPIRY"  # what a statement calls points that nobody spent in time
_EXPIRIES: Final = frozenset({PostingReason.EXPIRE, PostingReason.RELEASE_EXPIRED})
_CORRECTIONS: Final = frozenset(
    {PostingReason.ADJUST, PostingReason.ADJUST_TO_DEBT, PostingReason.WRITE_OFF, PostingReason.OPENING}
)
_MONTH: Final = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


@click.command(epilog="Example: puntual ledger why 6390120000000019 --config shop/puntual.toml")
@click.argument("card")
@click.option("--left", is_flag=True, help="Only lots that have points left.")
@config_option
@json_option
def why(card: str, config: Path, *, left: bool, as_json: bool) -> None:
    """Why CARD's member has the points that he has: by lot, sale and rule, and what was spent when."""
    deployment = open_deployment(config)
    with deployment.books() as books:
        found = deployment.find(books, card)
        balance = queries.balance_of(books, found, deployment.today, deployment.now)
        movements = movements_of(books, found.owner)
        lots = lots_of(books, movements)
    by_lot = sorted(movements, key=lambda movement: (movement.lot == NO_LOT, movement.lot, movement.seq))
    groups = [(lot, list(some)) for lot, some in groupby(by_lot, key=lambda movement: movement.lot)]
    if left:
        groups = [(lot, some) for lot, some in groups if sum(each.points for each in some)]
    terms = deployment.programme.terms
    if as_json:
        told = [_lot_json(lots.get(lot), some) for lot, some in groups]
        print_json({"member": found.operator_id, **_balance(balance), "lots": told})
        return
    click.echo(_summary(found, balance))
    for lot, some in groups:
        click.echo("")
        click.echo(_title(lots.get(lot), deployment.today))
        print_rows(_told(some, terms), as_json=False, nothing="")


@click.command(epilog="Example: puntual ledger statement 6390120000000019 --month 2026-11")
@click.argument("card")
@click.option("--month", metavar="YYYY-MM", help="Of business dates; the present one by default.")
@config_option
@json_option
def statement(card: str, month: str | None, config: Path, *, as_json: bool) -> None:
    """The points of CARD's member in a month: opening balance, each movement, closing balance. To be printed.

    The balance is all that he has, pending and held points with it, less what he owes.
    """
    deployment = open_deployment(config)
    first, beyond = _bounds(month, deployment.today)
    with deployment.books() as books:
        found = deployment.find(books, card)
        balance = queries.balance_of(books, found, deployment.today, deployment.now)
        movements = movements_of(books, found.owner)
    before = sum(each.points for each in movements if each.business_date < first)
    within = [each for each in movements if first <= each.business_date < beyond]
    lines = _lines(within, before, deployment.programme.terms, as_json=as_json)
    reasons: Counter[PostingReason] = Counter()
    for each in within:
        reasons[each.reason] += each.points
    totals = {reason.name.lower(): points for reason, points in sorted(reasons.items()) if points}
    closing = before + sum(each.points for each in within)
    if as_json:
        print_json(
            {
                "member": found.operator_id,
                "month": f"{first:%Y-%m}",
                "opening": before,
                "lines": lines,
                "closing": closing,
                "totals": totals,
            }
        )
        return
    click.echo(f"Statement of points, {first:%B %Y}")
    click.echo(f"Card {found.last4.rjust(8, '*')}, member {found.operator_id}")
    click.echo("")
    click.echo(f"Opening balance on {first}: {before}")
    click.echo("")
    print_rows(lines, as_json=False, nothing="Nothing moved.")
    click.echo("")
    click.echo(f"Closing balance: {closing}")
    if totals:
        told = ", ".join(f"{name.replace('_', ' ')} {points:+}" for name, points in totals.items())
        click.echo(f"Of these: {told}")
    if balance.expires_on is not None:
        click.echo(f"Next to expire: {balance.expires_points} on {balance.expires_on}")


def _bounds(month: str | None, today: date) -> tuple[date, date]:
    """First day of *month* and of the one after it."""
    if month is None:
        first = today.replace(day=1)
    else:
        named = _MONTH.fullmatch(month)
        if named is None:
            raise LoyaltyError("is no month", where=f"--month {month}", hint="write it as 2026-11")
        first = date(int(named[1]), int(named[2]), 1)
    december = first.month == 12
    return first, first.replace(year=first.year + december, month=1 if december else first.month + 1)


def _lines(
    movements: Sequence[Movement], balance: int, terms: Terms, *, as_json: bool
) -> list[dict[str, object]]:
    """One line for each decision that changed the balance, with the balance after it.

    What had expired by then is posted with the next decision that comes along: it has a line of its own.
    """
    lines: list[dict[str, object]] = []
    for _, group in groupby(movements, key=lambda movement: movement.seq):
        some = list(group)
        for operation, moved in (
            (_EXPIRY, [each for each in some if each.reason in _EXPIRIES]),
            (some[0].operation, [each for each in some if each.reason not in _EXPIRIES]),
        ):
            points = sum(each.points for each in moved)
            if not points:
                continue
            balance += points
            first = moved[0]
            amount: object = first.amount if as_json else _amount(first, terms)
            if operation == _EXPIRY:
                amount = None
            lines.append(
                {
                    "date": first.business_date,
                    "operation": operation,
                    "rrn": first.rrn,
                    "merchant": "" if operation == _EXPIRY else first.merchant_id,
                    "amount": amount,
                    "points": points if as_json else f"{points:+}",
                    "balance": balance,
                }
            )
    return lines


def _told(movements: Sequence[Movement], terms: Terms) -> list[dict[str, object]]:
    """*movements* of one lot as a table, with what is left after each."""
    rows: list[dict[str, object]] = []
    left = 0
    for each in movements:
        left += each.points
        rows.append(
            {
                "when": f"{each.at:%Y-%m-%d %H:%M:%S}",
                "operation": each.operation,
                "rrn": each.rrn,
                "terminal": each.terminal_id,
                "amount": _amount(each, terms),
                "why": _reason(each),
                "account": each.kind.name.lower(),
                "points": f"{each.points:+}",
                "left": left,
            }
        )
    return rows


def _reason(movement: Movement) -> str:
    """The rules that earned, or what else moved the points; of a correction why it was made."""
    if movement.points > 0 and movement.reason is PostingReason.EARN and movement.rules:
        return movement.rules
    reason = movement.reason.name.lower().replace("_", " ")
    return f"{reason}: {movement.rules}" if movement.reason in _CORRECTIONS and movement.rules else reason


def _amount(movement: Movement, terms: Terms) -> str:
    if movement.in_points:
        return f"{movement.amount} points"
    return format_minor(movement.amount, terms.currency)


def _summary(card: Card, balance: Balance) -> str:
    told = _balance(balance)
    parts = [f"{told['available']} points to spend"]
    parts += [f"{points} {name}" for name, points in told.items() if name != "available" and points]
    return f"member {card.operator_id}: {', '.join(parts)}"


def _balance(balance: Balance) -> dict[str, int]:
    return {
        "available": balance.available,
        "pending": balance.pending,
        "held": balance.held,
        "debt": balance.debt,
    }


def _title(lot: Lot | None, today: date) -> str:
    if lot is None:
        return "DEBT: taken back after it was spent"
    until = "for ever" if lot.expires_on == date.max else f"to {lot.expires_on}"
    expired = ", expired" if lot.expires_on < today else ""
    funder = f", paid by {lot.funder}" if lot.funder else ""
    return (
        f"LOT {lot.lot}: {lot.points} points of {lot.earned_on}, to spend from {lot.available_from} {until}"
        f"{expired}{funder}"
    )


def _lot_json(lot: Lot | None, movements: Sequence[Movement]) -> dict[str, Any]:
    told: dict[str, Any] = {"lot": None, "debt": True}
    if lot is not None:
        told = {
            "lot": lot.lot,
            "points": lot.points,
            "earned_on": lot.earned_on,
            "available_from": lot.available_from,
            "expires_on": None if lot.expires_on == date.max else lot.expires_on,
            "funder": lot.funder or None,
        }
    moved = [
        {
            "seq": each.seq,
            "at": each.at.isoformat(),
            "operation": each.operation,
            "rrn": each.rrn,
            "terminal": each.terminal_id,
            "amount": each.amount,
            "in_points": each.in_points,
            "rules": each.rules,
            "reason": each.reason.name,
            "account": each.kind.name.lower(),
            "other": name_of(each.other),
            "points": each.points,
        }
        for each in movements
    ]
    return {**told, "left": sum(each.points for each in movements), "movements": moved}
