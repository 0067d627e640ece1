"""Cards: take in a list, issue, show, activate, block, replace; their codes and PINs.

A number that is given as ``-`` is read from standard input, where no list of processes and no history of
a shell shows it.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import rich_click as click

from console.deployment import Deployment, open_deployment
from console.options import config_option, json_option, print_json, print_record, progress_bar
from console.proofs import code, pin
from loyalty.errors import LoyaltyError
from members.card import CardStatus
from members.importer import BadLine, CardRow, read_cards
from members.proof import ProofKind
from switch.administration import SLICE_SIZE, Desk
from switch.cardline import CardLine
from switch.queries import balance_of, secret_of_card
from switch.recall import Recall
from switch.tiering import tier_of
from switch.worksheet import Worksheet

_Item = TypeVar("_Item")


@click.group(epilog="Example: puntual cards import cards.csv --config shop/puntual.toml")
def cards() -> None:
    """Import, issue, show, activate, block and replace cards; give them one-time codes and PINs.

    A running switch does what changes them; without one the books are opened for it. A card that is given
    as `-` is read from standard input, so that no list of processes shows it.
    """


@cards.command("import", epilog="Example: puntual cards import cards.csv --config shop/puntual.toml")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@config_option
@json_option
@click.pass_context
def import_(ctx: click.Context, file: Path, config: Path, *, as_json: bool) -> None:
    """Take in the cards of the CSV FILE, in UTF-8; exit code 1 if a line was bad, all others are taken in.

    Columns: card, member, and any of status (issued, active, blocked, lost, stolen), expires (YYMM), tier,
    parent (another card of the family), name, phone, mail, birthday (YYYY-MM-DD), language, type (of the
    card, as you call it). A card that is known just so is skipped; one of another type is of that type now.
    """
    deployment = open_deployment(config)
    with deployment.desk() as desk:
        imported, changed, skipped, bad = _take_in(file, deployment, desk)
    if as_json:
        told = [{"line": line, "reason": reason} for line, reason in bad]
        changes = {"changed": changed} if changed else {}
        print_json({"imported": imported, **changes, "skipped": skipped, "bad": told})
    else:
        for line, reason in bad:
            click.echo(f"line {line}: {reason}")
        retyped = f"{changed} changed, " if changed else ""
        click.echo(f"{imported} imported, {retyped}{skipped} skipped, {len(bad)} bad")
    if bad:
        ctx.exit(1)


@cards.command(epilog="Example: puntual cards issue 6390120000000019 M-1002 --expires 3012")
@click.argument("card")
@click.argument("member")
@click.option("--status", type=click.Choice(["issued", "active"]), default="issued", show_default=True)
@click.option("--expires", metavar="YYMM", default="", help="Last month in which it can be used.")
@click.option("--tier", default="", help="Tier of the member.")
@click.option("--parent", metavar="CARD", default="", help="Another card of the family.")
@click.option(
    "--type", "kind", metavar="NAME", default="", help="Of the card, as you call it; rules may ask for it."
)
@config_option
@json_option
def issue(card: str, config: Path, *, as_json: bool, kind: str, **cells: str) -> None:
    """Issue CARD to MEMBER (your own id of him, new or known). It can be used when it is activated."""
    deployment = open_deployment(config)
    of_type = {"type": kind} if kind else {}  # who says nothing of it changes nothing
    row = deployment.card(card, **cells, **of_type)
    with deployment.desk() as desk:
        told = desk.order("cards.import", cards=[CardLine.of(row, deployment.hasher.token).to_json()])
    if told["bad"]:
        raise LoyaltyError(told["bad"][0][1], where=f"card *{row.card.last4}")
    expires_on = row.expires_on and row.expires_on.isoformat()
    shown = {"card": f"*{row.card.last4}", "member": row.member, "status": row.status.value}
    print_record({**shown, "expires_on": expires_on, **of_type}, as_json=as_json)


@cards.command(epilog="Example: puntual cards activate 6390120000000019")
@click.argument("card")
@config_option
@json_option
def activate(card: str, config: Path, *, as_json: bool) -> None:
    """Let CARD, which was issued or blocked, be used."""
    _set_status(card, CardStatus.ACTIVE, config, as_json=as_json)


@cards.command(epilog="Example: puntual cards block 6390120000000019 --as lost")
@click.argument("card")
@click.option(
    "--as",
    "status",
    type=click.Choice([status.value for status in (CardStatus.BLOCKED, CardStatus.LOST, CardStatus.STOLEN)]),
    default=CardStatus.BLOCKED.value,
    show_default=True,
    help="What terminals are told: 62, 41 or 43.",
)
@config_option
@json_option
def block(card: str, status: str, config: Path, *, as_json: bool) -> None:
    """Let CARD not be used any more."""
    _set_status(card, CardStatus(status), config, as_json=as_json)


@cards.command(epilog="Example: puntual cards replace 6390120000000019 6390120000000027")
@click.argument("card")
@click.argument("new")
@click.option("--expires", metavar="YYMM", default="", help="Last month in which the new one can be used.")
@config_option
@json_option
def replace(card: str, new: str, expires: str, config: Path, *, as_json: bool) -> None:
    """Put the card NEW, which is active at once, in the place of CARD: same member, same points."""
    deployment = open_deployment(config)
    old, row = deployment.card(card), deployment.card(new, expires=expires)
    if old.programme != row.programme:
        raise LoyaltyError(
            "is of another programme", where="the new card", hint="take a number of the old one's"
        )
    with deployment.desk() as desk:
        told = desk.order(
            "cards.replace",
            card=deployment.token(old).hex(),
            new=deployment.token(row).hex(),
            last4=row.card.last4,
            expires_on=row.expires_on and row.expires_on.isoformat(),
        )
    print_record(told, as_json=as_json)


@cards.command(epilog="Example: puntual cards show 6390120000000019")
@click.argument("card")
@config_option
@json_option
def show(card: str, config: Path, *, as_json: bool) -> None:
    """Show CARD, its member and his points."""
    deployment = open_deployment(config)
    with deployment.books() as books:
        found = deployment.find(books, card)
        balance = balance_of(books, found, deployment.today, deployment.now)
        pin = secret_of_card(books, found, ProofKind.PIN)
        tier = tier_of(Worksheet(Recall(books)), deployment.programme_of(found), found, deployment.today)
    refusal = found.refusal(deployment.today)
    shown = {
        "card": f"*{found.last4}",
        "status": found.status.value,
        "expires_on": found.expires_on,
        **({"type": found.type} if found.type else {}),
        "terminals_are_told": "APPROVED" if refusal is None else refusal.value,
        "member": found.operator_id,
        **({"programme": found.programme} if found.programme else {}),
        "shares_accounts": found.owner != found.member_id,
        "tier": tier,
        "language": found.language,
        "pin": None if pin is None else "blocked" if pin.is_exhausted else "set",
        "available": balance.available,
        "debt": balance.debt,
    }
    print_record(shown, as_json=as_json)


cards.add_command(code)
cards.add_command(pin)


def _set_status(number: str, status: CardStatus, config: Path, *, as_json: bool) -> None:
    deployment = open_deployment(config)
    token = deployment.token(deployment.card(number)).hex()
    with deployment.desk() as desk:
        print_record(desk.order("cards.status", card=token, status=status.value), as_json=as_json)


def _take_in(file: Path, deployment: Deployment, desk: Desk) -> tuple[int, int, int, list[tuple[int, str]]]:
    """How many cards of *file* were imported, changed and skipped, and the bad lines, in order."""
    imported = changed = skipped = 0
    bad: list[tuple[int, str]] = []
    for some in slices(_parents_first(_rows(file, deployment, bad)), SLICE_SIZE):
        lines = [CardLine.of(row, deployment.hasher.token).to_json() for row in some]
        told = desk.order("cards.import", cards=lines)
        imported += told["imported"]
        changed += told.get("changed", 0)
        skipped += told["skipped"]
        bad += [(line, reason) for line, reason in told["bad"]]
    return imported, changed, skipped, sorted(bad)


def _rows(file: Path, deployment: Deployment, bad: list[tuple[int, str]]) -> Iterator[CardRow]:
    """The good lines of *file*; the bad ones are added to *bad*."""
    with (
        file.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as lines,
        progress_bar("Importing") as progress,
    ):
        for row in read_cards(watched(lines, file.stat().st_size, progress), **deployment.terms):
            match row:
                case BadLine(line, reason):
                    bad.append((line, reason))
                case CardRow():
                    yield row


def watched(lines: Iterable[str], size: int, progress: Callable[[int, int], None]) -> Iterator[str]:
    """*lines*, with *progress* told how many of *size* characters are done."""
    done = 0
    for number, line in enumerate(lines):
        if number % SLICE_SIZE == 0:
            progress(done, size)
        done += len(line)
        yield line


def _parents_first(rows: Iterator[CardRow]) -> Iterator[CardRow]:
    """Children after all others, wherever they stand: their parent has to be known."""
    children = []
    for row in rows:
        if row.parent is None:
            yield row
        else:
            children.append(row)
    yield from children


def slices(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    """*items* in lists of *size*."""
    rest = iter(items)
    while some := list(itertools.islice(rest, size)):
        yield some
