"""A listener speaks what its settings name: shipped tables, own ones, and MACs under a key from a file."""

from dataclasses import replace
from pathlib import Path

import pytest

from config.schema import CardSettings, ListenerSettings
from loyalty.errors import LoyaltyError
from messages.keys import KeyScheme, KsnPlace
from messages.security import MacAlgorithm
from switch.speech import speech_of

KEY = "0123456789ABCDEFFEDCBA9876543210"


def test_shipped_and_own_tables(tmp_path: Path) -> None:
    """A name is a dialect that comes along, a .toml file one of the folder."""
    (tmp_path / "host.toml").write_text('name = "host"\nextends = "iso87-bcd"\n')
    settings = ListenerSettings(framing="bcd2+tpdu", dialect="host.toml")
    speech = speech_of(settings, CardSettings(), tmp_path)
    assert (speech.framing.name, speech.codec.dialect.name, speech.mac_key) == ("bcd2+tpdu", "host", None)
    assert speech_of(ListenerSettings(), CardSettings(), tmp_path).codec.dialect.name == "iso87-ascii"


def test_mac_key(tmp_path: Path) -> None:
    """The key is read from a file that nobody else can read, and shown nowhere."""
    path = tmp_path / "mac.key"
    path.write_text(KEY + "\n")
    path.chmod(0o400)
    settings = ListenerSettings(mac_key_file="mac.key", mac="aes-cmac", mac_scheme="aes-dukpt")
    key = speech_of(settings, CardSettings(), tmp_path).mac_key
    assert key is not None
    assert (key.algorithm, key.scheme) == (MacAlgorithm.AES_CMAC, KeyScheme.AES_DUKPT)
    assert key.key == bytes.fromhex(KEY)
    path.chmod(0o444)
    with pytest.raises(LoyaltyError, match="others may read it"):
        speech_of(settings, CardSettings(), tmp_path)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"framing": "bin5"}, "there is no framing 'bin5'"),
        ({"dialect": "iso88"}, "there is no dialect 'iso88'"),
        ({"dialect": "none.toml"}, "none.toml: cannot be read"),
        ({"dialect": "broken.toml"}, "broken.toml: elements.4"),
        ({"mac_key_file": "none.key"}, "none.key: cannot be read"),
        ({"mac_key_file": "short.key"}, "short.key: this is not a key"),
        ({"mac_key_file": "link.key", "mac_scheme": "aes-dukpt"}, "retail cannot be used with aes-dukpt"),
        (
            {"mac_key_file": "link.key", "mac_scheme": "tdes-dukpt", "mac": "aes-cmac"},
            "aes-cmac cannot be used with tdes-dukpt",
        ),
        ({"mac_key_file": "link.key", "ksn": "48.7"}, "'48.7' is no place for a key serial number"),
        ({"mac_key_file": "link.key", "ksn": "62.070"}, "'62.070' is no place for a key serial number"),
        ({"mac_key_file": "link.key", "ksn": "1"}, "'1' is no place for a key serial number"),
        ({"pin_key_file": "link.key"}, "cards.pin_key_file: is empty"),
        ({"pin_key_file": "link.key", "pin_scheme": "aes-dukpt"}, "format 0 cannot be used with aes-dukpt"),
        ({"pin_key_file": "link.key", "pin_block": "4"}, 'write 52 = "b16" in a dialect of your own'),
        (
            {"pin_key_file": "long.key", "pin_scheme": "tdes-dukpt"},
            "long.key: is no base key of tdes-dukpt",
        ),
    ],
)
def test_what_is_wrong(tmp_path: Path, changes: dict[str, str], expected: str) -> None:
    """It is told with the file."""
    (tmp_path / "broken.toml").write_text('name = "host"\nextends = "iso87-bcd"\n[elements]\n4 = "x"\n')
    (tmp_path / "short.key").write_text("0123")
    (tmp_path / "link.key").write_text(KEY)
    (tmp_path / "long.key").write_text(KEY + KEY[:16])
    for name in ("short.key", "link.key", "long.key"):
        (tmp_path / name).chmod(0o400)
    with pytest.raises(LoyaltyError) as problem:
        speech_of(replace(ListenerSettings(), **changes), CardSettings(), tmp_path)  # type: ignore[arg-type]  # texts all
    assert expected in str(problem.value)


def test_pin_key(tmp_path: Path) -> None:
    """A link that asks for PINs has two keys: that of the blocks, and that by which PINs are recognised."""
    for name in ("pin.key", "pvv.key"):
        (tmp_path / name).write_text(KEY + "\n")
        (tmp_path / name).chmod(0o400)
    settings = ListenerSettings(pin_key_file="pin.key", pin_block="3", pin_scheme="tdes-dukpt", ksn="48.070")
    key = speech_of(settings, CardSettings(pin_key_file="pvv.key", pin_key_index=4), tmp_path).pin_key
    assert key is not None
    assert (key.block_format, key.scheme, key.ksn) == (3, KeyScheme.TDES_DUKPT, KsnPlace(48, "070"))
    assert (key.pvv_key, key.pvv_index) == (bytes.fromhex(KEY), 4)
    assert KEY not in repr(key)
    assert repr(bytes.fromhex(KEY)) not in repr(key)
    (tmp_path / "pvv.key").chmod(0o600)
    (tmp_path / "pvv.key").write_text(KEY[:-16] + KEY)
    with pytest.raises(LoyaltyError, match=r"pvv.key: is not 32 hexadecimal digits"):
        speech_of(settings, CardSettings(pin_key_file="pvv.key"), tmp_path)
