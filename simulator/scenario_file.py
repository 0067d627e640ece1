"""Reads scenario files, and tells all that is wrong with one at once."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from loyalty.errors import LoyaltyError, Problems
from loyalty.transaction import BasketLine
from simulator.private import read_quantity, write_basket
from simulator.scenario import MARKS, FilledText, Scenario, Step

SHIPPED: Final = files("simulator.scenarios")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_TAG: Final = re.compile(r"[0-9]{3}", re.ASCII)
_MTI: Final = re.compile(r"[0-9]{4}", re.ASCII)
_QUANTITY: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?", re.ASCII)
_AMOUNT: Final = re.compile(r"-?[0-9]{1,12}", re.ASCII)
_ELEMENTS: Final = frozenset(str(number) for number in range(2, 129) if number != 65)


def shipped() -> list[str]:
    """Names of the scenarios that come with the simulator."""
    return sorted(
        file.name.removesuffix(".toml") for file in SHIPPED.iterdir() if file.name.endswith(".toml")
    )


def load_scenario(name: str, variables: Mapping[str, str]) -> Scenario:
    """The scenario in the file *name*, or the shipped one; *variables* replace those of the file.

    Raises:
        LoyaltyError: There is no such file, or all that is wrong with it.
    """
    path = Path(name)
    if path.exists():
        text = path.read_text("utf-8")
    elif name in shipped():
        text = (SHIPPED / f"{name}.toml").read_text("utf-8")
    else:
        raise LoyaltyError("there is no such file", where=name, hint=f"shipped are {', '.join(shipped())}")
    return parse_scenario(text, variables, where=name)


def parse_scenario(text: str, variables: Mapping[str, str], *, where: str) -> Scenario:
    """The scenario that *text* holds; *where* names the file in errors.

    Raises:
        LoyaltyError: All that is wrong with it.
    """
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LoyaltyError(f"is no TOML: {error}", where=where) from error
    return _Reading(where).scenario(parsed, variables)


class _Reading:
    """One file while it is read: problems are gathered, and what is wrong stands at a harmless value."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._problems: list[LoyaltyError] = []
        self._known: set[str] = set()
        self._steps: set[str] = set()

    def scenario(self, parsed: dict[str, Any], given: Mapping[str, str]) -> Scenario:
        self._only(parsed, ("title", "variables", "step"), "")
        variables = self._texts(parsed.get("variables", {}), "variables")
        for name in given.keys() - variables.keys():
            self._note("--set", f"there is no variable {name}", f"known are {', '.join(sorted(variables))}")
        self._known |= variables.keys()
        steps = parsed.get("step", [])
        if not isinstance(steps, list) or not steps or not all(isinstance(step, dict) for step in steps):
            self._note("step", "there is none", "write [[step]] sections")
            steps = []
        scenario = Scenario(
            title=self._text(parsed, "title", ""),
            variables={**variables, **given},
            steps=tuple(self._step(step, number) for number, step in enumerate(steps, start=1)),
        )
        if self._problems:
            raise Problems(self._problems, where=self._where)
        return scenario

    def _step(self, table: dict[str, Any], number: int) -> Step:
        at = f"step[{number}]"
        self._only(table, ("name", "about", "again", "request", "expect"), at)
        name = self._text(table, "name", at) if "name" in table else f"step{number}"
        if not _NAME.fullmatch(name) or name in self._known | self._steps:
            self._note(f"{at}.name", f"{name!r} is taken or no name", "write small letters, digits and _")
        again = self._text(table, "again", at) if "again" in table else None
        if again is not None and again not in self._steps:
            self._note(f"{at}.again", f"no step before it is called {again}")
        request = self._elements(table.get("request", {}), f"{at}.request", marks=("@absent",))
        if again is None and "t" not in request:
            self._note(f"{at}.request", "mti is missing", 'write mti = "0200"')
        # What a step expects may depend on what it sent.
        self._steps.add(name)
        expect = self._elements(table.get("expect", {}), f"{at}.expect", marks=MARKS)
        return Step(
            name=name,
            about=self._text(table, "about", at) if "about" in table else "",
            again=again,
            request=request,
            expect=expect,
        )

    def _elements(self, table: object, at: str, *, marks: tuple[str, ...]) -> dict[str, str]:
        if not isinstance(table, dict):
            self._note(at, "is not a table")
            return {}
        elements: dict[str, str] = {}
        for key, value in table.items():
            if key == "48" and isinstance(value, dict):
                for tag, text in value.items():
                    if not _TAG.fullmatch(tag):
                        self._note(f"{at}.48.{tag}", "is no tag", "tags are three digits")
                    elements[f"48.{tag}"] = self._value(text, f"{at}.48.{tag}", marks)
            elif key == "63" and isinstance(value, list):
                elements |= self._basket(value, f"{at}.63")
            elif key == "mti":
                elements["t"] = self._value(value, f"{at}.mti", ())
                if not _MTI.fullmatch(elements["t"]):
                    self._note(f"{at}.mti", "is not four digits")
            elif key in _ELEMENTS:
                elements[key] = self._value(value, f"{at}.{key}", marks)
            else:
                self._note(f"{at}.{key}", "is no element", "write mti or a number from 2 to 128")
        return elements

    def _value(self, value: object, at: str, marks: tuple[str, ...]) -> str:
        values = value if isinstance(value, list) else [value]
        texts = [text for text in values if isinstance(text, str)]
        if len(texts) < len(values):
            self._note(at, "is not text", 'write it in quotes: "000000002500"')
        for text in texts:
            self._check_text(text, at, marks)
        return "\n".join(texts)

    def _check_text(self, text: str, at: str, marks: tuple[str, ...]) -> None:
        if text.startswith("@") and text not in marks:
            self._note(at, f"{text} is not understood", f"here may stand {', '.join(marks) or 'text only'}")
        template = FilledText(text)
        if not template.is_valid():
            self._note(at, "has a $ that names nothing", "write $$ for the character")
            return
        for name in template.get_identifiers():
            if name not in self._known and name.partition(".")[0] not in self._steps:
                self._note(at, f"${name} is neither a variable nor of an earlier step")

    def _basket(self, rows: list[Any], at: str) -> dict[str, str]:
        lines = []
        for number, row in enumerate(rows, start=1):
            match row:
                case [str(), str() as quantity, str(), str() as amount, str(), *flags] if (
                    len(row) <= 6
                    and _QUANTITY.fullmatch(quantity)
                    and _AMOUNT.fullmatch(amount)
                    and all(isinstance(text, str) and "\\" not in text for text in row)
                ):
                    product, _, unit, _, category = row[:5]
                    lines.append(
                        BasketLine(
                            product, read_quantity(quantity), unit, int(amount), category, "".join(flags)
                        )
                    )
                case _:
                    hint = (
                        'write ["milk", "1", "U", "250", "DAIRY"], amounts in minor units, flags as a sixth'
                    )
                    self._note(f"{at}[{number}]", "is no line of a basket", hint)
        return write_basket(lines)

    def _texts(self, table: object, at: str) -> dict[str, str]:
        if not isinstance(table, dict):
            self._note(at, "is not a table")
            return {}
        for name in table:
            if not _NAME.fullmatch(name):
                self._note(f"{at}.{name}", "is no name", "write small letters, digits and _")
        return {name: self._text(table, name, at) for name in table}

    def _text(self, table: Mapping[str, Any], key: str, at: str) -> str:
        value = table.get(key)
        if isinstance(value, str):
            return value
        self._note(
            f"{at}.{key}".lstrip("."), "is not text" if key in table else "is missing", "write text in quotes"
        )
        return ""

    def _only(self, table: Mapping[str, Any], keys: Iterable[str], at: str) -> None:
        for key in table.keys() - set(keys):
            self._note(f"{at}.{key}".lstrip("."), "is not known here", f"known are {', '.join(keys)}")

    def _note(self, key: str, what: str, hint: str = "") -> None:
        self._problems.append(LoyaltyError(what, where=f"{self._where}: {key}", hint=hint))
