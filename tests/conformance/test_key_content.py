"""What makes the content of a message: what conflicts, and what a repeat may change."""

from collections.abc import Iterator

import pytest

from tests.conformance import baskets, cards
from tests.conformance.answers import check_answer
from tests.conformance.deployment import ACQUIRER, MERCHANT, OTHER_ACQUIRER, Switch
from tests.conformance.till import Link, Till, tags

CONTENT = {
    "012": "6390120000000013",
    "013": "632599999994",
    "020": "5",
    "021": "COUPON1",
    "022": "PRIZE1",
    "023": "TICKET1",
}


@pytest.mark.parametrize("elements", [{90: "0200" + "9" * 16 + "0" * 22}, {95: "0" * 42}], ids=["90", "95"])
def test_90_and_95_are_content(link: Link, till: Till, card: str, elements: dict[int, str | None]) -> None:
    sale = till.message("earn", card=card, amount=1000)
    assert link.ask(sale).code == "00"
    assert link.ask(sale.but(elements)).code == "94"


NOT_CONTENT = {
    "014": "123456",
    "030": "CASHIER1",
    "031": "CASH000000001000",
    "032": "ECOM",
    "040": "P",
    "777": "x",
}


@pytest.mark.parametrize("tag", CONTENT)
def test_a_tag_of_the_content_conflicts(link: Link, till: Till, card: str, tag: str) -> None:
    """The same key with this tag added, or changed, is another content."""
    assert link.ask(till.message("earn", card=card, amount=50_000)).code == "00"
    sale = till.message("earn", card=card, amount=1000)
    assert link.ask(sale).code == "00"
    assert link.ask(sale.but({48: tags([(tag, CONTENT[tag])])})).code == "94"


@pytest.mark.parametrize("tag", NOT_CONTENT)
def test_other_tags_do_not_conflict(link: Link, till: Till, card: str, tag: str) -> None:
    """A repeat may say more about itself."""
    sale = till.message("earn", card=card, amount=1000)
    first = link.ask(sale)
    again = link.ask(sale.but({48: tags([(tag, NOT_CONTENT[tag])])}))
    assert again.raw == first.raw


def test_a_basket_is_content_however_it_is_cut(link: Link, till: Till, card: str) -> None:
    """Reading: DE 63 and 120-123 are one text, so another cut is the same content; another line is not."""
    text = baskets.wire(baskets.parse("milk:550,wine:450"))
    sale = till.message("earn", card=card, amount=1000, elements=baskets.cut(text))
    first = link.ask(sale)
    assert first.code == "00"
    assert link.ask(sale.but(baskets.cut(text, 9, 17))).raw == first.raw
    other = sale.but(baskets.elements("milk:551,wine:449"))
    assert link.ask(other).code == "94"
    assert link.ask(sale.but({63: None})).code == "94"


@pytest.mark.parametrize(
    "elements",
    [{32: ACQUIRER}, {42: MERCHANT}, {49: "978"}, {32: ACQUIRER, 42: MERCHANT, 49: "978"}],
    ids=str,
)
def test_absent_elements_count_as_what_they_stand_for(
    link: Link, till: Till, card: str, elements: dict[int, str | None]
) -> None:
    """The repeat's own echoes stand in the stored decision."""
    sale = till.message("earn", card=card, amount=1000)
    first = link.ask(sale)
    request = sale.but(elements)
    again = link.ask(request)
    check_answer(request, again)
    own = {number: value for number, value in again.message.elements.items() if number not in elements}
    assert own == first.message.elements


@pytest.mark.parametrize("way", ["35", "35D", "010", "ACCT", "011"])
def test_the_card_of_the_content_is_the_resolved_one(link: Link, till: Till, card: str, way: str) -> None:
    """The same card, named in another way, is the same content."""
    sale = till.message("earn", card=card, amount=1000)
    first = link.ask(sale)
    ways: dict[str, dict[int, str | None]] = {
        "35": {2: None, 35: f"{card}=49121010000"},
        "35D": {2: None, 35: f"{card}D49121010000"},
        "010": {2: None, 48: tags([("010", f"CPAN{card}")])},
        "ACCT": {2: None, 48: tags([("010", f"ACCT{cards.member_of(card)}")])},
        "011": {2: cards.PAYMENT, 48: tags([("011", f"{card}=49121010000")])},
    }
    request = sale.but(ways[way])
    again = link.ask(request)
    check_answer(request, again)
    assert (again.code, again.element(37)) == ("00", first.element(37))
    assert again.tags == first.tags


def test_the_connection_is_not_in_the_key(switch: Switch, link: Link, till: Till, card: str) -> None:
    sale = till.message("earn", card=card, amount=1000)
    first = link.ask(sale)
    with Link(switch.iso8583) as other:
        assert other.ask(sale).raw == first.raw


def test_the_acquirer_is_in_the_key(link: Link, stans: Iterator[int], card: str) -> None:
    """One terminal id at two acquirers: the same message from each is two sales."""
    till = Till("TWIN0001", stans)
    sale = till.message("earn", card=card, amount=1000, elements={32: ACQUIRER})
    assert link.ask(sale).figure("052") == 10
    assert link.ask(sale.but({32: OTHER_ACQUIRER})).figure("052") == 20


def test_a_stored_37_comes_back_when_the_request_has_none(link: Link, till: Till, card: str) -> None:
    """Reading: a sale with its own DE 37 has the switch's number too; a repeat without one learns it."""
    sale = till.message("earn", card=card, amount=1000, elements={37: "OWN000000002"})
    assert link.ask(sale).element(37) == "OWN000000002"
    request = sale.but({37: None})
    again = link.ask(request)
    check_answer(request, again)
    assert again.code == "00"
    assert link.ask(request).raw == again.raw
