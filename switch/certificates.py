"""What a certificate is called, and what decisions make of it."""

import base64
from collections.abc import Callable, Iterable
from datetime import date
from typing import Final

from ledger.certificate import Certificate
from loyalty.card import Identifier, IdentifierKind, Token
from switch.outcome import Side

_CODE_SIZE: Final = 10  # bytes, 16 characters: with 2**32 certificates a guess hits one in 2**48 times
_SPELLED: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def code_for(key: str, token_of: Callable[[Identifier], Token]) -> str:
    """The code of the certificate that the message with *key* makes: always the same, and not to be guessed.

    It is a keyed hash in Crockford's base 32, which has no letters that look like digits. No identifier has
    the sign that parts the words, so nobody's identifier has this hash.
    """
    token = token_of(Identifier(IdentifierKind.UUID, f"certificate\x1f{key}"))
    return base64.b32encode(token[:_CODE_SIZE]).translate(_SPELLED).decode()


def made(certificate: Certificate) -> Side:
    """The row of a new certificate."""
    return Side(
        "certificate",
        (
            certificate.code,
            certificate.owner,
            certificate.points,
            certificate.value_minor,
            certificate.last_day.isoformat(),
        ),
    )


def changed(code: str, points: int, value_minor: int) -> Side:
    """The row of a change of the certificate *code*: so much more of it is left, or less when negative."""
    return Side("certificate_entry", (code, points, value_minor))


def codes_of(sides: Iterable[Side]) -> list[str]:
    """The certificates that *sides* make or change."""
    return [
        side.values[0]
        for side in sides
        if side.table in ("certificate", "certificate_entry") and isinstance(side.values[0], str)
    ]


def certificates_after(
    sides: Iterable[Side], known: Callable[[str], Certificate | None]
) -> dict[str, Certificate]:
    """The certificates that *sides* make or change, by code; *known* tells them as they were."""
    found: dict[str, Certificate] = {}
    for side in sides:
        match side.table, side.values:
            case "certificate", (str(code), int(owner), int(points), int(value_minor), str(last_day)):
                found[code] = Certificate(
                    code=code,
                    owner=owner,
                    points=points,
                    value_minor=value_minor,
                    last_day=date.fromisoformat(last_day),
                    left=points,
                    left_minor=value_minor,
                )
            case "certificate_entry", (str(code), int(points), int(value_minor)):
                before = found.get(code) or known(code)
                assert before is not None
                found[code] = before.changed(points, value_minor)
            case _:
                pass
    return found
