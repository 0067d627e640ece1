"""``retail93``: the default terminal interface in ISO 8583:1993.

What differs from ``retail87``: message types begin with 1; DE 12 holds date and time; originals are named in
DE 56; DE 24 says what a network message is about (801, 802, 821, 831) and, as 401, that DE 4 of a reversal is
what stays; action codes have three digits; the basket goes on in DE 123 to 126.
"""

from dataclasses import replace
from typing import Final

from loyalty.decision import Reason
from loyalty.transaction import Operation
from messages.profiles.retail87 import RETAIL87
from messages.sheet import Layout, Sheet, Undoing

CODES: Final = {
    Reason.PARTIAL: "002",
    Reason.FORMAT_ERROR: "904",
    Reason.MAC_WRONG: "916",
    Reason.TERMINAL_UNKNOWN: "120",
    Reason.TERMINAL_BLOCKED: "120",
    Reason.OPERATION_NOT_ALLOWED_HERE: "120",
    Reason.OPERATION_NOT_SUPPORTED: "902",
    Reason.NOT_ALLOWED_NOW: "902",
    Reason.ALREADY_REVERSED: "902",
    Reason.AMOUNT_NOT_ALLOWED: "110",
    Reason.CURRENCY_NOT_ACCEPTED: "110",
    Reason.BASKET_OUT_OF_BALANCE: "110",
    Reason.ABOVE_ORIGINAL: "110",
    Reason.KEY_CONFLICT: "913",
    Reason.ORIGINAL_NOT_FOUND: "914",
    Reason.CARD_UNKNOWN: "111",
    Reason.CARD_LOST: "208",
    Reason.CARD_STOLEN: "209",
    Reason.CARD_BLOCKED: "104",
    Reason.CARD_REPLACED: "104",
    Reason.CARD_EXPIRED: "101",
    Reason.CARD_NOT_ACTIVE: "125",
    Reason.PROOF_MISSING_OR_WRONG: "117",
    Reason.PROOF_TRIES_EXCEEDED: "106",
    Reason.NOT_PERMITTED: "119",
    Reason.REDEMPTION_PAUSED: "119",
    Reason.TOO_MANY: "123",
    Reason.ABOVE_LIMIT: "121",
    Reason.NOT_SUFFICIENT_POINTS: "116",
    Reason.OUT_OF_BALANCE: "501",
    Reason.TOO_LATE: "911",
    Reason.STORE_UNAVAILABLE: "907",
    Reason.OWN_FAULT: "909",
}

RETAIL93: Final[Sheet] = replace(
    RETAIL87,
    name="retail93",
    versions="1",
    echo=(2, 3, 4, 7, 11, 12, 24, 25, 32, 33, 37, 41, 42, 49),
    codes=CODES,
    approved="000",
    approved_for={Operation.REVERSAL: "400", Operation.RECONCILE: "500", Operation.NETWORK: "800"},
    advice_codes=frozenset({"000", "400", "500", "800", "902", "904", "120", "916", "913", "909"}),
    dated_times=True,
    settlement_date="%y%m%d",
    undoing=Undoing(original=56, final_amount=None, partial_function="401"),
    network_element=24,
    network_echo=(),
    network_codes={
        "801": None,  # sign-on
        "802": None,  # sign-off
        "821": Reason.OPERATION_NOT_ALLOWED_HERE,  # cut-over
        "831": None,  # echo
    },
    network_processing={},
    cut_over="821",
    layout=Layout(basket=(63, 123, 124, 125, 126)),
)
