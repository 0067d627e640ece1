"""What a message asks for, or why it is refused: the tables of the terminal interface, row by row."""

import pytest

from tests.messages.wire import (
    BASKET,
    CARD,
    NOTHING,
    NOW,
    ORIGINAL,
    OTHER_CARD,
    SALE,
    ask,
    body,
    changed,
    frame,
    link,
    tags,
    told,
)

HELD = "0100" + ORIGINAL[4:]


@pytest.mark.parametrize(
    ("mti", "changes", "expected"),
    [
        ("0200", {}, "EARN"),
        ("0220", {}, "EARN"),
        ("0201", {}, "EARN"),
        ("0200", {3: "002000"}, "EARN"),
        ("0200", {3: "009000"}, "REDEEM"),
        ("0221", {3: "009012"}, "REDEEM"),
        ("0200", {3: "006000"}, "PAY_CERTIFICATE"),
        ("0220", {3: "006000"}, "refused OPERATION_NOT_SUPPORTED"),
        ("0100", {}, "HOLD"),
        ("0100", {3: "009000"}, "HOLD"),
        ("0100", {3: "001000"}, "refused OPERATION_NOT_SUPPORTED"),
        ("0200", {90: HELD}, "COMPLETE"),
        ("0220", {90: HELD, 3: "009000"}, "COMPLETE"),
        ("0220", {90: HELD, 3: "001000"}, "EARN"),
        ("0220", {90: ORIGINAL}, "EARN"),
        ("0220", {90: NOTHING}, "EARN"),
        ("0220", {90: HELD, 4: "000000000000", 2: None}, "COMPLETE"),
        ("0100", {3: "380000"}, "QUOTE"),
        ("0200", {3: "380000"}, "refused OPERATION_NOT_SUPPORTED"),
        ("0100", {3: "300000"}, "INQUIRY"),
        ("0200", {3: "319999", 4: None}, "INQUIRY"),
        ("0220", {3: "310000"}, "refused OPERATION_NOT_SUPPORTED"),
        ("0200", {3: "200000"}, "REFUND"),
        ("0220", {3: "200000"}, "REFUND"),
        ("0200", {3: "020000", 4: None, 2: None}, "VOID"),
        ("0200", {3: "409090", 48: tags(t012=OTHER_CARD)}, "TRANSFER"),
        ("0200", {3: "409091"}, "refused OPERATION_NOT_SUPPORTED"),
        ("0200", {3: "409060"}, "EXCHANGE"),
        ("0200", {3: "900000", 4: None}, "ACTIVATE"),
        ("0400", {4: None, 2: None}, "REVERSAL"),
        ("0420", {3: "770000"}, "REVERSAL"),
        ("0421", {}, "REVERSAL"),
        ("0500", {3: "920000", 4: None, 2: None}, "RECONCILE"),
        ("0520", {3: "960000", 4: None, 2: None}, "RECONCILE"),
        ("0500", {3: "000000"}, "refused OPERATION_NOT_SUPPORTED"),
        ("0320", {90: ORIGINAL}, "UPLOAD"),
        ("0300", {}, "refused OPERATION_NOT_SUPPORTED"),
        ("0600", {}, "refused OPERATION_NOT_SUPPORTED"),
        ("0240", {}, "refused OPERATION_NOT_SUPPORTED"),
        ("0206", {}, "refused OPERATION_NOT_SUPPORTED"),
        ("1200", {}, "refused OPERATION_NOT_SUPPORTED"),
        ("0200", {3: "990000"}, "refused OPERATION_NOT_SUPPORTED"),
        # terminal, merchant, acquirer: before the operation
        ("0200", {41: "T9999999"}, "refused TERMINAL_UNKNOWN"),
        ("0200", {41: "T9999999", 3: "990000"}, "refused TERMINAL_UNKNOWN"),
        ("0200", {41: "TBLOCKED"}, "refused TERMINAL_BLOCKED"),
        ("0200", {41: "TINQUIRE"}, "refused OPERATION_NOT_ALLOWED_HERE"),
        ("0200", {41: "TINQUIRE", 3: "310000"}, "INQUIRY"),
        ("0200", {41: "TWICE   "}, "refused TERMINAL_UNKNOWN"),
        ("0200", {41: "TWICE   ", 32: "2"}, "EARN"),
        ("0200", {32: "1"}, "EARN"),
        ("0200", {32: "2"}, "refused TERMINAL_UNKNOWN"),
        ("0200", {42: "MERCH0000000001"}, "EARN"),
        ("0200", {42: "MERCH0000000002"}, "refused TERMINAL_UNKNOWN"),
        # amount, currency, basket: known, but the key is looked up first
        ("0200", {4: "000000000000"}, "EARN AMOUNT_NOT_ALLOWED"),
        ("0200", {4: "000000000000", 63: "0005"}, "EARN"),
        ("0200", {4: "000000000000", 63: "0025A\\1\\U\\5\\\\B\\1\\U\\-5\\\\"}, "EARN"),
        ("0100", {4: "000000000000", 63: "0005", 3: "380000"}, "QUOTE AMOUNT_NOT_ALLOWED"),
        ("0200", {3: "009000", 4: "000000000000"}, "REDEEM AMOUNT_NOT_ALLOWED"),
        ("0200", {49: "978"}, "EARN"),
        ("0200", {49: "840"}, "EARN CURRENCY_NOT_ACCEPTED"),
        ("0200", {49: "999"}, "EARN CURRENCY_NOT_ACCEPTED"),
        ("0200", {49: "999", 3: "009000"}, "REDEEM"),
        ("0200", {49: "999", 3: "200000"}, "REFUND CURRENCY_NOT_ACCEPTED"),
        ("0400", {49: "999"}, "REVERSAL"),
        ("0200", {63: BASKET}, "EARN"),
        ("0200", {63: BASKET, 4: "000000001235"}, "EARN BASKET_OUT_OF_BALANCE"),
        ("0200", {63: BASKET, 4: "000000001235", 3: "009000"}, "REDEEM"),
        ("0200", {63: "0015A\\1\\U\\-1234\\\\", 3: "200000"}, "REFUND AMOUNT_NOT_ALLOWED"),
        ("0100", {63: BASKET, 4: "000000001235"}, "HOLD BASKET_OUT_OF_BALANCE"),
    ],
)
def test_operation(mti: str, changes: dict[int, str | None], expected: str) -> None:
    """Which operation a message is, before anything is looked up."""
    assert told(ask(mti, changed(SALE, changes))) == expected


