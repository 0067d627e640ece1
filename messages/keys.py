"""The keys of a link: which one a message is under, and what is done with it."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from messages.security import (
    MacAlgorithm,
    SecurityError,
    aes_key_for,
    decipher_pin,
    make_mac,
    pin_verification_value,
    tdes_key_for,
)
from messages.tags import TagError, read_tags

_MAC_SIZE: Final = 8  # bytes of the element
_KSN_SIZES: Final = (10, 12)  # bytes, with triple DES and with AES
_TAGS: Final = 48


class KeyScheme(Enum):
    """Which key a message is under."""

    FIXED = "fixed"
    TDES_DUKPT = "tdes-dukpt"
    AES_DUKPT = "aes-dukpt"


@dataclass(frozen=True, slots=True)
class KsnPlace:
    """Where a message names its DUKPT key: *element*, or *tag* of the tags in it."""

    element: int = 53
    tag: str | None = None

    @classmethod
    def named(cls, text: str) -> "KsnPlace":
        """The place that is written as *text*: ``53``, or ``48.070``.

        Raises:
            SecurityError: It names none.
        """
        number, dot, tag = text.partition(".")
        digits = number + tag
        is_number = digits.isascii() and digits.isdigit() and 2 <= int(number or "0") <= 128
        if not is_number or (dot and (len(tag) != 3 or int(number) != _TAGS)):
            hint = "name an element, 2 to 128, or a tag of DE 48, as 48.070"
            raise SecurityError(f"{text!r} is no place for a key serial number", where="ksn", hint=hint)
        return cls(int(number), tag or None)

    def __str__(self) -> str:
        return str(self.element) if self.tag is None else f"{self.element}.{self.tag}"

    def find(self, elements: Mapping[int, str]) -> str | None:
        """The key serial number in *elements*, hexadecimal; ``None`` when there is none."""
        text = elements.get(self.element)
        if text is None or self.tag is None:
            return text
        try:
            return dict(read_tags(text)).get(self.tag)
        except TagError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkKey:
    """A key that is fixed, or the base key from which that of every message is derived.

    Attributes:
        key: The link's key, or the base key of DUKPT.
        ksn: Where a message names its DUKPT key.
    """

    key: bytes = field(repr=False)
    scheme: KeyScheme = KeyScheme.FIXED
    ksn: KsnPlace = KsnPlace()

    def key_for(self, use: str, elements: Mapping[int, str]) -> bytes:
        """The key of the message with *elements* for *use*: ``pin``, ``mac`` or ``mac-response``.

        Raises:
            SecurityError: The key serial number is missing or makes no sense.
        """
        if self.scheme is KeyScheme.FIXED:
            return self.key
        is_triple = self.scheme is KeyScheme.TDES_DUKPT
        size = _KSN_SIZES[0] if is_triple else _KSN_SIZES[1]
        found = self.ksn.find(elements)
        try:
            # An element of 16 digits has no room for the two leading FF of a serial number of ten bytes.
            serial = bytes.fromhex(found.rjust(2 * _KSN_SIZES[0], "F")) if found else b""
        except ValueError:
            serial = b""
        if len(serial) != size:
            raise SecurityError("the key serial number makes no sense", where=f"DE {self.ksn}")
        return tdes_key_for(self.key, serial, use) if is_triple else aes_key_for(self.key, serial, use)


@dataclass(frozen=True, slots=True, kw_only=True)
class MacKey(LinkKey):
    """What a link needs to verify and make MACs.

    Attributes:
        size: Bytes of the MAC that are sent, from its left; zeros fill the element.
    """

    algorithm: MacAlgorithm
    padding: int = 1
    size: int = 8

    def make(self, data: bytes, asked: Mapping[int, str], *, is_answer: bool) -> bytes:
        """The eight bytes of the element for *data*, which is all that stands before it.

        *asked* are the elements of the request, which name the key of its answer too.

        Raises:
            SecurityError: The key serial number is missing or makes no sense.
        """
        key = self.key_for("mac-response" if is_answer else "mac", asked)
        made = make_mac(self.algorithm, key, data, padding=self.padding)
        return made[: self.size].ljust(_MAC_SIZE, b"\0")[:_MAC_SIZE]

    def verify(self, data: bytes, found: bytes, asked: Mapping[int, str]) -> bool:
        """Whether *found* is the MAC of *data*."""
        try:
            return hmac.compare_digest(self.make(data, asked, is_answer=False), found)
        except SecurityError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class PinKey(LinkKey):
    """What a link needs to recognise a PIN.

    Attributes:
        block_format: Of DE 52: 0, 1, 3 or 4 of ISO 9564-1.
        pvv_key: Under which PINs are recognised, sixteen bytes.
        pvv_index: Which of a set of such keys it is, one digit.
    """

    block_format: int
    pvv_key: bytes = field(repr=False)
    pvv_index: int = 1

    def value_of(self, block: str, card: str | None, elements: Mapping[int, str]) -> str:
        """The verification value of the PIN in *block*, hexadecimal; empty when none can be read.

        The PIN lives as long as this call. Without a number of a *card* there is nothing to recognise it by.
        """
        if card is None:
            return ""
        try:
            key = self.key_for("pin", elements)
            secret = decipher_pin(bytes.fromhex(block), self.block_format, key, card)
            return pin_verification_value(self.pvv_key, self.pvv_index, card, secret)
        except (SecurityError, ValueError):
            return ""  # a length, a digit, a card too short: what exactly is nobody's business
