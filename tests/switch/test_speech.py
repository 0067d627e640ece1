"""A listener speaks what its settings name: shipped tables, own ones, and MACs under a key from a file."""

from dataclasses import replace
from pathlib import Path

import pytest

from config.schema import ListenerSettings
from loyalty.errors import LoyaltyError
from messages.security import KeyScheme, MacAlgorithm
from switch.speech import speech_of

KEY = "0123456789ABCDEFFEDCBA9876543210"


def test_shipped_and_own_tables(tmp_path: Path) -> None:
    """A name is a dialect that comes along, a .toml file one of the folder."""
    (tmp_path / "host.toml").write_text('name = "host"\nextends = "iso87-bcd"\n')
    settings = ListenerSettings(framing="bcd2+tpdu", dialect="host.toml")
    speech = speech_of(settings, tmp_path)
    assert (speech.framing.name, speech.codec.dialect.name, speech.mac_key) == ("bcd2+tpdu", "host", None)
    assert speech_of(ListenerSettings(), tmp_path).codec.dialect.name == "iso87-ascii"


def test_mac_key(tmp_path: Path) -> None:
    """The key is read from a file that nobody else can read, and shown nowhere."""
    path = tmp_path / "mac.key"
    path.write_text(KEY + "\n")
    path.chmod(0o400)
    settings = ListenerSettings(mac_key_file="mac.key", mac="aes-cmac", mac_scheme="aes-dukpt")
    key = speech_of(settings, tmp_path).mac_key
    assert key is not None
    assert (key.algorithm, key.scheme) == (MacAlgorithm.AES_CMAC, KeyScheme.AES_DUKPT)
    assert key.key == bytes.fromhex(KEY)
    path.chmod(0o444)
    with pytest.raises(LoyaltyError, match="others may read it"):
        speech_of(settings, tmp_path)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"framing": "bin5"}, "there is no framing 'bin5'"),
        ({"dialect": "iso88"}, "there is no dialect 'iso88'"),
        ({"dialect": "none.toml"}, "none.toml: cannot be read"),
        ({"dialect": "broken.toml"}, "broken.toml: elements.4"),
        ({"mac_key_file": "none.key"}, "none.key: cannot be read"),
        ({"mac_key_file": "short.key"}, "short.key: this is not a key"),
    ],
)
def test_what_is_wrong(tmp_path: Path, changes: dict[str, str], expected: str) -> None:
    """It is told with the file."""
    (tmp_path / "broken.toml").write_text('name = "host"\nextends = "iso87-bcd"\n[elements]\n4 = "x"\n')
    (tmp_path / "short.key").write_text("0123")
    (tmp_path / "short.key").chmod(0o400)
    with pytest.raises(LoyaltyError) as problem:
        speech_of(replace(ListenerSettings(), **changes), tmp_path)  # type: ignore[arg-type]  # texts all
    assert expected in str(problem.value)
