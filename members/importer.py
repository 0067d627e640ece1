"""Reads a list of cards as the operator keeps it: CSV, one card a line.

What is wrong with a line is told by its number and a reason that repeats nothing of it: a cell that slipped
into another column may be a card number.
"""

import csv
import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from loyalty.card import CardRange, Identifier, IdentifierKind
from members.card import CardStatus
from members.identifiers import normal_form

REQUIRED: Final = ("card", "member")
NO_HEADER: Final = "the header is missing"
OPTIONAL: Final = (
    "status", "expires", "tier", "parent", "name", "phone", "mail", "birthday", "language",
    "type",
)  # fmt: skip

# A card is replaced by a command that names its successor, never by a list.
_STATUSES: Final = {status.value: status for status in CardStatus if status is not CardStatus.REPLACED}
MEMBER: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?")
_TIER: Final = re.compile(r"[\x21-\x7e]{1,16}")
_MONTH: Final = re.compile(r"[0-9]{2}(?:0[1-9]|1[0-2])")  # YYMM
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PHONE: Final = re.compile(r"[1-9][0-9]{6,14}")  # ITU-T E.164, with country code
_MAIL: Final = re.compile(r"(?=.{3,254}$)[^\s@]+@[^\s@]+")  # RFC 5321, 4.5.3.1
_NOT_UTF_8: Final = re.compile("[\ud800-\udfff]")  # what "surrogateescape" makes of other bytes
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", re.ASCII)  # of what the operator names himself
_LANGUAGE: Final = re.compile(r"[a-z]{2}")  # ISO 639-1
_NAME_LENGTH_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRow:
    """A card of the list, with its member.

    Attributes:
        line: Its number in the file, from 1.
        member: The operator's own id of the member.
        expires_on: Last day of the month given; ``None``: never.
        parent: Another card of the family whose accounts it shares.
        programme: In whose range the number lies; empty for the deployment's own.
        type: Of the card; ``None`` where the list has no such column.
    """

    line: int
    card: Identifier
    member: str
    status: CardStatus = CardStatus.ACTIVE
    expires_on: date | None = None
    tier: str | None = None
    parent: Identifier | None = None
    name: str | None = field(default=None, repr=False)
    phone: Identifier | None = None
    mail: Identifier | None = None
    birthday: date | None = field(default=None, repr=False)
    language: str | None = None
    programme: str = ""
    type: str | None = None


