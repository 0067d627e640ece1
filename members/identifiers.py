"""From what names a customer to the token that is stored of it: a keyed hash, so that nobody can try numbers.

A card number hashes the same wherever it stood. Every other kind has a hash of its own, so that equal digits
of a barcode and of a phone are two things.
"""

import hashlib
from typing import Final

from loyalty.card import Identifier, IdentifierKind, Token

_TOKEN_SIZE: Final = 16  # bytes: with 2**32 cards a collision has a chance of 2**-65
_MARK_SIZE: Final = 2  # bytes: too few to tell what it is of
_IGNORED_IN_PHONES: Final = str.maketrans("", "", "+ -()./")


class Hasher:
    """Makes tokens under *key* (32 to 64 bytes). Keeps nothing of what it hashed."""

    def __init__(self, key: bytes) -> None:
        assert 32 <= len(key) <= hashlib.blake2b.MAX_KEY_SIZE
        # The key is mixed in once; a token costs a copy of this state and one more block.
        self._begun = {
            kind: hashlib.blake2b(key=key, digest_size=_TOKEN_SIZE, person=kind.value.encode())
            for kind in IdentifierKind
        }

    def __repr__(self) -> str:
        return "Hasher(****)"

    def token(self, identifier: Identifier) -> Token:
        """The token of *identifier*, 16 bytes."""
        state = self._begun[identifier.kind].copy()
        state.update(normal_form(identifier).encode())
        return Token(state.digest())


def normal_form(identifier: Identifier) -> str:
    """The spelling of *identifier* that all its spellings share."""
    match identifier.kind:
        case IdentifierKind.MAIL:
            return identifier.value.strip().lower()
        case IdentifierKind.PHONE:
            return identifier.value.translate(_IGNORED_IN_PHONES)
        case _:
            return identifier.value


def mark_of(token: bytes, member_id: int) -> str:
    """By what the journal knows again what stands for a member, so that nobody exchanges it unseen."""
    salt = member_id.to_bytes(hashlib.blake2b.SALT_SIZE, "big", signed=True)
    return hashlib.blake2b(token, digest_size=_MARK_SIZE, salt=salt).hexdigest()
