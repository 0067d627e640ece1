"""What generated functions are made of: they read or write one set of elements of one dialect.

Which elements a message has is known from its bitmap. For one bitmap the fixed elements lie at constant
places, and the checks of all of them can be made at once, so a function is generated for it: the message is
turned into text once, the elements are slices of it, and all digits are checked together. In principle:

    def decode(data):
        t = data.decode('latin-1')
        a3 = t[20:26]
        a4 = t[26:38]
        n48 = L48[t[38:41]]                # a length that is no number, or too large, is not in the table
        p1 = 41 + n48
        a48 = t[41:p1]
        if len(data) != p1 or not (a3 + a4).isdecimal() or ...: raise ValueError
        return {3: a3, 4: a4, 48: a48}

A generated function only says that something is wrong, by raising LookupError or ValueError; the interpreter
then finds out what. Generated source contains numbers and names of these modules, nothing of a message.
Both directions share what is here; ``messages.decoders`` and ``messages.encoders`` generate.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from messages.spec import Content, Dialect, Encoding, Field, Filler, Prefix
from messages.values import HEX_TEXT, MONTH_DAYS, Charset, is_date, write_length

CHARACTERS: Final = {Encoding.ASCII: "t", Encoding.LATIN1: "t", Encoding.HEX: "t"} | {
    Encoding.EBCDIC: "e",
    Encoding.HEX_EBCDIC: "e",
}
_HOURS_MINUTES: Final = frozenset(f"{hour:02}{minute:02}" for hour in range(24) for minute in range(60))
ZERO_FILLERS: Final = frozenset({Filler.LEFT_0, Filler.RIGHT_0})
LEFT_FILLERS: Final = frozenset({Filler.LEFT_0, Filler.LEFT_F})


def moment_checks(value: str, content: Content) -> list[str]:
    """Conditions under which *value* is the date or time that *content* wants; that it is digits is known."""
    match content:
        case Content.MONTH_DAY:
            return [f"{value} in MONTH_DAYS"]
        case Content.TIME:
            return _time_checks(value, 0)
        case Content.MOMENT:
            return [f"{value}[:4] in MONTH_DAYS", *_time_checks(value, 4)]
        case Content.DATED_TIME:
            return [f"is_date({value}[:6])", *_time_checks(value, 6)]
        case Content.DATE:
            return [f"is_date({value})"]
        case _:
            return []


def _time_checks(value: str, at: int) -> list[str]:
    return [f"{value}[{at}:{at + 4}] in HOURS_MINUTES and {value}[{at + 4}] < '6'"]


_MOMENTS: Final = frozenset(
    {Content.MONTH_DAY, Content.TIME, Content.MOMENT, Content.DATED_TIME, Content.DATE}
)
DIGIT_CONTENTS: Final = _MOMENTS | {Content.DIGITS}


class Checks:
    """Conditions that all values of a message have to meet, gathered so that few calls check them."""

    def __init__(self, dialect: Dialect) -> None:
        self._enforced = dialect.checks_content
        self.digits: list[str] = []
        self.may_be_empty = True
        self._ascii: list[str] = []
        self._printable: list[str] = []
        self.conditions: list[str] = []

    def add(self, value: str, field: Field) -> None:
        """Check *value* as an element *field*."""
        packed = field.encoding in (Encoding.BCD, Encoding.SIGNED_BCD)
        if packed or (self._enforced and field.content in DIGIT_CONTENTS):
            self._add_digits(value, field)
        elif field.encoding in HEX_TEXT or field.encoding is Encoding.BINARY:
            self.conditions.append(f"not {value}.strip('0123456789ABCDEFabcdef')")
        elif not self._enforced:
            if field.encoding is Encoding.ASCII:
                self._ascii.append(value)
        else:
            self._add_text(value, field)
        if self._enforced:
            self.conditions += moment_checks(value, field.content)

    def _add_digits(self, value: str, field: Field) -> None:
        if field.encoding is Encoding.SIGNED_BCD:
            self.conditions.append(f"{value}[:1] in ('C', 'D')")
            self.digits.append(f"{value}[1:]")
        elif field.encoding is Encoding.BCD and field.content is Content.HEX:
            self.conditions.append(f"not {value}.strip('0123456789ABCDEFabcdef')")
        elif field.encoding is Encoding.BCD and field.content not in DIGIT_CONTENTS:
            self.conditions.append(f"not {value}.strip('0123456789D')")
        else:
            self.digits.append(value)
            self.may_be_empty = self.may_be_empty and field.prefix is not None

    def _add_text(self, value: str, field: Field) -> None:
        match field.content:
            case Content.TEXT:
                self._printable.append(value)
            case Content.TRACK:
                self.conditions.append(f"not {value}.strip('0123456789=D')")
            case Content.HEX:
                self.conditions.append(f"not {value}.strip('0123456789ABCDEFabcdef')")
            case Content.SIGNED:
                self.conditions.append(f"{value}[:1] in ('C', 'D')")
                self.digits.append(f"{value}[1:]")
            case _ if field.encoding is Encoding.ASCII:
                self._ascii.append(value)

    def lines(self, whole: str | None) -> list[str]:
        """The statements. *whole* names the text of the message when all of it must be printable."""
        conditions = list(self.conditions)
        lines = []
        if whole is not None:
            conditions.insert(0, f"{whole}.isprintable()")  # and ASCII, which it was decoded as
        elif self._printable:
            lines.append(f"x = {_joined(self._printable)}")
            conditions.insert(0, "x.isascii() and x.isprintable()")
        if self._ascii:
            conditions.append(f"({_joined(self._ascii)}).isascii()")
        if self.digits:
            empty = " or '0'" if self.may_be_empty else ""
            # Not `isdigit`, which is true for superscripts; the texts hold no other decimals than 0 to 9.
            conditions.insert(0, f"({_joined(self.digits)}{empty}).isdecimal()")
        if conditions:
            lines.append(f"if not ({' and '.join(conditions)}): raise ValueError")
        return lines


def _joined(values: Sequence[str]) -> str:
    return " + ".join(values) if len(values) < 4 else "f'" + "".join(f"{{{value}}}" for value in values) + "'"


def built(name: str, head: str, lines: Sequence[str], names: Mapping[str, Any]) -> Any:  # noqa: ANN401  (either)
    """The function of *lines* under *head*, which knows *names*."""
    source = "\n    ".join([head, *lines])
    namespace = {"MONTH_DAYS": MONTH_DAYS, "HOURS_MINUTES": _HOURS_MINUTES, "is_date": is_date, **names}
    exec(compile(source, f"<{name}>", "exec"), namespace)  # noqa: S102  (source is made of numbers only)
    return namespace["generated"]


@lru_cache(maxsize=64)
def indicators(prefix: Prefix, most: int, codepage: str) -> tuple[str, ...]:
    """The indicator of each length up to *most*: as text, or as half bytes."""
    charset = Charset(codepage)
    raw = [write_length(prefix, length, charset) for length in range(most + 1)]
    match prefix.encoding:
        case Encoding.BCD | Encoding.BINARY:
            return tuple(digits.hex() for digits in raw)
        case Encoding.EBCDIC:
            return tuple(map(charset.decode, raw))
        case _:
            return tuple(digits.decode("ascii") for digits in raw)
