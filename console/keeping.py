"""Commands that keep the books honest: verify them, and anchor them elsewhere."""

from pathlib import Path

import rich_click as click

from config.load import load_settings
from config.schema import Settings
from console.options import config_option, json_option, print_json, print_record, progress_bar
from ledger.anchor import read_anchors, write_anchor
from switch import anchoring
from switch.audit import verify as verify_books


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
    with progress_bar("Verifying") as progress:
        known = read_anchors(anchors) if anchors else ()
        findings = verify_books(settings.database, progress, anchors=known)
    if as_json:
        told = [{"invariant": one.invariant, "where": one.where, "what": one.what} for one in findings]
        print_json({"holds": not findings, "findings": told})
    else:
        click.echo("\n".join(map(str, findings)) or "the books hold: nothing is wrong")
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
    switch with [store] anchor refuses such books. Whoever put back an older copy, knowing that what came
    after it is lost, says so with --accept-fork: anchors before count no more, and no number comes twice.
    """
    settings = load_settings(config)
    file = to or _anchor_file(settings)
    last = (anchoring.accept_fork if accept_fork else anchoring.anchor_of)(settings.database)
    if file is not None:
        write_anchor(file, last)
    told = {"block": last.number, "hash": last.hash.hex(), "written_to": file}
    if as_json:
        print_record(told, as_json=True)
    else:
        click.echo(last)


def _anchor_file(settings: Settings) -> Path | None:
    """The file of anchors that the settings name."""
    return settings.path(settings.store.anchor) if settings.store.anchor else None