@pytest.mark.parametrize(
    ("mti", "changes", "expected"),
    [
        ("0200", {3: None}, "30/003"),
        ("0200", {4: None}, "30/004"),
        ("0200", {2: None}, "30/002"),
        ("0200", {2: "", 4: None}, "30/002"),
        ("0200", {2: None, 35: CARD + "=2912"}, "EARN"),
        ("0200", {2: None, 35: "=2912"}, "30/002"),
        ("0200", {2: None, 48: tags(t010="CPAN" + CARD)}, "EARN"),
        ("0200", {35: CARD + "=2912101"}, "EARN"),
        ("0200", {35: OTHER_CARD + "=2912"}, "30/035"),
        ("0200", {35: OTHER_CARD + "=2912", 48: tags(t010="CPAN" + CARD)}, "EARN"),
        ("0200", {35: OTHER_CARD + "=2912", 48: tags(t011=CARD + "=2912")}, "EARN"),
        ("0200", {35: OTHER_CARD + "=2912", 48: tags(t010="PHON34600"), 3: "900000"}, "30/035"),
        ("0200", {2: None, 48: tags(t010="PHON34600"), 3: "900000"}, "30/002"),
        ("0200", {2: None, 3: "200000"}, "30/002"),
        ("0200", {2: None, 3: "200000", 37: "632500000001"}, "REFUND"),
        ("0200", {2: None, 3: "200000", 90: ORIGINAL}, "REFUND"),
        ("0200", {2: None, 3: "200000", 48: tags(t013="632500000001")}, "REFUND"),
        ("0200", {7: None}, "EARN"),
        ("0200", {12: None}, "EARN"),
        ("0200", {7: None, 12: None, 13: None}, "30/007"),
        ("0200", {7: None, 12: None}, "30/012"),
        ("0200", {7: None, 13: None}, "30/013"),
        ("0200", {7: "1321120000"}, "30/007"),
        ("0200", {7: "0229120000"}, "EARN"),
        ("0200", {7: "0230120000"}, "30/007"),
        ("0200", {12: "240000"}, "30/012"),
        ("0200", {12: "126000"}, "30/012"),
        ("0200", {13: "0431"}, "30/013"),
        ("0200", {2: "63901200000000 4"}, "30/002"),
        ("0200", {3: "00000A", 4: "00000000123 "}, "30/003"),
        ("0200", {4: "-00000001234"}, "30/004"),
        ("0200", {18: "54x1"}, "30/018"),
        ("0200", {32: "0000000000x"}, "30/032"),
        ("0200", {5: "anything at "}, "EARN"),
        ("0200", {43: "Calle \x1bMayor".ljust(40)}, "30/043"),
        ("0200", {52: "0123456789abcdef"}, "EARN"),
        ("0200", {64: "0123456789ABCDEX"}, "30/064"),
        ("0200", {48: "01"}, "30/048"),
        ("0200", {48: "010999CPAN"}, "30/048"),
        ("0200", {48: "010-04CPAN"}, "30/048"),
        ("0200", {48: tags(t010="XPAN123")}, "30/048"),
        ("0200", {48: tags(t010="CPAN")}, "30/048"),
        ("0200", {48: tags(t010="PHON+34600")}, "30/048"),
        ("0200", {48: tags(t014="123")}, "30/048"),
        ("0200", {48: tags(t020="")}, "30/048"),
        ("0200", {48: tags(t020="1234567890123")}, "30/048"),
        ("0200", {48: tags(t020="-5")}, "30/048"),
        ("0200", {48: tags(t021="")}, "30/048"),
        ("0200", {48: tags(t023="A B")}, "30/048"),
        ("0200", {48: tags(t023="A" * 21)}, "30/048"),
        ("0200", {48: tags(t024="12345")}, "30/048"),
        ("0200", {48: tags(t031="CASH12")}, "30/048"),
        ("0200", {48: tags(t031="CASH000000001234" + "639012")}, "30/048"),
        ("0200", {48: tags(t031="CARD000000001234" + "639012")}, "EARN"),
        ("0200", {48: tags(t020="1") + tags(t020="2")}, "30/048"),
        ("0200", {48: tags(t777="whatever", t999="")}, "EARN"),
        ("0200", {48: ""}, "EARN"),
        ("0200", {48: "01", 4: None}, "30/004"),
        ("0200", {63: ""}, "30/063"),
        ("0200", {63: "0015A\\1\\U\\1234\\"}, "30/063"),
        ("0200", {63: "0025A\\1\\U\\1234\\\\"}, "30/063"),
        ("0200", {63: "0017A\\1\\U\\1234\\\\"}, "30/063"),
        ("0200", {63: "0015A\\1.2345\\U\\1234\\\\"}, "30/063"),
        ("0200", {63: "0015A\\.5\\U\\1234\\\\"}, "30/063"),
        ("0200", {63: "0015A\\1\\X\\1234\\\\"}, "30/063"),
        ("0200", {63: "0015A\\1\\U\\+1234\\\\"}, "30/063"),
        ("0200", {63: "0015\\1\\U\\1234\\\\"}, "30/063"),
        ("0200", {63: "0016A\\1\\U\\1234\\food\\X\\"}, "30/063"),
        ("0200", {63: "0016A\\0.125\\K\\1234\\food\\ND\\"}, "EARN"),
        ("0200", {63: BASKET[:5], 120: BASKET[5:9], 121: BASKET[9:]}, "EARN"),
        ("0200", {120: BASKET}, "30/063"),
        ("0200", {63: "x", 48: "x"}, "30/048"),
        ("0400", {95: "x" * 42}, "30/095"),
        ("0400", {95: "000000000500" + "0" * 30}, "REVERSAL"),
        ("0200", {95: "x" * 42}, "EARN"),
        ("0800", {70: None, 3: None}, "30/070"),
        ("0800", {70: "30A"}, "30/070"),
        ("0600", {3: None}, "30/003"),
        ("0600", {2: None, 4: None}, "refused OPERATION_NOT_SUPPORTED"),
        ("0200", {41: None}, "30/041"),
        ("0200", {41: "T\x00000001"}, "hang-up"),
        ("0200", {11: None}, "30/011"),
        ("0200", {11: "00000x"}, "hang-up"),
        ("0800", {41: None, 70: "301"}, "00"),
        ("0800", {11: None, 70: "301"}, "30/011"),
    ],
)
def test_format(mti: str, changes: dict[int, str | None], expected: str) -> None:
    """What breaks the format is named by the lowest faulty element."""
    assert told(ask(mti, changed(SALE, changes))) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({70: "001"}, "00"),
        ({70: "002"}, "00"),
        ({70: "301"}, "00"),
        ({70: "201"}, "58"),
        ({70: "161"}, "12"),
        ({3: "990000"}, "00"),
        ({3: "920000"}, "00"),
        ({3: "000000"}, "12"),
        ({70: "301", 3: "000000", 41: "T9999999"}, "00"),
    ],
)
@pytest.mark.parametrize("mti", ["0800", "0820", "0801"])
def test_network(mti: str, changes: dict[int, str], expected: str) -> None:
    """Messages about the link are answered at once and know no terminal."""
    assert told(ask(mti, {11: "000009", **changes})) == expected


