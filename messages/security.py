"""MACs, PIN blocks and keys that change with every message: all cryptography of the wire, through psec.

A MAC protects a message from its first byte to the one before the MAC itself, which is its last element (64,
or 128 where there are elements above 64). Nothing here keeps, shows or logs a PIN or a key.
"""

import hmac
import warnings
from enum import Enum
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.utils import CryptographyDeprecationWarning
from psec import aes, des, mac, pin, pinblock

from messages.errors import WireError

# psec reaches triple DES by the name that cryptography moved; the dependency is pinned for that reason.
warnings.filterwarnings("ignore", message="TripleDES has been moved", category=CryptographyDeprecationWarning)

_BLOCK: Final = 8
_KEY_SIZES: Final = (16, 24, 32)


class SecurityError(WireError):
    """A key or a PIN block is not what it has to be. Never says what it was."""


def key_from_text(text: str, *, where: str) -> bytes:
    """The key in *text*, hexadecimal as in a key file.

    Raises:
        SecurityError: It is not hexadecimal, or no key has this length.
    """
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) not in _KEY_SIZES:
        hint = "write 32, 48 or 64 hexadecimal digits into the file"
        raise SecurityError("this is not a key", where=where, hint=hint)
    return key


def _triple(key: bytes) -> bytes:
    """*key* of one, two or three parts written as three."""
    return key * 3 if len(key) == 8 else key + key[:8] if len(key) == 16 else key


def _encrypt(key: bytes, data: bytes) -> bytes:
    return bytes(des.encrypt_tdes_ecb(_triple(key), data))


# --- MACs


class MacAlgorithm(Enum):
    """How a MAC is computed."""

    RETAIL = "retail"  # ANSI X9.19, ISO 9797-1 algorithm 3
    CBC = "cbc"  # ISO 9797-1 algorithm 1 with triple DES
    AES_CMAC = "aes-cmac"  # NIST SP 800-38B
    TDES_CMAC = "tdes-cmac"


def pad(data: bytes, method: int, block_size: int = _BLOCK) -> bytes:
    """*data* padded by *method* 1, 2 or 3 of ISO 9797-1."""
    padders = {1: mac.pad_iso_1, 2: mac.pad_iso_2, 3: mac.pad_iso_3}
    return bytes(padders[method](data, block_size))


def make_mac(algorithm: MacAlgorithm, key: bytes, data: bytes, *, padding: int = 1) -> bytes:
    """The MAC of *data*: eight bytes, sixteen with AES. *padding* is the method of ISO 9797-1."""
    match algorithm:
        case MacAlgorithm.RETAIL:
            return bytes(mac.generate_retail_mac(_triple(key[:8]), _triple(key[8:16]), data, padding, _BLOCK))
        case MacAlgorithm.CBC:
            return bytes(mac.generate_cbc_mac(_triple(key), data, padding, _BLOCK))
        case MacAlgorithm.AES_CMAC:
            return _cmac(CMAC(AES(key)), data)
        case MacAlgorithm.TDES_CMAC:
            return _cmac(CMAC(TripleDES(_triple(key))), data)


def _cmac(context: CMAC, data: bytes) -> bytes:
    context.update(data)
    return context.finalize()


# --- PIN blocks (ISO 9564-1)


def clear_pin(block: bytes, block_format: int, pan: str) -> str:
    """The PIN in a clear *block* of format 0, 1, 2 or 3.

    Raises:
        SecurityError: The block is not of this format.
    """
    assert block_format in (0, 1, 2, 3)
    try:
        match block_format:
            case 0:
                return str(pinblock.decode_pinblock_iso_0(block, pan))
            case 1:
                return _format_1(block)
            case 2:
                return str(pinblock.decode_pinblock_iso_2(block))
            case _:
                return str(pinblock.decode_pinblock_iso_3(block, pan))
    except ValueError:
        raise SecurityError("the PIN block cannot be read", where=f"DE 52, format {block_format}") from None


def _format_1(block: bytes) -> str:
    halves = block.hex()
    length = int(halves[1:2] or "0", 16)
    digits = halves[2 : 2 + length]
    if len(block) != _BLOCK or halves[0] != "1" or not 4 <= length <= 12 or not digits.isdecimal():
        raise ValueError
    return digits


def decipher_pin(block: bytes, block_format: int, key: bytes, pan: str) -> str:
    """The PIN in an enciphered *block*: triple DES, or AES for format 4.

    *pan* is the card number; formats 0, 3 and 4 cannot be read without it.

    Raises:
        SecurityError: The block is not of this format, or under another key.
    """
    if block_format == 4:
        try:
            return str(pinblock.decipher_pinblock_iso_4(key, block, pan))
        except ValueError:
            raise SecurityError("the PIN block cannot be read", where="DE 52, format 4") from None
    if len(block) != _BLOCK:
        raise SecurityError("the PIN block cannot be read", where=f"DE 52, format {block_format}")
    return clear_pin(bytes(des.decrypt_tdes_ecb(_triple(key), block)), block_format, pan)


