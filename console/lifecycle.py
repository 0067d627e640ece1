"""Putting programmes into force, taking them back, pausing parts of them; and what was done by whom."""

import getpass
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click

from config.load import load_settings
from console.deployment import open_deployment
from console.hindsight import print_report
from console.options import config_option, json_option, print_json, print_rows
from rules.amend import is_amendment
from rules.bundle import FOLDER
from switch.block import ProgrammeHead
from switch.database import open_for_reading
from switch.recall import Recall

_Command = TypeVar("_Command", bound=Callable[..., Any])
_file = click.Path(path_type=Path, dir_okay=False, exists=True)


def by_option(command: _Command) -> _Command:
    """``--by NAME``, passed as *by*."""
    return click.option(
        "--by",
        metavar="NAME",
        default=getpass.getuser,
        show_default="the user of this machine",
        help="Who orders it; the books keep it.",
    )(command)


def _order(config: Path, name: str, **arguments: object) -> Mapping[str, Any]:
    with open_deployment(config).desk() as desk:
        return desk.order(name, **arguments)


@click.command(epilog="Example: puntual rules activate --by ana --config shop/puntual.toml")
@click.argument("programme", type=_file, required=False)
@by_option
@config_option
@json_option
def activate(programme: Path | None, by: str, config: Path, *, as_json: bool) -> None:
    """Put PROGRAMME into force: a programme.toml, the deployment's own if none is named.

    A running switch goes on answering while it is built. Where two people must agree ([rules] four_eyes), it
    waits until another one approves it.
    """
    path = (programme or load_settings(config).programme).absolute()
    told = _order(config, "rules.activate", path=str(path), by=by)
    if as_json:
        print_json(told)
    elif told["in_force"]:
        click.echo(f"version {told['version']} is in force")
    else:
        click.echo(
            f"version {told['version']} waits: puntual rules approve {told['version']} --by somebody else"
        )


@click.command(epilog="Example: puntual rules approve 3f62a1b90c44 --by ben --config shop/puntual.toml")
@click.argument("version")
@by_option
@config_option
@json_option
def approve(version: str, by: str, config: Path, *, as_json: bool) -> None:
    """Approve the proposed VERSION, which puts it into force. Nobody approves what he proposed."""
    told = _order(config, "rules.approve", version=version, by=by)
    print_json(told) if as_json else click.echo(f"version {told['version']} is in force")


@click.command(epilog="Example: puntual rules rollback --by ana --config shop/puntual.toml")
@click.argument("version", required=False)
@by_option
@config_option
@json_option
def rollback(version: str | None, by: str, config: Path, *, as_json: bool) -> None:
    """Put the version before the present one into force again, or VERSION, which was in force once.

    Once more, it goes further back: what was taken back only comes again by its name. One person suffices. It
    stays in force, also after a restart, until the files change or another version is ordered.
    """
    told = _order(config, "rules.rollback", version=version, by=by)
    print_json(told) if as_json else click.echo(f"version {told['version']} is in force")


@click.command(epilog="Example: puntual pause summer --by ana --config shop/puntual.toml")
@click.argument("what")
@by_option
@config_option
@json_option
def pause(what: str, by: str, config: Path, *, as_json: bool) -> None:
    """Pause WHAT at once: a campaign by its id, `earn`, or `redeem`.

    Rules of a paused campaign give nothing; with `earn` paused sales are approved and earn nothing; with
    `redeem` paused points pay nothing (57). It stays paused until somebody resumes it.
    """
    _tell(_order(config, "rules.pause", what=what, by=by), as_json=as_json)


@click.command(epilog="Example: puntual resume summer --by ana --config shop/puntual.toml")
@click.argument("what")
@by_option
@config_option
@json_option
def resume(what: str, by: str, config: Path, *, as_json: bool) -> None:
    """Let WHAT was paused count again: a campaign, `earn`, or `redeem`."""
    _tell(_order(config, "rules.resume", what=what, by=by), as_json=as_json)


def _tell(told: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(told)
    else:
        paused = ", ".join(told["paused"]) or "nothing"
        click.echo(f"version {told['version']} is in force; paused: {paused}")


@click.command(epilog="Example: puntual rules shadow next/programme.toml --config shop/puntual.toml")
@click.argument("programme", type=_file, required=False)
@click.option("--stop", is_flag=True, help="End it, and tell what it found.")
@config_option
@json_option
def shadow(programme: Path | None, config: Path, *, stop: bool, as_json: bool) -> None:
    """Let PROGRAMME rate all sales of the running switch beside the one in force.

    Without PROGRAMME, tell what it found so far. Nothing of it is booked, and nobody waits for it. It ends
    with the switch.
    """
    path = None if programme is None else str(programme.absolute())
    told = dict(_order(config, "rules.shadow", path=path, stop=stop))
    if as_json:
        print_json(told)
        return
    if told["version"] is None:
        click.echo("nothing rates beside the programme in force")
        return
    version, latest = told.pop("version"), told.pop("latest")
    if path is not None:
        click.echo(f"version {version} rates from now on what is sold, beside the one in force")
        return
    click.echo(f"version {version} {'ended; it rated' if stop else 'rates'} beside the one in force")
    print_report(told)
    if latest:
        click.echo("\nthe latest sales that would earn otherwise:")
        print_rows(latest, as_json=False, nothing="")


@click.command(epilog="Example: puntual rules history --config shop/puntual.toml")
@config_option
@json_option
def history(config: Path, *, as_json: bool) -> None:
    """What was done to the programme: when, what, by whom, and since when each version was in force.

    A campaign whose state (draft, checked, scheduled, active, paused, ended) changed with a version has a
    line of its own.
    """
    database = open_for_reading(load_settings(config).database)
    try:
        reader = Recall(database)
        heads, acts = reader.programmes(), reader.programme_acts()
        states = list(_states(reader, heads, {act.entry: act.by for act in acts}))
    finally:
        database.close()
    by_act = {act.entry for act in acts}
    rows: list[dict[str, object]] = [
        {"at": head.since, "what": "read from its files", "version": head.version, "by": None, "about": None}
        for head in heads
        if head.number not in by_act
    ]
    rows += [
        {
            "at": act.at,
            "what": act.act.replace("_", " "),
            "version": act.version,
            "by": act.by,
            "about": act.about or None,
        }
        for act in acts
    ]
    rows += states
    rows.sort(key=lambda row: str(row["at"]))
    told = [row | {"at": f"{row['at']:%Y-%m-%d %H:%M:%S}"} for row in rows]
    print_rows(told, as_json=as_json, nothing="no programme was in force yet")


def _states(
    reader: Recall, heads: Sequence[ProgrammeHead], by_whom: Mapping[int, str]
) -> Iterator[dict[str, object]]:
    """Each change of a campaign's state, with the version that brought it."""
    before: dict[str, str] = {}
    for head in heads:
        text = reader.programme_text(head.version)
        assert text is not None
        if is_amendment(text):
            continue  # what it pauses is an act of its own
        files = json.loads(text)
        parts = files.pop(FOLDER, {})
        now = {
            document["campaign"]["id"]: document["campaign"]["state"]
            for documents in (files, *parts.values())
            for name, document in documents.items()
            if name.startswith("campaigns/")
        }
        for campaign in sorted(now.keys() | before.keys()):
            state = now.get(campaign, "taken out")
            if state != before.get(campaign):
                yield {
                    "at": head.since,
                    "what": f"is {state}",
                    "version": head.version,
                    "by": by_whom.get(head.number),
                    "about": campaign,
                }
        before = now