@pytest.mark.parametrize("mti", ["0210", "0430", "0810", "9999", "0270"])
def test_answers_are_never_answered(mti: str) -> None:
    """Two switches that answer answers would never stop."""
    assert link().receive_data(frame(mti, SALE), NOW) == []


@pytest.mark.parametrize(
    ("cut", "elements", "expected"),
    [
        (3, {**SALE, 48: tags(t023="A1")}, "30/048"),
        (1, {**SALE, 43: "x" * 40}, "30/043"),
        (9, SALE, "hang-up"),
        (40, SALE, "hang-up"),
        (3, {**changed(SALE, {4: None}), 48: tags(t023="A1")}, "30/004"),
        (3, {**changed(SALE, {2: None}), 48: tags(t010="CPAN" + CARD)}, "30/048"),
    ],
)
def test_a_message_that_breaks_off(cut: int, elements: dict[int, str], expected: str) -> None:
    """It is refused with the element at which it broke, or a lower one that is wrong as well."""
    raw = body("0200", elements)[:-cut]
    [event] = link().receive_data(len(raw).to_bytes(2, "big") + raw, NOW)
    assert told(event) == expected


def test_data_behind_the_last_element() -> None:
    """Whatever follows the last element shows that the lengths are not what they seem."""
    raw = body("0200", {**SALE, 49: "978"}) + b"0"
    [event] = link().receive_data(len(raw).to_bytes(2, "big") + raw, NOW)
    assert told(event) == "30/049"


def test_a_bitmap_that_is_none() -> None:
    """Without a bitmap there is nothing to answer to."""
    raw = body("0200", SALE).replace(b"0200", b"0200X", 1)
    [event] = link().receive_data(len(raw).to_bytes(2, "big") + raw, NOW)
    assert told(event) == "hang-up"
