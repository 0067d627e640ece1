"""The secret under which card numbers are hashed: a file of 64 hexadecimal digits for its owner's eyes."""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from loyalty.errors import LoyaltyError

KEY_SIZE: Final = 32  # bytes
_MODE: Final = 0o400


def read_private(path: Path, *, lost: str = "restore it from its copy") -> str:
    """The text of a key's file *path*, as far as a key is long; *lost* says what to do without it.

    Raises:
        LoyaltyError: It cannot be read, or others can read it.
    """
    where = path.name
    try:
        with path.open(encoding="ascii") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            digits = file.read(2 * KEY_SIZE + 2).strip()
    except OSError as error:
        raise LoyaltyError(f"cannot be read: {error.strerror}", where=where, hint=lost) from error
    except UnicodeDecodeError:
        digits, mode = "", _MODE
    if mode & 0o077:
        raise LoyaltyError(
            f"has mode {mode:04o}: others may read it", where=where, hint=f"chmod 0400 {where}"
        )
    return digits


def load_key(path: Path) -> bytes:
    """The key in the file *path*.

    Raises:
        LoyaltyError: It cannot be read, others can read it, or it is no key. The text never holds any of it.
    """
    lost = "restore it from its copy: with another key no card is found, and no keyed chain goes on"
    return key_of(read_private(path, lost=lost), where=path.name)


def key_of(digits: str, *, where: str) -> bytes:
    """The key that is written as *digits*.

    Raises:
        LoyaltyError: It is none.
    """
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if len(key) != KEY_SIZE or not any(key):
        raise LoyaltyError(f"is not {2 * KEY_SIZE} hexadecimal digits", where=where, hint="restore its copy")
    return key


def write_key(path: Path) -> None:
    """Make a new key from the system's source of randomness in the file *path*, which must not exist."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_SIZE) + "\n")
        file.flush()
        os.fsync(file.fileno())
