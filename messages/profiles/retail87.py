"""``retail87``: points at the till over ISO 8583:1987; docs/terminal-interface.md tells it in words."""

from typing import Final

from loyalty.decision import Reason
from loyalty.transaction import Operation
from messages.sheet import Needs, Row, Sheet

ROWS: Final = (
    Row(
        operation=Operation.COMPLETE,
        message_class="2",
        functions="02",
        processing=("0000..",),
        names_class="1",
        held_for=Operation.EARN,
    ),
    Row(
        operation=Operation.COMPLETE,
        message_class="2",
        functions="02",
        processing=("0090..",),
        names_class="1",
        held_for=Operation.REDEEM,
    ),
    Row(
        operation=Operation.EARN,
        message_class="2",
        functions="02",
        processing=("00....",),
        but=("0060..", "0090.."),
    ),
    Row(operation=Operation.REDEEM, message_class="2", functions="02", processing=("0090..",)),
    Row(
        operation=Operation.HOLD,
        message_class="1",
        functions="0",
        processing=("0000..",),
        held_for=Operation.EARN,
    ),
    Row(
        operation=Operation.HOLD,
        message_class="1",
        functions="0",
        processing=("0090..",),
        held_for=Operation.REDEEM,
    ),
    Row(operation=Operation.QUOTE, message_class="1", functions="0", processing=("38....",)),
    Row(operation=Operation.INQUIRY, message_class="1", functions="0", processing=("30....", "31....")),
    Row(operation=Operation.INQUIRY, message_class="2", functions="0", processing=("30....", "31....")),
    Row(operation=Operation.REFUND, message_class="2", functions="02", processing=("20....",)),
    Row(operation=Operation.VOID, message_class="2", functions="0", processing=("02....",)),
    Row(operation=Operation.TRANSFER, message_class="2", functions="0", processing=("409090",)),
    Row(operation=Operation.EXCHANGE, message_class="2", functions="0", processing=("409060",)),
    Row(operation=Operation.PAY_CERTIFICATE, message_class="2", functions="0", processing=("0060..",)),
    Row(operation=Operation.ACTIVATE, message_class="2", functions="0", processing=("90....",)),
    Row(operation=Operation.REVERSAL, message_class="4", functions="02"),
    Row(operation=Operation.RECONCILE, message_class="5", functions="02", processing=("92....", "96....")),
    Row(operation=Operation.UPLOAD, message_class="3", functions="2"),
)

NEEDS: Final = {
    Operation.EARN: Needs(amount=True, positive=True, card=True, basket_sums=True),
    Operation.REDEEM: Needs(amount=True, positive=True, card=True, points_unit=True),
    Operation.HOLD: Needs(amount=True, positive=True, card=True, points_unit=True, basket_sums=True),
    Operation.COMPLETE: Needs(amount=True, points_unit=True, names_original=True),
    Operation.QUOTE: Needs(amount=True, positive=True, card=True, basket_sums=True),
    Operation.INQUIRY: Needs(card=True, points_unit=True),
    Operation.REFUND: Needs(
        amount=True,
        positive=True,
        card_or_original=True,
        basket_sums=True,
        lines_positive=True,
        names_original=True,
    ),
    Operation.VOID: Needs(points_unit=True, names_original=True),
    Operation.TRANSFER: Needs(amount=True, positive=True, card=True, points_unit=True),
    Operation.EXCHANGE: Needs(amount=True, positive=True, card=True, points_unit=True),
    Operation.PAY_CERTIFICATE: Needs(amount=True, positive=True, card=True),
    Operation.ACTIVATE: Needs(card=True, points_unit=True),
    Operation.REVERSAL: Needs(points_unit=True, names_original=True),
    Operation.RECONCILE: Needs(points_unit=True),
    Operation.UPLOAD: Needs(points_unit=True, names_original=True),
}

ECHO: Final = (2, 3, 4, 7, 11, 12, 13, 24, 25, 32, 33, 37, 41, 42, 49)

CODES: Final = {
    Reason.PARTIAL: "10",
    Reason.FORMAT_ERROR: "30",
    Reason.MAC_WRONG: "63",
    Reason.TERMINAL_UNKNOWN: "58",
    Reason.TERMINAL_BLOCKED: "58",
    Reason.OPERATION_NOT_ALLOWED_HERE: "58",
    Reason.OPERATION_NOT_SUPPORTED: "12",
    Reason.NOT_ALLOWED_NOW: "12",
    Reason.ALREADY_REVERSED: "12",
    Reason.AMOUNT_NOT_ALLOWED: "13",
    Reason.CURRENCY_NOT_ACCEPTED: "13",
    Reason.BASKET_OUT_OF_BALANCE: "13",
    Reason.ABOVE_ORIGINAL: "13",
    Reason.KEY_CONFLICT: "94",
    Reason.ORIGINAL_NOT_FOUND: "25",
    Reason.CARD_UNKNOWN: "14",
    Reason.CARD_LOST: "41",
    Reason.CARD_STOLEN: "43",
    Reason.CARD_BLOCKED: "62",
    Reason.CARD_REPLACED: "62",
    Reason.CARD_EXPIRED: "54",
    Reason.CARD_NOT_ACTIVE: "78",
    Reason.PROOF_MISSING_OR_WRONG: "55",
    Reason.PROOF_TRIES_EXCEEDED: "75",
    Reason.NOT_PERMITTED: "57",
    Reason.REDEMPTION_PAUSED: "57",
    Reason.TOO_MANY: "65",
    Reason.ABOVE_LIMIT: "61",
    Reason.NOT_SUFFICIENT_POINTS: "51",
    Reason.OUT_OF_BALANCE: "95",
    Reason.TOO_LATE: "91",
    Reason.STORE_UNAVAILABLE: "91",
    Reason.OWN_FAULT: "96",
}

RETAIL87: Final = Sheet(
    name="retail87",
    rows=ROWS,
    needs=NEEDS,
    echo=ECHO,
    codes=CODES,
    advice_codes=frozenset({"00", "12", "30", "58", "63", "94", "96"}),
    network_functions="02",
    network_codes={
        "001": None,  # sign-on
        "002": None,  # sign-off
        "201": Reason.OPERATION_NOT_ALLOWED_HERE,  # cut-over, of a link that does not own the business day
        "301": None,  # echo
    },
    network_processing={"990000": "301", "920000": "001"},
)
