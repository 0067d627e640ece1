"""Profiles of the field, as far as their hosts told what they send; each changes a retail profile."""

from dataclasses import replace
from typing import Final

from loyalty.decision import Reason
from loyalty.transaction import Operation
from messages.profiles.retail87 import ECHO, RETAIL87
from messages.profiles.retail93 import CODES, RETAIL93
from messages.sheet import Form, Layout, Row, Sheet, Where

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
# receipt travels as IPR entries of DE 62, our tags in DE 124, since DE 48 has a bitmap of its own. Its part 9
# is track 2 of a second card: the loyalty card beside the payment card of DE 2 and 35.
VAPS93: Final[Sheet] = replace(
    RETAIL93,
    name="vaps93",
    rows=(*RETAIL93.rows, *_FREQUENCY_BENEFITS),
    codes=CODES | {Reason.ALREADY_REVERSED: "480", Reason.OUT_OF_BALANCE: "580"},
    layout=Layout(
        tags=124,
        receipt_form=Form.CARD_ISSUER_DATA,
        receipt_size_max=760,
        basket=(125, 126, 127),
        second_card=(48, "9"),
    ),
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

# DE 60 begins with the function n2; then come batch n6 and n3 that say what a network message is about.
_FUNCTIONS: Final = (
    Row(
        operation=Operation.HOLD,
        message_class="1",
        functions="0",
        processing=("03....",),
        where=(Where(60, "10"),),
        held_for=Operation.EARN,
    ),
    Row(
        operation=Operation.VOID,
        message_class="1",
        functions="0",
        processing=("20....",),
        where=(Where(60, "11"),),
    ),
    Row(
        operation=Operation.COMPLETE,
        message_class="2",
        functions="02",
        processing=("00....",),
        where=(Where(25, "06"), Where(60, "20")),
        held_for=Operation.EARN,
    ),
    Row(
        operation=Operation.VOID,
        message_class="2",
        functions="0",
        processing=("20....",),
        where=(Where(60, "23"),),
    ),
)

# UnionPay terminals (framing bin2+tpdu+6, dialect unionpay87): what is asked for is told by DE 25 and the
# first two digits of DE 60 too. Originals are named by DE 37, a reversal by its own DE 11. Our tags, the
# receipt and the basket travel in DE 57 to 59. Nobody gets working keys at sign-on.
UNIONPAY87: Final[Sheet] = replace(
    RETAIL87,
    name="unionpay87",
    rows=(*RETAIL87.rows, *_FUNCTIONS),
    echo=(*ECHO, 60),
    network_element=60,
    network_place=(8, 11),
    network_echo=(60,),
    network_codes={"001": None, "002": None, "301": None},
    layout=Layout(tags=57, receipt=58, basket=(59,)),
)