@dataclass(frozen=True, slots=True)
class CardTerms:
    """What a programme says of its cards.

    Attributes:
        programme: Its name; empty for the deployment's own.
        ranges: Of its card numbers.
        tiers: That its members may have; without any, every tier is taken as it is.
    """

    programme: str
    ranges: Sequence[CardRange]
    tiers: Sequence[str]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is not imported, and why."""

    line: int
    reason: str


def read_cards(
    lines: Iterable[str],
    *,
    ranges: Sequence[CardRange],
    tiers: Sequence[str],
    beside: Sequence[CardTerms] = (),
) -> Iterator[CardRow | BadLine]:
    """What each of *lines* says, in their order. The first is the header.

    A byte that was not UTF-8 is expected as a lone surrogate (``errors="surrogateescape"``).

    Args:
        lines: Of the file. No cell spans two, so a quote that is never closed spoils one line alone.
        ranges: Of the programme; a number outside of them is no card.
        tiers: Of the programme; without any, every tier is taken as it is.
        beside: The terms of other programmes of the deployment; a number in their ranges is theirs.
    """
    terms = (CardTerms("", ranges, tiers), *beside)
    header: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            cells = cells_of(line)
            if header:
                yield _row(number, named_cells(cells, header), terms)
            else:
                header = _header(cells)
        except BadCellError as error:
            yield BadLine(number, str(error))
        if not header:
            return
    if not header:
        yield BadLine(1, NO_HEADER)


def read_card(
    cells: Mapping[str, str],
    *,
    ranges: Sequence[CardRange],
    tiers: Sequence[str],
    beside: Sequence[CardTerms] = (),
) -> CardRow | BadLine:
    """What the one line with these *cells*, by column, says; held to the rules of a list."""
    try:
        return _row(1, cells, (CardTerms("", ranges, tiers), *beside))
    except BadCellError as error:
        return BadLine(1, str(error))


class BadCellError(Exception):
    """Why a line cannot be taken. Its text holds nothing of the line."""


def cells_of(line: str) -> list[str]:
    """The cells of a line.

    Raises:
        BadCellError: It is no line of a CSV file.
    """
    if _NOT_UTF_8.search(line):
        raise BadCellError("it is not UTF-8")
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True))]
    except csv.Error:
        raise BadCellError("a quote is not closed, or not doubled") from None


def named_cells(cells: Sequence[str], header: Sequence[str]) -> Mapping[str, str]:
    """*cells* by column."""
    if len(cells) != len(header):
        raise BadCellError(f"it has {len(cells)} columns, the header {len(header)}")
    return dict(zip(header, cells, strict=True))


def _header(cells: Sequence[str]) -> list[str]:
    for name in REQUIRED:
        if name not in cells:
            raise BadCellError(f"column {name} is missing")
    for name in cells:
        if name not in REQUIRED + OPTIONAL:
            raise BadCellError(f"a column is unknown; there are {', '.join(REQUIRED + OPTIONAL)}")
    if len(set(cells)) < len(cells):
        raise BadCellError("a column stands twice")
    return list(cells)


def _row(line: int, row: Mapping[str, str], terms: Sequence[CardTerms]) -> CardRow:
    its = _terms_of(row["card"], terms)
    card = card_cell(row, "card", its.ranges)
    parent = card_cell(row, "parent", its.ranges) if row.get("parent") else None
    if parent == card:
        raise BadCellError("a card is its own parent")
    member = shaped_cell(row, "member", MEMBER, "1 to 64 printable ASCII characters")
    status = row.get("status") or CardStatus.ACTIVE.value
    if member is None:
        raise BadCellError("member is empty")
    if status not in _STATUSES:
        raise BadCellError(f"status is none of {', '.join(_STATUSES)}")
    tier = shaped_cell(row, "tier", _TIER, "1 to 16 printable ASCII characters")
    if tier is not None and its.tiers and tier not in its.tiers:
        raise BadCellError("tier is not in the programme")
    name = row.get("name") or None
    if name is not None and len(name) > _NAME_LENGTH_MAX:
        raise BadCellError(f"name is longer than {_NAME_LENGTH_MAX} characters")
    return CardRow(
        line=line,
        card=card,
        member=member,
        status=_STATUSES[status],
        expires_on=last_day(shaped_cell(row, "expires", _MONTH, "YYMM")),
        tier=tier,
        parent=parent,
        name=name,
        phone=_identifier(row, "phone", IdentifierKind.PHONE, _PHONE, "digits with the country code"),
        mail=_identifier(row, "mail", IdentifierKind.MAIL, _MAIL, "an address"),
        birthday=day_cell(row, "birthday"),
        language=shaped_cell(row, "language", _LANGUAGE, "two small letters"),
        programme=its.programme,
        type=_type(row),
    )


def _type(row: Mapping[str, str]) -> str | None:
    """What *row* says of the type of its card: an empty cell says that it has none."""
    kind = row.get("type")
    if kind and not NAME.fullmatch(kind):
        raise BadCellError("type is not a name: up to 40 letters, digits, _ . and -")
    return kind


def _terms_of(number: str, terms: Sequence[CardTerms]) -> CardTerms:
    """The terms in whose ranges *number* lies; the first when it lies in none."""
    found = (each for each in terms[1:] if any(known.holds(number) for known in each.ranges))
    return next(found, terms[0])


def card_cell(row: Mapping[str, str], column: str, ranges: Sequence[CardRange]) -> Identifier:
    """The card in *column*."""
    number = row[column]
    if not (number.isascii() and number.isdigit()):
        raise BadCellError(f"{column} is not a number")
    if not any(known.covers(number) for known in ranges):
        within = any(CardRange(known.first, known.last, luhn=False).covers(number) for known in ranges)
        raise BadCellError(f"{column} fails its check digit" if within else f"{column} is in no card range")
    return Identifier(IdentifierKind.CARD, number)


def shaped_cell(row: Mapping[str, str], column: str, shape: re.Pattern[str], wanted: str) -> str | None:
    """What is in *column*, if anything; it has to be as *wanted* says."""
    text = row.get(column) or None
    if text is not None and not shape.fullmatch(text):
        raise BadCellError(f"{column} is not {wanted}")
    return text


def _identifier(
    row: Mapping[str, str], column: str, kind: IdentifierKind, shape: re.Pattern[str], wanted: str
) -> Identifier | None:
    if not row.get(column):
        return None
    normal = normal_form(Identifier(kind, row[column]))
    if not shape.fullmatch(normal):
        raise BadCellError(f"{column} is not {wanted}")
    return Identifier(kind, normal)


def day_cell(row: Mapping[str, str], column: str) -> date | None:
    """The day in *column*, if any."""
    text = shaped_cell(row, column, _DAY, "YYYY-MM-DD")
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise BadCellError(f"{column} is no day of the calendar") from None


def last_day(month: str | None) -> date | None:
    """The last day of *month* (``YYMM``, of this century), on which a card can still be used."""
    if month is None:
        return None
    year, number = 2000 + int(month[:2]), int(month[2:])
    return date(year, number, monthrange(year, number)[1])
