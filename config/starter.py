"""Writes a deployment that runs as it is: settings, register, a programme and a key of its own."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from config.key import write_key
from config.schema import SETTINGS_FILE, Settings
from loyalty.errors import LoyaltyError

_CAMPAIGNS: Final = "campaigns"


def write_starter(folder: Path, programme: str, partners: Sequence[str] = ()) -> Settings:
    """Write a deployment with the programme text *programme* into *folder*, which is made or must be empty.

    Its terminals belong to *partners* by turns, where there are any.

    Raises:
        LoyaltyError: Something lies there already, or it cannot be written.
    """
    hint = "name a new or an empty folder"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise LoyaltyError("is not empty", where=str(folder), hint=hint)
        settings = Settings(folder=folder.absolute())
        shipped = files("config")
        (folder / SETTINGS_FILE).write_text(shipped.joinpath(SETTINGS_FILE).read_text("utf-8"), "utf-8")
        register = shipped.joinpath("terminals.csv").read_text("utf-8")
        settings.terminals.write_text(_shared(register, partners) if partners else register, "utf-8")
        settings.programme.write_text(programme, "utf-8")
        (folder / _CAMPAIGNS).mkdir()
        write_key(settings.path(settings.cards.key_file))
    except OSError as error:
        raise LoyaltyError(f"cannot be written: {error.strerror}", where=str(folder), hint=hint) from error
    return settings


def _shared(register: str, partners: Sequence[str]) -> str:
    """*register* with a partner for each terminal."""
    header, *rows = [line.split(",") for line in register.splitlines()]
    at = header.index("partner")
    for number, row in enumerate(rows):
        row[at] = partners[number % len(partners)]
    return "".join(",".join(row) + "\n" for row in (header, *rows))
