"""It is an application with packages of plain names: they must be ours, all of them, and nothing else."""

import importlib.metadata
import importlib.util
import re
import tomllib
import zipfile
from pathlib import Path

import hatchling.build
import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def test_our_names_are_ours() -> None:
    """Generic names share one environment: no library may bring one of them."""
    owners = importlib.metadata.packages_distributions()
    assert {
        name: owners.get(name, ["puntual"])
        for name in PACKAGES
        if owners.get(name, []) not in ([], ["puntual"])
    } == {}


def test_our_packages_are_those_of_this_folder() -> None:
    """A copy that is installed elsewhere would be tested in place of this one."""
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        assert spec is not None, name
        assert spec.submodule_search_locations is not None
        assert Path(next(iter(spec.submodule_search_locations))).parent == ROOT


def test_the_wheel_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All packages with their data, and no tests."""
    monkeypatch.chdir(ROOT)
    wheel = zipfile.ZipFile(tmp_path / hatchling.build.build_wheel(str(tmp_path)))
    names = wheel.namelist()
    wheel.close()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == set(PACKAGES)
    for data in ("config/puntual.toml", "config/terminals.csv", "rules/starter.toml"):
        assert data in names


def test_the_lock_holds_every_dependency() -> None:
    """What is declared but not locked would be missing after ``make``."""
    locked = set(
        re.findall(r"^([a-z0-9.-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    )
    declared = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
    names = {re.split(r"[^A-Za-z0-9.-]", wanted)[0].lower() for wanted in declared}
    assert names - locked == set()


def test_the_lock_names_no_machine() -> None:
    """It has to work wherever packages come from."""
    assert not re.search(
        r"https?:|file:|--index|--find-links", (ROOT / "requirements.lock").read_text("utf-8")
    )
