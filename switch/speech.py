"""How a listener speaks: the framing, the field table and the MAC key that its settings name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.key import read_private
from config.schema import ListenerSettings
from loyalty.errors import LoyaltyError
from messages.codec import Codec
from messages.dialect import dialect_from_toml, load_dialect
from messages.framing import Framing, framing_named
from messages.security import KeyScheme, MacAlgorithm, MacKey, key_from_text
from messages.spec import Dialect

_OWN_DIALECT: Final = ".toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What every connection of a listener has in common."""

    framing: Framing
    codec: Codec
    mac_key: MacKey | None


def speech_of(settings: ListenerSettings, folder: Path) -> Speech:
    """What *settings* say; the files that they name are in *folder*.

    Raises:
        LoyaltyError: There is no such framing or dialect, the table is wrong, or the key cannot be used.
    """
    return Speech(
        framing=framing_named(settings.framing),
        codec=Codec(_dialect(settings.dialect, folder)),
        mac_key=_mac_key(settings, folder),
    )


def _dialect(name: str, folder: Path) -> Dialect:
    if not name.endswith(_OWN_DIALECT):
        return load_dialect(name)
    try:
        text = (folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LoyaltyError("cannot be read", where=name, hint="name a dialect, or a file of yours") from error
    return dialect_from_toml(text, where=name)


def _mac_key(settings: ListenerSettings, folder: Path) -> MacKey | None:
    if not settings.mac_key_file:
        return None
    text = read_private(folder / settings.mac_key_file)
    return MacKey(
        algorithm=MacAlgorithm(settings.mac),
        key=key_from_text(text, where=settings.mac_key_file),
        scheme=KeyScheme(settings.mac_scheme),
    )
