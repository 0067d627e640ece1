"""What an answer says: the elements of every kind of decision, to the byte."""

from datetime import UTC, date, datetime

import pytest

from loyalty.decision import Approved, Balance, Declined, Discount, Instrument, Reason
from loyalty.sequence import base36
from loyalty.terms import Terms
from loyalty.transaction import Operation
from messages.basket import read_discounts
from messages.link import AnswerReady, TransactionReceived
from messages.receipt import decline_text
from messages.tags import read_tags
from tests.messages.wire import CARD, NOW, SALE, TERMS, ask, frame, link, opened, profile, tags

TODAY = date(2026, 11, 21)
BALANCE = Balance(
    available=1500, pending=20, held=30, debt=100, expires_points=70, expires_on=date(2027, 1, 31)
)
SPANISH = Terms(currency="978", unit_code="999", unit="punto", zone=UTC, language="es")


def elements(decision: Approved | Declined, operation: Operation | None = Operation.EARN) -> dict[int, str]:
    """The answer's own elements."""
    return profile().elements(decision, operation=operation, seq=12345, business_date=TODAY)


def tags_of(own: dict[int, str]) -> dict[str, str]:
    """DE 48 taken apart."""
    return dict(read_tags(own[48]))


def test_approved_sale() -> None:
    """A sale with everything."""
    decision = Approved(
        earned=12,
        used=5,
        value_minor=5,
        left_to_pay_minor=1229,
        balance=BALANCE,
        programme_version="0123456789ab",
    )
    assert elements(decision) == {
        15: "1121",
        37: "6325000009IX",
        38: "0009IX",
        39: "00",
        48: tags(
            t050="C000000000012",
            t051="000000000005",
            t052="C000000001400",
            t053="000000000020",
            t054="00000000007020270131",
            t060="0123456789ab",
            t062="000000001229",
            t063="000000000005",
        ),
        54: "9002999C000000001400" + "9001999C000000001550",
        62: (
            "Earned                       12 points|"
            "Used                          5 points|"
            "Worth                             0.05|"
            "To pay                           12.29|"
            "Balance                    1400 points|"
            "Pending                      20 points|"
            "Expire 2027-01-31            70 points"
        ),
    }


def test_partial() -> None:
    """Under 10 the part that is covered replaces DE 4, and the reason says why."""
    own = elements(Approved(partial=True, amount=700, used=700), Operation.REDEEM)
    assert (own[4], own[39]) == ("000000000700", "10")
    assert tags_of(own) == {"051": "000000000700", "059": "PARTIAL"}


def test_undoing() -> None:
    """Points taken are D, points given back are 051, money to hand out is 062."""
    own = elements(Approved(earned=-12, used=5, left_to_pay_minor=1229, balance=Balance(available=0, debt=3)))
    assert tags_of(own)["050"] == "D000000000012"
    assert tags_of(own)["052"] == "D000000000003"
    assert own[54] == "9002999D000000000003" + "9001999C000000000000"


def test_nothing_is_booked() -> None:
    """DE 38 stands only where something is booked or held."""
    own = elements(Approved(books=False, redeemable=(1400, 1400), balance=BALANCE), Operation.INQUIRY)
    assert 38 not in own
    assert tags_of(own)["064"] == "000000001400" + "000000001400"
    assert "050" not in tags_of(own)


def test_everything_in_order() -> None:
    """Tags ascend, whatever is among them."""
    decision = Approved(
        partial=True,
        earned=1,
        used=2,
        value_minor=2,
        discount_minor=30,
        left_to_pay_minor=4,
        balance=Balance(available=5, tier="GOLD", expires_points=1, expires_on=TODAY),
        redeemable=(1, 1),
        instruments=(Instrument("COUP", 500, date(2026, 12, 31), "C-1"), Instrument("PRIZ", 0, TODAY, "MUG")),
        coupons_refused=(("COUPON_EXPIRED", "C9"),),
        near_miss="3.20 more doubles your points",
        hold_until=datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
        programme_version="0123456789ab",
    )
    pairs = read_tags(elements(decision)[48])
    assert [tag for tag, _ in pairs] == sorted(tag for tag, _ in pairs)
    assert len(pairs) == 17
    assert ("058", "COUP" + "000000000500" + "20261231" + "C-1") in pairs
    assert ("065", "COUPON_EXPIRED C9") in pairs
    assert ("066", "20261122083000") in pairs


