"""The programme of the deployment's own files, as every process that opens the deployment reads it."""

from collections.abc import Callable, Container
from pathlib import Path
from typing import Final

from loyalty.errors import Problems
from rules.bundle import FOLDER
from rules.names import PRODUCTS
from rules.parse import load_programme
from rules.programme import Programme

LARGE_SIZE: Final = 200_000  # bytes: about a thousand rules
_BESIDE: Final = (PRODUCTS, "campaigns/*.toml", f"{FOLDER}/*/*.*", f"{FOLDER}/*/campaigns/*.toml")


def size_of(path: Path) -> int:
    """Bytes of the programme of the file *path*, with all that is read beside it."""
    beside = [each for pattern in _BESIDE for each in path.parent.glob(pattern)]
    return sum(each.stat().st_size for each in (path, *beside) if each.is_file())


def own_programme(path: Path, known: Callable[[], Container[str]]) -> tuple[Programme, Problems | None]:
    """The programme of the file *path*, and what is refused of it and was not before.

    What a later release refuses is no reason to stand still: versions that *known* tells of were in force
    already, and go on as they were.

    Raises:
        Problems: All that is wrong with it.
    """
    try:
        return load_programme(path), None
    except Problems as refused:
        try:
            again = load_programme(path, is_restored=True)
        except Problems:
            raise refused from None
        if again.version not in known():
            raise
        return again, refused
