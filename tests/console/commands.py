"""Runs commands in this process."""

from pathlib import Path

from click.testing import CliRunner, Result

from console.cli import cli


def puntual(*arguments: str | Path, stdin: str = "") -> Result:
    """What ``puntual`` with *arguments* does. A failure of our own fails the test."""
    result = CliRunner().invoke(
        cli, [str(argument) for argument in arguments], input=stdin, prog_name="puntual"
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result
