"""Which card: its status, its range and check, and every way to name it."""

from collections.abc import Iterator

import pytest

from tests.conformance import cards
from tests.conformance.answers import check_answer
from tests.conformance.till import Answer, Link, Message, Till, tags

STATUSES = [
    (cards.UNKNOWN, "14", "CARD_UNKNOWN"),
    (cards.WRONG_CHECK, "14", "CARD_UNKNOWN"),
    (cards.OUTSIDE, "14", "CARD_UNKNOWN"),
    (cards.PAYMENT, "14", "CARD_UNKNOWN"),
    (cards.PAYMENT_19, "14", "CARD_UNKNOWN"),
    ("639012", "14", "CARD_UNKNOWN"),
    (cards.LOST, "41", "CARD_LOST"),
    (cards.STOLEN, "43", "CARD_STOLEN"),
    (cards.BLOCKED, "62", "CARD_BLOCKED"),
    (cards.EXPIRED, "54", "CARD_EXPIRED"),
    (cards.ISSUED, "78", "CARD_NOT_ACTIVE"),
]
IDS = [
    "unknown", "wrong check", "outside", "payment", "payment 19", "short", "lost", "stolen", "blocked",
    "expired", "issued",
]  # fmt: skip


def ask(link: Link, request: Message) -> Answer:
    answer = link.ask(request)
    check_answer(request, answer)
    return answer


@pytest.mark.parametrize("operation", ["earn", "redeem", "quote", "inquiry"])
@pytest.mark.parametrize(("card", "code", "reason"), STATUSES, ids=IDS)
def test_each_status_has_its_answer(
    link: Link, till: Till, operation: str, card: str, code: str, reason: str
) -> None:
    """DE 39 and 059 by status; a decline tells no balance."""
    answer = ask(link, till.message(operation, card=card, amount=1000))
    assert (answer.code, answer.reason) == (code, reason)


@pytest.mark.parametrize("card", [cards.EXPIRES_THIS_MONTH, cards.EXPIRES_LATER])
def test_the_last_day_of_the_month_is_included(link: Link, till: Till, card: str) -> None:
    assert ask(link, till.message("earn", card=card, amount=1000)).code == "00"


@pytest.mark.parametrize("card", [cards.LOST, cards.STOLEN, cards.BLOCKED, cards.EXPIRED, cards.ISSUED])
def test_card_status_is_not_looked_at_for_refunds(link: Link, till: Till, card: str) -> None:
    """A return of goods without a receipt, with a card that could buy nothing."""
    answer = ask(link, till.message("refund", card=card, amount=1000))
    assert (answer.code, answer.figure("050")) == ("00", -10)


def test_an_unknown_card_gets_no_refund(link: Link, till: Till) -> None:
    assert ask(link, till.message("refund", card=cards.UNKNOWN, amount=1000)).code == "14"


def named(kind: str, card: str) -> dict[int, str | None]:
    """The elements that name *card* in one of the ways of the page."""
    member = cards.member_of(card)
    ways: dict[str, dict[int, str | None]] = {
        "DE 2": {2: card},
        "DE 35 to =": {35: f"{card}=49121010000000000000"},
        "DE 35 to D": {35: f"{card}D49121010000000000000"},
        "DE 35 alone": {35: card},
        "DE 2 and 35": {2: card, 35: f"{card}=4912101"},
        "010 CPAN": {48: tags([("010", f"CPAN{card}")])},
        "010 ACCT": {48: tags([("010", f"ACCT{member}")])},
        "010 beside a payment card": {2: cards.PAYMENT, 48: tags([("010", f"CPAN{card}")])},
        "010 beside a payment track": {35: f"{cards.PAYMENT}=4912101", 48: tags([("010", f"CPAN{card}")])},
        "011": {48: tags([("011", f"{card}=49121010000")])},
        "011 to D": {48: tags([("011", f"{card}D49121010000")])},
        "011 beside a payment card": {2: cards.PAYMENT_19, 48: tags([("011", f"{card}=4912")])},
        "011 before 010": {48: tags([("010", f"CPAN{cards.LOST}"), ("011", f"{card}=4912")])},
        "010 before DE 2": {2: cards.LOST, 48: tags([("010", f"CPAN{card}")])},
    }
    return ways[kind]


