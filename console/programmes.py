"""Which of the programmes of a deployment a command is about."""

from collections.abc import Callable
from typing import Any, TypeVar

import rich_click as click

from loyalty.errors import LoyaltyError
from rules.programme import Programme

_Command = TypeVar("_Command", bound=Callable[..., Any])


def programme_option(command: _Command) -> _Command:
    """``--programme ID``, passed as *programme*: empty for the deployment's own."""
    return click.option(
        "--programme",
        metavar="ID",
        default="",
        help="One of the folder programmes; the deployment's own if left out.",
    )(command)


def programme_only(command: _Command) -> _Command:
    """``--programme ID``, passed as *programme*: empty for the deployment's own, ``None`` for all."""
    return click.option(
        "--programme",
        metavar="ID",
        help="Only of this one, '' for the deployment's own; all together if left out.",
    )(command)


def part_named(programme: Programme, name: str) -> Programme:
    """The one called *name* among *programme* and those beside it.

    Raises:
        LoyaltyError: There is none.
    """
    part = programme.part(name)
    if part is None:
        known = ", ".join(each.id for each in programme.parts) or "none beside the deployment's own"
        raise LoyaltyError("is not there", where=f"the programme {name}", hint=f"there are: {known}")
    return part
