"""PINs on the wire: DE 52 becomes what the PIN is recognised by, and where nobody asks for it, nothing."""

from typing import Final

import pytest
from psec import des, pinblock

from loyalty.transaction import Proof
from messages.codec import Codec
from messages.dialect import dialect_from_toml, load_dialect
from messages.framing import framing_named
from messages.keys import KeyScheme, KsnPlace, MacKey, PinKey
from messages.link import Link, TransactionReceived
from messages.security import (
    MacAlgorithm,
    aes_key_for,
    make_mac,
    pin_verification_value,
    tdes_key_for,
    verify_pin,
)
from messages.spec import Dialect
from tests.messages.wire import CARD, NOW, OTHER_CARD, SALE, profile, tags, told

pytestmark = pytest.mark.filterwarnings("ignore:TripleDES has been moved")  # psec's own import

KEY: Final = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
PVV_KEY: Final = bytes.fromhex("89B07B35A1B3F47E89B07B35A1B3F488")
# The terminal of ANSI X9.24-1's and X9.24-3's examples, and counters of their first transactions.
TDES_KSN: Final = "FFFF9876543210E00001"
AES_KSN: Final = "123456789012345600000001"
WIDE: Final = 'name = "wide"\nextends = "iso87-ascii"\n[elements]\n52 = "b16"\n53 = "b..48"\n'
VALUE: Final = pin_verification_value(PVV_KEY, 1, CARD, "1234")


def key(block_format: int, scheme: KeyScheme = KeyScheme.FIXED, ksn: str = "53") -> PinKey:
    """The switch's keys."""
    return PinKey(key=KEY, block_format=block_format, scheme=scheme, ksn=KsnPlace.named(ksn), pvv_key=PVV_KEY)


def clear_block(block_format: int, pin: str, card: str = CARD) -> bytes:
    """A block as a keypad makes it, by psec alone."""
    match block_format:
        case 0:
            return bytes(pinblock.encode_pinblock_iso_0(pin, card))
        case 1:
            return bytes.fromhex(f"1{len(pin)}{pin}".ljust(16, "7"))
        case _:
            return bytes(pinblock.encode_pinblock_iso_3(pin, card))


def block(block_format: int, pin: str, under: bytes = KEY, card: str = CARD) -> str:
    """DE 52."""
    if block_format == 4:
        return bytes(pinblock.encipher_pinblock_iso_4(under, pin, card)).hex().upper()
    return bytes(des.encrypt_tdes_ecb(under + under[:8], clear_block(block_format, pin, card))).hex().upper()


def dialect(block_format: int) -> Dialect:
    """The default one, with room for blocks and serial numbers under AES where these are used."""
    return dialect_from_toml(WIDE, where="wide.toml") if block_format == 4 else load_dialect("iso87-ascii")


def proof_in(elements: dict[int, str], pin_key: PinKey | None) -> Proof | None:
    """What reaches the switch of a sale with *elements* more."""
    codec = Codec(dialect(0 if pin_key is None else pin_key.block_format))
    link = Link(
        framing=framing_named("bin2"),
        codec=codec,
        profile=profile(),
        frame_size_max=8192,
        pin_key=pin_key,
    )
    raw = framing_named("bin2").wrap(
        codec.encode("0200", dict(sorted({**SALE, 4: "000000000500", **elements}.items())))
    )
    [event] = link.receive_data(raw, NOW)
    assert isinstance(event, TransactionReceived), told(event)
    assert 52 not in event.message.elements
    assert "1234" not in repr(event.transaction)
    assert VALUE not in repr(event.transaction)
    return event.transaction.proof


@pytest.mark.parametrize("block_format", [0, 1, 3, 4])
def test_the_right_pin(block_format: int) -> None:
    """Every format gives the value under which the PIN was set, and no other PIN does."""
    shown = proof_in({52: block(block_format, "1234")}, key(block_format))
    assert shown == Proof(pin_value=VALUE)
    other = proof_in({52: block(block_format, "1235")}, key(block_format))
    assert other is not None
    assert other.pin_value not in ("", VALUE)
    assert verify_pin(VALUE, PVV_KEY, 1, CARD, "1234")
    assert not verify_pin(VALUE, PVV_KEY, 1, OTHER_CARD, "1234")


