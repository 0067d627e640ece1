"""Families of merchants' categories (ISO 18245): a name for codes and ranges of them.

Rules that name one are read as if its codes stood there, so a sale is looked up by its own code and no
family is known when it is decided.
"""

import re
from collections.abc import Iterable
from typing import Final

from rules.names import Names
from rules.reading import Section

MCC_OR_RANGE: Final = re.compile(r"[0-9]{4}(-[0-9]{4})?", re.ASCII)
_RUN_MIN: Final = 3  # codes in a row that are told as a range


def read_families(main: Section, names: Names) -> None:
    """Put the families of *main* among *names*."""
    for section in main.sections("mcc_family"):
        name = section.name("id")
        codes: set[str] = set()
        if "mcc" not in section:
            section.wrong("is missing", "mcc", 'write mcc = ["5541", "5500-5599"]')
        else:
            for each in sorted(section.names("mcc")):
                codes |= _codes(section, each)
        section.close()
        if name in names.mcc_families:
            section.wrong(f"two families have the id {name}", "id", "give each its own")
        names.mcc_families[name] = frozenset(codes)


def _codes(section: Section, text: str) -> set[str]:
    """The codes of *text*, a code or a range with both its ends."""
    if not MCC_OR_RANGE.fullmatch(text):
        section.wrong(f"cannot hold {text}", "mcc", "write four digits, or a range such as 5500-5599")
        return set()
    first, _, last = text.partition("-")
    codes = range(int(first), int(last or first) + 1)
    if not codes:
        section.wrong(f"holds {text}, which ends before it begins", "mcc", f"write {last}-{first}")
    return {f"{code:04}" for code in codes}


def told_in_ranges(codes: Iterable[str]) -> list[str]:
    """*codes* ascending, some in a row as a range: ``4111``, ``5500-5599``."""
    told: list[str] = []
    run: list[str] = []
    for code in (*sorted(codes), ""):
        if run and code != _next(run[-1]):
            told += [f"{run[0]}-{run[-1]}"] if len(run) >= _RUN_MIN else run
            run = []
        run.append(code)
    return told


def _next(code: str) -> str | None:
    return f"{int(code) + 1:04}" if code.isascii() and code.isdigit() else None