@pytest.mark.parametrize(
    ("refused", "near_miss", "kept"),
    [(4, "x" * 200, {"050", "061", "065"}), (35, "x" * 200, {"050", "065"}), (60, "x" * 200, {"050"})],
)
def test_tags_that_do_not_fit(refused: int, near_miss: str, kept: set[str]) -> None:
    """Past 999 characters the near miss is left out, then the coupons that were not taken."""
    coupons = tuple(("COUPON_EXPIRED", f"C{number:03}") for number in range(refused))
    own = elements(Approved(earned=1, near_miss=near_miss, coupons_refused=coupons))
    assert {tag for tag, _ in read_tags(own[48])} == kept
    assert len(own[48]) <= 999


def test_discounts() -> None:
    """Discounts travel in DE 63 and go on in DE 120 when they are many."""
    few = (Discount(1, 30, "P1", "3 for 2"), Discount(2, 5, "P2", "Piña\\colada"))
    own = elements(Approved(discounts=few, discount_minor=35))
    assert own[63] == "002001\\30\\P1\\3 for 2\\002\\5\\P2\\Pina/colada\\"
    many = tuple(Discount(line, 1, f"P{line}", "x" * 20) for line in range(1, 100))
    own = elements(Approved(discounts=many, discount_minor=99))
    assert len(own[63]) == 999
    assert read_discounts("".join(own[number] for number in sorted(own) if number >= 63)) == many


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            ["Coupon 5.00", "C-1", "Certificate 2.00", "C-2", "Your purse holds 3.00", "P-1", "Prize", "MUG"],
        ),
        (
            "es",
            [
                "Cupon 5.00",
                "C-1",
                "Certificado 2.00",
                "C-2",
                "Su monedero tiene 3.00",
                "P-1",
                "Premio",
                "MUG",
            ],
        ),
    ],
)
def test_what_was_issued_is_named_on_the_receipt(language: str, told: list[str]) -> None:
    """Above each code stands what it is, and what can be paid with it."""
    instruments = (
        Instrument("COUP", 500, TODAY, "C-1"),
        Instrument("CERT", 200, TODAY, "C-2"),
        Instrument("CERT", 300, date.max, "P-1"),
        Instrument("PRIZ", 100, TODAY, "MUG"),
    )
    decision = Approved(instruments=instruments, balance=Balance(available=0, language=language))
    lines = [" ".join(line.split()) for line in elements(decision)[62].split("|")]
    assert [line for line in lines if not line.startswith(("Bal", "Sal", "Val"))] == told


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_can_be_answered(reason: Reason) -> None:
    """Every reason has a code, its name in 059, and one line in both languages."""
    own = elements(Declined(reason=reason), None)
    assert len(own[39]) == 2
    assert tags_of(own) == {"059": reason.name}
    for language in ("en", "es"):
        text = decline_text(Declined(reason=reason, language=language), TERMS, 38)
        assert 0 < len(text) <= 38
        assert text.isascii()


def test_declined() -> None:
    """A decline tells its reason, the programme's own name for it, and nothing of balances."""
    declined = Declined(
        reason=Reason.NOT_PERMITTED,
        name="NOT_ON_SUNDAYS",
        near_miss="Come on Monday",
        programme_version="0123456789ab",
        language="es",
    )
    assert elements(declined) == {
        15: "1121",
        37: "6325000009IX",
        39: "57",
        48: tags(t059="NOT_ON_SUNDAYS", t060="0123456789ab", t061="Come on Monday"),
        62: "No permitido con esta tarjeta",
    }


