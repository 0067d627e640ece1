"""Settings: the shipped file is the truth, and every mistake in one's own is told at once."""

import dataclasses
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from config.load import load_settings
from config.schema import Settings
from loyalty.errors import Problems


def problems_of(folder: Path, text: str) -> str:
    """What is said about settings that read *text*."""
    file = folder / "puntual.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(Problems) as caught:
        load_settings(file)
    return str(caught.value)


def test_the_shipped_file_holds_every_knob_with_its_default() -> None:
    """The file is the page that operators read; a knob that is only in the code does not exist for them."""
    shipped = tomllib.loads(files("config").joinpath("puntual.toml").read_text("utf-8"))
    expected = dataclasses.asdict(Settings(folder=Path()))
    del expected["folder"]
    plain = {
        name: [_plain(entry) for entry in section] if name == "listener" else _plain(section)
        for name, section in expected.items()
    }
    assert shipped == plain
    assert [list(section) for section in shipped.values() if isinstance(section, dict)] == [
        list(section) for section in plain.values() if isinstance(section, dict)
    ]


def _plain(section: dict[str, object]) -> dict[str, object]:
    return {name: str(value) if isinstance(value, Path) else value for name, value in section.items()}


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    """What is left out keeps its default."""
    (tmp_path / "puntual.toml").write_text("")
    assert load_settings(tmp_path / "puntual.toml") == Settings(folder=tmp_path)


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command may be given from anywhere."""
    (tmp_path / "puntual.toml").write_text(
        '[store]\nurl = "sqlite:///books/a.db"\n[[listener]]\nacquirer = "17"'
    )
    monkeypatch.chdir(tmp_path.parent)
    settings = load_settings(Path(tmp_path.name, "puntual.toml"))
    assert settings.database == tmp_path / "books/a.db"
    assert settings.terminals == tmp_path / "terminals.csv"
    assert settings.listener[0].acquirer == "00000000017"


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Mending a file line by line, restart by restart, is what operators hate."""
    problems = problems_of(
        tmp_path,
        """
        listen = 3
        [[listener]]
        prot = 1
        port = "8583"
        acquirer = "12a"
        [[listener]]
        host = 7
        [exporter]
        kind = "mqt"
        [limits]
        deadline_s = 0
        batch_size_max = true
        queue_depth_max = 100
        [log]
        level = "chatty"
        [store]
        url = "postgres:"
        """,
    )
    assert problems.splitlines() == [
        "puntual.toml: listen: is an unknown section (did you mean listener?)",
        "puntual.toml: listener[1].prot: is an unknown key (did you mean port?)",
        "puntual.toml: listener[1].port: is not a whole number (give 0 to 65535, without quotes)",
        "puntual.toml: listener[1].acquirer: is not a number (give 1 to 11 digits)",
        "puntual.toml: listener[2].host: is not a text (put it in quotes)",
        "puntual.toml: exporter.kind: is 'mqt' (did you mean mqtt?)",
        "puntual.toml: limits.deadline_s: is 0 (give 1 to 300)",
        "puntual.toml: limits.batch_size_max: is not a whole number (give 1 to 4096, without quotes)",
        "puntual.toml: log.level: is 'chatty' (one of debug, info, warning, error)",
        "puntual.toml: store.url: names no SQLite file (write sqlite:///NAME, relative to these settings)",
        "puntual.toml: limits.queue_depth_max: is below limits.batch_size_max (raise it to that at least)",
        "puntual.toml: listener[2].port: is taken by an earlier listener (give another)",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[listener]", "listener: is not a list of sections (write it as [[listener]], once or more)"),
        ("[[listener]]\ncodes = 1", 'listener[1].codes: is not a table of texts (write { NAME = "text" })'),
        ("[[listener]]\ncodes = { A = 1 }", "listener[1].codes: is not a table of texts"),
        ("http = 1", "http: is not a section (write it as [http])"),
        ("listener = [3]", "listener[1]: is not a section (write it as [listener[1]])"),
        ("[http", "is not TOML: "),
    ],
)
def test_a_shape_that_is_wrong(tmp_path: Path, text: str, problem: str) -> None:
    """TOML that is fine but means something else."""
    assert problem in problems_of(tmp_path, text)


def test_no_file(tmp_path: Path) -> None:
    """The commonest mistake: the command is given in the wrong folder."""
    with pytest.raises(Problems, match=r"cannot be read: No such file .* puntual init DIR"):
        load_settings(tmp_path / "puntual.toml")


def test_not_utf_8(tmp_path: Path) -> None:
    """An editor of old writes Latin-1."""
    (tmp_path / "puntual.toml").write_bytes(b'[exporter]\ntopic = "a\xf1o"')
    with pytest.raises(Problems, match="is not UTF-8"):
        load_settings(tmp_path / "puntual.toml")


def test_a_mark_of_the_byte_order(tmp_path: Path) -> None:
    """Some editors write one before everything else; it means nothing."""
    path = tmp_path / "puntual.toml"
    path.write_text("[limits]\nqueue_depth_max = 999\n", "utf-8-sig")
    assert load_settings(path).limits.queue_depth_max == 999
