"""The doctor finds what endangers a switch, one thing at a time."""

import resource
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.load import load_settings
from config.schema import Settings
from loyalty.clock import ManualClock
from switch import checkup
from switch.checkup import Level, examine
from switch.database import is_reset_safe, open_for_writing
from switch.lock import ProcessLock
from tests.console.commands import puntual

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    """A deployment with books, on a disk that syncs in a millisecond."""
    puntual("init", tmp_path / "shop")
    settings = load_settings(tmp_path / "shop" / "puntual.toml")
    open_for_writing(settings.database).close()
    return settings


def told(settings: Settings, *, sync_ms: float = 1.0) -> dict[str, tuple[Level, str]]:
    """What is found that is not well: the first of each."""
    now = 0.0

    def time() -> float:
        nonlocal now
        now += sync_ms / 1000
        return now

    found = list(examine(settings, ManualClock(NOON), time))
    return {each.what: (each.level, each.found) for each in reversed(found) if each.level is not Level.OK}


@pytest.fixture(autouse=True)
def _good_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What differs between the machines on which these tests run."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 3))
    monkeypatch.setattr(checkup, "_kind_of", lambda _: "ext4")
    monkeypatch.setattr(checkup, "_clock", lambda: checkup.Symptom(Level.OK, "time", ""))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, resource.RLIM_INFINITY))
    monkeypatch.setattr(checkup, "FREE_LOW", 1)


def test_a_good_machine_is_good(shop: Settings) -> None:
    assert told(shop) == {}


def _set_journal(settings: Settings) -> None:
    with closing(sqlite3.connect(settings.database)) as database:
        database.execute("PRAGMA journal_mode = DELETE")


def _write_from_the_future(settings: Settings) -> None:
    with closing(sqlite3.connect(settings.database)) as database:
        database.execute(
            "INSERT INTO block VALUES (1, 1, NULL, NULL, 0, 0, '2026-11-21T13:00:00+00:00', x'', x'')"
        )
        database.commit()


CHANGES: list[tuple[Callable[[Settings], object], str, Level, str]] = [
    (lambda shop: shop.path("card.key").chmod(0o644), "modes", Level.DANGER, "card.key has mode 0644"),
    (lambda shop: shop.database.chmod(0o640), "modes", Level.DANGER, "puntual.db has mode 0640"),
    (lambda shop: shop.folder.chmod(0o777), "modes", Level.DANGER, "shop has mode 0777"),
    (lambda shop: shop.database.write_bytes(b"no books"), "books", Level.DANGER, "cannot be used"),
    (_set_journal, "books", Level.WARNING, "journal mode is delete"),
    (_write_from_the_future, "clock", Level.DANGER, "the last block was written 3600 s from now"),
]


@pytest.mark.parametrize(("change", "what", "level", "found"), CHANGES, ids=range(len(CHANGES)))
def test_a_deployment_that_is_not_well(
    shop: Settings, change: Callable[[Settings], object], what: str, level: Level, found: str
) -> None:
    change(shop)
    symptoms = told(shop)
    assert list(symptoms) == [what]
    assert symptoms[what][0] is level
    assert found in symptoms[what][1]


MACHINES: list[tuple[str, str, object, str, Level]] = [
    ("sqlite3", "sqlite_version_info", (3, 51, 2), "SQLite", Level.WARNING),
    ("switch.checkup", "_kind_of", lambda _: "tmpfs", "filesystem", Level.DANGER),
    ("switch.checkup", "_kind_of", lambda _: "nfs4", "filesystem", Level.DANGER),
    ("switch.checkup", "FREE_LOW", 1 << 60, "space", Level.WARNING),
    ("resource", "getrlimit", lambda _: (1024, 4096), "files", Level.WARNING),
]


@pytest.mark.parametrize(("module", "name", "value", "what", "level"), MACHINES, ids=range(len(MACHINES)))
def test_a_machine_that_is_not_well(
    shop: Settings,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    name: str,
    value: object,
    what: str,
    level: Level,
) -> None:
    monkeypatch.setattr(f"{module}.{name}", value)
    symptoms = told(shop)
    assert list(symptoms) == [what]
    assert symptoms[what][0] is level


@pytest.mark.parametrize("sync_ms", [0.001, 50.0])
def test_a_disk_that_is_too_slow_or_too_quick(shop: Settings, sync_ms: float) -> None:
    """The one delays every answer; the other may not keep what it says it has."""
    assert told(shop, sync_ms=sync_ms)["disk"][0] is Level.WARNING
    assert not shop.path(".puntual-doctor").exists()


def test_a_running_switch_is_no_danger(shop: Settings) -> None:
    with ProcessLock(shop.lock):
        assert told(shop) == {}


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((4, 0, 0), True),
    ],
)
def test_which_versions_lose_no_commits(version: tuple[int, int, int], safe: bool) -> None:  # noqa: FBT001  (data)
    assert is_reset_safe(version) is safe


def test_the_command_tells_it(shop: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    config = shop.path("puntual.toml")
    monkeypatch.setattr(checkup, "SYNC_SLOW_MS", 1e9)
    monkeypatch.setattr(checkup, "SYNC_QUICK_MS", 0)
    good = puntual("doctor", "--config", config)
    first = good.stdout.splitlines()[0].split()
    assert (good.exit_code, first) == (0, ["ok", "SQLite", sqlite3.sqlite_version])
    shop.path("card.key").chmod(0o444)
    bad = puntual("doctor", "--config", config, "--json")
    assert bad.exit_code == 1
    assert '"level": "danger"' in bad.stdout
