"""What is shown of messages: never a card."""

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from simulator.mask import masked_rows
from simulator.message import Answer, Request
from simulator.private import write_tags
from simulator.receipt import messages, receipt

SECRET = "6390120000000019"
CARRIERS = {
    "2": SECRET,
    "34": SECRET,
    "35": f"{SECRET}=29121010000",
    "36": SECRET,
    "45": SECRET,
    "48": write_tags([("010", "CPAN" + SECRET), ("011", SECRET + "D2912"), ("012", SECRET), ("014", "4711")]),
    "52": "0123456789ABCDEF",
}


def test_cards_are_masked() -> None:
    """Wherever a card can be, its last four digits at most are shown."""
    shown = str(masked_rows({"t": "0200", **CARRIERS}))
    assert SECRET[:-4] not in shown
    assert "2912" not in shown
    assert "4711" not in shown
    assert "0123456789ABCDEF" not in shown
    assert shown.count("0019") == 5


@pytest.mark.parametrize(
    ("number", "text", "shown"),
    [
        ("2", "1234567", "****"),
        ("2", "12345678", "****5678"),
        ("4", "000000000100", "000000000100"),
        ("62", "a\x1b[31mb", "a.[31mb"),
        ("48", "broken", "unreadable: DE 48 at character 0"),
        ("63", "0025abc", "2 lines, 7 characters"),
    ],
)
def test_shown(number: str, text: str, shown: str) -> None:
    assert masked_rows({"t": "0200", number: text})[number][1] == shown


def test_repeated_tags() -> None:
    """Values of a repeated tag stand beside each other."""
    rows = masked_rows({"t": "0200", "48": write_tags([("031", "CASH1"), ("031", "CARD2")])})
    assert rows["48.031"] == ("tender", "CASH1, CARD2")


@given(
    st.dictionaries(st.sampled_from(["48", "62", "63", "38", "37", "4"]), st.text(max_size=60), max_size=5)
)
def test_any_answer_can_be_printed(elements: dict[str, str]) -> None:
    """A host can write what it wants; the till prints it and nothing breaks."""
    sent = {"t": "0200", "11": "000001", "12": "120000", "13": "0101", "41": "T1      ", "4": "000000000100"}
    request = Request(operation="sale", elements=sent)
    answer = Answer({"t": "0210", "39": "00", **elements})
    console = Console(record=True, width=100, quiet=True)
    try:
        console.print(receipt(request, answer, title="Shop", currency="978"))
    finally:
        console.print(messages(request, answer))


def test_a_receipt_tells_how_it_was_paid_and_which_coupons_were_not_taken() -> None:
    sent = {"t": "0200", "11": "000001", "12": "120000", "13": "0101", "41": "T1      ", "4": "000000000400"}
    tags = [("063", "000000000300"), ("065", "COUPON_USED HOLA26"), ("065", "COUPON_UNKNOWN NOPE")]
    answer = Answer({"t": "0210", "39": "00", "48": write_tags(tags)})
    shown = {}
    for operation in ("sale", "pay_certificate"):
        paper = StringIO()
        Console(file=paper, width=100).print(
            receipt(Request(operation=operation, elements=sent), answer, title="Shop", currency="978")
        )
        shown[operation] = [" ".join(line.strip("│ ").split()) for line in paper.getvalue().splitlines()]
    assert {"SALE 4.00", "in points 3.00", "HOLA26: COUPON_USED", "NOPE: COUPON_UNKNOWN"} <= {*shown["sale"]}
    assert {"PAY CERTIFICATE 4.00", "by certificate 3.00"} <= {*shown["pay_certificate"]}
