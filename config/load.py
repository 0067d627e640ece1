"""From ``puntual.toml`` to ``Settings``: every problem is told at once, each with its key and what to do."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from config.schema import SQLITE, Between, Digits, OneOf, Settings, Texts
from loyalty.errors import LoyaltyError, Problems

_Section = TypeVar("_Section")


def load_settings(path: Path) -> Settings:
    """The settings of the file *path*.

    Raises:
        Problems: All that is wrong with it.
    """
    file = path.name
    try:
        document = tomllib.loads(
            path.read_text(encoding="utf-8-sig")
        )  # with a mark of the byte order or without
    except OSError as error:
        hint = "name the settings with --config, or write a deployment with: puntual init DIR"
        problem = LoyaltyError(f"cannot be read: {error.strerror}", where=str(path), hint=hint)
        raise Problems([problem], where=str(path)) from error
    except UnicodeDecodeError as error:
        problem = LoyaltyError("is not UTF-8", where=file, hint="save it in UTF-8")
        raise Problems([problem], where=str(path)) from error
    except tomllib.TOMLDecodeError as error:
        problem = LoyaltyError(f"is not TOML: {error}", where=file, hint="see toml.io")
        raise Problems([problem], where=str(path)) from error
    reading = _Reading(file)
    settings = reading.settings(document, path.parent.absolute())
    if reading.problems:
        raise Problems(reading.problems, where=str(path))
    return settings


class _Reading:
    """One pass over a document, which gathers the problems it meets."""

    def __init__(self, file: str) -> None:
        self.problems: list[LoyaltyError] = []
        self._file = file

    def settings(self, document: Mapping[str, Any], folder: Path) -> Settings:
        hints = get_type_hints(Settings, include_extras=True)
        known = [name for name in hints if name != "folder"]
        self._unknown(document, known, "", "section")
        sections: dict[str, Any] = {}
        for name in known:
            if name not in document:
                continue
            if name == "listener":
                sections[name] = self._listeners(document[name], get_args(hints[name])[0])
            else:
                sections[name] = self._section(document[name], hints[name], name)
        settings = Settings(folder=folder, **sections)
        self._relations(settings)
        return settings

    def _listeners(self, value: object, section: type[_Section]) -> tuple[_Section, ...]:
        if not isinstance(value, list) or not value:
            self._problem("listener", "is not a list of sections", "write it as [[listener]], once or more")
            return ()
        return tuple(
            self._section(table, section, f"listener[{number}]") for number, table in enumerate(value, 1)
        )

    def _section(self, value: object, section: type[_Section], where: str) -> _Section:
        """An instance of *section*; a knob with a problem has its default."""
        if not isinstance(value, dict):
            self._problem(where, "is not a section", f"write it as [{where}]")
            return section()
        hints = get_type_hints(section, include_extras=True)
        self._unknown(value, list(hints), where, "key")
        knobs = {
            name: self._knob(value[name], hint, f"{where}.{name}")
            for name, hint in hints.items()
            if name in value
        }
        return section(**{name: knob for name, knob in knobs.items() if knob is not None})

    def _knob(self, value: object, hint: object, where: str) -> object:
        """*value* as *hint* wants it, or ``None`` after a problem."""
        base, rule = get_args(hint) if get_origin(hint) is not None else (hint, None)
        if isinstance(rule, Texts):
            if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
                return value
            self._problem(where, "is not a table of texts", 'write { NAME = "text" }')
            return None
        if base is bool:
            return self._flag(value, where)
        if base is int:
            return self._number(value, rule, where)
        if not isinstance(value, str):
            self._problem(where, "is not a text", "put it in quotes")
            return None
        return Path(value) if base is Path else self._text(value, rule, where)

    def _flag(self, value: object, where: str) -> bool | None:
        if not isinstance(value, bool):
            self._problem(where, "is neither true nor false", "write one of them, without quotes")
            return None
        return value

    def _number(self, value: object, rule: object, where: str) -> int | None:
        assert isinstance(rule, Between)
        if not isinstance(value, int) or isinstance(value, bool):
            self._problem(where, "is not a whole number", f"give {rule.least} to {rule.most}, without quotes")
            return None
        if not rule.least <= value <= rule.most:
            self._problem(where, f"is {value}", f"give {rule.least} to {rule.most}")
            return None
        return value

    def _text(self, value: str, rule: object, where: str) -> str | None:
        match rule:
            case OneOf(choices) if value not in choices:
                self._problem(where, f"is {value!r}", did_you_mean(value, choices))
                return None
            case Digits(width) if value:
                if not (value.isascii() and value.isdigit() and len(value) <= width):
                    self._problem(where, "is not a number", f"give 1 to {width} digits")
                    return None
                return value.zfill(width)
        return value

    def _relations(self, settings: Settings) -> None:
        if not settings.store.url.startswith(SQLITE) or settings.store.url == SQLITE:
            hint = "write sqlite:///NAME, relative to these settings"
            self._problem("store.url", "names no SQLite file", hint)
        if settings.store.chain_key_file and settings.store.chain_key_env:
            self._problem("store.chain_key_env", "is set beside chain_key_file", "name one of them")
        limits = settings.limits
        if limits.batch_size_max > limits.queue_depth_max:
            self._problem(
                "limits.queue_depth_max", "is below limits.batch_size_max", "raise it to that at least"
            )
        taken: set[tuple[str, int]] = set()
        for number, listener in enumerate(settings.listener, 1):
            address = listener.host, listener.port
            if listener.port and address in taken:
                self._problem(f"listener[{number}].port", "is taken by an earlier listener", "give another")
            taken.add(address)

    def _unknown(self, table: Mapping[str, Any], known: list[str], where: str, what: str) -> None:
        for name in table:
            if name not in known:
                key = f"{where}.{name}" if where else name
                self._problem(key, f"is an unknown {what}", did_you_mean(name, known))

    def _problem(self, key: str, what: str, hint: str) -> None:
        self.problems.append(LoyaltyError(what, where=f"{self._file}: {key}", hint=hint))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint for *name*, which is not among *known*: the one that is meant, else all of them."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"one of {', '.join(known)}"
