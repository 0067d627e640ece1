"""A deployment is written, and all that is wrong with one is told."""

import json
from pathlib import Path

import pytest

from tests.console.commands import puntual


def test_a_starter_has_nothing_wrong(tmp_path: Path) -> None:
    """What is written runs as it is."""
    written = puntual("init", tmp_path / "shop")
    assert written.exit_code == 0
    assert f"puntual serve --config {tmp_path / 'shop' / 'puntual.toml'}" in written.stdout
    checked = puntual("check", tmp_path / "shop")
    assert (checked.exit_code, checked.stdout) == (
        0,
        f"{tmp_path / 'shop' / 'puntual.toml'}: nothing is wrong\n",
    )


@pytest.mark.parametrize("name", ["plain", "cafe", "coalition", "fuel", "membership", "retail"])
def test_each_programme_that_is_shipped_can_be_begun_with(tmp_path: Path, name: str) -> None:
    """And none of them has a problem."""
    assert puntual("init", tmp_path / "shop", "--programme", name).exit_code == 0
    assert puntual("check", tmp_path / "shop").exit_code == 0
    titles = {
        "plain": "Starter", "cafe": "Corner Cafe", "coalition": "City Card", "fuel": "Blue Road",
        "membership": "Club Plus", "retail": "Green Market",
    }  # fmt: skip
    assert f'name = "{titles[name]}"' in (tmp_path / "shop" / "programme.toml").read_text()


def test_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    """A second init would make a new key, and lose every card."""
    puntual("init", tmp_path / "shop")
    key = (tmp_path / "shop" / "card.key").read_text()
    again = puntual("init", tmp_path / "shop")
    assert again.exit_code == 2
    assert again.stderr == f"{tmp_path / 'shop'}: is not empty (name a new or an empty folder)\n"
    assert (tmp_path / "shop" / "card.key").read_text() == key


def test_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """Whoever mends one file sees that the others wait."""
    shop = tmp_path / "shop"
    puntual("init", shop)
    for name, old, new in (
        ("puntual.toml", "port = 8583", "prot = 8583"),
        ("programme.toml", "step = 1", 'step = "one"'),
        ("terminals.csv", "38,active", "38,asleep"),
    ):
        text = (shop / name).read_text()
        assert old in text, name
        (shop / name).write_text(text.replace(old, new, 1))
    (shop / "card.key").chmod(0o644)
    result = puntual("check", shop)
    assert result.exit_code == 1
    told = result.stdout.splitlines()
    assert [line.split(":")[0] for line in told] == [
        "puntual.toml", "programme.toml", "terminals.csv", "card.key",
    ]  # fmt: skip


def test_names_of_the_wire_are_checked(tmp_path: Path) -> None:
    """A framing, dialect or profile that does not exist would stop the switch only at its start."""
    shop = tmp_path / "shop"
    puntual("init", shop)
    settings = (shop / "puntual.toml").read_text()
    for name in ('framing = "bin2"', 'dialect = "iso87-ascii"', 'profile = "retail87"'):
        settings = settings.replace(name, name.replace('= "', '= "x'))
    (shop / "puntual.toml").write_text(settings)
    register = (shop / "terminals.csv").read_text()
    (shop / "terminals.csv").write_text(register.replace("retail87", "retail88", 1))
    told = puntual("check", shop).stdout.splitlines()
    assert [line.split(": ", 1)[1] for line in told] == [
        "listener[1].framing: is 'xbin2', which does not exist (did you mean bin2?)",
        "listener[1].dialect: is 'xiso87-ascii', which does not exist (did you mean iso87-ascii?)",
        "listener[1].profile: is 'xretail87', which does not exist (did you mean retail87?)",
        "terminal T0000001: has the profile 'retail88', which does not exist (did you mean retail87?)",
    ]


def test_a_deployment_is_named_by_its_settings_too(tmp_path: Path) -> None:
    """As for every command; for programs the problems are told apart."""
    shop = tmp_path / "shop"
    puntual("init", shop)
    settings = shop / "puntual.toml"
    good = puntual("check", "--config", settings)
    assert (good.exit_code, good.stdout) == (0, f"{settings}: nothing is wrong\n")
    assert json.loads(puntual("check", "--config", settings, "--json").stdout) == []
    settings.write_text(settings.read_text().replace("port = 8583", "port = 99999"))
    told = puntual("check", shop, "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout) == [
        {"where": "puntual.toml: listener[1].port", "what": "is 99999", "hint": "give 0 to 65535"}
    ]
    assert puntual("check", shop, "--config", settings).exit_code == 2
