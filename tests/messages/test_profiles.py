"""The profiles beside the default one: the same operations, told in other elements and codes."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest

from loyalty.decision import Approved, Balance, Declined, Reason
from loyalty.errors import Problems
from loyalty.transaction import Operation, OriginalReference, Transaction
from messages.codec import Codec
from messages.dialect import load_dialect
from messages.errors import DialectError
from messages.framing import framing_named
from messages.link import AnswerReady, CutOver, Event, Link, LinkFailed, Refused, TransactionReceived
from messages.profile import Profile, profile_named, with_codes
from messages.profiles import SHEETS
from messages.sheet import problems_with
from tests.messages.wire import CARD, NOW, REGISTER, TERMS, tags

DIALECTS = {
    "retail87": "iso87-ascii",
    "retail93": "iso93-ascii",
    "nac87": "iso87-bcd",
    "vaps93": "vaps93",
    "ifsf93": "ifsf93",
    "smartvista": "smartvista",
    "unionpay87": "unionpay87",
}
SALE_93 = {
    2: CARD,
    3: "000000",
    4: "000000001234",
    11: "000001",
    12: "261121120000",
    41: "T0000001",
}


@cache
def codec(name: str) -> Codec:
    """The codec of a profile's dialect."""
    return Codec(load_dialect(DIALECTS[name]))


def profile(name: str) -> Profile:
    """A profile over the register of these tests."""
    return profile_named(name, terms=TERMS, register=REGISTER, acquirer_id=None)


def link(name: str) -> Link:
    """A link that speaks a profile in its dialect."""
    return Link(
        framing=framing_named("bin2"),
        codec=codec(name),
        profile=profile(name),
        frame_size_max=8192,
    )


def ask(name: str, mti: str, elements: Mapping[int, str | None]) -> Event:
    """The event of one message."""
    sent = {number: value for number, value in sorted(elements.items()) if value is not None}
    raw = codec(name).encode(mti, sent)
    [event] = link(name).receive_data(framing_named("bin2").wrap(raw), NOW)
    return event


def told(name: str, event: Event) -> str:
    """An event in a few words."""
    match event:
        case TransactionReceived(_, asked):
            return asked.operation.name + (f" {asked.fault.name}" if asked.fault else "")
        case Refused(_, reason):
            return f"refused {reason.name}"
        case CutOver():
            return "cut-over"
        case AnswerReady(data):
            answer = codec(name).decode(data[2:]).elements
            return answer[39] + (f"/{answer[44]}" if 44 in answer else "")
        case LinkFailed():
            return "hang-up"


def transaction(name: str, mti: str, elements: Mapping[int, str | None]) -> Transaction:
    """The transaction of a message that has one."""
    event = ask(name, mti, elements)
    assert isinstance(event, TransactionReceived), told(name, event)
    return event.transaction


NAMED = "1200" + "000007" + "261121110000" + "0205"