def pin_verification_value(key: bytes, key_index: int, pan: str, secret: str) -> str:
    """Four digits by which a PIN is recognized again and from which it cannot be told."""
    return str(pin.generate_visa_pvv(_triple(key), str(key_index), secret, pan))


def verify_pin(value: str, key: bytes, key_index: int, pan: str, secret: str) -> bool:
    """Whether *secret* is the PIN whose verification value is *value*."""
    return hmac.compare_digest(pin_verification_value(key, key_index, pan, secret), value)


# --- DUKPT with triple DES (ANSI X9.24-1)

_COUNTER_BITS: Final = 21
_REGISTER_MASK: Final = int.from_bytes(bytes.fromhex("C0C0C0C000000000C0C0C0C000000000"), "big")
_VARIANTS: Final = {
    "pin": bytes.fromhex("00000000000000FF00000000000000FF"),
    "mac": bytes.fromhex("000000000000FF00000000000000FF00"),
    "mac-response": bytes.fromhex("00000000FF00000000000000FF000000"),
    "data": bytes.fromhex("0000000000FF00000000000000FF0000"),
}


def _xor(first: bytes, second: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(first, second, strict=True))


def tdes_initial_key(base_key: bytes, ksn: bytes) -> bytes:
    """The key that a terminal is given, from the *base_key* and its key serial number."""
    serial = bytearray(ksn[:8])
    serial[7] &= 0xE0
    other = _xor(base_key, _REGISTER_MASK.to_bytes(16, "big"))
    return _encrypt(base_key, bytes(serial)) + _encrypt(other, bytes(serial))


def tdes_key(base_key: bytes, ksn: bytes) -> bytes:
    """The key of one transaction, before it is varied for a use."""
    counter = int.from_bytes(ksn[-3:], "big") & ((1 << _COUNTER_BITS) - 1)
    register = int.from_bytes(ksn[-8:], "big") & ~((1 << _COUNTER_BITS) - 1)
    key = tdes_initial_key(base_key, ksn)
    for bit in range(_COUNTER_BITS - 1, -1, -1):
        if counter >> bit & 1:
            register |= 1 << bit
            key = _next_key(key, register.to_bytes(8, "big"))
    return key


def _next_key(key: bytes, register: bytes) -> bytes:
    varied = _xor(key, _REGISTER_MASK.to_bytes(16, "big"))
    left, right = (_xor(_encrypt(half[:8], _xor(half[8:], register)), half[8:]) for half in (varied, key))
    return left + right


def tdes_key_for(base_key: bytes, ksn: bytes, use: str) -> bytes:
    """The key of one transaction for *use*: ``pin``, ``mac``, ``mac-response`` or ``data``."""
    varied = _xor(tdes_key(base_key, ksn), _VARIANTS[use])
    if use != "data":
        return varied
    return _encrypt(varied, varied[:8]) + _encrypt(varied, varied[8:])


# --- DUKPT with AES (ANSI X9.24-3)

_AES_USES: Final = {
    "pin": 0x1000,
    "mac": 0x2000,
    "mac-response": 0x2001,
    "data": 0x3000,
    "derivation": 0x8000,
    "initial": 0x8001,
}
_AES_ALGORITHMS: Final = {16: 2, 24: 3, 32: 4}
_AES_COUNTER_BITS: Final = 32


def _derive(key: bytes, use: str, size: int, context: bytes) -> bytes:
    """A key of *size* bytes from *key* (X9.24-3, 6.3.1). *context*: key id, or its end and the counter."""
    derived = b""
    for block in range(1, (size + 15) // 16 + 1):
        head = bytes([1, block]) + _AES_USES[use].to_bytes(2, "big")
        sizes = _AES_ALGORITHMS[size].to_bytes(2, "big") + (8 * size).to_bytes(2, "big")
        derived += aes.encrypt_aes_ecb(key, head + sizes + context)
    return derived[:size]


def aes_initial_key(base_key: bytes, key_id: bytes) -> bytes:
    """The key that a terminal is given, from the *base_key* and its identifier, eight bytes."""
    return _derive(base_key, "initial", len(base_key), key_id)


def aes_derivation_key(base_key: bytes, ksn: bytes) -> bytes:
    """The key of one transaction, from which those for each use are derived."""
    key_id, counter = ksn[:8], int.from_bytes(ksn[8:12], "big")
    key = aes_initial_key(base_key, key_id)
    so_far = 0
    for bit in range(_AES_COUNTER_BITS - 1, -1, -1):
        if counter >> bit & 1:
            so_far |= 1 << bit
            key = _derive(key, "derivation", len(base_key), key_id[4:] + so_far.to_bytes(4, "big"))
    return key


def aes_key_for(base_key: bytes, ksn: bytes, use: str, size: int = 16) -> bytes:
    """The key of one transaction for *use*: ``pin``, ``mac``, ``mac-response`` or ``data``."""
    return _derive(aes_derivation_key(base_key, ksn), use, size, ksn[4:12])
