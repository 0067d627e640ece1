"""PIN blocks, paddings, MACs, DUKPT and BER-TLV as standards and other implementations have them."""

from typing import Any, Final

import pytest
from psec import pinblock

from messages.errors import MessageError
from messages.security import (
    MacAlgorithm,
    SecurityError,
    aes_derivation_key,
    aes_initial_key,
    aes_key_for,
    clear_pin,
    decipher_pin,
    make_mac,
    pad,
    tdes_initial_key,
    tdes_key,
    tdes_key_for,
)
from messages.tlv import read_ber
from tests.vectors.records import Record, document

pytestmark = pytest.mark.filterwarnings("ignore:TripleDES has been moved")  # psec's own import

CRYPTO: Final = document("crypto.json")


def cases(group: str) -> list[Any]:
    """The records of a group, each with a name."""
    return [pytest.param(record, id=f"{group}-{at}") for at, record in enumerate(CRYPTO.get(group, []))]


def raw(record: Record, key: str) -> bytes:
    """A hexadecimal value as bytes."""
    return bytes.fromhex(record[key])


@pytest.mark.parametrize("record", cases("pin_blocks"))
def test_vectors_crypto_pin_blocks(record: Record) -> None:
    """Clear blocks of every format give their PIN."""
    if record["format"] == "ISO-4":
        if record.get("field", "PIN") == "PIN":
            assert pinblock.decode_pin_field_iso_4(raw(record, "clear_block")) == record["pin"]
        return
    number = int(record["format"][-1])
    assert clear_pin(raw(record, "clear_block"), number, record.get("pan", "")) == record["pin"]


@pytest.mark.parametrize("record", cases("pin_block_rejects"))
def test_vectors_crypto_pin_block_rejects(record: Record) -> None:
    """Blocks that are not of their format give an error that does not tell what is in them."""
    number = int(record["format"][-1])
    with pytest.raises(SecurityError) as refused:
        _pin(record, number)
    assert str(refused.value) == f"DE 52, format {number}: the PIN block cannot be read"


def _pin(record: Record, number: int) -> str:
    pan = record.get("pan", "")
    if "clear_block" in record:
        return clear_pin(raw(record, "clear_block"), number, pan)
    return decipher_pin(raw(record, "encrypted_block"), number, raw(record, "key"), pan)


@pytest.mark.parametrize("record", cases("pin_blocks_encrypted"))
def test_vectors_crypto_pin_blocks_encrypted(record: Record) -> None:
    """Enciphered blocks give their PIN."""
    number = int(record["format"][-1])
    deciphered = decipher_pin(
        raw(record, "encrypted_block"), number, raw(record, "key"), record.get("pan", "")
    )
    assert deciphered == record["pin"]


@pytest.mark.parametrize("record", cases("padding_iso9797"))
def test_vectors_crypto_padding(record: Record) -> None:
    """The three paddings of ISO 9797-1."""
    padded = pad(raw(record, "data"), record["method"], record.get("block_len", 8))
    assert padded == raw(record, "padded")


@pytest.mark.parametrize("record", cases("mac_cbc"))
def test_vectors_crypto_mac_cbc(record: Record) -> None:
    """CBC-MAC with triple DES, or single DES written as such."""
    key, data = raw(record, "key"), raw(record, "data")
    padding = record["padding"] if isinstance(record.get("padding"), int) else 1
    mac = make_mac(MacAlgorithm.CBC, key, data, padding=padding) if "AES" not in record["algorithm"] else None
    if mac is not None:
        assert mac[: record["length"]] == raw(record, "mac")


@pytest.mark.parametrize("record", [case for case in cases("mac_retail") if "key" in case.values[0]])
def test_vectors_crypto_mac_retail(record: Record) -> None:
    """The retail MAC of ANSI X9.19."""
    padding = record["padding"] if isinstance(record["padding"], int) else 1
    mac = make_mac(MacAlgorithm.RETAIL, raw(record, "key"), raw(record, "data"), padding=padding)
    assert mac[: record["length"]] == raw(record, "mac")


@pytest.mark.parametrize("record", cases("cmac"))
def test_vectors_crypto_cmac(record: Record) -> None:
    """CMAC with AES and triple DES."""
    algorithm = MacAlgorithm.AES_CMAC if record["algorithm"].startswith("AES") else MacAlgorithm.TDES_CMAC
    assert make_mac(algorithm, raw(record, "key"), raw(record, "data")) == raw(record, "mac")


@pytest.mark.parametrize("record", cases("dukpt_tdes"))
def test_vectors_crypto_dukpt_tdes(record: Record) -> None:
    """Keys of DUKPT with triple DES, and what is under them."""
    base, ksn = raw(record, "bdk"), raw(record, "ksn")
    if "ipek" in record:
        assert tdes_initial_key(base, ksn) == raw(record, "ipek")
    if "current_key" in record:
        assert tdes_key(base, ksn) == raw(record, "current_key")
    if "encrypted_pin_block" in record:
        key = tdes_key_for(base, ksn, "pin")
        assert decipher_pin(raw(record, "encrypted_pin_block"), 0, key, record["pan"]) == record["pin"]
    for name, use in (("mac_request", "mac"), ("mac_response", "mac-response")):
        if name in record:
            mac = raw(record, name)
            key = tdes_key_for(base, ksn, use)
            assert make_mac(MacAlgorithm.RETAIL, key, raw(record, "mac_data"))[: len(mac)] == mac


@pytest.mark.parametrize("record", cases("dukpt_aes"))
def test_vectors_crypto_dukpt_aes(record: Record) -> None:
    """Keys of DUKPT with AES, and what is under them."""
    base = raw(record, "bdk")
    if "initial_key" in record:
        assert aes_initial_key(base, raw(record, "initial_key_id")) == raw(record, "initial_key")
    if "ksn" not in record:
        return
    ksn = raw(record, "ksn")
    if "derivation_key" in record:
        assert aes_derivation_key(base, ksn) == raw(record, "derivation_key")
    for size in (16, 24, 32):
        for name, use in (("pin_key", "pin"), ("cmac", "mac"), ("data", "data")):
            known = record.get(f"{name}_aes{8 * size}" if name == "pin_key" else f"{name}_aes{8 * size}_key")
            if known is not None:
                assert aes_key_for(base, ksn, use, size) == bytes.fromhex(known)
    for name, use in (("cmac_request", "mac"), ("cmac_response", "mac-response")):
        if name in record:
            key = aes_key_for(base, ksn, use)
            assert make_mac(MacAlgorithm.AES_CMAC, key, raw(record, "message")) == raw(record, name)


@pytest.mark.parametrize("record", cases("ber_tlv"))
def test_vectors_crypto_ber_tlv(record: Record) -> None:
    """Objects come out in order, with padding between them skipped."""
    assert read_ber(raw(record, "hex")) == [
        (tag, None if value is None else bytes.fromhex(value)) for tag, value in record["tags"]
    ]


@pytest.mark.parametrize("record", cases("emv_de55"))
def test_vectors_crypto_emv_de55(record: Record) -> None:
    """Chip data of real messages."""
    found = dict(read_ber(raw(record, "hex")))
    for tag, value in record.get("asserted", {}).items():
        assert found[tag] == bytes.fromhex(value)


@pytest.mark.parametrize("record", cases("ber_tlv_rejects"))
def test_vectors_crypto_ber_tlv_rejects(record: Record) -> None:
    """Tags and lengths that are cut off."""
    with pytest.raises(MessageError):
        read_ber(raw(record, "hex"))
