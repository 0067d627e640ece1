"""Commands that keep the books: verify, anchor, back up and restore, carry elsewhere, rebuild."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from time import monotonic, sleep
from typing import Final

import rich_click as click

from config.load import load_settings
from config.schema import Settings
from console.options import config_option, json_option, print_json, print_record, print_rows, progress_bar
from ledger.account import AccountId, name_of
from ledger.anchor import read_anchors, write_anchor
from ledger.caches import Difference
from ledger.finding import Finding
from switch import anchoring
from switch.archive import lines_of
from switch.audit import verify as verify_books
from switch.backup import back_up
from switch.backup import drill as rehearse
from switch.backup import restore as put_back
from switch.database import open_for_reading
from switch.importing import import_books
from switch.rebuild import rebuild as rebuild_caches
from switch.safeguards import chain_key

PAUSE_MAX_S: Final = 0.05


@click.command(
    epilog="Example: puntual ledger verify --anchor /mnt/vault/shop.anchor --config shop/puntual.toml"
)
@click.option(
    "--anchor",
    "anchors",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Blocks that must be there as they were; else the file of [store] anchor.",
)
@config_option
@json_option
@click.pass_context
def verify(ctx: click.Context, anchors: Path | None, config: Path, *, as_json: bool) -> None:
    """Hold the books to every rule: chain, sums, guards, caches, anchors. Exit code 1 if one is broken.

    What is wrong is told with the first row or block that shows it.
    """
    settings = load_settings(config)
    anchors = anchors or _anchor_file(settings)
    notes: list[str] = []
    with progress_bar("Verifying") as progress:
        findings = verify_books(
            settings.database,
            progress,
            anchors=read_anchors(anchors) if anchors else (),
            chain_key=chain_key(settings),
            note=notes.append,
        )
    _tell(findings, notes, as_json=as_json)
    if findings:
        ctx.exit(1)


@click.command(epilog="Example: puntual ledger anchor --to /mnt/vault/shop.anchor --config shop/puntual.toml")
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where it is added; else the file of [store] anchor; else it is only printed.",
)
@click.option("--accept-fork", is_flag=True, help="Take these books although they lack what was anchored.")
@config_option
@json_option
def anchor(to: Path | None, config: Path, *, accept_fork: bool, as_json: bool) -> None:
    """Add number and hash of the last block to a file, which should be on another disk or machine.

    The chain shows every change but one: that its end is gone. `verify --anchor FILE` finds that, and a
    switch with [store] anchor refuses such books, as this command does. Whoever put back an older copy,
    knowing that what came after it is lost, says so with --accept-fork: anchors before count no more, and
    no number comes twice.
    """
    settings = load_settings(config)
    file = to or _anchor_file(settings)
    if accept_fork:
        last = anchoring.accept_fork(settings.database, chain_key(settings))
    else:
        earlier = read_anchors(file) if file is not None and file.exists() else ()
        last = anchoring.anchor_of(settings.database, earlier)
    if file is not None:
        write_anchor(file, last)
    told = {"block": last.number, "hash": last.hash.hex(), "written_to": file}
    if as_json:
        print_record(told, as_json=True)
    else:
        click.echo(last)


@click.command(epilog="Example: puntual ledger export books.ndjson --config shop/puntual.toml")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--with-persons", is_flag=True, help="Also names, phones, mails and birthdays.")
@config_option
def export(file: Path, config: Path, *, with_persons: bool) -> None:
    """Write the books to FILE (or - for standard output): a line of JSON for each block, with all its rows.

    Names, phones, mails and birthdays are left out unless they are asked for. docs/ledger.md has the form.
    """
    database = load_settings(config).database
    with closing(open_for_reading(database)) as books, progress_bar("Exporting") as progress:
        lines = lines_of(books, progress, with_persons=with_persons)
        if str(file) == "-":
            sys.stdout.buffer.writelines(lines)
            return
        part = file.with_name(file.name + ".part")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                out.writelines(lines)
                out.flush()
                os.fsync(out.fileno())
            part.rename(file)
        finally:
            part.unlink(missing_ok=True)


@click.command("import", epilog="Example: puntual ledger import books.ndjson --config new/puntual.toml")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True))
@config_option
@json_option
@click.pass_context
def import_(ctx: click.Context, file: Path, config: Path, *, as_json: bool) -> None:
    """Make the books of a new deployment from FILE, as `ledger export` wrote it: the same chain and balances.

    They are verified before they are put in place; exit code 1 if they are not right. Cards are found with
    the card.key of the deployment that they come from.
    """
    settings = load_settings(config)
    with ExitStack() as opened:
        lines = sys.stdin.buffer if str(file) == "-" else opened.enter_context(file.open("rb"))
        findings = import_books(lines, settings.database, chain_key(settings))
    if not findings:
        last = anchoring.anchor_of(settings.database)
        told = {"block": last.number, "hash": last.hash.hex()}
        print_record(told, as_json=as_json)
        return
    _tell(findings, as_json=as_json)
    ctx.exit(1)


@click.command(epilog="Example: puntual ledger rebuild --config shop/puntual.toml")
@config_option
@json_option
def rebuild(config: Path, *, as_json: bool) -> None:
    """Work out balances again from the postings, and say what differed. Not while a switch runs."""
    rebuilt = rebuild_caches(load_settings(config).database)
    rows = [
        {"cache": each.table, "row": _named(each), "kept": _value(each.kept), "right": _value(each.right)}
        for each in rebuilt.differences
    ]
    if as_json:
        print_json({"differed": rebuilt.count, "rows": rows})
        return
    print_rows(rows, as_json=False, nothing="nothing differed")
    if rebuilt.count > len(rows):
        click.echo(f"and {rebuilt.count - len(rows)} more")


@click.command(epilog="Example: puntual ledger backup /mnt/vault/shop-2026-11-22.db --drill")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--drill", is_flag=True, help="Put the copy back in a folder of its own, verify it, and start on it."
)
@config_option
@json_option
@click.pass_context
def backup(ctx: click.Context, file: Path, config: Path, *, drill: bool, as_json: bool) -> None:
    """Copy the books to FILE, also while a switch runs. The copy is one whole file, mode 0600.

    It holds what is known of persons. Keep card.key with your secrets: without it no card of a copy is found.
    """
    settings = load_settings(config)
    with progress_bar("Copying") as progress:
        last = back_up(settings.database, file, _paced(progress))
    told: dict[str, object] = {"block": last.number, "hash": last.hash.hex(), "bytes": file.stat().st_size}
    if drill:
        began = monotonic()
        started, findings = rehearse(file, chain_key(settings))
        if findings:
            _tell(findings, as_json=as_json)
            ctx.exit(1)
        assert started == last
        told["drill_s"] = round(monotonic() - began, 1)
    print_record(told, as_json=as_json)


@click.command(
    epilog="Example: puntual ledger restore /mnt/vault/shop-2026-11-22.db --config shop/puntual.toml"
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@config_option
@click.pass_context
def restore(ctx: click.Context, file: Path, config: Path) -> None:
    """Put the copy FILE in the place of the books, which are kept beside. Not while a switch runs.

    A copy with something wrong is refused (exit code 1). What was decided after the copy is lost: where
    [store] anchor knows of it, say so with `puntual ledger anchor --accept-fork`.
    """
    settings = load_settings(config)
    former, findings = put_back(file, settings.database, chain_key(settings))
    if findings:
        _tell(findings, as_json=False)
        ctx.exit(1)
    click.echo("the copy is in place" + (f"; the former books are {former}" if former else ""))


def _anchor_file(settings: Settings) -> Path | None:
    """The file of anchors that the settings name."""
    return settings.path(settings.store.anchor) if settings.store.anchor else None


def _tell(findings: Sequence[Finding], notes: Sequence[str] = (), *, as_json: bool) -> None:
    """Print what is wrong, and what could not be looked at."""
    if as_json:
        told = [{"invariant": one.invariant, "where": one.where, "what": one.what} for one in findings]
        print_json({"holds": not findings, "findings": told, "notes": notes})
        return
    click.echo("\n".join(map(str, findings)) or "the books hold: nothing is wrong")
    for each in notes:
        click.echo(f"note: {each}")


def _named(difference: Difference) -> str:
    """A row of a cache for people."""
    if difference.table == "balance":
        account_id, lot = difference.key
        assert isinstance(account_id, int)
        return name_of(AccountId(account_id)) + (f", lot {lot}" if lot else "")
    return " ".join(map(str, difference.key))


def _value(row: Sequence[int | str] | None) -> str | int | None:
    """What a row holds besides its key."""
    if row is None:
        return None
    return row[0] if len(row) == 1 else " ".join(map(str, row))


def _paced(progress: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """*progress*, which then leaves disk and processor to others three times as long as they were taken."""
    began = monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal began
        progress(done, total)
        sleep(min(PAUSE_MAX_S, 3 * (monotonic() - began)))
        began = monotonic()

    return tell
