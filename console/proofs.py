"""What customers show for a card: one-time codes and PINs.

What they are recognised by is made here; they themselves go no further.
"""

import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import rich_click as click

from console.deployment import Deployment, open_deployment
from console.options import config_option, json_option, print_record
from loyalty.errors import LoyaltyError
from members.importer import CardRow
from members.proof import SALT_SIZE, ProofKind
from messages.security import pin_verification_value
from switch.proofs import LIFE_MAX
from switch.proving import value_of_code
from switch.speech import pvv_key

_CODE_DIGITS = 6
_PIN_DIGITS = 4  # of a PIN's verification value
_MINUTES_MAX = int(LIFE_MAX.total_seconds()) // 60


@click.command(epilog="Example: puntual cards code 6390120000000019 --minutes 5")
@click.argument("card")
@click.option(
    "--minutes",
    type=click.IntRange(1, _MINUTES_MAX),
    default=10,
    show_default=True,
    help="How long it can be shown.",
)
@config_option
@json_option
def code(card: str, minutes: int, config: Path, *, as_json: bool) -> None:
    """Give CARD a one-time code, and print it, this once.

    The customer shows it at the till (tag 014). It can be used once; a new one takes the place of the last,
    and after three wrong ones only a new one helps.
    """
    deployment = open_deployment(config)
    row = deployment.card(card)
    shown = f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}}"
    salt = secrets.token_bytes(SALT_SIZE)
    value = value_of_code(deployment.hasher.token, salt, shown)
    told = _set(deployment, row, ProofKind.CODE, value, salt, minutes)
    print_record({"card": told["card"], "code": shown, "until": told["until"]}, as_json=as_json)


@click.command(epilog="Example: puntual cards pin 6390120000000019")
@click.argument("card")
@click.option("--reset", is_flag=True, help="Forget the wrong tries; the PIN stays.")
@click.option("--remove", is_flag=True, help="Take the PIN away.")
@config_option
@json_option
def pin(card: str, config: Path, *, reset: bool, remove: bool, as_json: bool) -> None:
    """Set the PIN of CARD: four digits, typed twice, or a line of standard input.

    Only its verification value is stored, under the key of `cards.pin_key_file`. Terminals send it as DE 52
    to a listener that has a `pin_key_file`.
    """
    if reset and remove:
        raise click.UsageError("give --reset or --remove")
    deployment = open_deployment(config)
    row = deployment.card(card)
    if reset or remove:
        with deployment.desk() as desk:
            told = desk.order(
                "cards.secret.clear",
                card=deployment.token(row).hex(),
                kind=ProofKind.PIN.value,
                remove=remove,
            )
    else:
        settings = deployment.settings
        key = pvv_key(settings.cards, settings.folder)
        value = pin_verification_value(key, settings.cards.pin_key_index, row.card.value, _typed_pin())
        told = _set(deployment, row, ProofKind.PIN, value.encode(), secrets.token_bytes(SALT_SIZE), None)
    print_record(told, as_json=as_json)


def _typed_pin() -> str:
    if sys.stdin.isatty():
        typed = str(click.prompt("PIN", hide_input=True, confirmation_prompt=True))
    else:
        typed = sys.stdin.readline().strip()
    if not (len(typed) == _PIN_DIGITS and typed.isascii() and typed.isdigit()):
        raise LoyaltyError("is not four digits", where="the PIN", hint="choose four digits")
    return typed


def _set(
    deployment: Deployment, row: CardRow, kind: ProofKind, value: bytes, salt: bytes, minutes: int | None
) -> Mapping[str, Any]:
    with deployment.desk() as desk:
        return desk.order(
            "cards.secret",
            card=deployment.token(row).hex(),
            kind=kind.value,
            value=value.hex(),
            salt=salt.hex(),
            minutes=minutes,
        )
