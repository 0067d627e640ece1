"""All files of a deployment, read together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from config.key import load_key
from config.load import load_settings
from config.register import load_register
from config.schema import Settings
from loyalty.errors import LoyaltyError, Problems
from members.identifiers import Hasher
from rules.parse import load_programme
from rules.programme import Programme

_Loaded = TypeVar("_Loaded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What the commands that write need of a deployment."""

    settings: Settings
    programme: Programme
    hasher: Hasher


def open_deployment(path: Path) -> Deployment:
    """The deployment whose settings are the file *path*.

    Raises:
        LoyaltyError: Something in it is wrong.
    """
    settings = load_settings(path)
    return Deployment(
        settings=settings,
        programme=load_programme(settings.programme),
        hasher=Hasher(load_key(settings.path(settings.cards.key_file))),
    )


def problems_of(path: Path) -> list[LoyaltyError]:
    """All that is wrong with the deployment whose settings are the file *path*: of all its files, at once."""
    problems: list[LoyaltyError] = []
    settings = _gather(problems, load_settings, path)
    # Without settings the other files are where they always are, so they are looked at all the same.
    settings = settings or Settings(folder=path.parent.absolute())
    _gather(problems, load_programme, settings.programme)
    _gather(problems, load_register, settings.terminals)
    _gather(problems, load_key, settings.path(settings.cards.key_file))
    return problems


def _gather(problems: list[LoyaltyError], load: Callable[[Path], _Loaded], path: Path) -> _Loaded | None:
    try:
        return load(path)
    except Problems as several:
        problems += several.problems
    except LoyaltyError as problem:
        problems.append(problem)
    return None
