"""Advices: accepted when their operation is known, booked as far as it goes, else listed for a person."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance import cards
from tests.conformance.answers import check_answer
from tests.conformance.conftest import Check
from tests.conformance.deployment import Deployment
from tests.conformance.till import Link, Till, tags

LIFETIME_YEARS = 2
OLDEST_DAYS = 35

STORIES = {
    "an unknown card": """
        earn ? 1000 mti=0220               -> 00 earned=0
    """,
    "a redemption with an unknown card": """
        redeem ? 1000 mti=0220             -> 00
    """,
    "another currency books nothing (13)": """
        earn A 1000 mti=0220 de49=840      -> 00 earned=0
        inquiry A                          -> 00 balance=0
    """,
    "an amount of zero books nothing (13)": """
        earn A 0 mti=0220                  -> 00 earned=0
        inquiry A                          -> 00 balance=0
    """,
    "a basket out of balance books nothing (13)": """
        earn A 1000 mti=0220 lines=milk:999 -> 00 earned=0
        inquiry A                          -> 00 balance=0
    """,
    "a refund of nothing known books nothing (25)": """
        later earn A 1000 as=sale          ->
        refund A 1000 mti=0220 of=sale     -> 00 earned=0
        inquiry A                          -> 00 balance=0
    """,
    "a refund above the sale books nothing (13)": """
        earn A 1000 as=sale                -> 00
        refund A 1001 mti=0220 of=sale     -> 00 earned=0
        inquiry A                          -> 00 balance=10
        refund A 1000 of=sale              -> 00 earned=-10
    """,
    "a refund of a reversed sale books nothing (12)": """
        earn A 1000 as=sale                -> 00
        reverse A 1000 of=sale             -> 00
        refund A 1000 mti=0220 of=sale     -> 00 earned=0
        inquiry A                          -> 00 balance=0
    """,
    "an unknown operation": """
        earn A 1000 mti=0220 pc=500000     -> 12 reason=OPERATION_NOT_SUPPORTED
    """,
    "operations that are no advices": """
        void A 1000 mti=0220               -> 12
        inquiry A mti=0220                 -> 12
        activate A mti=0220                -> 12
    """,
    "a missing element": """
        earn A - mti=0220                  -> 30 de44=004
        earn - 1000 mti=0220               -> 30 de44=002
    """,
    "an unknown terminal": """
        earn A 1000 mti=0220 at=NOBODY01   -> 58 reason=TERMINAL_UNKNOWN
    """,
    "a fault is remembered with its advice": """
        earn A 1000 mti=0220 de49=840 as=sale -> 00
        again sale                         -> 00 same=sale
        again sale de49=978                -> 94
        inquiry A                          -> 00 balance=0
    """,
    "an accepted exception is remembered": """
        earn ? 1000 mti=0220 as=sale       -> 00
        again sale                         -> 00 same=sale
        again sale mti=0221                -> 00 same=sale
    """,
    "points beyond the balance": """
        earn A 10000                       -> 00 balance=100
        redeem A 250 mti=0220 as=paid      -> 00
        again paid                         -> 00 same=paid
        inquiry A                          -> 00 balance=0
    """,
}  # fmt: skip


@pytest.mark.parametrize("text", STORIES.values(), ids=STORIES)
def test_advices(check: Check, text: str) -> None:
    """Where a request would be refused 12 (operation known), 13, 25 or 57: 00, remembered, nothing booked."""
    check(text)


UNUSABLE = (
    cards.BLOCKED,
    cards.LOST,
    cards.STOLEN,
    cards.EXPIRED,
    cards.ISSUED,
    cards.WRONG_CHECK,
    cards.OUTSIDE,
)


@pytest.mark.parametrize("operation", ["earn", "redeem"])
@pytest.mark.parametrize("card", UNUSABLE)
def test_unusable_cards_are_accepted(link: Link, till: Till, card: str, operation: str) -> None:
    request = till.message(operation, card=card, amount=1000).but(mti="0220")
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == "00"


def test_what_a_phone_may_not_do_is_accepted(link: Link, till: Till) -> None:
    """A REDEEM by PHON would be 57: as an advice it is 00 and books nothing."""
    values = [("010", f"PHON{cards.PHONE}")]
    look = till.message("inquiry", card=cards.WITH_PHONE)
    before = link.ask(look).figure("052")
    request = till.message("redeem", amount=1, values=values).but(mti="0220")
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == "00"
    assert answer.figure("051") == 0
    assert link.ask(look).figure("052") == before


def last_day(earned_on: datetime) -> str:
    """The last day of points that last two years: the same day then, as the starter's programme says."""
    if (earned_on.month, earned_on.day) == (2, 29):
        earned_on -= timedelta(days=1)
    return earned_on.replace(year=earned_on.year + LIFETIME_YEARS).strftime("%Y%m%d")


