"""From ``terminals.csv`` to the register of terminals: every bad line is told at once, with its number."""

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfoNotFoundError

from loyalty.clock import zone_named
from loyalty.errors import LoyaltyError, Problems
from loyalty.terminal import Terminal, TerminalRegister, TerminalStatus
from loyalty.transaction import Operation

REQUIRED: Final = ("terminal", "merchant", "acquirer", "mcc", "profile")
OPTIONAL: Final = ("store", "partner", "zone", "can", "width", "status", "allow")

_PRINTABLE: Final = re.compile(
    r"[\x20-\x7e]*[\x21-\x7e]"
)  # DE 41 and 42 are compared without trailing spaces
_STATUSES: Final = tuple(status.value for status in TerminalStatus)
_WIDTHS: Final = range(16, 81)  # columns; 38 is the receipt printer of the field


def load_register(path: Path) -> TerminalRegister:
    """The register in the file *path*.

    Raises:
        Problems: All that is wrong with it.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        problem = LoyaltyError(f"cannot be read: {error.strerror}", where=path.name, hint="put it there")
        raise Problems([problem], where=str(path)) from error
    except UnicodeDecodeError as error:
        problem = LoyaltyError("is not UTF-8", where=path.name, hint="save it in UTF-8")
        raise Problems([problem], where=str(path)) from error
    return read_register(text, where=path.name)


def read_register(text: str, *, where: str) -> TerminalRegister:
    """The register that *text* holds; *where* names the file in problems.

    Raises:
        Problems: All that is wrong with it.
    """
    reading = _Reading(where)
    terminals = reading.terminals(text)
    if reading.problems:
        raise Problems(reading.problems, where=where)
    return TerminalRegister(terminals)


class _Reading:
    """One pass over a file, which gathers the problems it meets."""

    def __init__(self, file: str) -> None:
        self.problems: list[LoyaltyError] = []
        self._file = file
        self._line = 1

    def terminals(self, text: str) -> dict[tuple[str, str], Terminal]:
        terminals: dict[tuple[str, str], Terminal] = {}
        lines: dict[tuple[str, str], int] = {}
        for row in self._rows(text):
            before = len(self.problems)
            terminal = self._terminal(row)
            key = terminal.acquirer_id, terminal.terminal_id
            if len(self.problems) > before:
                continue
            if key in terminals:
                self._problem("terminal", f"stands on line {lines[key]} already", "a terminal stands once")
                continue
            terminals[key], lines[key] = terminal, self._line
        return terminals

    def _rows(self, text: str) -> Iterator[Mapping[str, str]]:
        reader = csv.reader(text.splitlines(), strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
            if not self._header_holds(header):
                return
            for cells in reader:
                self._line = reader.line_num
                if not cells:
                    continue
                if len(cells) > len(header):
                    self._problem(
                        "", f"has {len(cells)} columns, not {len(header)}", "put quotes around commas"
                    )
                    continue
                yield dict(zip(header, (cell.strip() for cell in cells), strict=False))
        except csv.Error as error:
            self._line = reader.line_num
            self._problem("", f"is not CSV: {error}", "mend the quotes")

    def _header_holds(self, header: list[str]) -> bool:
        expected = f"the columns are {','.join(REQUIRED)}[,{','.join(OPTIONAL)}]"
        wrong = [(name, "is missing") for name in REQUIRED if name not in header]
        wrong += [(name, "is unknown") for name in header if name not in REQUIRED + OPTIONAL]
        wrong += [(name, "stands twice") for name in sorted(set(header)) if header.count(name) > 1]
        for name, what in wrong:
            self._problem(name or "header", what, expected)
        return not wrong

    def _terminal(self, row: Mapping[str, str]) -> Terminal:
        """The terminal of *row*; with a problem gathered, any terminal."""
        width = row.get("width") or "38"
        if not _is_number(width, 2) or int(width) not in _WIDTHS:
            self._problem("width", f"is {width!r}", f"give {_WIDTHS[0]} to {_WIDTHS[-1]} columns")
            width = "38"
        status = row.get("status") or TerminalStatus.ACTIVE.value
        if status not in _STATUSES:
            self._problem("status", f"is {status!r}", f"one of {', '.join(_STATUSES)}")
            status = TerminalStatus.ACTIVE.value
        can = row.get("can", "").upper()
        if not set(can) <= set("PD"):
            self._problem("can", f"is {can!r}", "P: partial approval, D: takes discounts off; both; or empty")
        return Terminal(
            terminal_id=self._name(row, "terminal", 8),
            merchant_id=self._name(row, "merchant", 15),
            acquirer_id=self._digits(row, "acquirer", 1, 11).zfill(11),
            mcc=self._digits(row, "mcc", 4, 4),
            profile=self._name(row, "profile", 32),
            store=row.get("store", ""),
            partner=row.get("partner", ""),
            zone=self._zone(row.get("zone", "")),
            can=can,
            width=int(width),
            status=TerminalStatus(status),
            allow=self._operations(row.get("allow", "")),
        )

    def _name(self, row: Mapping[str, str], column: str, length_max: int) -> str:
        name = row.get(column, "")
        if not _PRINTABLE.fullmatch(name) or len(name) > length_max:
            self._problem(column, f"is {name!r}", f"give 1 to {length_max} printable ASCII characters")
        return name

    def _digits(self, row: Mapping[str, str], column: str, least: int, most: int) -> str:
        digits = row.get(column, "")
        if not _is_number(digits, most) or len(digits) < least:
            span = f"{most}" if least == most else f"{least} to {most}"
            self._problem(column, f"is {digits!r}", f"give {span} digits")
        return digits

    def _zone(self, name: str) -> tzinfo | None:
        if not name:
            return None
        try:
            return zone_named(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._problem("zone", f"is {name!r}", "give a name of the tz database, as Europe/Madrid")
            return None

    def _operations(self, names: str) -> frozenset[str]:
        """The operations that *names* lists, separated by spaces."""
        allowed = frozenset(names.upper().split())
        for name in sorted(allowed):
            if name not in Operation.__members__:
                self._problem("allow", f"names {name!r}", "give names of operations, as EARN REDEEM")
        return allowed

    def _problem(self, column: str, what: str, hint: str) -> None:
        place = f"{self._file}: line {self._line}" + (f", {column}" if column else "")
        self.problems.append(LoyaltyError(what, where=place, hint=hint))


def _is_number(text: str, length_max: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= length_max