@pytest.mark.parametrize(
    ("mti", "changes", "expected"),
    [
        ("1200", {}, "EARN"),
        ("1220", {3: "009000"}, "REDEEM"),
        ("1100", {}, "HOLD"),
        ("1100", {3: "380000"}, "QUOTE"),
        ("1100", {3: "310000", 4: None}, "INQUIRY"),
        ("1220", {56: "1100" + NAMED[4:]}, "COMPLETE"),
        ("1220", {56: NAMED}, "EARN"),
        ("1200", {3: "200000"}, "REFUND"),
        ("1200", {3: "020000"}, "VOID"),
        ("1200", {3: "409090"}, "TRANSFER"),
        ("1200", {3: "409060"}, "EXCHANGE"),
        ("1200", {3: "006000"}, "PAY_CERTIFICATE"),
        ("1200", {3: "900000"}, "ACTIVATE"),
        ("1420", {}, "REVERSAL"),
        ("1400", {24: "401"}, "REVERSAL"),
        ("1520", {3: "920000"}, "RECONCILE"),
        ("1324", {56: NAMED}, "UPLOAD"),
        ("0200", {12: "261121120000"}, "refused OPERATION_NOT_SUPPORTED"),
        ("1600", {}, "refused OPERATION_NOT_SUPPORTED"),
        ("1200", {4: "000000000000"}, "EARN AMOUNT_NOT_ALLOWED"),
        ("1200", {49: "840"}, "EARN CURRENCY_NOT_ACCEPTED"),
        ("1200", {41: "TBLOCKED"}, "refused TERMINAL_BLOCKED"),
        ("1200", {4: None}, "904/004"),
        ("1200", {2: None}, "904/002"),
        ("1200", {12: None}, "904/007"),
        ("1200", {12: None, 7: "1121120000"}, "EARN"),
        ("1200", {48: tags(t020="x")}, "904/048"),
        ("1200", {63: "0015A\\1\\U\\1234\\\\"}, "EARN"),
        ("1200", {63: "0015A\\1\\", 123: "U\\1234\\\\"}, "EARN"),
        ("1200", {123: "U\\1234\\\\"}, "904/063"),
        ("1420", {56: NAMED[:-1]}, "904/056"),
        ("1420", {56: NAMED + "1"}, "904/056"),
        ("1804", {24: "831"}, "800"),
        ("1804", {24: "801"}, "800"),
        ("1820", {24: "821"}, "120"),
        ("1804", {24: "999"}, "902"),
        ("1804", {24: None, 3: None}, "904/024"),
    ],
)
def test_retail93(mti: str, changes: Mapping[int, str | None], expected: str) -> None:
    """All operations of the default interface, in ISO 8583:1993."""
    assert told("retail93", ask("retail93", mti, {**SALE_93, **changes})) == expected


def test_retail93_times_and_originals() -> None:
    """DE 12 has the year; DE 56 names an original by it."""
    sale = transaction("retail93", "1200", {**SALE_93})
    assert sale.key.text == "20261121120000|000001|2|T0000001|00000000001"
    assert sale.transmitted == "1121120000"
    reversal = transaction(
        "retail93", "1420", SALE_93 | {56: "1200" + "000001" + "261121120000" + "0205"[:2] + "05"}
    )
    assert reversal.original == OriginalReference(
        message_class="2", stan="000001", transmitted=sale.transmitted, acquirer_id="00000000005"
    )
    assert reversal.final_amount is None
    assert transaction("retail93", "1420", SALE_93 | {24: "401", 4: "000000000500"}).final_amount == 500
    advice = transaction("retail93", "1220", SALE_93 | {12: "261120100000"})
    assert advice.as_of == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    old = transaction("retail93", "1220", SALE_93 | {12: "240229100000"})
    assert old.as_of == NOW - timedelta(days=35)


@pytest.mark.parametrize("name", SHEETS)
@pytest.mark.parametrize("reason", [None, *Reason])
def test_every_answer_can_be_written(name: str, reason: Reason | None) -> None:
    """Whatever is decided, every profile's answer fits its dialect."""
    here = link(name)
    dated = SHEETS[name].dated_times
    sale = SALE_93 if dated else SALE_93 | {12: "120000", 13: "1121"}
    version = SHEETS[name].versions[-1]
    event = ask(name, f"{version}200", sale)
    assert isinstance(event, TransactionReceived)
    decision: Approved | Declined = Approved(
        earned=12,
        left_to_pay_minor=1234,
        balance=Balance(available=112, expires_points=12, expires_on=date(2028, 11, 21)),
        programme_version="0123456789ab",
    )
    if reason is not None:
        decision = Declined(reason=reason, near_miss="Almost")
    for operation in (None, *Operation):
        own = here.profile.elements(decision, operation=operation, seq=1, business_date=date(2026, 11, 21))
        answer = codec(name).decode(here.answer(event.message, own)[2:])
        assert answer.mti == f"{version}210"
        assert len(answer.elements[39]) == (3 if dated else 2)


def test_what_the_field_profiles_change() -> None:
    """Where receipts, balances and codes of some hosts differ."""
    decision = Approved(earned=12, balance=Balance(available=112))
    own = {
        name: profile(name).elements(
            decision, operation=Operation.EARN, seq=1, business_date=date(2026, 11, 21)
        )
        for name in SHEETS
    }
    receipt = own["retail87"][62]
    assert own["nac87"][63] == receipt
    first, second = receipt.split("|")
    assert own["vaps93"][62] == f"02IPR{len(first):02}{first}IPR{len(second):02}{second}"
    assert own["ifsf93"][62] == f"001{len(receipt):03}{receipt}"
    assert own["smartvista"][54] == "007016C000000000112999"
    assert own["vaps93"][124] == own["retail93"][48]
    assert (own["retail93"][15], own["smartvista"][15]) == ("261121", "1121")
    assert SHEETS["smartvista"].codes[Reason.NOT_SUFFICIENT_POINTS] == "915"
    undone = profile("retail93").elements(
        decision, operation=Operation.REVERSAL, seq=1, business_date=date(2026, 11, 21)
    )
    assert undone[39] == "400"


