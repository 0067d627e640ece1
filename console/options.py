"""Options that many commands share, and how data is printed."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click
from rich.console import Console
from rich.progress import Progress

from config.schema import SETTINGS_FILE

_Command = TypeVar("_Command", bound=Callable[..., Any])


def config_option(command: _Command) -> _Command:
    """``--config FILE``, passed as the path *config*."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        default=Path(SETTINGS_FILE),
        show_default=f"./{SETTINGS_FILE}",
        metavar="FILE",
        help="Settings of the deployment.",
    )(command)


def json_option(command: _Command) -> _Command:
    """``--json``, passed as *as_json*."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def print_json(value: object) -> None:
    """Print *value* as one JSON document; dates and paths as texts."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_record(record: Mapping[str, object], *, as_json: bool) -> None:
    """Print one *record*: as JSON, or a line for each value that there is."""
    if as_json:
        print_json(record)
        return
    width = max(len(name) for name in record)
    for name, value in record.items():
        if value is not None:
            click.echo(f"{name.replace('_', ' ').ljust(width)}  {value}")


def print_rows(rows: Sequence[Mapping[str, object]], *, as_json: bool, nothing: str) -> None:
    """Print *rows*, which have the same columns: as JSON, or as a table; *nothing* when there are none."""
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo(nothing)
    else:
        for line in _table(rows):
            click.echo(line)


def _table(rows: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """Plain columns: a pipe can cut them, a person can read them. Numbers are flush right."""
    names = list(rows[0])
    cells = [["" if row[name] is None else str(row[name]) for name in names] for row in rows]
    widths = [max(len(name), *(len(line[at]) for line in cells)) for at, name in enumerate(names)]
    flush_right = [all(isinstance(row[name], int | None) for row in rows) for name in names]
    for line in [[name.replace("_", " ") for name in names], *cells]:
        aligned = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, flush_right, strict=True)
        )
        yield "  ".join(aligned).rstrip()


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Gives what is to be told how much is done, and of how much.

    A bar on standard error where that is a terminal, nothing where it is not.
    """
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
