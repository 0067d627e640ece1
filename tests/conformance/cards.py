"""Every card number, member and identifier that the suite knows, in one place."""

import csv
import io
from collections.abc import Iterator

RANGE_PREFIX = "639012"  # the starter's range 6390120000000000-6390129999999999
POOL_SIZE = 1800
ISSUED_SIZE = 30

COLUMNS = ("card", "member", "status", "expires", "parent", "name", "phone", "mail", "birthday", "language")
Row = dict[str, str]


def with_check_digit(body: str) -> str:
    """The number that *body* becomes with its Luhn digit (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, character in enumerate(reversed(body)):
        digit = int(character) * (2 if place % 2 == 0 else 1)
        total += digit - 9 if digit > 9 else digit
    return body + str(-total % 10)


def number(serial: int, prefix: str = RANGE_PREFIX) -> str:
    """The valid 16-digit card number with this *serial* inside the range."""
    return with_check_digit(f"{prefix}{serial:09d}")


UNKNOWN = number(999_999_001)  # in the range, its check is right, never imported
ALSO_UNKNOWN = number(999_999_002)
WRONG_CHECK = UNKNOWN[:-1] + str((int(UNKNOWN[-1]) + 1) % 10)
OUTSIDE = number(1, prefix="639013")  # no programme has this range
PAYMENT = with_check_digit("453201511283036")  # a payment card of 16 digits
PAYMENT_19 = with_check_digit("676770000000000000")

BLOCKED = number(900_000_001)
LOST = number(900_000_002)
STOLEN = number(900_000_003)
EXPIRED = number(900_000_004)
LOST_EXPIRED = number(900_000_005)
STOLEN_EXPIRED = number(900_000_006)
BLOCKED_EXPIRED = number(900_000_007)
ISSUED_EXPIRED = number(900_000_008)
ISSUED = number(900_000_009)
EXPIRES_THIS_MONTH = number(900_000_010)
EXPIRES_LATER = number(900_000_011)
EXPIRED_LAST_MONTH = number(900_000_012)

WITH_PHONE = number(900_000_020)
PHONE = "34600111222"
WITH_MAIL = number(900_000_021)
MAIL = "ada@example.org"
TWO_CARDS = (number(900_000_022), number(900_000_023))
TWO_CARDS_MEMBER = "TWOCARDS"
ONE_USABLE = number(900_000_024)
ONE_USABLE_LOST = number(900_000_025)
ONE_USABLE_MEMBER = "ONEUSABLE"
ONLY_BLOCKED = number(900_000_026)
ONLY_BLOCKED_MEMBER = "ONLYBLOCKED"
PARENT = number(900_000_027)
CHILD = number(900_000_028)


def row(card: str, member: str, **columns: str) -> Row:
    """A line of the cards file; columns that are not named stay empty."""
    return {"card": card, "member": member, **columns}


def member_of(card: str) -> str:
    """The operator's member id of a card of the pool."""
    return f"M{card[6:15]}"


def pool() -> Iterator[str]:
    """The cards that tests take one after the other; each is used by one test only."""
    return (number(serial) for serial in range(1, POOL_SIZE + 1))


def issued_pool() -> Iterator[str]:
    """The same for cards that nobody has activated yet."""
    return (number(serial) for serial in range(800_000_001, 800_000_001 + ISSUED_SIZE))


def named_rows(last_month: str, this_month: str, later: str) -> list[Row]:
    """The cards with a story; the months are YYMM."""
    past = "2001"
    return [
        row(BLOCKED, "S1", status="blocked"),
        row(LOST, "S2", status="lost"),
        row(STOLEN, "S3", status="stolen"),
        row(EXPIRED, "S4", status="active", expires=past),
        row(LOST_EXPIRED, "S5", status="lost", expires=past),
        row(STOLEN_EXPIRED, "S6", status="stolen", expires=past),
        row(BLOCKED_EXPIRED, "S7", status="blocked", expires=past),
        row(ISSUED_EXPIRED, "S8", status="issued", expires=past),
        row(ISSUED, "S9", status="issued"),
        row(EXPIRES_THIS_MONTH, "S10", status="active", expires=this_month),
        row(EXPIRES_LATER, "S11", status="active", expires=later),
        row(EXPIRED_LAST_MONTH, "S12", status="active", expires=last_month),
        row(WITH_PHONE, "P1", status="active", phone=PHONE, name="Ada Lovelace"),
        row(WITH_MAIL, "P2", status="active", mail=MAIL, birthday="1815-12-10", language="en"),
        row(TWO_CARDS[0], TWO_CARDS_MEMBER, status="active"),
        row(TWO_CARDS[1], TWO_CARDS_MEMBER, status="active"),
        row(ONE_USABLE, ONE_USABLE_MEMBER, status="active"),
        row(ONE_USABLE_LOST, ONE_USABLE_MEMBER, status="lost"),
        row(ONLY_BLOCKED, ONLY_BLOCKED_MEMBER, status="blocked"),
        row(PARENT, "F1", status="active"),
        row(CHILD, "F1", status="active", parent=PARENT),
    ]


def all_rows(last_month: str, this_month: str, later: str) -> list[Row]:
    """What the suite imports before the switch starts."""
    rows = [row(card, member_of(card)) for card in pool()]
    rows += [row(card, member_of(card), status="issued") for card in issued_pool()]
    return rows + named_rows(last_month, this_month, later)


def as_csv(rows: list[Row]) -> str:
    """The rows as the text of a cards file."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