def test_frequency_benefits() -> None:
    """In one family of hosts processing codes 18 and 28 pay with points and earn them."""
    assert told("vaps93", ask("vaps93", "1200", SALE_93 | {3: "180000"})) == "REDEEM"
    assert told("vaps93", ask("vaps93", "1200", SALE_93 | {3: "280000"})) == "EARN"
    assert (
        told("retail93", ask("retail93", "1200", SALE_93 | {3: "180000"}))
        == "refused OPERATION_NOT_SUPPORTED"
    )


SECOND = CARD[:-2] + "12"


@pytest.mark.parametrize(
    ("parts", "changes", "expected"),
    [
        ({9: SECOND + "=2912"}, {}, SECOND),
        ({1: "0001", 6: "4Anna", 9: SECOND + "D2912", 33: "??"}, {}, SECOND),
        ({4: "0000170001"}, {}, CARD),
        ({9: SECOND + "=2912"}, {2: None}, SECOND),
        ({9: SECOND + "=2912"}, {35: "4111111111111111=2912"}, SECOND),
        ({9: SECOND + "=2912"}, {124: tags(t011=CARD + "=2912")}, CARD),
        ({9: ""}, {}, CARD),
    ],
)
def test_the_second_card(parts: dict[int, str], changes: Mapping[int, str | None], expected: str) -> None:
    """A loyalty card in DE 48 makes DE 2 and 35 a payment card, which earns nothing and is echoed."""
    sale = {**SALE_93, 48: message_control(parts), **changes}
    asked = transaction("vaps93", "1200", sale)
    assert asked.identifier is not None
    assert asked.identifier.value == expected


def message_control(parts: Mapping[int, str]) -> str:
    """DE 48 as such terminals write it: eight bytes of bitmap, then the parts."""
    bits = sum(1 << 64 - number for number in parts)
    lengths = {9: 2}
    text = "".join(
        f"{len(text):0{lengths[number]}}{text}" if number in lengths else text
        for number, text in parts.items()
    )
    return (bits.to_bytes(8, "big") + text.encode()).hex().upper()


@pytest.mark.parametrize("damaged", ["08", "00800000000000003939", message_control({50: "x", 9: "x"})[:20]])
def test_a_second_card_that_cannot_be_read(damaged: str) -> None:
    """DE 48 is the fault, and nobody earns on the payment card instead."""
    assert told("vaps93", ask("vaps93", "1200", SALE_93 | {48: damaged})) == "904/048"
    assert told("ifsf93", ask("ifsf93", "1200", SALE_93 | {48: damaged})) == "EARN"


@pytest.mark.parametrize(
    ("mti", "changes", "expected"),
    [
        ("0200", {3: "310000", 4: None, 25: "00", 60: "01000017"}, "INQUIRY"),
        ("0200", {25: "00", 60: "22000017"}, "EARN"),
        ("0100", {3: "030000", 25: "06", 60: "10000017"}, "HOLD"),
        ("0100", {3: "200000", 25: "06", 60: "11000017"}, "VOID"),
        ("0200", {25: "06", 60: "20000017", 37: "632500000001"}, "COMPLETE"),
        ("0200", {25: "00", 60: "20000017"}, "EARN"),
        ("0200", {3: "200000", 25: "00", 60: "23000017", 37: "632500000001"}, "VOID"),
        ("0220", {3: "200000", 25: "00", 60: "25000017", 37: "632500000001"}, "REFUND"),
        ("0220", {25: "00", 60: "30000017"}, "EARN"),
        ("0200", {3: "009000", 60: "22000017"}, "REDEEM"),
        ("0400", {60: "22000017"}, "REVERSAL"),
        ("0100", {3: "030000", 60: "22000017"}, "refused OPERATION_NOT_SUPPORTED"),
        ("0800", {60: "00000017001"}, "00"),
        ("0820", {60: "00000017301"}, "00"),
        ("0800", {60: "00000017999"}, "12"),
        ("0800", {60: "00000017"}, "12"),
        ("0800", {3: None, 60: None}, "30/060"),
    ],
)
def test_unionpay87(mti: str, changes: Mapping[int, str | None], expected: str) -> None:
    """What is asked for is told by MTI, DE 3, DE 25 and the first digits of DE 60."""
    sale = SALE_93 | {12: "120000", 13: "1121"}
    assert told("unionpay87", ask("unionpay87", mti, {**sale, **changes})) == expected