WAYS = (
    "DE 2", "DE 35 to =", "DE 35 to D", "DE 35 alone", "DE 2 and 35", "010 CPAN", "010 ACCT",
    "010 beside a payment card", "010 beside a payment track", "011", "011 to D", "011 beside a payment card",
    "011 before 010", "010 before DE 2",
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_ways_to_name_a_card(link: Link, till: Till, card: str, way: str) -> None:
    """Tag 011, else 010, else DE 2, else DE 35; DE 2 is echoed, whatever card it is, and DE 35 never."""
    sale = ask(link, till.message("earn", amount=1000, elements=named(way, card)))
    assert (sale.code, sale.figure("052")) == ("00", 10)
    redemption = ask(link, till.message("redeem", amount=4, elements=named(way, card)))
    assert (redemption.code, redemption.figure("052")) == ("00", 6)
    assert ask(link, till.message("inquiry", card=card)).figure("052") == 6


def test_2_and_35_that_differ(link: Link, till: Till, card: str, pool: Iterator[str]) -> None:
    request = till.message("earn", card=card, amount=1000, elements={35: f"{next(pool)}=4912101"})
    answer = ask(link, request)
    assert (answer.code, answer.element(44)) == ("30", "035")


@pytest.mark.parametrize(
    ("identifier", "card"),
    [(f"PHON{cards.PHONE}", cards.WITH_PHONE), (f"MAIL{cards.MAIL}", cards.WITH_MAIL)],
    ids=["PHON", "MAIL"],
)
def test_phone_and_mail_may_only_earn_and_quote(link: Link, till: Till, identifier: str, card: str) -> None:
    """They are no secret, so they give and never take or tell."""
    values = [("010", identifier)]
    before = ask(link, till.message("inquiry", card=card)).figure("052")
    assert ask(link, till.message("earn", amount=1000, values=values)).code == "00"
    assert ask(link, till.message("quote", amount=1000, values=values)).code == "00"
    assert ask(link, till.message("inquiry", card=card)).figure("052") == before + 10
    for operation in ("redeem", "inquiry", "refund"):
        answer = ask(link, till.message(operation, amount=1, values=values))
        assert (answer.code, answer.reason) == ("57", "NOT_PERMITTED"), operation
    too_much = ask(link, till.message("redeem", amount=10**9, values=values))
    assert too_much.code == "57", "permission comes before points"


def test_a_phone_that_nobody_has(link: Link, till: Till) -> None:
    assert ask(link, till.message("earn", amount=1000, values=[("010", "PHON34600000000")])).code == "14"


@pytest.mark.parametrize(
    ("member", "code"),
    [
        (cards.TWO_CARDS_MEMBER, "14"),
        (cards.ONE_USABLE_MEMBER, "00"),
        (cards.ONLY_BLOCKED_MEMBER, "14"),
        ("NOBODY", "14"),
    ],
)
def test_no_or_several_usable_cards(link: Link, till: Till, member: str, code: str) -> None:
    """ACCT names a member: exactly one usable card, else 14. (A blocked card is not usable.)."""
    assert ask(link, till.message("earn", amount=1000, values=[("010", f"ACCT{member}")])).code == code


@pytest.mark.parametrize("identifier", ["BARC999", "RFID999", "UUID999", f"CPAN{cards.UNKNOWN}"])
def test_identifiers_that_nobody_has(link: Link, till: Till, identifier: str) -> None:
    assert ask(link, till.message("earn", amount=1000, values=[("010", identifier)])).code == "14"


def test_a_card_of_the_family_account(link: Link, till: Till) -> None:
    """What one card earns the other one has: the column parent."""
    before = ask(link, till.message("inquiry", card=cards.PARENT)).figure("052")
    assert ask(link, till.message("earn", card=cards.CHILD, amount=1000)).figure("052") == before + 10
    assert ask(link, till.message("inquiry", card=cards.PARENT)).figure("052") == before + 10
    assert ask(link, till.message("redeem", card=cards.PARENT, amount=10)).figure("052") == before


@pytest.mark.parametrize("way", ["DE 2", "DE 35 to ="])
def test_the_receipt_shows_the_last_four_digits_at_most(link: Link, till: Till, card: str, way: str) -> None:
    """A loyalty card is shown as its last 4 digits, in no text in full."""
    answer = ask(link, till.message("earn", amount=1000, elements=named(way, card)))
    texts = answer.element(62) + answer.element(48) + answer.element(63)
    assert card not in texts
    assert card[:12] not in texts


def test_a_payment_card_is_in_no_text(link: Link, till: Till, card: str) -> None:
    request = till.message("earn", amount=1000, elements=named("010 beside a payment card", card))
    answer = ask(link, request)
    assert answer.element(2) == cards.PAYMENT
    assert cards.PAYMENT not in answer.element(62) + answer.element(48)