def test_receipt_speaks_the_member_s_language() -> None:
    """The member's language, else the programme's; always in ASCII and never wider than the paper."""
    decision = Approved(
        earned=1,
        balance=Balance(available=1, language="es", tier="Campeón|mundial"),
        near_miss="¡Faltan 3 €! " * 9,
    )
    own = profile(SPANISH).elements(decision, operation=Operation.EARN, seq=1, business_date=TODAY, width=24)
    lines = own[62].split("|")
    assert lines == [
        "Ganados          1 punto",
        "Saldo            1 punto",
        "Nivel    Campeon/mundial",
        "!Faltan 3 EUR! !Faltan 3",
    ]


def test_answer_to_an_advice_of_a_stored_request() -> None:
    """The same transaction told as an advice is accepted; a decline loses what explains a decline."""
    approved = elements(Approved(earned=12, balance=BALANCE, programme_version="0123456789ab"))
    assert profile().elements_as_advice(approved) == approved
    partial = elements(Approved(partial=True, used=700, amount=700))
    assert profile().elements_as_advice(partial) == {**partial, 39: "00"}
    declined = elements(Declined(reason=Reason.NOT_SUFFICIENT_POINTS, programme_version="0123456789ab"))
    assert profile().elements_as_advice(declined) == {
        15: "1121",
        37: "6325000009IX",
        39: "00",
        48: tags(t060="0123456789ab"),
    }
    bare = elements(Declined(reason=Reason.CARD_UNKNOWN))
    assert profile().elements_as_advice(bare) == {15: "1121", 37: "6325000009IX", 39: "00"}


def test_base36() -> None:
    """Numbers in 36 digits keep their order."""
    assert [base36(number) for number in (0, 35, 36, 36**8 - 1)] == [
        "00000000",
        "0000000Z",
        "00000010",
        "ZZZZZZZZ",
    ]


def test_echo() -> None:
    """An answer repeats what the interface says and nothing else; the terminal's DE 37 goes before ours."""
    sent = SALE | {
        14: "2912", 22: "021", 24: "123", 25: "00", 32: "1", 33: "2", 35: CARD + "=2912", 37: "TERMINALRRN1",
        42: "MERCH0000000001", 43: "x" * 40, 49: "978", 52: "0" * 16, 53: "0" * 16, 55: "00", 70: "301",
    }  # fmt: skip
    pair = link()
    event = ask("0201", sent, pair)
    assert isinstance(event, TransactionReceived)
    own = elements(Approved(partial=True, amount=700))
    mti, answer = opened(pair.answer(event.message, own))
    assert mti == "0210"
    assert answer == {
        **{number: sent[number] for number in (2, 3, 7, 11, 12, 13, 24, 25, 32, 33, 37, 41, 42, 49)},
        4: "000000000700",
        15: "1121",
        38: "0009IX",
        39: "10",
        48: tags(t059="PARTIAL"),
        62: "Approved in part",
    }


def test_refusals_of_the_link() -> None:
    """A 30 names the element, repeats what was good, and carries neither DE 15 nor DE 37."""
    pair = link()
    [event] = pair.receive_data(frame("0200", {**SALE, 4: "00000000123x"}), NOW)
    assert isinstance(event, AnswerReady)
    mti, answer = opened(event.data)
    assert mti == "0210"
    assert answer == {number: text for number, text in SALE.items() if number != 4} | {
        39: "30",
        44: "004",
        48: tags(t059="FORMAT_ERROR"),
        62: "Message error, call support",
    }
    [event] = pair.receive_data(frame("0800", {11: "000009", 70: "301", 7: "1121120000"}), NOW)
    assert isinstance(event, AnswerReady)
    assert opened(event.data) == ("0810", {7: "1121120000", 11: "000009", 39: "00", 70: "301"})


def test_an_answer_that_cannot_be_written_is_our_mistake() -> None:
    """Every answer is checked: a value that does not fit never reaches a terminal."""
    pair = link()
    event = ask("0200", SALE, pair)
    assert isinstance(event, TransactionReceived)
    with pytest.raises(AssertionError, match="the answer to a 0200 cannot be written: DE 39"):
        pair.answer(event.message, {39: "000"})
    with pytest.raises(AssertionError, match="DE 62"):
        pair.answer(event.message, {39: "00", 62: "Piña"})
