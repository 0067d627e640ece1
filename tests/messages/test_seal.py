"""Links with a key take only messages with the right MAC, and give one back."""

import pytest

from messages.codec import Codec
from messages.dialect import load_dialect
from messages.framing import framing_named
from messages.keys import KeyScheme, MacKey
from messages.link import AnswerReady, Link, Refused, TransactionReceived
from messages.seal import is_sealed, sealed
from messages.security import MacAlgorithm, SecurityError, key_from_text
from messages.values import Charset, write_value
from tests.messages.wire import NOW, SALE, profile, told

pytestmark = pytest.mark.filterwarnings("ignore:TripleDES has been moved")  # psec's own import

KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
KEYS = {
    "retail": MacKey(algorithm=MacAlgorithm.RETAIL, key=KEY),
    "short": MacKey(algorithm=MacAlgorithm.RETAIL, key=KEY, size=4),
    "aes": MacKey(algorithm=MacAlgorithm.AES_CMAC, key=KEY),
    "dukpt": MacKey(algorithm=MacAlgorithm.RETAIL, key=KEY, scheme=KeyScheme.TDES_DUKPT),
}
KSN = "9876543210600002"


def speaks(key: MacKey, name: str = "iso87-ascii") -> Link:
    """A link with a key."""
    return Link(
        framing=framing_named("bin2"),
        codec=Codec(load_dialect(name)),
        profile=profile(),
        frame_size_max=8192,
        mac_key=key,
    )


def asked(key: MacKey, mti: str, elements: dict[int, str], name: str = "iso87-ascii") -> bytes:
    """A frame as a terminal with the key sends it: request keys differ from answer keys under DUKPT."""
    codec = Codec(load_dialect(name))
    number = 128 if max(elements) > 64 else 64
    data = codec.encode(mti, {**elements, number: "0" * 16})
    tail = 8 if name == "iso87-bcd" else 16
    mac = key.make(data[:-tail], elements, is_answer=False)
    return framing_named("bin2").wrap(codec.encode(mti, {**elements, number: mac.hex().upper()}))


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("name", ["iso87-ascii", "iso87-bcd"])
@pytest.mark.parametrize("extra", [{}, {70: "301"}])
def test_sealed_messages(kind: str, name: str, extra: dict[int, str]) -> None:
    """The right MAC passes, its answer carries one; any change is refused as MAC_WRONG."""
    key, elements = KEYS[kind], {**SALE, 53: KSN, **extra}
    raw = asked(key, "0200", elements, name)
    [event] = speaks(key, name).receive_data(raw, NOW)
    assert isinstance(event, TransactionReceived)
    answer = speaks(key, name).answer(event.message, {39: "00"})[2:]
    codec = Codec(load_dialect(name))
    read = codec.decode(answer)
    assert set(read.elements) & {64, 128} == {64}
    expected = sealed(codec, "0210", {n: v for n, v in read.elements.items() if n != 64}, key, elements)
    assert answer == expected
    amount = codec.dialect.fields[4]
    sent, forged_amount = (
        write_value(amount, text, Charset("cp037")) for text in (elements[4], "000000009999")
    )
    forged = raw.replace(sent, forged_amount)
    assert forged != raw
    [event] = speaks(key, name).receive_data(forged, NOW)
    assert told(event) == "refused MAC_WRONG"


def test_messages_without_a_mac() -> None:
    """They are refused after the format and before the terminal."""
    key = KEYS["retail"]
    codec = Codec(load_dialect("iso87-ascii"))
    for elements, expected in (
        (SALE, "refused MAC_WRONG"),
        ({**SALE, 41: "T9999999"}, "refused MAC_WRONG"),
        ({number: value for number, value in SALE.items() if number != 4}, "30/004"),
    ):
        [event] = speaks(key).receive_data(framing_named("bin2").wrap(codec.encode("0200", elements)), NOW)
        assert told(event) == expected
    [event] = speaks(key).receive_data(
        framing_named("bin2").wrap(codec.encode("0800", {11: "000001", 70: "301"})), NOW
    )
    assert isinstance(event, AnswerReady)
    assert told(event) == "63"
    [event] = speaks(key).receive_data(asked(key, "0800", {11: "000001", 70: "301"}), NOW)
    assert told(event) == "00"


def test_serial_numbers_that_make_no_sense() -> None:
    """Without a key there is no right MAC."""
    key, codec = KEYS["dukpt"], Codec(load_dialect("iso87-ascii"))
    frame = codec.encode("0200", {**SALE, 53: "not hexadecimal ", 64: "0" * 16})
    assert not is_sealed(codec, frame, codec.decode(frame), key)
    with pytest.raises(SecurityError, match="the key serial number makes no sense"):
        key.make(b"", {}, is_answer=True)


@pytest.mark.parametrize("ksn", [{}, {53: "not hexadecimal "}])
def test_a_refusal_without_a_key_has_no_mac(ksn: dict[int, str]) -> None:
    """Who names no key is refused all the same, in words that nobody could put a MAC on."""
    link = speaks(KEYS["dukpt"])
    raw = link._codec.encode("0800", {11: "000001", **ksn, 64: "0" * 16})
    [event] = link.receive_data(framing_named("bin2").wrap(raw), NOW)
    assert told(event) == "30/070"
    raw = link._codec.encode("0200", {**SALE, **ksn, 64: "0" * 16})
    [event] = link.receive_data(framing_named("bin2").wrap(raw), NOW)
    assert isinstance(event, Refused)
    assert 64 not in link._codec.decode(link.answer(event.message, {39: "63"})[2:]).elements


def test_links_without_a_key_do_not_look() -> None:
    """A MAC that nobody can check is ignored, and no PIN block goes any further."""
    pair = Link(
        framing=framing_named("bin2"),
        codec=Codec(load_dialect("iso87-ascii")),
        profile=profile(),
        frame_size_max=8192,
    )
    raw = Codec(load_dialect("iso87-ascii")).encode("0200", {**SALE, 52: "A" * 16, 64: "0" * 16})
    [event] = pair.receive_data(framing_named("bin2").wrap(raw), NOW)
    assert isinstance(event, TransactionReceived | Refused)
    assert 52 not in event.message.elements


def test_keys() -> None:
    """A key file holds hexadecimal digits; nothing shows a key."""
    assert key_from_text(KEY.hex() + "\n", where="mac.key") == KEY
    for text in ("", "zz", "00" * 15):
        with pytest.raises(SecurityError, match="this is not a key"):
            key_from_text(text, where="mac.key")
    assert KEY.hex() not in repr(KEYS["retail"])
    assert "\\x01#E" not in repr(KEYS["retail"])
