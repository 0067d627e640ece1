"""The command line as a whole: help that helps, and mistakes told in words."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from console.cli import CHAPTERS, cli
from tests.console.commands import puntual


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """All commands below *command*, by what is typed."""
    if path:
        yield " ".join(path), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            _, found, _ = command.resolve_command(context, [name])
            assert found is not None
            yield from commands(found, (*path, name))


def test_every_command_helps() -> None:
    """A sentence, an example that begins as the command does, and a word on each option."""
    for path, command in commands(cli):
        assert command.help, path
        assert (command.epilog or "").startswith("Example: "), path
        assert f"puntual {path}" in str(command.epilog), path
        options = [option for option in command.params if isinstance(option, click.Option)]
        assert [option.name for option in options if not option.help and not option.show_default] == [], path


def test_the_list_tells_what_each_command_is() -> None:
    """The summaries of the list are there before the commands are loaded."""
    told = puntual("--help").stdout
    for chapter in CHAPTERS.values():
        for name, entry in chapter.items():
            assert name in told
            assert entry.load().name == name


@pytest.mark.parametrize(
    ("arguments", "exit_code", "told"),
    [
        (["sevre"], 2, "No such command"),
        (["init"], 2, "Missing argument"),
        (
            ["serve", "--config", "nowhere/puntual.toml"],
            2,
            "nowhere/puntual.toml: cannot be read: No such file",
        ),
        (["check", "nowhere"], 1, ""),
        (["cards", "show", "--config", "nowhere/puntual.toml", "1"], 2, "puntual init DIR"),
    ],
)
def test_mistakes_are_told_in_words(arguments: list[str], exit_code: int, told: str) -> None:
    """No traceback is shown for what the user can mend."""
    result = puntual(*arguments)
    assert result.exit_code == exit_code
    assert told in result.stderr
    assert "Traceback" not in result.output


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """Errors of the system name the file."""
    (tmp_path / "file").touch()
    result = puntual("init", tmp_path / "file" / "shop")
    assert result.exit_code == 2
    assert "Not a directory" in result.stderr


def test_as_a_module() -> None:
    """The switch starts its exporter so."""
    told = subprocess.run(
        [sys.executable, "-P", "-m", "console", "--version"], capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith("puntual, version ")


def test_a_terminal_without_these_letters(tmp_path: Path) -> None:
    """What an old encoding lacks is a question mark, not a traceback."""
    folder = tmp_path / "shop"
    assert puntual("init", folder).exit_code == 0
    programme = folder / "programme.toml"
    programme.write_text(
        programme.read_text("utf-8").replace('"Starter"', '"Caf\u00e9 \u65e5\u672c"'), "utf-8"
    )
    told = subprocess.run(
        [sys.executable, "-P", "-m", "console", "rules", "show", "--config", folder / "puntual.toml"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        check=True,
    )
    assert told.stdout.decode("latin-1").startswith("Caf\u00e9 ??, version ")
