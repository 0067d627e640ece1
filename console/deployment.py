"""All files of a deployment, read together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from config.key import load_key
from config.load import load_settings
from config.register import load_register
from config.schema import SETTINGS_FILE, Settings
from loyalty.errors import LoyaltyError, Problems
from members.identifiers import Hasher
from messages.dialect import shipped_dialects
from messages.framing import FRAMINGS
from messages.profiles import SHEETS
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
    if settings is None:
        # The other files are where they always are, so they are looked at all the same.
        settings = Settings(folder=path.parent.absolute())
    else:
        problems += _wire_problems(settings)
    _gather(problems, load_programme, settings.programme)
    for terminal in _gather(problems, load_register, settings.terminals) or ():
        if terminal.profile not in SHEETS:
            problems.append(
                LoyaltyError(
                    f"has the profile {terminal.profile!r}, which does not exist",
                    where=f"{settings.terminals.name}: terminal {terminal.terminal_id}",
                    hint=f"take one of {', '.join(SHEETS)}",
                )
            )
    _gather(problems, load_key, settings.path(settings.cards.key_file))
    secret = settings.exporter.password_file
    if secret and not settings.path(secret).is_file():
        where = f"{SETTINGS_FILE}: exporter.password_file"
        problems.append(
            LoyaltyError("names no file", where=where, hint="put the password there, on one line")
        )
    return problems


def _wire_problems(settings: Settings) -> list[LoyaltyError]:
    """What the listeners name and nobody knows."""
    problems = []
    for number, listener in enumerate(settings.listener, 1):
        for knob, known in (("framing", FRAMINGS), ("dialect", shipped_dialects()), ("profile", SHEETS)):
            name = getattr(listener, knob)
            if name not in known:
                where = f"{SETTINGS_FILE}: listener[{number}].{knob}"
                hint = f"take one of {', '.join(known)}"
                problems.append(LoyaltyError(f"is {name!r}, which does not exist", where=where, hint=hint))
    return problems


def _gather(problems: list[LoyaltyError], load: Callable[[Path], _Loaded], path: Path) -> _Loaded | None:
    try:
        return load(path)
    except Problems as several:
        problems += several.problems
    except LoyaltyError as problem:
        problems.append(problem)
    return None