def test_unionpay87_holds() -> None:
    """A preauthorization prepares a sale, and its completion is one."""
    sale = SALE_93 | {12: "120000", 13: "1121"}
    asked = transaction("unionpay87", "0100", sale | {3: "030000", 25: "06", 60: "10000017"})
    assert asked.held_for is Operation.EARN
    done = transaction("unionpay87", "0200", sale | {25: "06", 60: "20000017", 37: "632500000001"})
    assert done.held_for is Operation.EARN


def test_packed_terminals_reverse_by_their_own_number() -> None:
    """Without DE 90 a reversal means its own DE 11; invoice and batch come back."""
    sale = SALE_93 | {12: "120000", 13: "1121", 24: "068", 60: "000017", 62: "000123"}
    assert transaction("nac87", "0400", sale).original == OriginalReference(own_stan="000001")
    event = ask("nac87", "0200", sale)
    assert isinstance(event, TransactionReceived)
    answer = codec("nac87").decode(link("nac87").answer(event.message, {39: "00"})[2:])
    assert {number: answer.elements[number] for number in (24, 60, 62)} == {
        24: "068",
        60: "000017",
        62: "000123",
    }
    assert told("nac87", ask("nac87", "0800", {3: "990000", 11: "000002", 24: "068"})) == "00"


def test_advices_get_only_their_codes() -> None:
    """Whoever tells what has happened is told to tell it again when the store is away: 96, not 91."""
    event = ask("retail87", "0220", SALE_93 | {12: "120000", 13: "1121"})
    assert isinstance(event, TransactionReceived)
    here = link("retail87")
    own = here.profile.refusal(Reason.STORE_UNAVAILABLE)
    assert own[39] == "91"
    assert told("retail87", AnswerReady(here.answer(event.message, own))) == "96"


def test_a_link_with_codes_of_its_own() -> None:
    """A reason gets another DE 39, also towards advices; what is no reason or no code is told."""
    other = profile_named(
        "retail87", terms=TERMS, register=REGISTER, acquirer_id=None,
        codes={"CARD_UNKNOWN": "56", "MAC_WRONG": "A0"},
    )  # fmt: skip
    assert other.refusal(Reason.CARD_UNKNOWN)[39] == "56"
    assert other.refusal(Reason.CARD_LOST)[39] == "41"
    assert "A0" in other.sheet.advice_codes
    assert "56" not in other.sheet.advice_codes
    for codes, expected in (
        ({"CARD_UNKNOWM": "56"}, "there is no reason 'CARD_UNKNOWM' (did you mean CARD_UNKNOWN?)"),
        ({"CARD_UNKNOWN": "056"}, "codes.CARD_UNKNOWN: '056' is not a response code (give 2 characters)"),
        ({"CARD_UNKNOWN": "-1"}, "'-1' is not a response code"),
    ):
        with pytest.raises(DialectError) as refused:
            with_codes(SHEETS["retail87"], codes)
        assert expected in str(refused.value)


@pytest.mark.parametrize("name", SHEETS)
def test_profiles_suit_their_dialects(name: str) -> None:
    """Every profile reads the dialect that it was made for, and says why it cannot read another."""
    assert problems_with(SHEETS[name], load_dialect(DIALECTS[name])) == []


def test_profiles_that_do_not_suit() -> None:
    """A link is not made when values would be used that nobody has checked."""
    with pytest.raises(Problems) as problems:
        profile("retail87").check(load_dialect("iso2003-binary"))
    assert "profile retail87: DE 4 of iso2003-binary must be 12 long" in str(problems.value)
    assert problems_with(SHEETS["retail93"], load_dialect("iso87-ascii")) != []
