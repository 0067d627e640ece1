"""A new deployment: complete, its own, and never on top of another."""

import stat
from pathlib import Path

import pytest

from config.key import load_key
from config.load import load_settings
from config.register import load_register
from config.schema import Settings
from config.starter import write_starter
from loyalty.errors import LoyaltyError


def test_a_starter_is_complete(tmp_path: Path) -> None:
    """Everything that the settings name is there and can be read."""
    folder = tmp_path / "a" / "b"
    settings = write_starter(folder, "text of a programme")
    assert load_settings(folder / "puntual.toml") == settings == Settings(folder=folder)
    assert len(load_register(settings.terminals)) == 10
    assert settings.programme.read_text() == "text of a programme"
    assert sorted(path.name for path in folder.iterdir()) == [
        "campaigns", "card.key", "programme.toml", "puntual.toml", "terminals.csv",
    ]  # fmt: skip


def test_each_deployment_has_a_key_of_its_own(tmp_path: Path) -> None:
    """A key that is shipped is a key that everybody knows."""
    keys = [load_key(write_starter(tmp_path / name, "").path("card.key")) for name in "ab"]
    assert keys[0] != keys[1]
    assert stat.S_IMODE((tmp_path / "a" / "card.key").stat().st_mode) == 0o400


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A key that is overwritten loses every card."""
    (tmp_path / "letter.txt").touch()
    with pytest.raises(LoyaltyError, match=r"is not empty \(name a new or an empty folder\)"):
        write_starter(tmp_path, "")
    with pytest.raises(LoyaltyError, match="cannot be written"):
        write_starter(tmp_path / "letter.txt", "")
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("content", "mode", "problem"),
    [
        (b"ab" * 32, 0o440, "card.key: has mode 0440: others may read it (chmod 0400 card.key)"),
        (b"ab" * 31, 0o400, "card.key: is not 64 hexadecimal digits (restore its copy)"),
        (b"ab" * 33, 0o400, "card.key: is not 64 hexadecimal digits (restore its copy)"),
        (b"00" * 32, 0o400, "card.key: is not 64 hexadecimal digits (restore its copy)"),
        (b"xy" * 32, 0o400, "card.key: is not 64 hexadecimal digits (restore its copy)"),
        (b"\xff" * 32, 0o400, "card.key: is not 64 hexadecimal digits (restore its copy)"),
    ],
)
def test_a_key_that_is_none(tmp_path: Path, content: bytes, mode: int, problem: str) -> None:
    """It is refused without showing any of it."""
    path = tmp_path / "card.key"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(LoyaltyError) as caught:
        load_key(path)
    assert str(caught.value) == problem


def test_no_key(tmp_path: Path) -> None:
    """The hint says what is at stake."""
    with pytest.raises(LoyaltyError, match="with another key no card is found"):
        load_key(tmp_path / "card.key")


def test_terminals_are_shared_out_among_partners(tmp_path: Path) -> None:
    """So that what partners' terminals earn can be tried at once."""
    register = load_register(write_starter(tmp_path / "shop", "", ["MARKET", "PHARMACY"]).terminals)
    partners = [terminal.partner for terminal in register]
    assert partners == ["MARKET", "PHARMACY"] * 5
