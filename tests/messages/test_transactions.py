"""What is read from a message into a transaction: key, times, card, original, content, the till's words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from loyalty.card import IdentifierKind
from loyalty.terminal import TerminalRegister
from loyalty.transaction import OriginalReference, Proof, Tender
from messages.framing import framing_named
from messages.link import Link
from messages.profile import profile_named
from tests.messages.wire import (
    BASKET,
    CARD,
    CODEC,
    NOTHING,
    NOW,
    ORIGINAL,
    OTHER_CARD,
    SALE,
    TERMS,
    changed,
    frame,
    link,
    tags,
    terminal,
    transaction,
)

RRN = "632500000001"
BY_PARTS = OriginalReference(
    message_class="2", stan="000007", transmitted="1121110000", acquirer_id="00000000001"
)


def test_key() -> None:
    """The key is made of acquirer, terminal, class, DE 11 and local time, in the year next to arrival."""
    assert transaction("0200", SALE).key.text == "20261121120000|000001|2|T0000001|00000000001"
    assert transaction("0221", SALE).key == transaction("0200", {**SALE, 4: "000000009999", 37: "A" * 12}).key
    assert transaction("0320", SALE).key.message_class == "2"
    assert transaction("0400", SALE).key.message_class == "4"
    by_utc = transaction("0200", changed(SALE, {12: None})).key
    assert by_utc.moment == "20261121120000Z"


@pytest.mark.parametrize(
    ("arrival", "month_day", "year"),
    [
        ("2026-11-21", "1121", "2026"),
        ("2026-12-31", "0101", "2027"),
        ("2027-01-01", "1231", "2026"),
        ("2026-01-31", "0803", "2025"),
        ("2026-01-31", "0731", "2026"),
        ("2026-02-01", "0229", "2024"),
        ("2027-03-01", "0229", "2028"),
        ("2028-02-28", "0229", "2028"),
    ],
)
def test_year_next_to_arrival(arrival: str, month_day: str, year: str) -> None:
    """Messages bear no year; a repeat after New Year's Eve must still have its original's."""
    at = datetime.fromisoformat(f"{arrival}T00:00:00+00:00")
    [event] = link().receive_data(frame("0200", {**SALE, 13: month_day, 12: "000000"}), at)
    assert event.transaction.key.moment[:4] == year  # type: ignore[union-attr]  # fails with the event otherwise


def test_times_are_the_terminal_s() -> None:
    """DE 12 and 13 are local, DE 7 is UTC; an advice counts from when it happened, at most 35 days back."""
    madrid = terminal("TMADRID1", zone=ZoneInfo("Europe/Madrid"))
    register = TerminalRegister({(madrid.acquirer_id, madrid.terminal_id): madrid})
    here = Link(
        framing=framing_named("bin2"),
        codec=CODEC,
        profile=profile_named("retail87", terms=TERMS, register=register, acquirer_id=None),
        frame_size_max=8192,
    )
    sale = {**SALE, 41: "TMADRID1", 12: "123000", 13: "1120"}
    assert transaction("0200", sale, here).as_of == NOW
    assert transaction("0220", sale, here).as_of == datetime(2026, 11, 20, 11, 30, tzinfo=UTC)
    assert transaction("0220", {**sale, 13: "0820"}, here).as_of == NOW - timedelta(days=35)
    assert transaction("0220", {**sale, 13: "1122"}, here).as_of == NOW
    assert transaction("0220", changed(sale, {12: None, 7: "1120103000"}), here).as_of == datetime(
        2026, 11, 20, 10, 30, tzinfo=UTC
    )
    assert transaction("0200", sale, here).transmitted == "1121120000"
    assert transaction("0200", changed(sale, {7: None}), here).transmitted == "1120123000"


@pytest.mark.parametrize(
    ("changes", "kind", "value"),
    [
        ({}, IdentifierKind.CARD, CARD),
        ({2: None, 35: OTHER_CARD + "D2912"}, IdentifierKind.CARD, OTHER_CARD),
        ({48: tags(t010="PHON34600111222")}, IdentifierKind.PHONE, "34600111222"),
        ({48: tags(t010="MAILAna@Example.org")}, IdentifierKind.MAIL, "ana@example.org"),
        ({48: tags(t010="PHON1", t011=OTHER_CARD + "=29")}, IdentifierKind.CARD, OTHER_CARD),
    ],
)
def test_which_card(changes: dict[int, str | None], kind: IdentifierKind, value: str) -> None:
    """Tag 011 goes before 010, that before DE 2, that before DE 35."""
    found = transaction("0200", changed(SALE, changes)).identifier
    assert found is not None
    assert (found.kind, found.value) == (kind, value)
    assert value not in repr(found)


def test_activation_links_an_identifier() -> None:
    """The card is DE 2; tag 010 names what is linked to it."""
    asked = transaction("0200", {**SALE, 3: "900000", 48: tags(t010="PHON34600111222")})
    assert asked.identifier is not None
    assert asked.identifier.value == CARD
    assert asked.link is not None
    assert asked.link.kind is IdentifierKind.PHONE


@pytest.mark.parametrize(
    ("mti", "changes", "expected"),
    [
        ("0400", {}, OriginalReference(own_stan="000001")),
        ("0400", {37: RRN}, OriginalReference(rrn=RRN, own_stan="000001")),
        ("0400", {37: RRN, 90: ORIGINAL}, BY_PARTS),
        ("0400", {37: "other rrn   ", 48: tags(t013=RRN)}, OriginalReference(rrn=RRN)),
        ("0400", {90: ORIGINAL, 48: tags(t013=RRN)}, BY_PARTS),
        ("0400", {90: "0220" + ORIGINAL[4:]}, BY_PARTS),
        ("0400", {90: "0320" + ORIGINAL[4:]}, BY_PARTS),
        ("0400", {90: NOTHING}, OriginalReference()),
        ("0400", {90: "0000000007" + "0" * 32}, OriginalReference(stan="000007")),
        ("0200", {3: "020000", 37: RRN}, OriginalReference(rrn=RRN)),
        ("0200", {3: "020000"}, None),
        ("0200", {3: "200000"}, None),
        ("0200", {3: "200000", 48: tags(t013=RRN), 37: "x" * 12}, OriginalReference(rrn=RRN)),
        ("0200", {37: RRN}, None),
    ],
)
def test_original(mti: str, changes: dict[int, str], expected: OriginalReference | None) -> None:
    """The first of DE 90, tag 013 and DE 37 that is sent decides; only a reversal may mean its own DE 11."""
    asked = transaction(mti, {**SALE, **changes})
    assert asked.original == expected
    assert asked.rrn == changes.get(37)


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({}, True),
        ({49: "978"}, True),
        ({32: "1", 42: "MERCH0000000001"}, True),
        ({37: RRN, 7: "1121120001", 22: "021", 2: OTHER_CARD}, True),
        ({48: tags(t030="Ana", t031="CASH000000001234", t014="1234", t777="x")}, True),
        ({4: "000000001235"}, False),
        ({49: "840"}, False),
        ({3: "001000"}, False),
        ({63: BASKET}, False),
        ({90: ORIGINAL}, False),
        ({95: "0" * 42}, False),
        *[({48: tags(**{f"t{tag}": "12"})}, False) for tag in ("012", "013", "020", "021", "022", "023")],
    ],
)
def test_same_content(changes: dict[int, str], *, is_same: bool) -> None:
    """What makes a message the same again; everything else may change in a repeat."""
    same = transaction("0200", SALE).content == transaction("0200", {**SALE, **changes}).content
    assert same == is_same


def test_a_basket_in_pieces_is_the_same_basket() -> None:
    """Where a basket is cut is of no importance."""
    whole = transaction("0200", {**SALE, 63: BASKET})
    pieces = transaction("0200", {**SALE, 63: BASKET[:7], 120: BASKET[7:]})
    assert whole.content == pieces.content
    assert whole.lines == pieces.lines


def test_what_the_till_says() -> None:
    """The tags of a request, in the words of a transaction."""
    text = tags(
        t014="1234", t020="500", t021="C1", t022="MUG", t023="A77", t030="Ana", t032="ECOM", t040="PD"
    )
    text += tags(t021="C2") + tags(t031="CASH000000000500") + tags(t031="CARD00000000073441111111")
    asked = transaction("0200", {**SALE, 48: text})
    assert (asked.proof, asked.points, asked.coupons, asked.prize) == (
        Proof(code="1234"),
        500,
        ("C1", "C2"),
        "MUG",
    )
    assert (asked.ticket, asked.cashier, asked.channel, asked.can) == ("A77", "Ana", "ECOM", "PD")
    assert asked.tenders == (Tender("CASH", 500), Tender("CARD", 734, "41111111"))
    assert "1234" not in repr(asked).replace("amount=1234", "")


def test_how_the_card_was_read() -> None:
    """DE 22 and 25 as they were sent; nothing where they were not."""
    asked = transaction("0200", {**SALE, 22: "071", 25: "08"})
    assert (asked.entry_mode, asked.pos_condition) == ("071", "08")
    plain = transaction("0200", changed(SALE, {22: None, 25: None}))
    assert (plain.entry_mode, plain.pos_condition) == ("", "")


def test_what_the_till_can_is_registered() -> None:
    """Without tag 040 the register says what the till can; an empty tag says that it can nothing."""
    assert transaction("0200", {**SALE, 41: "T0000002"}).can == "D"
    assert transaction("0200", {**SALE, 41: "T0000002", 48: tags(t040="")}).can == ""


def test_final_amount() -> None:
    """DE 95 of a reversal holds the new final amount; zero means a full reversal."""
    assert transaction("0400", {**SALE, 95: "000000000500" + "0" * 30}).final_amount == 500
    assert transaction("0400", {**SALE, 95: "0" * 42}).final_amount is None
    assert transaction("0200", {**SALE, 95: "000000000500" + "0" * 30}).final_amount is None
