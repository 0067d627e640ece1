"""Writes a deployment that runs as it is: settings, register, a programme and a key of its own."""

from importlib.resources import files
from pathlib import Path
from typing import Final

from config.key import write_key
from config.schema import SETTINGS_FILE, Settings
from loyalty.errors import LoyaltyError

_CAMPAIGNS: Final = "campaigns"


def write_starter(folder: Path, programme: str) -> Settings:
    """Write a deployment with the programme text *programme* into *folder*, which is made or must be empty.

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
        settings.terminals.write_text(shipped.joinpath("terminals.csv").read_text("utf-8"), "utf-8")
        settings.programme.write_text(programme, "utf-8")
        (folder / _CAMPAIGNS).mkdir()
        write_key(settings.path(settings.cards.key_file))
    except OSError as error:
        raise LoyaltyError(f"cannot be written: {error.strerror}", where=str(folder), hint=hint) from error
    return settings