@pytest.mark.parametrize("place", ["53", "48.070"])
def test_tdes_dukpt(place: str) -> None:
    """The key serial number of each message, in an element or a tag, says under which key its block is."""
    under = tdes_key_for(KEY, bytes.fromhex(TDES_KSN), "pin")
    # Elements of 16 characters have no room for the leading FF FF.
    named = {53: TDES_KSN[4:]} if place == "53" else {48: tags(t070=TDES_KSN)}
    pin_key = key(0, KeyScheme.TDES_DUKPT, place)
    assert proof_in({52: block(0, "1234", under), **named}, pin_key) == Proof(pin_value=VALUE)
    for wrong in ({}, {53: "x" * 16}, {48: tags(t070="FFFF98")}, {48: tags(t071=TDES_KSN)}):
        assert proof_in({52: block(0, "1234", under), **wrong}, pin_key) == Proof(pin_value="")


@pytest.mark.parametrize("place", ["53", "48.070"])
def test_aes_dukpt(place: str) -> None:
    """The same with AES and blocks of format 4."""
    under = aes_key_for(KEY, bytes.fromhex(AES_KSN), "pin")
    named = {53: AES_KSN} if place == "53" else {48: tags(t070=AES_KSN)}
    pin_key = key(4, KeyScheme.AES_DUKPT, place)
    assert proof_in({52: block(4, "1234", under), **named}, pin_key) == Proof(pin_value=VALUE)


def test_the_published_block() -> None:
    """ANSI X9.24-1, A.4: card 4012345678909, PIN 1234, the first key of the terminal's life."""
    ksn = {53: TDES_KSN[4:]}
    assert (
        key(0, KeyScheme.TDES_DUKPT).key_for("pin", ksn).hex().upper() == "042666B49184CF5C68DE9628D0397B36"
    )
    value = key(0, KeyScheme.TDES_DUKPT).value_of("1B9C1845EB993A7A", "4012345678909", ksn)
    assert value == pin_verification_value(PVV_KEY, 1, "4012345678909", "1234")


def test_what_cannot_be_read() -> None:
    """Garbage, another key, a PIN of more than four digits: nothing to recognise, and no error."""
    garbage = ({52: "0" * 16}, {52: block(0, "1234", PVV_KEY)}, {52: block(0, "123456")})
    for elements in garbage:
        assert proof_in(elements, key(0)) == Proof(pin_value="")


def test_without_a_card_number() -> None:
    """Who is named by his phone has no number that a PIN could belong to."""
    elements = {52: block(0, "1234"), 48: tags(t010="PHON34600111222")}
    assert proof_in(elements, key(0)) == Proof(pin_value="")
    elements = {52: block(0, "1234"), 48: tags(t011=f"{CARD}=2912", t014="77AB")}
    assert proof_in(elements, key(0)) == Proof(code="77AB", pin_value=VALUE)


def test_nobody_asks() -> None:
    """Without a key DE 52 is thrown away unread."""
    assert proof_in({52: block(0, "1234")}, None) is None


@pytest.mark.parametrize("place", ["53", "48.070"])
def test_mac_under_aes_dukpt(place: str) -> None:
    """Request and answer have different keys of the same serial number."""
    codec = Codec(dialect_from_toml(WIDE, where="wide.toml"))
    mac_key = MacKey(
        algorithm=MacAlgorithm.AES_CMAC,
        key=KEY,
        scheme=KeyScheme.AES_DUKPT,
        ksn=KsnPlace.named(place),
    )
    named = {53: AES_KSN} if place == "53" else {48: tags(t070=AES_KSN)}
    elements = dict(sorted({**SALE, **named}.items()))
    data = codec.encode("0200", {**elements, 64: "0" * 16})[:-16]
    request_key, answer_key = (
        aes_key_for(KEY, bytes.fromhex(AES_KSN), use) for use in ("mac", "mac-response")
    )
    mac = make_mac(MacAlgorithm.AES_CMAC, request_key, data)[:8].hex().upper()
    link = Link(
        framing=framing_named("bin2"), codec=codec, profile=profile(), frame_size_max=8192, mac_key=mac_key
    )
    raw = framing_named("bin2").wrap(codec.encode("0200", {**elements, 64: mac}))
    [event] = link.receive_data(raw, NOW)
    assert isinstance(event, TransactionReceived), told(event)
    answer = link.answer(event.message, {39: "00"})[2:]
    told_mac = codec.decode(answer).elements[64]
    assert told_mac == make_mac(MacAlgorithm.AES_CMAC, answer_key, answer[:-16])[:8].hex().upper()
