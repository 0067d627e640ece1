"""How a listener speaks: the framing, the field table and the keys that its settings name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.key import read_private
from config.schema import CardSettings, ListenerSettings
from loyalty.errors import LoyaltyError
from messages.codec import Codec
from messages.dialect import dialect_from_toml, load_dialect
from messages.framing import Framing, framing_named
from messages.keys import KeyScheme, KsnPlace, MacKey, PinKey
from messages.security import MacAlgorithm, key_from_text
from messages.spec import Dialect

_OWN_DIALECT: Final = ".toml"
_PIN: Final = 52
_PVV_KEY_SIZE: Final = 16
_AES_BLOCK: Final = 4  # the one format of ISO 9564 whose blocks are under AES


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What every connection of a listener has in common."""

    framing: Framing
    codec: Codec
    mac_key: MacKey | None
    pin_key: PinKey | None
    owns_day: bool


def speech_of(settings: ListenerSettings, cards: CardSettings, folder: Path) -> Speech:
    """What *settings* say; the files that they and *cards* name are in *folder*.

    Raises:
        LoyaltyError: There is no such framing or dialect, the table is wrong, or a key cannot be used.
    """
    codec = Codec(_dialect(settings.dialect, folder))
    return Speech(
        framing=framing_named(settings.framing),
        codec=codec,
        mac_key=_mac_key(settings, folder),
        pin_key=_pin_key(settings, cards, folder, codec.dialect),
        owns_day=settings.business_day == "own",
    )


def pvv_key(cards: CardSettings, folder: Path) -> bytes:
    """The key under which PINs are recognised.

    Raises:
        LoyaltyError: The settings name none, or it cannot be used.
    """
    name = cards.pin_key_file
    if not name:
        hint = "name a file with a key of 32 hexadecimal digits"
        raise LoyaltyError("is empty", where="cards.pin_key_file", hint=hint)
    key = key_from_text(read_private(folder / name), where=name)
    if len(key) != _PVV_KEY_SIZE:
        raise LoyaltyError("is not 32 hexadecimal digits", where=name, hint="make it as long as that")
    return key


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
    algorithm, scheme = MacAlgorithm(settings.mac), KeyScheme(settings.mac_scheme)
    if scheme is not KeyScheme.FIXED and (scheme is KeyScheme.AES_DUKPT) != (
        algorithm is MacAlgorithm.AES_CMAC
    ):
        raise LoyaltyError(
            f"{settings.mac} cannot be used with {settings.mac_scheme}",
            where="mac",
            hint="aes-dukpt gives keys for aes-cmac, tdes-dukpt for the others",
        )
    return MacKey(
        algorithm=algorithm,
        key=_key(folder, settings.mac_key_file, scheme),
        scheme=scheme,
        ksn=KsnPlace.named(settings.ksn),
    )


def _pin_key(
    settings: ListenerSettings, cards: CardSettings, folder: Path, dialect: Dialect
) -> PinKey | None:
    if not settings.pin_key_file:
        return None
    block_format, scheme = int(settings.pin_block), KeyScheme(settings.pin_scheme)
    is_aes = block_format == _AES_BLOCK
    if scheme is not KeyScheme.FIXED and (scheme is KeyScheme.AES_DUKPT) != is_aes:
        raise LoyaltyError(
            f"format {settings.pin_block} cannot be used with {settings.pin_scheme}",
            where="pin_block",
            hint="aes-dukpt gives keys for format 4, tdes-dukpt for the others",
        )
    field, size = dialect.fields.get(_PIN), 16 if is_aes else 8
    if field is None or field.length < size:
        raise LoyaltyError(
            f"has no room for a PIN block of format {settings.pin_block}",
            where=f"DE {_PIN} of {dialect.name}",
            hint=f'write 52 = "b{size}" in a dialect of your own',
        )
    return PinKey(
        key=_key(folder, settings.pin_key_file, scheme),
        scheme=scheme,
        ksn=KsnPlace.named(settings.ksn),
        block_format=block_format,
        pvv_key=pvv_key(cards, folder),
        pvv_index=cards.pin_key_index,
    )


def _key(folder: Path, name: str, scheme: KeyScheme) -> bytes:
    """The key in the file *name*, which has to be one that *scheme* can begin with."""
    key = key_from_text(read_private(folder / name), where=name)
    if scheme is KeyScheme.TDES_DUKPT and len(key) != _PVV_KEY_SIZE:
        raise LoyaltyError(
            "is no base key of tdes-dukpt", where=name, hint="it must have 32 hexadecimal digits"
        )
    return key
