"""One-time codes and PINs through the real commands, a till and a restart."""

import itertools
import json
from collections.abc import Iterator

import pytest
from click.testing import Result
from psec import des, pinblock

from tests.conformance import cards
from tests.conformance.deployment import STARTER_TERMINALS, Deployment, Switch
from tests.conformance.test_programme import change
from tests.conformance.till import Link, Till
from tests.console.commands import puntual

KEY = "0123456789ABCDEFFEDCBA9876543210"
CARD, OTHER = itertools.islice(cards.pool(), 2)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """Asks for a proof from 1.00 on, and for PINs at its listener."""
    made = Deployment(tmp_path_factory.mktemp("proof") / "puntual")
    change(made, {'value = "0.01"': 'proof_from = "1.00"\nvalue = "0.01"'})
    for name in ("link.key", "pvv.key"):
        (made.folder / name).write_text(KEY + "\n")
        (made.folder / name).chmod(0o400)
    settings = made.folder / "puntual.toml"
    text = settings.read_text()
    link, pvv = 'pin_key_file = ""               # key of', 'pin_key_file = ""               # 32'
    assert (text.count(link), text.count(pvv)) == (1, 1)
    text = text.replace(link, 'pin_key_file = "link.key" #').replace(pvv, 'pin_key_file = "pvv.key" #')
    settings.write_text(text)
    assert made.run("check").returncode == 0
    rows = [cards.row(card, cards.member_of(card)) for card in (CARD, OTHER)]
    assert made.import_cards(cards.as_csv(rows)).returncode == 0
    return made


@pytest.fixture(scope="module")
def guarded_switch(guarded: Deployment) -> Iterator[Switch]:
    with guarded.serve() as running:
        yield running
    verified = guarded.run("ledger", "verify")
    assert verified.returncode == 0, verified.stdout


def pin_block(pin: str, card: str) -> str:
    """DE 52 as a keypad makes it, by psec alone."""
    key = bytes.fromhex(KEY + KEY[:16])
    return bytes(des.encrypt_tdes_ecb(key, pinblock.encode_pinblock_iso_0(pin, card))).hex().upper()


@pytest.mark.filterwarnings("ignore:TripleDES has been moved")  # psec's own import
def test_codes_and_pins(guarded: Deployment, guarded_switch: Switch, stans: Iterator[int]) -> None:
    """Asked for from the amount on; a code once, a PIN again and again, three wrong ones and no more."""
    till = Till(STARTER_TERMINALS[0], stans)

    def ask(amount: int, code: str | None = None, pin: str | None = None) -> str:
        values = [] if code is None else [("014", code)]
        elements = {} if pin is None else {52: pin_block(pin, CARD)}
        request = till.message("redeem", card=CARD, amount=amount, values=values, elements=elements)
        answer = link.ask(request)
        assert link.ask(request).raw == answer.raw  # its stored answer, which counts for nothing
        return f"{answer.code} {answer.tags.get('059', [''])[0]}".strip()

    def told(*arguments: str, stdin: str = "") -> dict[str, str]:
        done = order(*arguments, "--json", stdin=stdin)
        assert done.exit_code == 0, done.stderr
        return dict(json.loads(done.stdout))

    def order(*arguments: str, stdin: str = "") -> Result:
        """In this process: a new one for each of so many commands would take most of the test's time."""
        return puntual("cards", *arguments, "--config", guarded.folder / "puntual.toml", stdin=stdin)

    missing, exceeded = "55 PROOF_MISSING_OR_WRONG", "75 PROOF_TRIES_EXCEEDED"
    with Link(guarded_switch.iso8583) as link:
        assert link.ask(till.message("earn", card=CARD, amount=200_000)).code == "00"
        assert (ask(99), ask(100)) == ("00", missing)

        code = told("code", CARD)["code"]
        assert (len(code), code.isdigit()) == (6, True)
        assert (ask(100, code), ask(100, code)) == ("00", missing)
        code = told("code", "-", "--minutes", "5", stdin=CARD + "\n")["code"]
        wrong = "0000" if code != "0000" else "1111"
        assert [ask(100, wrong) for _ in range(3)] == [missing] * 3
        assert (ask(100, code), ask(99, code), ask(99)) == (exceeded, exceeded, "00")
        assert ask(100, told("code", CARD)["code"]) == "00"

        assert told("pin", CARD, stdin="4821\n")["pin"] == "set"
        assert (ask(100, pin="4821"), ask(100, pin="4821"), ask(100, pin="4822")) == ("00", "00", missing)
        assert [ask(100, pin="4822") for _ in range(3)] == [missing, missing, exceeded]
        assert told("show", CARD)["pin"] == "blocked"
        assert (ask(100, pin="4821"), told("pin", CARD, "--reset")["pin"]) == (exceeded, "reset")
        assert (ask(100, pin="4821"), told("pin", CARD, "--remove")["pin"]) == ("00", "removed")
        assert ask(100, pin="4821") == missing
        refused = order("pin", OTHER, stdin="48215\n")
        assert (refused.exit_code, refused.stderr) == (
            2,
            "the PIN: is not four digits (choose four digits)\n",
        )
        assert "has no pin" in order("pin", OTHER, "--reset").stderr

        # What waits and what was counted outlives the process.
        assert told("pin", CARD, stdin="4821\n")["pin"] == "set"
        assert [ask(100, pin="4822") for _ in range(2)] == [missing] * 2
        code = told("code", CARD)["code"]
    guarded_switch.kill()
    assert told("show", CARD)["pin"] == "set"
    with guarded.serve() as again, Link(again.iso8583) as link:
        assert (ask(100, pin="4822"), ask(100, pin="4821"), ask(100, code)) == (missing, exceeded, "00")
        assert again.terminate() == 0
    everything = b"".join(path.read_bytes() for path in guarded.folder.glob("*.*") if path.suffix != ".csv")
    # Not for "4821" itself: four digits stand in some hash or time by chance.
    for secret in (code.encode(), pin_block("4821", CARD).encode(), pin_block("4822", CARD).encode()):
        assert secret not in everything.replace(KEY.encode(), b"")
