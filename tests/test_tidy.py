"""The house stays as it is meant to be: what no linter knows of it is checked here."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = (
    "loyalty", "messages", "members", "rules", "ledger", "analytics", "config", "switch", "simulator",
    "console", "benchmarks",
)  # fmt: skip
LINES_MAX = 400  # what a head holds

# Who may know a library; everybody else talks to these.
KNOWN_TO = {
    "aiomqtt": r"analytics\.exporters\.mqtt",
    "aiosqlite": r"switch\.database|benchmarks\..*",
    "sqlite3": (
        r"simulator\.world\..*|"
        r"switch\.(app|archive|audit|backup|batchreader|cardcheck|journalcheck|membercheck|checkup|database|duereader|feed|importing|lookups"
        r"|markreader|movements|outlook|past|positions|programmereader|purchases|queries|recall|rebuild|rerating|safeguards|spending|standing|store|tallyreader)"
        r"|ledger\.(anchor|caches|certificates|chain|filecheck|holdcheck|lotsums|order|parties|slices|sums|tallies|verify)"
        r"|console\.(day|deployment)|benchmarks\..*"
    ),
    "sqlalchemy": r".*\.tables|switch\.statements",
    "iso8583": r"simulator\..*|benchmarks\..*",  # the switch has a codec of its own, which this one checks
    "psec": r"messages\..*|simulator\..*",
    "structlog": r"switch\..*|console\.export|simulator\.world\.world",
    "time": r"switch\.(past|app|observe|turns)|simulator\..*|console\..*|benchmarks\..*",
    "random": r"simulator\..*|console\..*|benchmarks\..*",
    "logging": r"switch\.observe",
    "pandas": r"simulator\.journey\..*",
}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def sources(*packages: str) -> list[Path]:
    """The Python files of *packages*."""
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path) -> Iterator[str]:
    """The libraries that a file imports, by their first name."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module).split(".")[0]


def test_no_module_lies_in_the_root() -> None:
    """The root is on the path of an editable install: a stray file there would shadow a library."""
    assert [path.name for path in ROOT.glob("*.py")] == []


def test_files_fit_in_a_head() -> None:
    """A file holds one idea."""
    lengths = {
        module_of(path): len(path.read_text("utf-8").splitlines()) for path in sources(*PACKAGES, "tests")
    }
    assert {name: length for name, length in lengths.items() if length > LINES_MAX} == {}


@pytest.mark.parametrize(("library", "known_to"), KNOWN_TO.items())
def test_libraries_stay_where_they_are_known(library: str, known_to: str) -> None:
    """Replacing a library must touch one place; who uses it elsewhere binds the product to it."""
    strangers = [
        module_of(path)
        for path in sources(*PACKAGES)
        if library in imports_of(path) and not re.fullmatch(known_to, module_of(path))
    ]
    assert strangers == []


def test_only_the_console_prints() -> None:
    """A library that prints cannot be used in a pipe, nor beside a log."""
    printing = [
        f"{module_of(path)}:{node.lineno}"
        for path in sources(*(package for package in PACKAGES if package not in {"console", "benchmarks"}))
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert printing == []


def test_nothing_at_module_level_can_change() -> None:
    """State of a module is shared by all that the process runs; registries are ``Final`` and say so."""
    mutable = [
        f"{module_of(path)}:{node.lineno}"
        for path in sources(*PACKAGES)
        for node in tree_of(path).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and not _is_final(node) and _makes_mutable(node.value)
    ]
    mutable += [
        f"{module_of(path)}:{node.lineno}"
        for path in sources(*PACKAGES)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Global)
    ]
    assert mutable == []


def _is_final(node: ast.Assign | ast.AnnAssign) -> bool:
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "__all__"
    return "Final" in ast.unparse(node.annotation)


def _makes_mutable(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        return ast.unparse(value.func) in {
            "list",
            "dict",
            "set",
            "bytearray",
            "deque",
            "defaultdict",
            "Counter",
        }
    return isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)


def test_exceptions_to_the_rules_have_a_reason() -> None:
    """A check that is silenced without a word is one that nobody can ever switch on again."""
    bare = [
        f"{module_of(path)}:{number}"
        for path in sources(*PACKAGES)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"#\s*(noqa|type:\s*ignore)[^(#]*$", line)
    ]
    assert bare == []
