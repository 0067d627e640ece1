"""Members: take in what rules may ask of them, show them, and look at their tiers."""

import itertools
from pathlib import Path

import rich_click as click

from console.deployment import open_deployment
from console.options import config_option, json_option, print_json, print_record
from loyalty.card import Identifier, IdentifierKind
from loyalty.errors import LoyaltyError
from members.importer import BadLine
from members.memberlist import read_members
from switch.administration import SLICE_SIZE
from switch.memberlist import MemberLine
from switch.recall import Recall
from switch.tallyreader import tier_history
from switch.tiering import tier_of
from switch.worksheet import Worksheet


@click.group(epilog="Example: puntual members import segments.csv --config shop/puntual.toml")
def members() -> None:
    """Take in what rules may ask of members, show it, and look at their tiers every day."""


@members.command("import", epilog="Example: puntual members import segments.csv --config shop/puntual.toml")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@config_option
@json_option
@click.pass_context
def import_(ctx: click.Context, file: Path, config: Path, *, as_json: bool) -> None:
    """Take in what the CSV FILE, in UTF-8, says of members; exit code 1 if a line was bad.

    Columns: member (your own id), and any of segments (names with spaces between: all that he is in),
    category (of his cards), joined (YYYY-MM-DD), kind (person, organization). A column that is there
    says all: an empty cell takes away.
    """
    token_of = (deployment := open_deployment(config)).hasher.token
    changed = same = 0
    bad: list[tuple[int, str]] = []
    with deployment.desk() as desk, file.open(encoding="utf-8-sig", errors="replace") as lines:
        rows = read_members(lines)
        while some := list(itertools.islice(rows, SLICE_SIZE)):
            bad += [(row.line, row.reason) for row in some if isinstance(row, BadLine)]
            told = desk.order(
                "members.import",
                members=[
                    MemberLine(
                        line=row.line,
                        account=token_of(Identifier(IdentifierKind.ACCOUNT, row.member)),
                        segments=row.segments,
                        category=row.category,
                        joined_on=row.joined_on,
                        kind=row.kind,
                    ).to_json()
                    for row in some
                    if not isinstance(row, BadLine)
                ],
            )
            changed += told["changed"]
            same += told["same"]
            bad += [(line, reason) for line, reason in told["bad"]]
    bad.sort()
    if as_json:
        shown = [{"line": line, "reason": reason} for line, reason in bad]
        print_json({"changed": changed, "same": same, "bad": shown})
    else:
        for line, reason in bad:
            click.echo(f"line {line}: {reason}")
        click.echo(f"{changed} changed, {same} the same, {len(bad)} bad")
    if bad:
        ctx.exit(1)


@members.command(epilog="Example: puntual members show M-1002 --config shop/puntual.toml")
@click.argument("member")
@config_option
@json_option
def show(member: str, config: Path, *, as_json: bool) -> None:
    """What rules see of MEMBER (your own id of him), and the tiers that he came to."""
    deployment = open_deployment(config)
    account = deployment.hasher.token(Identifier(IdentifierKind.ACCOUNT, member))
    with deployment.books() as books:
        reader = Recall(books)
        cards = reader.cards(IdentifierKind.ACCOUNT.value, account)
        if not cards:
            raise LoyaltyError(
                "is not known", where="the member", hint="look at his id, or import a card of him"
            )
        profile = reader.profile(cards[0].member_id)
        programme = deployment.programme_of(cards[0])
        tier = tier_of(Worksheet(reader), programme, cards[0], deployment.today)
        history = tier_history(books, cards[0].member_id, programme.tiers)
    tiers = programme.tiers
    shown: dict[str, object] = {
        "member": member,
        **({"programme": programme.id} if programme.id else {}),
        "cards": len(cards),
        "tier": tier or (tiers[0] if tiers else None),
        "segments": sorted(profile.segments),
        "card_category": profile.category or None,
        "joined_on": profile.joined_on,
        "kind": profile.kind.value,
    }
    if as_json:
        moves = [{"on": on, "tier": name, "rrn": rrn} for on, name, rrn in history]
        print_json({**shown, "tiers": moves})
        return
    print_record({**shown, "segments": " ".join(sorted(profile.segments)) or None}, as_json=False)
    for on, name, rrn in history:
        click.echo(f"{on}  {name}, by {rrn}")


@members.command(epilog="Example: puntual members sweep --config shop/puntual.toml")
@config_option
@json_option
def sweep(config: Path, *, as_json: bool) -> None:
    """Look at the tier of everybody who has one: who did too little goes down when his grace is over.

    A running switch does so by itself once a business day. Each move is an entry of the books; twice on one
    day changes nothing more.
    """
    totals = {"looked_at": 0, "moved": 0, "warned": 0}
    after: int | None = 0
    with open_deployment(config).desk() as desk:
        while after is not None:
            told = desk.order("members.sweep", after=after)
            after = told["after"]
            for name in totals:
                totals[name] += told[name]
    print_record(totals, as_json=as_json)
