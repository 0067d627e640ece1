"""Tags of DE 48: tag n3, length n3, value; what a till says beyond the elements of the standard.

What a value must look like stands in one table. Tags that are not in it are ignored.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from loyalty.card import Identifier, IdentifierKind
from loyalty.transaction import Tender

TAG_NAMES: Final = {
    "010": "Member identifier",
    "011": "Track 2 of the loyalty card",
    "012": "Destination card",
    "013": "Retrieval reference of the original",
    "014": "One-time code",
    "020": "Points to use",
    "021": "Coupon or certificate",
    "022": "Prize",
    "023": "Ticket number",
    "024": "Batch number",
    "030": "Cashier",
    "031": "Tender",
    "032": "Channel",
    "040": "What the till can",
    "050": "Points earned",
    "051": "Points used",
    "052": "Available balance",
    "053": "Pending balance",
    "054": "Next expiry",
    "055": "Tier",
    "056": "Discount total",
    "058": "Instrument issued",
    "059": "Reason",
    "060": "Programme version",
    "061": "Near miss",
    "062": "Left to pay",
    "063": "Money value of the points",
    "064": "Redeemable now",
    "065": "Coupon not taken",
    "066": "Hold is kept until",
}
HIDDEN_TAGS: Final = frozenset({"010", "011", "012", "014"})
_REPEATABLE: Final = frozenset({"021", "031"})
_KINDS: Final = {kind.value: kind for kind in IdentifierKind}
_HEAD: Final = 6  # tag and length


class TagError(ValueError):
    """The tags are malformed, or a value does not fit its layout."""


def read_tags(text: str) -> list[tuple[str, str]]:
    """Tags and values in the order of *text*."""
    if not text.isascii():
        raise TagError
    pairs = []
    at, end = 0, len(text)
    while at < end:
        head = text[at : at + _HEAD]
        if len(head) < _HEAD or not head.isdigit():
            raise TagError
        stop = at + _HEAD + int(head[3:])
        if stop > end:
            raise TagError
        pairs.append((head[:3], text[at + _HEAD : stop]))
        at = stop
    return pairs


def write_tags(pairs: Iterable[tuple[str, str]]) -> str:
    """The text of *pairs*."""
    return "".join([f"{tag}{len(value):03}{value}" for tag, value in pairs])


@dataclass(slots=True, eq=False)
class TillData:
    """What the tags of a request say. *content* is all of them that make it the same message again."""

    identifier: Identifier | None = None
    track: str | None = None
    destination: Identifier | None = None
    original_rrn: str | None = None
    proof: str | None = None
    points: int | None = None
    coupons: tuple[str, ...] = ()
    prize: str | None = None
    ticket: str | None = None
    batch: str | None = None
    cashier: str = ""
    tenders: tuple[Tender, ...] = ()
    channel: str = "POSD"
    can: str | None = None
    content: str = ""


_CONTENT_TAGS: Final = frozenset({"012", "013", "020", "021", "022", "023"})


def read_till_data(text: str) -> TillData:
    """What the DE 48 of a request says.

    Raises:
        TagError: It is malformed.
    """
    till = TillData()
    seen = set()
    content = []
    for tag, value in read_tags(text):
        reader = _READERS.get(tag)
        if reader is None:
            continue
        if tag in seen and tag not in _REPEATABLE:
            raise TagError
        seen.add(tag)
        reader(till, value)
        if tag in _CONTENT_TAGS:
            content.append(tag + value)
    if content:
        till.content = "\x1f".join(content)
    return till


# --- one reader for each tag


def card_of_track(track: str) -> str:
    """The card number at the beginning of track 2 data."""
    return track.partition("=")[0].partition("D")[0]


def _identifier(till: TillData, value: str) -> None:
    kind = _KINDS.get(value[:4])
    name = value[4:]
    if kind is None or not name:
        raise TagError
    if kind is IdentifierKind.PHONE and not name.isdigit():
        raise TagError
    till.identifier = Identifier(kind, name.lower() if kind is IdentifierKind.MAIL else name)


def _track(till: TillData, value: str) -> None:
    if not card_of_track(value):
        raise TagError
    till.track = value


def _destination(till: TillData, value: str) -> None:
    if not value:
        raise TagError
    till.destination = Identifier(IdentifierKind.CARD, value)


def _original(till: TillData, value: str) -> None:
    if not 1 <= len(value) <= 12:
        raise TagError
    till.original_rrn = value.ljust(12)


def _proof(till: TillData, value: str) -> None:
    if not (4 <= len(value) <= 8 and value.isalnum()):
        raise TagError
    till.proof = value


def _points(till: TillData, value: str) -> None:
    if not (1 <= len(value) <= 12 and value.isdigit()):
        raise TagError
    till.points = int(value)


def _coupon(till: TillData, value: str) -> None:
    if not value:
        raise TagError
    till.coupons = (*till.coupons, value)


def _prize(till: TillData, value: str) -> None:
    if not value:
        raise TagError
    till.prize = value


def _ticket(till: TillData, value: str) -> None:
    if not (1 <= len(value) <= 20 and value.isalnum()):
        raise TagError
    till.ticket = value


def _batch(till: TillData, value: str) -> None:
    if not (len(value) == 6 and value.isdigit()):
        raise TagError
    till.batch = value


def _cashier(till: TillData, value: str) -> None:
    till.cashier = value


def _tender(till: TillData, value: str) -> None:
    kind, amount, digits = value[:4], value[4:16], value[16:]
    if not (kind.isalpha() and kind.isupper() and len(amount) == 12 and amount.isdigit()):
        raise TagError
    if digits and not (kind == "CARD" and 6 <= len(digits) <= 8 and digits.isdigit()):
        raise TagError
    till.tenders = (*till.tenders, Tender(kind, int(amount), digits))


def _channel(till: TillData, value: str) -> None:
    if not (len(value) == 4 and value.isalpha()):
        raise TagError
    till.channel = value


def _can(till: TillData, value: str) -> None:
    till.can = "".join(letter for letter in "PD" if letter in value)


# The values are ASCII, so that `isdigit` means 0 to 9.
_READERS: Final[dict[str, Callable[[TillData, str], None]]] = {
    "010": _identifier,
    "011": _track,
    "012": _destination,
    "013": _original,
    "014": _proof,
    "020": _points,
    "021": _coupon,
    "022": _prize,
    "023": _ticket,
    "024": _batch,
    "030": _cashier,
    "031": _tender,
    "032": _channel,
    "040": _can,
}