@pytest.mark.parametrize("days_ago", [0, 1, 20, 34])
def test_an_advice_is_decided_as_of_its_own_time(link: Link, till: Till, card: str, days_ago: int) -> None:
    """Its points were earned then, so they expire that much earlier."""
    then = datetime.now(UTC) - timedelta(days=days_ago)
    request = till.message("earn", card=card, amount=1000, elements={13: then.strftime("%m%d")}).but(
        mti="0220"
    )
    answer = link.ask(request)
    check_answer(request, answer)
    assert answer.code == "00"
    assert answer.tag("054")[:12] == f"{10:012d}"
    assert answer.tag("054")[12:] == last_day(then)


def test_an_older_advice_is_decided_as_of_the_limit(link: Link, till: Till, card: str) -> None:
    """At most 35 days back; older ones as of then."""
    now = datetime.now(UTC)
    sixty_days_ago = (now - timedelta(days=60)).strftime("%m%d")
    request = till.message("earn", card=card, amount=1000, elements={13: sixty_days_ago}).but(mti="0220")
    answer = link.ask(request)
    assert answer.code == "00"
    assert answer.tag("054")[12:] == last_day(now - timedelta(days=OLDEST_DAYS))


def test_the_time_of_an_advice_is_its_terminals(link: Link, stans: Iterator[int], card: str) -> None:
    """12 and 13 are local to the terminal: five in the morning on Kiritimati is yesterday in UTC."""
    local = datetime.now(UTC) - timedelta(days=10)
    elements: dict[int, str | None] = {12: "050000", 13: local.strftime("%m%d")}
    request = Till("KIRIBATI", stans).message("earn", card=card, amount=1000, elements=elements)
    answer = link.ask(request.but(mti="0220"))
    assert (answer.code, answer.figure("050")) == ("00", 10)
    assert answer.tag("054")[12:] == last_day(local - timedelta(days=1))


def test_a_card_that_was_good_at_the_time_of_the_advice(link: Link, till: Till) -> None:
    """Reading: decided as of then means that the card's month is looked at as of then, too."""
    now = datetime.now(UTC)
    last_month = now.replace(day=1) - timedelta(days=1)
    points = []
    for then in (last_month, now):
        elements: dict[int, str | None] = {13: then.strftime("%m%d")}
        request = till.message("earn", card=cards.EXPIRED_LAST_MONTH, amount=1000, elements=elements)
        answer = link.ask(request.but(mti="0220"))
        assert answer.code == "00"
        points.append(answer.figure("050"))
    assert points == [10, 0]
    assert link.ask(till.message("earn", card=cards.EXPIRED_LAST_MONTH, amount=1000)).code == "54"


def test_a_request_is_decided_as_of_its_arrival(link: Link, till: Till, card: str) -> None:
    """DE 13 of a request is compared with nothing."""
    now = datetime.now(UTC)
    old = (now - timedelta(days=20)).strftime("%m%d")
    answer = link.ask(till.message("earn", card=card, amount=1000, elements={13: old}))
    assert answer.code == "00"
    assert answer.tag("054")[12:] == last_day(now)


EXCEPTIONS: dict[str, tuple[str, str | None, int, dict[int, str | None]]] = {
    "an unknown card": ("earn", cards.UNKNOWN, 1000, {}),
    "too few points": ("redeem", None, 1000, {}),
    "an amount that would be refused": ("earn", None, 1000, {49: "840"}),
    "an original that was not found": (
        "refund",
        None,
        1000,
        {90: "0200" + "999998" + "1122112233" + "0" * 22},
    ),
    "a phone that may not": ("redeem", None, 1, {2: None, 48: tags([("010", f"PHON{cards.PHONE}")])}),
}


def test_exceptions_are_listed(deployment: Deployment, link: Link, till: Till, pool: Iterator[str]) -> None:
    """``puntual exceptions`` beside the running switch names such advices by their DE 37, and no card.

    Reading: what a person has to look at can only be found by the receipt's number.
    """
    numbers, used = {}, set()
    for name, (operation, named_card, amount, elements) in EXCEPTIONS.items():
        card = named_card or next(pool)
        used.add(card)
        request = till.message(operation, card=card, amount=amount, elements=elements).but(mti="0220")
        answer = link.ask(request)
        assert answer.code == "00", name
        numbers[name] = answer.element(37)
    listed = deployment.run("exceptions", "--json")
    assert listed.returncode == 0, listed.stderr
    assert [name for name, rrn in numbers.items() if rrn not in listed.stdout] == []
    assert [card for card in used if card in listed.stdout] == []
