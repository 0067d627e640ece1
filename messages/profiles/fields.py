"""Profiles of the field, as far as their hosts told what they send; each changes a retail profile."""

from dataclasses import replace
from typing import Final

from loyalty.decision import Reason
from loyalty.transaction import Operation
from messages.profiles.retail87 import ECHO, RETAIL87
from messages.profiles.retail93 import CODES, RETAIL93
from messages.sheet import Form, Layout, Row, Sheet

# Packed terminals behind a TPDU (framing bin2+tpdu, dialect iso87-bcd). Reversals repeat the DE 11 of their
# original. DE 24 is the network's identifier, DE 60 the batch, DE 62 the invoice: they come back, and the
# receipt goes to 63.
NAC87: Final[Sheet] = replace(
    RETAIL87,
    name="nac87",
    echo=(*ECHO, 60, 62),
    network_echo=(60, 70),
    layout=Layout(receipt=63, basket=(57, 58, 59)),
)

_FREQUENCY_BENEFITS: Final = (
    Row(operation=Operation.REDEEM, message_class="2", functions="02", processing=("18....",)),
    Row(operation=Operation.EARN, message_class="2", functions="02", processing=("28....",)),
    Row(operation=Operation.INQUIRY, message_class="1", functions="0", processing=("32....",)),
)

# Fuel and convenience hosts (dialect vaps93): DE 3 18 and 28 are frequency benefits, 30 to 32 inquiries; the
# receipt travels as IPR entries of DE 62, our tags in DE 124, since DE 48 has a bitmap of its own.
VAPS93: Final[Sheet] = replace(
    RETAIL93,
    name="vaps93",
    rows=(*RETAIL93.rows, *_FREQUENCY_BENEFITS),
    codes=CODES | {Reason.ALREADY_REVERSED: "480", Reason.OUT_OF_BALANCE: "580"},
    layout=Layout(tags=124, receipt_form=Form.CARD_ISSUER_DATA, receipt_size_max=760, basket=(125, 126, 127)),
)

# IFSF hosts (dialect ifsf93): the receipt is the message of DE 62, our tags travel in DE 124.
IFSF93: Final[Sheet] = replace(
    RETAIL93,
    name="ifsf93",
    layout=Layout(tags=124, receipt_form=Form.MESSAGE_SET, receipt_size_max=990, basket=(125, 126, 127)),
)

# SmartVista links (framing bcd2, dialect smartvista): 1987 or 1993 types, three-digit codes with meanings of
# their own, balances as tag 007 of DE 54; 801 is sign-on and handshake alike.
SMARTVISTA: Final[Sheet] = replace(
    RETAIL93,
    name="smartvista",
    versions="01",
    codes=CODES
    | {
        Reason.CARD_UNKNOWN: "914",
        Reason.NOT_SUFFICIENT_POINTS: "915",
        Reason.AMOUNT_NOT_ALLOWED: "903",
        Reason.ORIGINAL_NOT_FOUND: "902",
    },
    settlement_date="%m%d",
    undoing=RETAIL87.undoing,
    layout=Layout(balances_form=Form.TAG_007),
)
